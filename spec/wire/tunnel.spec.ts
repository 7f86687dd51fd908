import { once } from 'node:events'
import { createServer as createTlsServer } from 'node:tls'
import { inspect } from 'node:util'
import { makeProxyServer } from '../../lib/model/proxy'
import { Opaque } from '../../lib/model/opaque'
import { startConnectProxy, type ConnectProxy, type ProxyFault } from '../../lib/sim/connect-proxy'
import { makeHttp2Origin } from '../../lib/wire/http2'
import { type Origin, type OriginOptions, type Proxy, type WireRequest } from '../../lib/wire/wire'
import { handClock, settle, type HandClock } from '../support/hand-clock'
import { authority, ca, makePeer, ok, portOf, type OnStream, type Peer } from '../support/http2-peer'

const POST: WireRequest = { method: 'POST', path: '/3/device/00', headers: { authorization: 'bearer a' }, body: '{}' }
const HOST = 'push.example'
const PASSWORD = 's3cret:ö'

describe('lib/wire/tunnel', () => {
  let clock: HandClock
  let peer: Peer
  let proxy: ConnectProxy
  let notices: string[]
  let onStream: OnStream
  const ends: (() => Promise<unknown>)[] = []

  beforeEach(async () => {
    clock = handClock()
    notices = []
    onStream = ok
    const { certPem: cert, keyPem: key } = authority.issueServer({ names: [HOST] })
    peer = await makePeer((...stream) => onStream(...stream), {}, { cert, key })
    ends.push(() => peer.close())
  })
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
    expect(proxy.violations).toEqual([])
  })

  const proxyOf = async (who?: string): Promise<ConnectProxy> => {
    proxy = await startConnectProxy({ hosts: { [`${HOST}:443`]: peer.port }, ...(who === undefined ? {} : { who }) })
    ends.push(() => proxy.close())
    return proxy
  }
  const known = (user = 'push', password = PASSWORD): Proxy =>
    makeProxyServer({ host: 'localhost', port: proxy.port }, { user, password: new Opaque(password) })
  const unknown = (): Proxy => makeProxyServer({ host: 'localhost', port: proxy.port })
  const originOf = (by: Proxy, more: Partial<OriginOptions> = {}): Origin => {
    const origin = makeHttp2Origin(
      {
        url: `https://${HOST}`,
        ca,
        requestTimeout: 10_000,
        connectTimeout: 5000,
        pingAfter: 15_000,
        maxBody: 1000,
        initialStreams: 0,
        maxStreams: 100,
        proxy: by,
        notice: (text) => notices.push(text),
        ...more,
      },
      clock,
    )
    ends.push(() => Promise.all([origin.close(0), clock.advance(0)]))
    return origin
  }
  const until = async (so: () => boolean): Promise<void> => {
    for (let turn = 0; turn < 100_000 && !so(); turn++) await settle(1)
    expect(so()).toBe(true)
  }

  it('carries requests to a host that only the proxy can resolve, over one tunnel that is kept', async () => {
    await proxyOf()
    const origin = originOf(unknown())
    const replies = await Promise.all([origin.request(POST), origin.request(POST), origin.request(POST)])
    expect(replies.map((reply) => reply.is === 'reply' && reply.status)).toEqual([200, 200, 200])
    expect(proxy.requests).toEqual([{ authority: `${HOST}:443`, headers: { host: `${HOST}:443` }, status: 200 }])
    expect(peer.sessions).toHaveLength(1)
  })

  it('says who we are to the proxy and to nobody else', async () => {
    await proxyOf(`push:${PASSWORD}`)
    const seen: string[] = []
    peer.server.on('stream', (_, headers) => seen.push(...Object.keys(headers)))
    const by = known()
    expect(await originOf(by).request(POST)).toMatchObject({ is: 'reply', status: 200 })
    const basic = `Basic ${Buffer.from(`push:${PASSWORD}`).toString('base64')}`
    expect(proxy.requests).toMatchObject([{ headers: { 'proxy-authorization': basic }, status: 200 }])
    expect(seen).toContain('authorization')
    expect(seen.filter((name) => name.includes('proxy'))).toEqual([])
    expect(`${inspect(by, { depth: 9 })} ${JSON.stringify(by)}`).not.toMatch(/s3cret|cHVzaDpz|Basic/)
  })

  const REFUSALS: readonly (readonly [string, ProxyFault, RegExp])[] = [
    [
      '403',
      { is: 'refuse', status: 403, headers: ['X-Squid-Error: ERR_ACCESS_DENIED 0'] },
      /with 403 Forbidden, ERR_ACCESS_DENIED: it does not let this machine out to push\.example/,
    ],
    [
      '407 of another scheme',
      { is: 'refuse', status: 407, headers: ['Proxy-Authenticate: NTLM'] },
      /with 407 .*: it takes no Basic authentication/,
    ],
    ['502', { is: 'refuse', status: 502 }, /with 502 Bad Gateway: it could not reach push\.example itself/],
    ['504', { is: 'refuse', status: 504 }, /with 504 Gateway Timeout: it could not reach push\.example itself/],
    ['405', { is: 'refuse', status: 405 }, /with 405 .*: that is no proxy that makes tunnels/],
    [
      'a redirect',
      { is: 'refuse', status: 302, headers: ['Location: http://127.0.0.1/'] },
      /with 302 Found: that is no proxy/,
    ],
    [
      'what is no HTTP',
      { is: 'say', bytes: 'SSH-2.0-OpenSSH_9.2\r\n\r\n' },
      /with what is no HTTP: correct the host and port/,
    ],
    ['a close', { is: 'close' }, /broke off at CONNECT push\.example:443/],
    ['half a head', { is: 'say', bytes: 'HTTP/1.1 200 OK\r\nVia: ' }, /broke off at CONNECT push\.example:443/],
    ['bytes before the peer’s', { is: 'early', bytes: 'x' }, /said more than that CONNECT push\.example:443 succeeded/],
    [
      'an endless head',
      { is: 'say', bytes: `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}` },
      /with what is no HTTP|broke off/,
    ],
  ]
  it.each(REFUSALS)('that answers with %s is safe to ask again, and told in words', async (_what, fault, words) => {
    await proxyOf()
    const origin = originOf(unknown())
    proxy.inject(fault)
    const answer = await origin.request(POST)
    expect(answer).toMatchObject({ is: 'failure', ambiguous: false, unreachable: true })
    expect(answer).toMatchObject({ why: expect.stringMatching(words) as string })
    expect(answer).toMatchObject({
      why: expect.stringContaining(`the proxy http://localhost:${proxy.port} `) as string,
    })
    expect(notices).toEqual([answer.is === 'failure' ? answer.why : ''])
    expect(peer.sessions).toHaveLength(0)
    await clock.advance(1000)
    expect(await origin.request(POST)).toMatchObject({ is: 'reply', status: 200 })
  })

  it('that wants a password is told apart from one that does not take ours, and neither shows it', async () => {
    await proxyOf('push:other')
    const without = await originOf(unknown()).request(POST)
    const wrong = await originOf(known()).request(POST)
    expect(without).toMatchObject({ why: expect.stringMatching(/it wants a user and a password/) as string })
    expect(wrong).toMatchObject({ why: expect.stringMatching(/it does not take the user and the password/) as string })
    expect(JSON.stringify([without, wrong, notices])).not.toMatch(/s3cret|cHVzaDpz/)
  })

  it('that repeats what we said in its refusal is not quoted', async () => {
    await proxyOf()
    proxy.inject({
      is: 'refuse',
      status: 400,
      reason: 'Bad s3cret',
      headers: ['X-Squid-Error: s3cret'],
    })
    expect(JSON.stringify(await originOf(unknown()).request(POST))).not.toMatch(/s3cret/)
  })

  it('that is down is safe to ask again', async () => {
    await proxyOf()
    const by = unknown()
    await proxy.close()
    expect(await originOf(by).request(POST)).toMatchObject({
      is: 'failure',
      ambiguous: false,
      unreachable: true,
      why: expect.stringMatching(/the proxy http:\/\/localhost:\d+ can’t be reached: .*ECONNREFUSED/) as string,
    })
    await proxyOf()
  })

  it.each<[string, ProxyFault, RegExp]>([
    ['answers nothing', { is: 'silence' }, /did not answer CONNECT push\.example:443 within 5000 ms/],
    ['lets nothing through', { is: 'black hole' }, /no connection within \d+ ms \(through the proxy http:/],
  ])('that %s is given up after the time for a connection, and its socket is closed', async (_what, fault, words) => {
    await proxyOf()
    proxy.inject(fault)
    const answer = originOf(unknown()).request(POST)
    await until(() => proxy.requests.length === 1)
    await settle(50)
    await clock.advance(5000)
    expect(await answer).toMatchObject({
      ambiguous: false,
      unreachable: true,
      why: expect.stringMatching(words) as string,
    })
    await until(() => proxy.open === 0)
  })

  it('that dies under a request leaves it ambiguous, and the next one has a fresh tunnel', async () => {
    await proxyOf()
    onStream = (stream) => {
      if (peer.paths.length === 2) proxy.cut()
      else ok(stream)
    }
    const origin = originOf(unknown())
    expect(await origin.request(POST)).toMatchObject({ is: 'reply' })
    expect(await origin.request(POST)).toMatchObject({ is: 'failure', ambiguous: true })
    expect(await origin.request(POST)).toMatchObject({ is: 'reply' })
    expect(proxy.requests).toHaveLength(2)
  })

  it('closes its tunnels when it is closed', async () => {
    await proxyOf()
    const origin = originOf(unknown())
    await origin.request(POST)
    expect(proxy.open).toBe(1)
    await Promise.all([origin.close(0), clock.advance(10_000)])
    await until(() => proxy.open === 0)
  })

  it('does not make a certificate good that is not', async () => {
    const { certPem: cert, keyPem: key } = authority.issueServer({ names: ['other.example'] })
    const other = await makePeer(ok, {}, { cert, key })
    ends.push(() => other.close())
    proxy = await startConnectProxy({ hosts: { [`${HOST}:443`]: other.port } })
    ends.push(() => proxy.close())
    const words = /other\.example.* \(through the proxy http:/
    expect(await originOf(unknown()).request(POST)).toMatchObject({
      unreachable: true,
      why: expect.stringMatching(words) as string,
    })
    await until(() => proxy.open === 0)
  })

  it('tells a peer that does not speak HTTP/2 through a tunnel, too', async () => {
    const { certPem: cert, keyPem: key } = authority.issueServer({ names: [HOST] })
    const server = createTlsServer({ cert, key, ALPNProtocols: ['http/1.1'] }, (socket) =>
      socket.on('error', () => undefined),
    )
    server.on('tlsClientError', () => undefined)
    const port = await portOf(server)
    ends.push(async () => {
      server.close()
      await once(server, 'close')
    })
    proxy = await startConnectProxy({ hosts: { [`${HOST}:443`]: port } })
    ends.push(() => proxy.close())
    const words = /does not speak HTTP\/2: it refused h2 and offers http\/1\.1/
    expect(await originOf(unknown()).request(POST)).toMatchObject({ why: expect.stringMatching(words) as string })
  })

  it('reaches an IPv6 address in brackets', async () => {
    proxy = await startConnectProxy({ hosts: { '[2001:db8::1]:8443': peer.port } })
    ends.push(() => proxy.close())
    await originOf(unknown(), { url: 'https://[2001:db8::1]:8443' }).request(POST)
    expect(proxy.requests).toMatchObject([{ authority: '[2001:db8::1]:8443', status: 200 }])
  })
})
