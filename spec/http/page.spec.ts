/** The page's routes, through real sockets: who gets in, what a change needs, what is told, and to how many. */
import { request, type ClientRequest, type IncomingMessage } from 'node:http'
import { writeFileSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { startHttpHouse, type HttpHouse, type Reply } from '../support/http-house'
import { IOS } from '../support/house'
import { publishTo, registerDevice } from '../support/one-device'
import { patiently } from '../support/patience'

const TOKEN = 'the-token-of-the-night-shift'
const AUTH = { authorization: `Bearer ${TOKEN}` }

interface Signed {
  readonly cookie: string
  readonly csrf: string
}

const cookieIn = (reply: Reply): string => (reply.headers['set-cookie']?.[0] ?? '').split(';')[0] ?? ''

async function signIn(place: HttpHouse, headers: Readonly<Record<string, string>> = AUTH): Promise<Signed> {
  const reply = await place.ask('POST', '/page/session', '', headers)
  expect(reply.status).toBe(200)
  const { csrf } = JSON.parse(reply.text) as { readonly csrf: string }
  return { cookie: cookieIn(reply), csrf }
}

const inside = ({ cookie, csrf }: Signed): Readonly<Record<string, string>> => ({ cookie, 'x-csrf-token': csrf })

interface Stream {
  /** The next event, once the service was given time enough to send it. */
  next(): Promise<{ readonly event: string; readonly data: Record<string, unknown> }>
  readonly ended: () => boolean
  readonly bytes: () => number
  close(): void
}

/** Opens the stream of events; rejects with the status where it is none. */
function watch(place: HttpHouse, cookie: string): Promise<Stream> {
  const { hostname, port } = new URL(place.url)
  return new Promise((done, failed) => {
    const asked: ClientRequest = request({ hostname, port, path: '/page/events', headers: { cookie }, agent: false })
    asked.on('error', failed)
    asked.on('response', (answer: IncomingMessage) => {
      if (answer.statusCode !== 200) {
        answer.resume()
        return failed(new Error(String(answer.statusCode)))
      }
      let text = ''
      let bytes = 0
      let isOver = false
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part
        bytes += part.length
      })
      answer.on('close', () => (isOver = true))
      answer.on('error', () => undefined)
      done({
        ended: () => isOver,
        bytes: () => bytes,
        async next() {
          await patiently(
            () => text.includes('\n\n'),
            () => place.house.clock.advance(1_000),
          )
          const end = text.indexOf('\n\n')
          const [event = '', data = ''] = text.slice(0, end).split('\n')
          text = text.slice(end + 2)
          return {
            event: event.replace('event: ', ''),
            data: JSON.parse(data.replace('data: ', '')) as Record<string, unknown>,
          }
        },
        close: () => asked.destroy(),
      })
    })
    asked.end()
  })
}

