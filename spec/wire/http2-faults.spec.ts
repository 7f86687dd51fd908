import { once } from 'node:events'
import { createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { makeHttp2Origin } from '../../lib/wire/http2'
import { type Origin, type OriginOptions, type WireRequest } from '../../lib/wire/wire'
import { handClock, settle, type HandClock } from '../support/hand-clock'
import { authority, ca, makeLine, makePeer, ok, portOf, type OnStream, type Peer } from '../support/http2-peer'
import { sessions } from '../support/http2-sessions'

const POST: WireRequest = { method: 'POST', path: '/', headers: {}, body: '{}' }
const SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])
const HEADERS = 1

describe.each(sessions)('wire/http2, faults of the wire, by %s', (_name, http2) => {
  let clock: HandClock
  const ends: (() => Promise<unknown>)[] = []
  beforeEach(() => {
    clock = handClock()
  })
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
  })

  const originOf = (port: number, more: Partial<OriginOptions> = {}): Origin => {
    const origin = makeHttp2Origin(
      {
        ...{ url: `https://localhost:${port}`, ca, requestTimeout: 10_000, connectTimeout: 5000, pingAfter: 15_000 },
        ...{ maxBody: 1000, initialStreams: 0, maxStreams: 100, http2, notice: () => undefined },
        ...more,
      },
      clock,
    )
    ends.push(() => Promise.all([origin.close(0), clock.advance(0)]))
    return origin
  }
  const peerOf = async (onStream: OnStream): Promise<Peer> => {
    const peer = await makePeer(onStream)
    ends.push(() => peer.close())
    return peer
  }
  const serve = async (server: Server): Promise<number> => {
    const sockets = new Set<Socket>()
    server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => undefined)))
    server.on('tlsClientError', () => undefined)
    ends.push(async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    })
    return portOf(server)
  }
  /** A peer that speaks TLS and h2 in name only: what comes is gathered, what goes is written by the spec. */
  const rawPeer = async (): Promise<{
    readonly port: number
    readonly frames: number[]
    readonly socket: Promise<TLSSocket>
  }> => {
    const { certPem, keyPem } = authority.issueServer()
    const frames: number[] = []
    let met = (_socket: TLSSocket): void => undefined
    const socket = new Promise<TLSSocket>((done) => (met = done))
    const server = createTlsServer({ cert: certPem, key: keyPem, ALPNProtocols: ['h2'] }, (one) => {
      let bytes: Buffer = Buffer.alloc(0)
      let isGreeted = false
      one.on('error', () => undefined)
      one.on('data', (chunk: Buffer) => {
        bytes = Buffer.concat([bytes, chunk])
        if (!isGreeted && bytes.length >= 24) {
          isGreeted = true
          bytes = bytes.subarray(24)
        }
        while (isGreeted && bytes.length >= 9 && bytes.length >= 9 + bytes.readUIntBE(0, 3)) {
          frames.push(bytes.readUInt8(3))
          bytes = bytes.subarray(9 + bytes.readUIntBE(0, 3))
        }
      })
      met(one)
    })
    return { port: await serve(server), frames, socket }
  }
  const until = async (so: () => boolean): Promise<void> => {
    for (let turn = 0; turn < 100_000 && !so(); turn++) await settle(1)
    expect(so()).toBe(true)
  }

  it('fires no request before the peer’s SETTINGS, however many wait', async () => {
    const { port, frames, socket } = await rawPeer()
    const origin = originOf(port)
    const answers = Array.from({ length: 20 }, () => origin.request(POST))
    const peer = await socket
    await until(() => frames.length > 0)
    await settle(50)
    expect(frames).not.toContain(HEADERS)
    peer.write(SETTINGS)
    await until(() => frames.filter((type) => type === HEADERS).length === 20)
    peer.destroy()
    await Promise.all(answers)
  })

  it('takes no connection out of the pool again that said GOAWAY', async () => {
    const peer = await peerOf(ok)
    const origin = originOf(peer.port)
    await origin.request(POST)
    const [first] = peer.sessions
    first?.goaway(0)
    await settle(100)
    for (let n = 0; n < 5; n++) expect(await origin.request(POST)).toMatchObject({ is: 'reply', status: 200 })
    expect(peer.sessions).toHaveLength(2)
  })

  it.each([0, 8])('calls a stream that ended without a response, with code %i, ambiguous', async (code) => {
    const peer = await peerOf((stream) => stream.close(code))
    expect(await originOf(peer.port).request(POST)).toMatchObject({
      is: 'failure',
      ambiguous: true,
      unreachable: false,
    })
  })

  it('waits for the rest of a response of which only the head came, and calls it ambiguous', async () => {
    const peer = await peerOf((stream) => stream.respond({ ':status': 200 }))
    const answer = originOf(peer.port).request(POST)
    await until(() => peer.paths.length === 1)
    await settle(20)
    await clock.advance(10_000)
    expect(await answer).toMatchObject({
      is: 'failure',
      ambiguous: true,
      why: expect.stringContaining('10000 ms') as string,
    })
  })

  it('gives back a body that broke off as ambiguous, never as a shorter one', async () => {
    const peer = await peerOf((stream) => {
      stream.respond({ ':status': 410, 'content-length': '24' })
      stream.write('{"reason":"Unreg')
    })
    const line = await makeLine(peer.port)
    ends.push(() => line.close())
    const answer = originOf(line.port).request(POST)
    await until(() => peer.paths.length === 1)
    await settle(50)
    line.cut()
    expect(await answer).toMatchObject({ is: 'failure', ambiguous: true })
  })

  it('gives back a page of HTML as it is, for whoever asked to judge', async () => {
    const peer = await peerOf((stream) => {
      stream.respond({ ':status': 502, 'content-type': 'text/html' })
      stream.end('<html><h1>Bad Gateway</h1></html>')
    })
    const body = '<html><h1>Bad Gateway</h1></html>'
    expect(await originOf(peer.port).request(POST)).toMatchObject({ is: 'reply', status: 502, body })
  })

  it('is ambiguous when the peer closes its half of the connection after it took the request', async () => {
    const { port, frames, socket } = await rawPeer()
    const answer = originOf(port).request(POST)
    const peer = await socket
    peer.write(SETTINGS)
    await until(() => frames.includes(HEADERS))
    peer.end()
    await settle(100)
    await clock.advance(10_000)
    expect(await answer).toMatchObject({ is: 'failure', ambiguous: true })
  })

  describe('TLS', () => {
    it('that is reset in the handshake is unreachable, and nothing was asked', async () => {
      const port = await serve(createTcpServer((socket) => socket.once('data', () => socket.resetAndDestroy())))
      expect(await originOf(port).request(POST)).toMatchObject({
        ambiguous: false,
        unreachable: true,
        why: expect.stringMatching(/ECONNRESET/) as string,
      })
    })

    it('of a version that is too old is unreachable', async () => {
      const { certPem, keyPem } = authority.issueServer()
      const ciphers = 'DEFAULT@SECLEVEL=0'
      const port = await serve(
        createTlsServer({
          cert: certPem,
          key: keyPem,
          ALPNProtocols: ['h2'],
          minVersion: 'TLSv1',
          maxVersion: 'TLSv1.1',
          ciphers,
        }),
      )
      expect(await originOf(port).request(POST)).toMatchObject({
        ambiguous: false,
        unreachable: true,
        why: expect.stringMatching(/version|protocol/i) as string,
      })
    })
  })
})
