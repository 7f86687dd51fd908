import { once } from 'node:events'
import { type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { connect, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import dns from 'node:dns'
import { makeAuthority } from '../../lib/sim/certificates'
import { makeHttp2Origin } from '../../lib/wire/http2'
import { type Origin, type OriginOptions, type WireRequest } from '../../lib/wire/wire'
import { handClock, settle, type HandClock } from '../support/hand-clock'
import { authority, ca, makePeer, ok, portOf } from '../support/http2-peer'
import { sessions } from '../support/http2-sessions'
import { patiently } from '../support/patience'

const POST: WireRequest = { method: 'POST', path: '/', headers: {}, body: '{}' }

describe.each(sessions)('wire/http2, connecting, by %s', (_name, http2) => {
  let clock: HandClock
  let notices: string[]
  const ends: (() => Promise<unknown>)[] = []
  beforeEach(() => {
    clock = handClock()
    notices = []
  })
  afterEach(async () => {
    jest.restoreAllMocks()
    for (const end of ends.splice(0).reverse()) await end()
  })

  const originOf = (port: number, more: Partial<OriginOptions> = {}): Origin => {
    const origin = makeHttp2Origin(
      {
        url: `https://localhost:${port}`,
        ca,
        requestTimeout: 10_000,
        connectTimeout: 5000,
        pingAfter: 15_000,
        maxBody: 1000,
        initialStreams: 0,
        maxStreams: 100,
        http2,
        notice: (text) => notices.push(text),
        ...more,
      },
      clock,
    )
    ends.push(() => Promise.all([origin.close(0), clock.advance(0)]))
    return origin
  }
  /** A server whose sockets end with the spec. */
  const serve = async (server: Server): Promise<{ readonly port: number; connections: () => number }> => {
    const sockets = new Set<Socket>()
    let connections = 0
    server.on('connection', (socket: Socket) => {
      connections++
      sockets.add(socket)
      socket.on('error', () => undefined)
    })
    server.on('tlsClientError', () => undefined)
    const port = await portOf(server)
    ends.push(async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    })
    return { port, connections: () => connections }
  }
  const tls = (options: TlsOptions): Server => {
    const { certPem, keyPem } = authority.issueServer()
    return createTlsServer({ cert: certPem, key: keyPem, ...options }, (socket) => socket.on('error', () => undefined))
  }
  const peerOf = async () => {
    const peer = await makePeer(ok)
    ends.push(() => peer.close())
    return peer
  }

  it('is lazy: nothing is connected before the first request', async () => {
    const server = await serve(createTcpServer())
    originOf(server.port)
    await settle(20)
    expect(server.connections()).toBe(0)
  })

  describe('to a peer that does not speak HTTP/2', () => {
    it.each<[string, TlsOptions, string]>([
      ['knows only HTTP/1.1', { ALPNProtocols: ['http/1.1'] }, 'http/1.1'],
      ['knows only something else', { ALPNProtocols: ['imap'] }, 'nothing that is known here'],
      ['knows no ALPN', {}, 'no protocol at all'],
    ])('that %s names what it offered, to the caller and to the operator', async (_what, options, offered) => {
      const server = await serve(tls(options))
      const answer = await originOf(server.port).request(POST)
      expect(answer).toMatchObject({ is: 'failure', ambiguous: false, unreachable: true })
      expect(answer).toMatchObject({
        why: expect.stringMatching(new RegExp(`does not speak HTTP/2.*${offered}`)) as string,
      })
      expect(notices).toEqual([expect.stringMatching(new RegExp(`https://localhost:\\d+.*${offered}`))])
    })

    it('that is a web server of HTTP/1.1 gets no request', async () => {
      let requests = 0
      const { certPem, keyPem } = authority.issueServer()
      const listener = (_: IncomingMessage, answer: ServerResponse) => {
        requests++
        answer.end()
      }
      const server = await serve(createHttpsServer({ cert: certPem, key: keyPem }, listener))
      expect(await originOf(server.port).request(POST)).toMatchObject({ unreachable: true })
      expect(requests).toBe(0)
    })
  })

  it.each<[string, () => Promise<number>, RegExp, number]>([
    [
      'refuses the connection',
      async () => {
        const server = createTcpServer()
        const port = await portOf(server)
        server.close()
        await once(server, 'close')
        return port
      },
      /ECONNREFUSED/,
      0,
    ],
    [
      'accepts TCP and says nothing',
      async () => (await serve(createTcpServer())).port,
      /no connection within 5000 ms/,
      5000,
    ],
    [
      'closes during the handshake',
      async () => (await serve(createTcpServer((socket) => socket.once('data', () => socket.end())))).port,
      /closed the connection|disconnected/,
      0,
    ],
    [
      'does not speak TLS',
      async () => (await serve(createTcpServer((socket) => socket.end('HTTP/1.1 400 Bad\r\n\r\n')))).port,
      /SSL|wrong version/i,
      0,
    ],
    [
      'has an expired certificate',
      async () => {
        const { certPem, keyPem } = authority.issueServer({ validUntil: new Date(0) })
        return (await serve(tls({ cert: certPem, key: keyPem, ALPNProtocols: ['h2'] }))).port
      },
      /certificate has expired/,
      0,
    ],
    [
      'has a certificate of nobody we trust',
      async () => {
        const { certPem, keyPem } = makeAuthority().issueServer()
        return (await serve(tls({ cert: certPem, key: keyPem, ALPNProtocols: ['h2'] }))).port
      },
      /unable to (verify|get)|self-signed/,
      0,
    ],
    [
      'has a certificate for another name',
      async () => {
        const { certPem, keyPem } = authority.issueServer({ names: ['other.example'] })
        return (await serve(tls({ cert: certPem, key: keyPem, ALPNProtocols: ['h2'] }))).port
      },
      /other\.example/,
      0,
    ],
  ])('to a peer that %s is unreachable, in words', async (_what, peer, why, wait) => {
    const origin = originOf(await peer())
    const answer = origin.request(POST)
    if (wait > 0) {
      await patiently(
        () => clock.waiting > 0,
        () => settle(),
      )
      await settle(100)
      await clock.advance(wait)
      await settle(20)
      await clock.advance(wait)
    }
    expect(await answer).toMatchObject({
      is: 'failure',
      ambiguous: false,
      unreachable: true,
      why: expect.stringMatching(why) as string,
    })
    expect(notices).toHaveLength(1)
  })

  it('to a peer that sends no SETTINGS is unreachable, in words', async () => {
    const server = tls({ ALPNProtocols: ['h2'] })
    const greeted = new Promise<void>((seen) => {
      server.on('secureConnection', (socket: Socket) => socket.once('data', () => seen()))
    })
    const answer = originOf((await serve(server)).port).request(POST)
    await greeted
    await settle(20)
    await clock.advance(5000)
    expect(await answer).toMatchObject({
      is: 'failure',
      ambiguous: false,
      unreachable: true,
      why: expect.stringMatching(/no SETTINGS within 5000 ms/) as string,
    })
    expect(notices).toHaveLength(1)
  })

  describe('after a failure', () => {
    it('fails fast for a growing moment, then tries again with the next request, and tells the operator once', async () => {
      const server = await serve(createTcpServer((socket) => socket.destroy()))
      const origin = originOf(server.port)
      const pauses: number[] = []
      for (let n = 1; n <= 6; n++) {
        let pause = 0
        for (; pause < 60_000; pause += 125) {
          const answers = await Promise.all([1, 2, 3].map(() => origin.request(POST)))
          for (const answer of answers) {
            expect(answer).toMatchObject({ is: 'failure', unreachable: true, ambiguous: false })
          }
          if (server.connections() === n) break
          await clock.advance(125)
        }
        pauses.push(pause)
      }
      expect(pauses[0]).toBe(0)
      expect([...pauses].sort((a, b) => a - b)).toEqual(pauses)
      expect(pauses.at(-1)).toBeGreaterThan(1000)
      expect(notices).toHaveLength(1)
    })

    it('works at once when the peer is back, and then begins with a short pause again', async () => {
      const peer = await peerOf()
      let refuse = true
      const server = await serve(
        createTcpServer((near) => {
          if (refuse) {
            near.destroy()
            return
          }
          const far = connect(peer.port, '127.0.0.1')
          far.on('error', () => undefined)
          near.pipe(far).pipe(near)
        }),
      )
      const origin = originOf(server.port)
      await origin.request(POST)
      refuse = false
      await clock.advance(250)
      expect(await origin.request(POST)).toMatchObject({ is: 'reply' })
    })
  })

  it('tries the next address of a name when one is dead', async () => {
    const peer = await peerOf()
    jest.spyOn(dns, 'lookup').mockImplementation(((
      _name: string,
      _options: unknown,
      done: (error: null, addresses: { address: string; family: number }[]) => void,
    ) =>
      setImmediate(() =>
        done(null, [
          { address: '127.0.0.2', family: 4 },
          { address: '::1', family: 6 },
          { address: '127.0.0.1', family: 4 },
        ]),
      )) as unknown as typeof dns.lookup)
    expect(await originOf(peer.port).request(POST)).toMatchObject({ is: 'reply' })
  })

  it('keeps trusting the system’s authorities beside the one that is given, and refuses what is no certificate', () => {
    expect(() => originOf(1, { ca: Buffer.from('x') })).not.toThrow()
    expect(() => originOf(1, { cert: Buffer.from('x') })).toThrow()
    expect(() => originOf(1, { url: 'http://localhost' })).toThrow(/https/)
  })
})