describe('lib/http/page', () => {
  let place: HttpHouse
  let node = ''
  const token = 'c3d4'.repeat(16)

  beforeAll(async () => {
    place = await startHttpHouse(['page'], { listener: { auth: { tokens: { night: TOKEN, day: 'another-token' } } } })
    place.house.apns.addDevice({ token, topic: IOS })
    node = await registerDevice(place.house, 'romeo@example.com', IOS, token)
  })
  afterAll(() => place.close())

  describe('its files', () => {
    it('are served to whoever asks, each with a policy that lets it ask no other host', async () => {
      const names = readdirSync(join(__dirname, '..', '..', 'lib', 'http', 'page'))
      for (const name of names) {
        const reply = await place.ask('GET', `/page/${name === 'index.html' ? '' : name}`)
        expect([name, reply.status]).toEqual([name, 200])
        const policy = String(reply.headers['content-security-policy'])
        expect(policy).toMatch(/^default-src 'none'; script-src 'self'/)
        expect(policy).toContain("frame-ancestors 'none'")
        expect(policy).toContain("require-trusted-types-for 'script'")
        expect(policy).not.toMatch(/https?:|\*|unsafe|data:/)
        expect(reply.headers['x-content-type-options']).toBe('nosniff')
      }
    })

    it('name no other host, and write no HTML', () => {
      const folder = join(__dirname, '..', '..', 'lib', 'http', 'page')
      for (const name of readdirSync(folder)) {
        const text = readFileSync(join(folder, name), 'utf8')
        expect(text.match(/https?:\/\/(?!www\.w3\.org\/2000\/svg)/g) ?? []).toEqual([])
        expect(text).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|style=/)
      }
    })

    it('stand at a path with a slash, to which the one without leads', async () => {
      const reply = await place.ask('GET', '/page')
      expect([reply.status, reply.headers.location]).toEqual([308, '/page/'])
    })
  })

  describe('signing in', () => {
    it('takes a token and gives a cookie that no script reads and no other site sends', async () => {
      const reply = await place.ask('POST', '/page/session', '', AUTH)
      const [cookie = ''] = reply.headers['set-cookie'] ?? []
      expect(JSON.parse(reply.text)).toMatchObject({ name: 'night' })
      expect(reply.text).toMatch(/"csrf":"[\w-]{43}"/)
      expect(cookie).toMatch(/^xmpp-push-[0-9a-f]{8}=[\w-]{43}; /)
      for (const word of ['HttpOnly', 'SameSite=Strict', 'Path=/page', 'Max-Age=43200']) expect(cookie).toContain(word)
      expect(cookie).not.toContain('Secure')
      expect(cookie + reply.text).not.toContain(TOKEN)
      expect(reply.headers['cache-control']).toBe('no-store')
    })

    it('keeps the cookie to TLS where TLS is in front', async () => {
      const reply = await place.ask('POST', '/page/session', '', { ...AUTH, 'x-forwarded-proto': 'https' })
      expect(reply.headers['set-cookie']?.[0]).toContain('Secure')
    })

    it.each([
      ['no token', {}],
      ['a wrong one', { authorization: 'Bearer wrong' }],
      ['one in the address', {}],
    ])('refuses %s', async (what, headers) => {
      const path = what === 'one in the address' ? `/page/session?token=${TOKEN}` : '/page/session'
      const reply = await place.ask('POST', path, '', headers)
      expect([reply.status, reply.headers['set-cookie']]).toEqual([401, undefined])
    })

    it.each([
      ['GET', '/page/session'],
      ['GET', '/page/events'],
      ['POST', '/page/explain'],
      ['POST', '/page/test'],
    ])('is needed for %s %s: without a session it is 401, with a made-up one too', async (method, path) => {
      const { cookie } = await signIn(place)
      const [name = ''] = cookie.split('=')
      for (const made of [{}, { cookie: `${name}=${'A'.repeat(43)}` }, { cookie: `${name}=` }, AUTH]) {
        expect((await place.ask(method, path, '{}', made)).status).toBe(401)
      }
    })

    it('ends with signing out', async () => {
      const signed = await signIn(place)
      expect((await place.ask('GET', '/page/session', '', inside(signed))).status).toBe(200)
      const out = await place.ask('DELETE', '/page/session', '', inside(signed))
      expect([out.status, out.headers['set-cookie']?.[0]]).toEqual([204, expect.stringContaining('Max-Age=0')])
      expect((await place.ask('GET', '/page/session', '', inside(signed))).status).toBe(401)
    })

    it('ends after twelve hours', async () => {
      const signed = await signIn(place)
      await place.house.clock.advance(12 * 3600_000 - 1_000)
      expect((await place.ask('GET', '/page/session', '', inside(signed))).status).toBe(200)
      await place.house.clock.advance(1_000)
      expect((await place.ask('GET', '/page/session', '', inside(signed))).status).toBe(401)
    })
  })

  describe('a question', () => {
    it('needs what only the page can read, besides the cookie', async () => {
      const signed = await signIn(place)
      const other = await signIn(place)
      const body = { about: 'romeo@example.com' }
      expect((await place.ask('POST', '/page/explain', body, inside(signed))).status).toBe(200)
      for (const csrf of [{}, { 'x-csrf-token': '' }, { 'x-csrf-token': other.csrf }]) {
        const reply = await place.ask('POST', '/page/explain', body, { cookie: signed.cookie, ...csrf })
        expect(reply.status).toBe(403)
        expect(JSON.parse(reply.text)).toMatchObject({ is: 'failed' })
      }
    })

    it.each([
      ['no JSON'],
      [{}],
      [{ about: '' }],
      [{ about: 7 }],
      [{ about: 'x', more: 1 }],
      [{ about: 'x'.repeat(4000) }],
    ])('that is none is refused: %j', async (body) => {
      const reply = await place.ask('POST', '/page/explain', body, inside(await signIn(place)))
      expect(reply.status).toBe(400)
    })

    it('about an account tells its devices without a token, and each push in plain words', async () => {
      const signed = await signIn(place)
      expect(await publishTo(place.house, node)).toBe('result')
      await place.house.rest()
      const reply = await place.ask('POST', '/page/explain', { about: 'romeo@example.com' }, inside(signed))
      const { answer } = JSON.parse(reply.text) as { readonly answer: Record<string, unknown> }
      expect(answer).toMatchObject({ is: 'owner', devices: [{ node, address: '…c3d4' }] })
      const [story] = answer['stories'] as readonly { readonly lines: readonly { readonly text: string }[] }[]
      expect(story?.lines.map(({ text }) => text)).toEqual([
        'Accepted as message from example.com',
        'Attempt 1: the push service took it',
      ])
      expect(reply.text).not.toContain(token)
      expect(reply.text).not.toContain('the secret word')
    })

    it('sends a test push and tells what came of it; the trace names who asked', async () => {
      const signed = await signIn(place)
      const before = place.house.apns.received(token).length
      const reply = await place.ask('POST', '/page/test', { device: node }, inside(signed))
      expect(JSON.parse(reply.text)).toMatchObject({ is: 'answer', answer: { end: 'delivered', device: { node } } })
      expect(place.house.apns.received(token)).toHaveLength(before + 1)
      expect(place.house.log.join('')).toContain('night at the page sent')
    })

    it('about a device that is not there is told so', async () => {
      const reply = await place.ask('POST', '/page/test', { device: 'nothing' }, inside(await signIn(place)))
      expect(JSON.parse(reply.text)).toEqual({
        is: 'failed',
        why: 'no device is registered with the id or node "nothing"; `xmpp-push explain nothing` tells whether one was',
      })
    })
  })

  describe('what changes', () => {
    it('is told whole at first and then by what changed, to all who look from one reading', async () => {
      const { cookie } = await signIn(place)
      const [one, other] = await Promise.all([watch(place, cookie), watch(place, cookie)])
      const first = await one.next()
      expect(first.event).toBe('all')
      const parts = first.data['parts'] as Record<string, unknown>
      expect(Object.keys(parts)).toEqual(
        expect.arrayContaining(['service', `app ${IOS}`, 'order', 'queue', 'times', 'failures']),
      )
      expect(parts['service']).toMatchObject({ links: [{ domain: 'push.example.com', isOnline: true }] })
      expect((await other.next()).event).toBe('all')

      await publishTo(place.house, node)
      await place.house.rest()
      const told: Record<string, unknown>[] = []
      for (let look = 0; look < 10 && !told.some((each) => `app ${IOS}` in each); look++) {
        const { event, data } = await one.next()
        expect(event).toBe('change')
        expect((data['seconds'] as readonly unknown[]).length).toBe(1)
        told.push(data['parts'] as Record<string, unknown>)
      }
      expect(told.some((each) => `app ${IOS}` in each)).toBe(true)
      expect(told.some((each) => 'app org.example.android' in each && each !== told[0])).toBe(false)
      one.close()
      other.close()
    })

    it('is no longer told once the token was taken away', async () => {
      const { cookie } = await signIn(place, { authorization: 'Bearer another-token' })
      const stream = await watch(place, cookie)
      await stream.next()
      const file = join(place.house.folder, 'component.config.json')
      const config = JSON.parse(readFileSync(file, 'utf8')) as {
        http: { listeners: { auth: { tokens: Record<string, string> } }[] }
      }
      const [listener] = config.http.listeners
      if (listener !== undefined) listener.auth.tokens = { night: TOKEN }
      writeFileSync(file, JSON.stringify(config))
      await place.house.service().reload(place.house.config())
      await patiently(
        () => stream.ended(),
        () => place.house.clock.advance(1_000),
      )
      expect(stream.ended()).toBe(true)
      await expect(watch(place, cookie)).rejects.toThrow('401')
      expect((await signIn(place)).csrf).not.toBe('')
    })

    it('is told to a hundred pages at most', async () => {
      const { cookie } = await signIn(place)
      const streams = await Promise.all(Array.from({ length: 100 }, () => watch(place, cookie)))
      await expect(watch(place, cookie)).rejects.toThrow('503')
      for (const stream of streams) stream.close()
      for (let look = 0; look < 20; look++) await place.house.clock.advance(1_000)
      const again = await watch(place, cookie)
      expect((await again.next()).event).toBe('all')
      again.close()
    })
  })
})

describe('lib/http/page where nobody is asked for a token', () => {
  let place: HttpHouse
  beforeAll(async () => {
    place = await startHttpHouse(['page'], { http: { interfaces: { page: { hosts: ['Push.Example.com'] } } } })
  })
  afterAll(() => place.close())

  it.each([
    '127.0.0.1:8086',
    '[::1]:8086',
    'localhost',
    'push.localhost:1',
    'push.example.com',
    'PUSH.EXAMPLE.COM:443',
  ])('lets in at %s without one, and a change still needs what only the page can read', async (host) => {
    const signed = await signIn(place, { host })
    expect((await place.ask('POST', '/page/explain', { about: 'x' }, { cookie: signed.cookie })).status).toBe(403)
    expect((await place.ask('POST', '/page/explain', { about: 'x' }, inside(signed))).status).toBe(200)
  })

  it.each(['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', 'sub.push.example.com'])(
    'refuses the name "%s", which another site may have made lead here',
    async (host) => {
      const reply = await place.ask('POST', '/page/session', '', { host })
      expect([reply.status, reply.headers['set-cookie']]).toEqual([403, undefined])
      expect(reply.text).toContain('http.interfaces.page.hosts')
    },
  )
})
