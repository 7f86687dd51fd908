import { once } from 'node:events'
import { connect as connectTwo, constants } from 'node:http2'
import { Agent, request } from 'node:https'
import { connect } from 'node:tls'
import { makeAuthority } from '../../lib/sim/certificates'
import { webPushRows, type WebPushRow } from '../../lib/sim/webpush-rows'
import {
  startWebPushSimulator,
  type WebPushRowName,
  type WebPushSimulator,
  type WebPushSubscription,
} from '../../lib/sim/webpush'
import { makeSender, pushOverOne, pushOverTwo, seal, type Heard, type Push } from '../support/push-by-hand'

const sender = makeSender()
const alpn = (ca: string, port: number, offered: readonly string[]): Promise<unknown> =>
  new Promise((told) => {
    const socket = connect({ host: '127.0.0.1', servername: 'localhost', port, ca, ALPNProtocols: [...offered] })
    socket.on('error', (error) => told(error))
    socket.on('secureConnect', () => {
      told(socket.alpnProtocol)
      socket.destroy()
    })
  })

describe('lib/sim/webpush', () => {
  let simulator: WebPushSimulator
  let subscription: WebPushSubscription
  let authorization: string

  beforeAll(async () => {
    simulator = await startWebPushSimulator()
    subscription = simulator.subscribe({ applicationServerKey: sender.point })
    const exp = Math.floor(Date.now() / 1000) + 43_200
    authorization = sender.authorization({ aud: simulator.origin, exp, sub: 'mailto:push@example.org' })
  })
  afterAll(() => simulator.close())
  beforeEach(() => simulator.heal())

  const made = (to = subscription): Push => {
    const body = seal(to.keys, 'hello')
    const headers = {
      ttl: '60',
      'content-encoding': 'aes128gcm',
      'content-length': String(body.length),
      authorization,
    }
    return { url: to.endpoint, ca: simulator.ca, headers, body }
  }
  const carriers = [
    ['HTTP/1.1', pushOverOne],
    ['HTTP/2', pushOverTwo],
  ] as const

  it('gives out subscriptions that are a PushSubscription as JSON', () => {
    expect(JSON.parse(JSON.stringify(subscription))).toEqual({
      endpoint: expect.stringMatching(/^https:\/\/localhost:\d+\/push\/[\w-]{32}$/) as unknown,
      expirationTime: null,
      keys: {
        p256dh: expect.stringMatching(/^B[\w-]{86}$/) as unknown,
        auth: expect.stringMatching(/^[\w-]{22}$/) as unknown,
      },
    })
    expect(simulator.subscribe().keys).not.toEqual(subscription.keys)
  })

  it.each(carriers)('takes a push over %s and writes it down', async (protocol, push) => {
    const heard = await push(made())
    expect(heard.status).toBe(201)
    expect(heard.headers).toMatchObject({ ttl: '60', location: expect.stringMatching(/\/message\//) as unknown })
    const entry = await simulator.waitFor((one) => one.protocol.toUpperCase().startsWith(protocol.slice(0, 1)))
    expect(entry).toMatchObject({ servername: 'localhost', method: 'POST', findings: [], subscription })
    expect(entry.answer).toMatchObject({ is: 'answer', status: 201 })
    expect(simulator.violations).toEqual([])
  })

  it('tells of each push, until it is told to stop', async () => {
    const heard: string[] = []
    const stop = simulator.onRequest(({ path }) => heard.push(path))
    await pushOverOne(made())
    stop()
    await pushOverOne(made())
    expect(heard).toEqual([new URL(subscription.endpoint).pathname])
  })

  it('counts connections, and the pushes on one alike', async () => {
    const agent = new Agent({ keepAlive: true })
    await pushOverOne(made(), agent)
    await pushOverOne(made(), agent)
    agent.destroy()
    await pushOverTwo(made())
    const [first, second, third] = simulator.journal.slice(-3).map(({ connection }) => connection)
    expect(second).toBe(first)
    expect(third).toBe((first ?? 0) + 1)
  })

  it('tells what was received by which subscription', async () => {
    const other = simulator.subscribe()
    await pushOverOne(made(other))
    simulator.inject({ is: 'row', row: 'unavailable' }, { subscription: other })
    await pushOverOne(made(other))
    expect(simulator.received(other)).toEqual([Buffer.from('hello')])
  })

  describe('told to do otherwise', () => {
    it('gives every vendor’s every answer by its name', async () => {
      const agent = new Agent({ keepAlive: true })
      const own = simulator.subscribe()
      for (const [name, row] of Object.entries<WebPushRow>(webPushRows)) {
        simulator.inject({ is: 'row', row: name as WebPushRowName })
        const heard = await pushOverOne(made(own), agent)
        expect([name, heard.status, heard.body]).toEqual([name, row.status, row.body ?? ''])
        expect(heard.headers).toMatchObject(row.headers ?? {})
      }
      agent.destroy()
    })

    it('has the bodies of vendors in the vendors’ form', () => {
      for (const [name, row] of Object.entries<WebPushRow>(webPushRows)) {
        const body: unknown = row.headers?.['content-type'] === 'application/json' ? JSON.parse(row.body ?? '') : {}
        if (name.startsWith('mozilla'))
          expect(body).toMatchObject({ code: row.status, error: expect.any(String) as unknown })
        if (name.startsWith('apple')) expect(name).toContain((body as { readonly reason: string }).reason)
        if (name.startsWith('ntfy')) expect(body).toMatchObject({ http: row.status })
        if (name.startsWith('wns')) expect(row.headers).toHaveProperty('x-wns-error-description')
      }
    })

    it('says to retry when it is told', async () => {
      simulator.inject({ is: 'row', row: 'wns 406 appthrottled', retryAfter: 'Wed, 21 Oct 2026 07:28:00 GMT' })
      const heard = await pushOverOne(made())
      expect([heard.status, heard.headers['retry-after']]).toEqual([406, 'Wed, 21 Oct 2026 07:28:00 GMT'])
    })

    it('does so for as many requests as told, of the subscription that is named, until healed', async () => {
      const other = simulator.subscribe()
      simulator.inject({ is: 'row', row: 'unavailable' }, { times: 2, subscription: other })
      expect((await pushOverOne(made())).status).toBe(201)
      expect((await pushOverOne(made(other))).status).toBe(503)
      expect((await pushOverOne(made(other))).status).toBe(503)
      expect((await pushOverOne(made(other))).status).toBe(201)
      simulator.inject({ is: 'row', row: 'unavailable' }, { times: Infinity })
      expect((await pushOverOne(made())).status).toBe(503)
      simulator.heal()
      expect((await pushOverOne(made())).status).toBe(201)
    })

    it('gives any answer at all', async () => {
      simulator.inject({ is: 'answer', status: 299, headers: { 'x-odd': 'yes' }, body: '<html>' })
      expect(await pushOverTwo(made())).toMatchObject({ status: 299, body: '<html>', headers: { 'x-odd': 'yes' } })
    })

    it.each([301, 302, 303, 307, 308] as const)('redirects by %i and catches whoever follows', async (status) => {
      const before = simulator.violations.length
      simulator.inject({ is: 'redirect', status })
      const heard = await pushOverOne(made())
      expect(heard.status).toBe(status)
      expect(simulator.violations).toHaveLength(before)
      const followed = await pushOverOne({ ...made(), method: 'GET', url: String(heard.headers['location']) })
      expect(followed.status).toBe(404)
      expect(simulator.violations.at(-1)).toContain('redirect-followed')
    })

    it('redirects to wherever it is told', async () => {
      simulator.inject({ is: 'redirect', status: 307, location: 'https://169.254.169.254/latest' })
      expect((await pushOverOne(made())).headers).toMatchObject({ location: 'https://169.254.169.254/latest' })
    })

    it('says a smaller TTL', async () => {
      simulator.inject({ is: 'ttl', seconds: 5 })
      expect(await pushOverOne(made())).toMatchObject({ status: 201, headers: { ttl: '5' } })
    })

    it.each(carriers)('informs before it answers over %s', async (_protocol, push) => {
      simulator.inject({ is: 'informational', statuses: [102, 103, 103] })
      expect(await push(made())).toMatchObject({ status: 201, informed: [102, 103, 103] })
    })

    it('answers when the promise is kept', async () => {
      let keep = (): void => undefined
      simulator.inject({ is: 'held', until: new Promise<void>((kept) => (keep = kept)) })
      const seen = simulator.journal.length
      const answered: number[] = []
      const sent = pushOverOne(made()).then(({ status }) => answered.push(status))
      await simulator.waitFor((one) => simulator.journal.indexOf(one) >= seen)
      expect(answered).toEqual([])
      keep()
      await sent
      expect(answered).toEqual([201])
    })

    it('answers late', async () => {
      simulator.inject({ is: 'slow', ms: 1 })
      expect((await pushOverOne(made())).status).toBe(201)
    })

    it.each(carriers)('cuts the connection over %s', async (_protocol, push) => {
      simulator.inject({ is: 'cut', at: 'before the answer' })
      await expect(push(made())).rejects.toThrow()
      simulator.inject({ is: 'cut', at: 'in the body' })
      await expect(push(made())).rejects.toThrow()
      expect(simulator.journal.at(-1)?.answer).toEqual({ is: 'fault', fault: 'cut in the body' })
      expect((await push(made())).status).toBe(201)
    })

    /** Sends, and gives the answer to `look` as it arrives; ends when `look` has seen enough. */
    const watch = (look: (octets: number) => boolean): Promise<number> =>
      new Promise((seen, failed) => {
        const { url, ca, headers, body } = made()
        const asked = request(url, { ca, method: 'POST', headers, agent: false, family: 4 }, (got) => {
          let octets = 0
          got.on('error', () => undefined)
          got.on('end', () => failed(new Error('it ended')))
          got.on('data', (chunk: Buffer) => {
            octets += chunk.length
            if (!look(octets)) return
            seen(octets)
            asked.destroy()
          })
        })
        asked.on('error', failed)
        asked.end(body)
      })

    it('drips a body for ever', async () => {
      simulator.inject({ is: 'drip', everyMs: 1 })
      expect(await watch((octets) => octets >= 3)).toBeLessThan(100)
    })

    it('pours a body without end, but no more than it is told', async () => {
      simulator.inject({ is: 'endless' })
      expect(await watch((octets) => octets > 1_000_000)).toBeGreaterThan(1_000_000)
      simulator.inject({ is: 'endless', mostOctets: 100_000, status: 500 })
      const heard = await pushOverTwo(made())
      expect(heard.status).toBe(500)
      expect(heard.body.length).toBeGreaterThanOrEqual(100_000)
    })

    it('never answers', async () => {
      simulator.inject({ is: 'silence' })
      const { url, ca, headers, body } = made()
      const asked = request(url, { ca, method: 'POST', headers, agent: false, family: 4 })
      const closed = new Promise((done) => asked.on('error', () => undefined).once('close', done))
      asked.end(body)
      const seen = await simulator.waitFor(({ answer }) => answer.is === 'fault' && answer.fault === 'silence')
      expect(seen.message).toMatchObject({ is: 'opened' })
      asked.destroy()
      await closed
    })

    it.each([
      [true, '201'],
      [false, 'REFUSED'],
    ])('says GOAWAY, the request processed: %s', async (processed, outcome) => {
      simulator.inject({ is: 'goaway', code: 0, processed })
      const { url, ca, headers, body } = made()
      const session = connectTwo(simulator.origin, { ca })
      const stream = session.request({ ...headers, ':method': 'POST', ':path': new URL(url).pathname })
      const status = new Promise<string>((told) => {
        stream.on('response', (fields) => told(String(fields[':status'])))
        stream.on('error', () => undefined)
        stream.on('close', () => {
          if (stream.rstCode === constants.NGHTTP2_REFUSED_STREAM) told('REFUSED')
        })
      })
      stream.resume().end(body)
      const [code] = (await once(session, 'goaway')) as readonly unknown[]
      expect([code, await status]).toEqual([0, outcome])
      session.destroy()
    })

    it('closes an HTTP/1.1 connection where it would say GOAWAY', async () => {
      simulator.inject({ is: 'goaway', code: 0, processed: false })
      await expect(pushOverOne(made())).rejects.toThrow()
      simulator.inject({ is: 'goaway', code: 0, processed: true })
      expect((await pushOverOne(made())).status).toBe(201)
    })

    it('refuses connections', async () => {
      simulator.refuseConnections(true)
      await expect(pushOverOne(made())).rejects.toThrow()
      simulator.refuseConnections(false)
      expect((await pushOverOne(made())).status).toBe(201)
    })
  })

  it.each([
    ['h2', ['h2', 'http/1.1'], 'h2'],
    ['h2', ['http/1.1'], /Error/],
    ['http/1.1', ['h2', 'http/1.1'], 'http/1.1'],
    ['http/1.1', ['h2'], /Error/],
    ['both', ['h2', 'http/1.1'], 'h2'],
    ['both', ['http/1.1'], 'http/1.1'],
  ] as const)('speaks %s to a client that offers %s', async (protocol, offered, spoken) => {
    const one = await startWebPushSimulator({ protocol })
    const heard = String(await alpn(one.ca, one.port, offered))
    if (spoken instanceof RegExp) expect(heard).toMatch(spoken)
    else expect(heard).toBe(spoken)
    await one.close()
  })

  it('bears the name that it is given, in endpoints and certificate', async () => {
    const one = await startWebPushSimulator({ name: 'push.example' })
    expect(one.origin).toBe(`https://push.example:${one.port}`)
    const socket = connect({ host: '127.0.0.1', servername: 'push.example', port: one.port, ca: one.ca })
    await once(socket, 'secureConnect')
    expect(socket.authorized).toBe(true)
    socket.destroy()
    await one.close()
  })

  it('shows the certificate that it is given', async () => {
    const one = await startWebPushSimulator({ certificate: makeAuthority().issueServer() })
    const sent: Promise<Heard> = pushOverOne({ ...made(), url: one.origin, ca: one.ca })
    await expect(sent).rejects.toThrow(/certificate/)
    await one.close()
  })
})
