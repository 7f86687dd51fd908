import { request as requestTls } from 'node:https'
import { systemClock } from '../../lib/clock'
import { type HttpInterface } from '../../lib/http/interface'
import { startHttp, type HttpListener, type HttpServer } from '../../lib/http/server'
import { Opaque } from '../../lib/model/opaque'
import { makeAuthority } from '../../lib/sim/certificates'
import { askAt } from '../support/http-house'
import { like } from '../support/like'

const who = (of: HttpInterface['for']): HttpInterface => ({
  ...{ name: `for ${of}`, for: of },
  routes: [{ method: 'GET', path: `/${of}`, answer: (context, caller) => context.json(caller) }],
})

let server: HttpServer | undefined
afterEach(() => server?.close(0))

async function start(listener: Partial<HttpListener>, trustedProxies: readonly string[] = []): Promise<string> {
  server = await startHttp({
    listeners: [{ host: '127.0.0.1', port: 0, serve: [who('callers'), who('anyone')], ...listener }],
    ...{ trustedProxies, clock: systemClock, observe: () => undefined },
  })
  return server.urls[0] ?? ''
}

describe('http, who calls', () => {
  const auth = {
    tokens: new Map([
      ['mim', new Opaque('s3cret')],
      ['other', new Opaque('0ther')],
    ]),
    certificates: false,
  }
  const bearing = (token: string) => ({ authorization: `Bearer ${token}` })

  it('is named by its token', async () => {
    const url = await start({ auth })
    const named = await askAt(url, 'GET', '/callers', undefined, bearing('0ther'))
    expect(JSON.parse(named.text)).toEqual({ name: 'other', address: '127.0.0.1' })
  })

  it.each([undefined, 'Bearer wrong', 'Bearer ', 'Basic czNjcmV0', 'Bearer s3cret0ther', 's3cret'])(
    'is nobody with %j, and then may ask only what is for anyone',
    async (authorization) => {
      const url = await start({ auth })
      const headers = authorization === undefined ? {} : { authorization }
      const refused = await askAt(url, 'GET', '/callers', undefined, headers)
      expect([refused.status, refused.headers['www-authenticate']]).toEqual([401, 'Bearer'])
      expect((await askAt(url, 'GET', '/anyone', undefined, headers)).status).toBe(200)
    },
  )

  it('may ask a route that is for anyone of an interface that is not', async () => {
    const [route] = who('anyone').routes
    const serve = [{ ...who('callers'), routes: route === undefined ? [] : [{ ...route, for: 'anyone' as const }] }]
    const url = await start({ auth, serve })
    expect((await askAt(url, 'GET', '/anyone')).status).toBe(200)
  })

  it('is known by another token once the tokens were renewed, and no more by the old one', async () => {
    const url = await start({ auth })
    const ask = async (token: string): Promise<number> =>
      (await askAt(url, 'GET', '/callers', undefined, bearing(token))).status
    expect([await ask('s3cret'), await ask('fresh')]).toEqual([200, 401])
    server?.renew([{ auth: { tokens: new Map([['mim', new Opaque('fresh')]]), certificates: false } }])
    expect([await ask('s3cret'), await ask('fresh')]).toEqual([401, 200])
    server?.renew([{}])
    expect([await ask('other'), await ask('fresh')]).toEqual([401, 200])
  })

  it('is whoever reaches a listener that asks nobody', async () => {
    const url = await start({})
    expect(JSON.parse((await askAt(url, 'GET', '/callers')).text)).toEqual({ address: '127.0.0.1' })
  })

  it('is not where it says to be forwarded from, unless a trusted proxy says so', async () => {
    const forwarded = { 'x-forwarded-for': '198.51.100.7, 203.0.113.9' }
    const from = async (...trusted: readonly string[]): Promise<unknown> => {
      const url = await start({}, trusted)
      const { text } = await askAt(url, 'GET', '/callers', undefined, forwarded)
      await server?.close(0)
      return (JSON.parse(text) as { readonly address: unknown }).address
    }
    expect(await from()).toBe('127.0.0.1')
    expect(await from('10.0.0.0/8')).toBe('127.0.0.1')
    expect(await from('127.0.0.0/8')).toBe('203.0.113.9')
    expect(await from('127.0.0.0/8', '203.0.113.9')).toBe('198.51.100.7')
  })

  it('is given no more than its pace, whoever else asks', async () => {
    const url = await start({ auth, pace: { burst: 2, perSecond: 0.001 } })
    const ask = async (token: string): Promise<number> =>
      (await askAt(url, 'GET', '/callers', undefined, bearing(token))).status
    expect([await ask('s3cret'), await ask('s3cret'), await ask('s3cret')]).toEqual([200, 200, 429])
    expect(await ask('0ther')).toBe(200)
  })

  it('does not dodge its pace by a header', async () => {
    const url = await start({ pace: { burst: 1, perSecond: 0.001 } })
    const ask = async (address: string): Promise<number> =>
      (await askAt(url, 'GET', '/callers', undefined, { 'x-forwarded-for': address })).status
    expect([await ask('198.51.100.1'), await ask('198.51.100.2')]).toEqual([200, 429])
  })

  describe('over TLS', () => {
    const authority = makeAuthority()
    const strangers = makeAuthority('strangers')
    const own = authority.issueServer()
    const tls = {
      ...{
        certificate: Buffer.from(own.certPem),
        key: Buffer.from(own.keyPem),
        clients: Buffer.from(authority.clientCaPem()),
      },
    }
    const ask = (url: string, client?: { readonly certPem: string; readonly keyPem: string }): Promise<string> =>
      new Promise((done, failed) => {
        const asked = requestTls(
          `${url}/callers`,
          {
            ca: authority.caPem,
            agent: false,
            ...(client === undefined ? {} : { cert: client.certPem, key: client.keyPem }),
          },
          (answer) => {
            let text = ''
            answer.on('data', (chunk: Buffer) => (text += chunk.toString()))
            answer.on('end', () => done(`${String(answer.statusCode)} ${text}`))
          },
        )
        asked.on('error', failed)
        asked.end()
      })

    it('is named by a certificate that the authorities vouch for, and by no other', async () => {
      const url = await start({ tls, auth: { tokens: new Map(), certificates: true } })
      expect(url).toMatch(/^https:/)
      expect(await ask(url, authority.issueClient({ bundleId: 'mattermost' }))).toEqual(
        like(/^200 .*"name":".*mattermost"/),
      )
      expect(await ask(url)).toMatch(/^401 /)
      expect(await ask(url, strangers.issueClient({ bundleId: 'mattermost' }))).toMatch(/^401 /)
    })

    it('proves itself with another certificate once it was renewed', async () => {
      const url = await start({ tls })
      expect(await ask(url)).toMatch(/^200 /)
      const another = strangers.issueServer()
      server?.renew([{ tls: { certificate: Buffer.from(another.certPem), key: Buffer.from(another.keyPem) } }])
      await expect(ask(url)).rejects.toThrow()
    })
  })
})
