import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, type Server, type Socket } from 'node:net'
import { makeAuthority, processAuthority } from '../../lib/sim/certificates'
import { takeOverNames, type Names } from '../../lib/sim/names'
import { startWebPushSimulator, type WebPushSimulator, type WebPushSimulatorOptions } from '../../lib/sim/webpush'
import { makeGuard, type GuardRules } from '../../lib/wire/guard'
import { makeGuardedWire, type GuardedWire } from '../../lib/wire/guarded'
import { type WireFailure, type WireReply } from '../../lib/wire/wire'
import { handClock, settle, type HandClock } from '../support/hand-clock'

const POST = { method: 'POST', headers: { ttl: '60' }, body: '' } as const

describe('lib/wire/guarded', () => {
  let clock: HandClock
  const ends: (() => Promise<unknown> | void)[] = []
  beforeEach(() => {
    clock = handClock()
  })
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
  })

  const wireOf = (rules: GuardRules, ca = processAuthority().caPem): GuardedWire => {
    const wire = makeGuardedWire({ guard: makeGuard(rules), ca: Buffer.from(ca), connections: 1 }, clock)
    ends.push(() => Promise.all([wire.close(0), clock.advance(0)]))
    return wire
  }
  const serve = async (options: WebPushSimulatorOptions = {}): Promise<WebPushSimulator> => {
    const simulator = await startWebPushSimulator({ ...options, now: () => clock.now() })
    ends.push(() => simulator.close())
    return simulator
  }
  const listen = async (server: Server): Promise<number> => {
    const sockets = new Set<Socket>()
    server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => undefined)))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    ends.push(async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    })
    return (server.address() as AddressInfo).port
  }
  const allowing = (simulator: WebPushSimulator): GuardedWire =>
    wireOf({ allowPrivate: [`localhost:${simulator.port}`] })
  const reply = (answer: WireReply | WireFailure): WireReply => {
    if (answer.is === 'failure') throw new Error(answer.why)
    return answer
  }
  /** Lets time pass when the server has seen so many requests. */
  const after = async (simulator: WebPushSimulator, requests: number, ms: number): Promise<void> => {
    while (simulator.journal.length < requests) await settle()
    await settle(20)
    await clock.advance(ms)
  }

  describe.each(['h2', 'http/1.1'] as const)('to a push service that speaks only %s', (protocol) => {
    let simulator: WebPushSimulator
    let wire: GuardedWire
    const send = (path = '/push/x') => wire.request(`${simulator.origin}${path}`, POST)
    beforeEach(async () => {
      simulator = await serve({ protocol })
      wire = allowing(simulator)
    })

    it('sends the request, over one connection that is kept', async () => {
      const first = await send('/push/a?b=c')
      const second = await send()
      expect([reply(first).status, reply(second).status]).toEqual([404, 404])
      expect(simulator.journal).toMatchObject([
        {
          protocol,
          connection: 1,
          method: 'POST',
          path: '/push/a?b=c',
          headers: { ttl: '60' },
        },
        { protocol, connection: 1, path: '/push/x' },
      ])
    })

    it('connects again after two minutes without a request', async () => {
      await send()
      await clock.advance(120_000)
      await send()
      expect(simulator.journal.map(({ connection }) => connection)).toEqual([1, 2])
    })

    it('follows no redirect', async () => {
      for (const status of [301, 302, 307, 308] as const) {
        simulator.inject({ is: 'redirect', status })
        expect(await send()).toMatchObject({ is: 'reply', status })
      }
      simulator.inject({ is: 'redirect', status: 307, location: 'http://169.254.169.254/' })
      expect(await send()).toMatchObject({ status: 307, headers: { location: 'http://169.254.169.254/' } })
      expect(simulator.journal).toHaveLength(5)
      expect(simulator.violations.filter((text) => text.startsWith('redirect'))).toEqual([])
    })

    it('keeps 64 KiB of a body that does not end', async () => {
      simulator.inject({ is: 'endless', status: 500 })
      const { status, body } = reply(await send())
      expect({ status, length: body.length }).toEqual({ status: 500, length: 64 * 1024 })
      expect(reply(await send()).status).toBe(404)
    })

    it.each([
      ['an answer that never comes', { is: 'silence' }],
      ['a body that comes octet by octet', { is: 'drip', everyMs: 1 }],
    ] as const)('waits 10 s for %s', async (_, fault) => {
      simulator.inject(fault)
      const answer = send()
      await after(simulator, 1, 9_999)
      expect(await Promise.race([answer, settle(5)])).toBeUndefined()
      await clock.advance(1)
      expect(await answer).toMatchObject({ is: 'failure', ambiguous: true, unreachable: false })
    })

    it.each(['before the answer', 'in the body'] as const)(
      'calls a connection that is cut %s ambiguous',
      async (at) => {
        simulator.inject({ is: 'cut', at })
        const answer = await send()
        expect(answer).toMatchObject({ is: 'failure', ambiguous: true, unreachable: false })
        expect(answer).not.toHaveProperty('forbidden')
        expect(reply(await send()).status).toBe(404)
      },
    )

    it('reads over informational answers', async () => {
      simulator.inject({ is: 'informational', statuses: [102, 103] })
      expect(reply(await send()).status).toBe(404)
    })

    it('is unreachable while it refuses connections, and reached again later', async () => {
      simulator.refuseConnections(true)
      expect(await send()).toMatchObject({ is: 'failure', ambiguous: false, unreachable: true })
      simulator.refuseConnections(false)
      expect(reply(await send()).status).toBe(404)
    })

    it('names the origin alone when it fails', async () => {
      simulator.inject({ is: 'cut', at: 'before the answer' })
      const answer = await send('/push/capability')
      expect(answer).toMatchObject({ why: expect.stringContaining(simulator.origin) as unknown })
      expect(JSON.stringify(answer)).not.toContain('capability')
    })

    it('lets what is under way end when it closes', async () => {
      let release = (): void => undefined
      simulator.inject({ is: 'held', until: new Promise<void>((done) => (release = done)) })
      const answer = send()
      await after(simulator, 1, 0)
      const closed = wire.close(5000)
      expect(await send()).toMatchObject({ is: 'failure', ambiguous: false })
      release()
      expect(reply(await answer).status).toBe(404)
      await settle(20)
      await clock.advance(5000)
      await closed
    })
  })

  it('prefers HTTP/2 where there is a choice', async () => {
    const simulator = await serve({ protocol: 'both' })
    await allowing(simulator).request(`${simulator.origin}/x`, POST)
    expect(simulator.journal).toMatchObject([{ protocol: 'h2' }])
  })

  it('uses eight connections over HTTP/1.1 at most, and closes them after 4 s without a request', async () => {
    const simulator = await serve({ protocol: 'http/1.1' })
    const wire = allowing(simulator)
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) => wire.request(`${simulator.origin}/${n}`, POST)),
    )
    expect(answers.map((answer) => reply(answer).status)).toEqual(Array<number>(40).fill(404))
    expect(Math.max(...simulator.journal.map(({ connection }) => connection))).toBe(8)
    await clock.advance(4000)
    await wire.request(`${simulator.origin}/x`, POST)
    expect(simulator.journal.at(-1)?.connection).toBe(9)
  })

  it('does not wait for ever for a free connection over HTTP/1.1', async () => {
    const simulator = await serve({ protocol: 'http/1.1' })
    const wire = allowing(simulator)
    simulator.inject({ is: 'silence' }, { times: 8 })
    const answers = Array.from({ length: 9 }, (_, n) => wire.request(`${simulator.origin}/${n}`, POST))
    await after(simulator, 8, 10_000)
    expect((await Promise.all(answers)).map((answer) => answer.is === 'failure' && answer.ambiguous)).toEqual([
      ...Array<boolean>(8).fill(true),
      false,
    ])
  })

  it('speaks with a server that knows no ALPN, and not with one that wants another protocol', async () => {
    const { certPem, keyPem } = processAuthority().issueServer()
    const server = createHttpsServer({ cert: certPem, key: keyPem, ALPNProtocols: [] }, (request, response) => {
      request.resume()
      if (request.url === '/upgrade') {
        response.socket?.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n')
      } else response.writeHead(201).end()
    })
    const port = await listen(server)
    const wire = wireOf({ allowPrivate: [`localhost:${port}`] })
    expect(reply(await wire.request(`https://localhost:${port}/x`, POST)).status).toBe(201)
    expect(await wire.request(`https://localhost:${port}/upgrade`, POST)).toMatchObject({
      is: 'failure',
      ambiguous: true,
    })
  })

  it('sends without TLS only where the operator says http', async () => {
    const hosts: (string | undefined)[] = []
    const port = await listen(
      createHttpServer((request, response) => {
        hosts.push(request.headers.host)
        request.resume()
        response.writeHead(200).end()
      }),
    )
    const wire = wireOf({ allowPrivate: [`http://127.0.0.1:${port}`] })
    expect(reply(await wire.request(`http://127.0.0.1:${port}/up`, POST)).status).toBe(200)
    expect(hosts).toEqual([`127.0.0.1:${port}`])
    const strict = wireOf({ allowPrivate: [`127.0.0.1:${port}`] })
    expect(await strict.request(`http://127.0.0.1:${port}/up`, POST)).toMatchObject({ is: 'failure', forbidden: true })
    expect(hosts).toHaveLength(1)
  })

  it('does not speak to a server whose certificate nobody vouches for', async () => {
    const simulator = await serve()
    const wire = wireOf({ allowPrivate: [`localhost:${simulator.port}`] }, makeAuthority().caPem)
    const answer = await wire.request(`${simulator.origin}/x`, POST)
    expect(answer).toMatchObject({ is: 'failure', ambiguous: false, unreachable: true })
    expect(simulator.journal).toEqual([])
  })

  describe('a name', () => {
    let names: Names
    let simulator: WebPushSimulator
    let wire: GuardedWire
    let url: string
    beforeEach(async () => {
      names = takeOverNames()
      ends.push(() => names.restore())
      simulator = await serve({ name: 'push.example.net', protocol: 'http/1.1' })
      wire = wireOf({ ports: [simulator.port] })
      url = `${simulator.origin}/x`
    })
    const lead = (...answers: Parameters<Names['set']> extends [string, ...infer A] ? A : never): void =>
      names.set('push.example.net', ...answers)
    const endpoint = () => {
      const found = makeGuard({ ports: [simulator.port] }).endpoint(url)
      if (found.is === 'refused') throw new Error(found.why)
      return found
    }

    it.each([
      ...['127.0.0.1', '10.0.0.1', '169.254.169.254', '100.64.0.1', '192.168.0.1', '0.0.0.0', '::1', '::ffff:10.0.0.1'],
      ...['::ffff:127.0.0.1', 'fc00::1', 'fe80::1', '64:ff9b::7f00:1', '2002:7f00:1::'],
    ])('that leads to %s is refused, at registering and at connecting', async (address) => {
      lead([address])
      expect(await wire.whyNotThere(endpoint())).toBe('its host is not on the public internet')
      expect(await wire.request(url, POST)).toMatchObject({
        is: 'failure',
        forbidden: true,
        unreachable: true,
        ambiguous: false,
        why: expect.stringContaining(`push.example.net has the address ${address}`) as unknown,
      })
      expect(simulator.journal).toEqual([])
    })

    it('that leads to a public address and a private one is refused', async () => {
      lead(['93.184.215.14', '127.0.0.1'])
      expect(await wire.request(url, POST)).toMatchObject({ forbidden: true })
      expect(await wire.whyNotThere(endpoint())).toBeDefined()
    })

    it('that changes its mind between the two checks is refused at the second', async () => {
      lead(['93.184.215.14'], ['127.0.0.1'])
      expect(await wire.whyNotThere(endpoint())).toBeUndefined()
      expect(await wire.request(url, POST)).toMatchObject({ forbidden: true })
      expect(names.asked.map(({ answer }) => answer)).toEqual([['93.184.215.14'], ['127.0.0.1']])
      expect(simulator.journal).toEqual([])
    })

    it('is resolved once for each connection, and no second time for the socket', async () => {
      lead(['127.0.0.1'])
      await wire.request(url, POST)
      await clock.advance(1000)
      await wire.request(url, POST)
      expect(names.asked).toHaveLength(2)
    })

    it('of the operator’s own may lead anywhere', async () => {
      lead(['127.0.0.1'])
      const own = wireOf({ allowPrivate: [`push.example.net:${simulator.port}`] })
      expect(reply(await own.request(url, POST)).status).toBe(404)
      expect(simulator.journal).toMatchObject([{ servername: 'push.example.net' }])
    })

    it('that is not found can’t be judged, and is not reached', async () => {
      lead('ENOTFOUND')
      expect(await wire.whyNotThere(endpoint())).toBeUndefined()
      const answer = await wire.request(url, POST)
      expect(answer).toMatchObject({ is: 'failure', unreachable: true, ambiguous: false })
      expect(answer).not.toHaveProperty('forbidden')
    })
  })

  it.each([
    'https://10.0.0.1/x',
    'https://2130706433/x',
    'https://[::1]/x',
    'https://localhost/x',
    'http://a.example/x',
  ])('connects nowhere for %s', async (url) => {
    expect(await wireOf({}).request(url, POST)).toMatchObject({ is: 'failure', forbidden: true })
  })
})
