import { once } from 'node:events'
import { sensitiveHeaders, type ServerHttp2Stream } from 'node:http2'
import { makeHttp2Origin } from '../../lib/wire/http2'
import { type Origin, type OriginOptions, type WireRequest } from '../../lib/wire/wire'
import { handClock, settle, type HandClock } from '../support/hand-clock'
import { ca, makeLine, makePeer, ok, type OnStream, type Peer } from '../support/http2-peer'
import { sessions } from '../support/http2-sessions'

const post = (path: string): WireRequest => ({ method: 'POST', path, headers: {}, body: '{}' })

describe.each(sessions)('wire/http2, by %s', (_name, http2) => {
  let clock: HandClock
  let notices: string[]
  const ends: (() => Promise<unknown>)[] = []

  beforeEach(() => {
    clock = handClock()
    notices = []
  })
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
  })

  const peerOf = async (onStream: OnStream, limit?: number): Promise<Peer> => {
    const peer = await makePeer(onStream, limit === undefined ? {} : { maxConcurrentStreams: limit })
    ends.push(() => peer.close())
    return peer
  }
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
  /** Waits on the event loop, not on time, until something is so. */
  const until = async (so: () => boolean): Promise<void> => {
    for (let turn = 0; turn < 100_000 && !so(); turn++) await settle(1)
    expect(so()).toBe(true)
  }

  describe('a request', () => {
    it('arrives with method, path, headers and body, and brings back status, headers and body', async () => {
      let seen: unknown
      const peer = await peerOf((stream, headers) => {
        let body = ''
        stream.setEncoding('utf8').on('data', (text: string) => (body += text))
        stream.on('end', () => {
          seen = { method: headers[':method'], path: headers[':path'], topic: headers['apns-topic'], body }
          stream.respond({ ':status': 410, 'apns-id': 'x' })
          stream.end('{"reason":"Unregistered"}')
        })
      })
      const reply = await originOf(peer.port).request({
        method: 'POST',
        path: '/3/device/00',
        headers: { 'apns-topic': 'org.example' },
        body: '{"aps":{}}',
      })
      expect(seen).toEqual({ method: 'POST', path: '/3/device/00', topic: 'org.example', body: '{"aps":{}}' })
      expect(reply).toMatchObject({ is: 'reply', status: 410, body: '{"reason":"Unregistered"}' })
      expect(reply).toMatchObject({ headers: { 'apns-id': 'x' } })
    })

    it('keeps sensitive headers, the path too, out of the compression table', async () => {
      let never: readonly string[] | undefined
      const peer = await peerOf((stream, headers) => {
        never = (headers as Readonly<Record<symbol, readonly string[]>>)[sensitiveHeaders]
        ok(stream)
      })
      const origin = originOf(peer.port)
      await origin.request({
        ...post('/3/device/00'),
        headers: { authorization: 'bearer a', 'apns-topic': 't' },
        sensitive: ['authorization', ':path'],
      })
      expect(never).toEqual(expect.arrayContaining(['authorization', ':path']))
      expect(never).not.toContain('apns-topic')
    })

    it('is spoken by whom the setting names', async () => {
      const peer = await peerOf(ok)
      await originOf(peer.port).request(post('/'))
      // The one thing by which a peer can tell them apart: how much they say they take.
      expect(peer.sessions[0]?.remoteSettings.maxHeaderListSize === 32_768).toBe(http2 === 'own')
    })

    it('with a header that HTTP/2 forbids fails alone', async () => {
      const peer = await peerOf(ok)
      const origin = originOf(peer.port)
      const [bad, good] = await Promise.all([
        origin.request({ ...post('/a'), headers: { connection: 'close' } }),
        origin.request(post('/b')),
      ])
      expect(bad).toMatchObject({ is: 'failure', ambiguous: false, unreachable: false })
      expect(good).toMatchObject({ is: 'reply', status: 200 })
      expect(peer.sessions).toHaveLength(1)
    })

    it.each([1000, 1001, 500_000])('with %i bytes of response keeps at most the bound', async (size) => {
      const peer = await peerOf((stream) => {
        stream.respond({ ':status': 200 })
        stream.end('x'.repeat(size))
      })
      const reply = await originOf(peer.port).request(post('/'))
      expect(reply).toMatchObject({ is: 'reply', status: 200, body: 'x'.repeat(1000) })
    })

    it('is answered although the response never ends, once it is over the bound', async () => {
      const peer = await peerOf((stream) => {
        stream.respond({ ':status': 500 })
        const more = (): void => {
          if (stream.destroyed) return
          stream.write('y'.repeat(1000))
          setImmediate(more)
        }
        more()
      })
      expect(await originOf(peer.port).request(post('/'))).toMatchObject({ status: 500, body: 'y'.repeat(1000) })
    })
  })

  describe('the peer’s stream limit', () => {
    const later: OnStream = (stream) => setImmediate(() => setImmediate(() => ok(stream)))

    it('of 1 at the start holds in a burst of 20, and none is refused', async () => {
      const peer = await peerOf(later, 1)
      const origin = originOf(peer.port)
      const replies = await Promise.all(Array.from({ length: 20 }, (_, n) => origin.request(post(`/${n}`))))
      expect(replies.every((reply) => reply.is === 'reply' && reply.status === 200)).toBe(true)
      expect(peer.most()).toBe(1)
      expect(peer.paths).toEqual(Array.from({ length: 20 }, (_, n) => `/${n}`))
    })

    it('raised in mid-life is used', async () => {
      const waiting: ServerHttp2Stream[] = []
      const peer = await peerOf((stream) => waiting.push(stream), 1)
      const origin = originOf(peer.port)
      const all = Array.from({ length: 8 }, (_, n) => origin.request(post(`/${n}`)))
      await until(() => waiting.length === 1)
      peer.sessions[0]?.settings({ maxConcurrentStreams: 5 })
      await until(() => waiting.length === 5)
      expect(peer.most()).toBe(5)
      while (waiting.length > 0) {
        waiting.splice(0).forEach(ok)
        await settle(3)
      }
      await Promise.all(all)
    })

    it('lowered in mid-life lets none be opened until enough have ended', async () => {
      const waiting: ServerHttp2Stream[] = []
      const peer = await peerOf((stream) => waiting.push(stream), 4)
      const origin = originOf(peer.port)
      const all = Array.from({ length: 12 }, (_, n) => origin.request(post(`/${n}`)))
      await until(() => waiting.length === 4)
      await new Promise<void>((acked) => peer.sessions[0]?.settings({ maxConcurrentStreams: 1 }, () => acked()))
      waiting.splice(0, 3).forEach(ok)
      await settle(20)
      expect(waiting).toHaveLength(1)
      const widths: number[] = []
      while (peer.paths.length < 12 || waiting.length > 0) {
        widths.push(waiting.length)
        waiting.splice(0).forEach(ok)
        await settle(3)
      }
      expect(Math.max(...widths)).toBe(1)
      const replies = await Promise.all(all)
      expect(replies.every((reply) => reply.is === 'reply')).toBe(true)
    })

    it('of none at all is not waited for in vain', async () => {
      const peer = await peerOf(ok, 0)
      const origin = originOf(peer.port)
      const answer = origin.request(post('/'))
      for (let n = 1; n <= 2; n++) {
        await until(() => peer.sessions.length === n)
        await settle(20)
        await clock.advance(10_000)
      }
      expect(await answer).toMatchObject({ is: 'failure', ambiguous: false, unreachable: true })
      expect(peer.paths).toEqual([])
    })

    it('is never taken to be more than our own', async () => {
      const waiting: ServerHttp2Stream[] = []
      const peer = await peerOf((stream) => waiting.push(stream), 1000)
      const origin = originOf(peer.port, { maxStreams: 3 })
      const all = Array.from({ length: 6 }, (_, n) => origin.request(post(`/${n}`)))
      await until(() => waiting.length === 3)
      await settle(20)
      expect(waiting).toHaveLength(3)
      while (waiting.length > 0) {
        waiting.splice(0).forEach(ok)
        await settle(3)
      }
      await Promise.all(all)
    })

    it('full opens a second connection where two are allowed, and no third', async () => {
      const waiting: ServerHttp2Stream[] = []
      const peer = await peerOf((stream) => waiting.push(stream), 1)
      const origin = originOf(peer.port, { connections: 2 })
      const all = Array.from({ length: 4 }, (_, n) => origin.request(post(`/${n}`)))
      await until(() => waiting.length === 2)
      await settle(20)
      expect(peer.sessions).toHaveLength(2)
      waiting.splice(0).forEach(ok)
      await until(() => waiting.length === 2)
      waiting.splice(0).forEach(ok)
      await Promise.all(all)
      expect(peer.most()).toBe(1)
    })
  })

  describe('time-outs', () => {
    it('of a request start when it is written, not while it queues', async () => {
      const waiting: ServerHttp2Stream[] = []
      const peer = await peerOf((stream) => waiting.push(stream), 1)
      const origin = originOf(peer.port, { pingAfter: 1e9 })
      const all = [1, 2, 3].map((n) => origin.request(post(`/${n}`)))
      for (let n = 0; n < 3; n++) {
        await until(() => waiting.length === 1)
        await clock.advance(9000)
        waiting.splice(0).forEach(ok)
      }
      expect((await Promise.all(all)).map((reply) => reply.is)).toEqual(['reply', 'reply', 'reply'])
    })

    it('of a request that was written leave it ambiguous and the connection in use', async () => {
      const streams: ServerHttp2Stream[] = []
      const peer = await peerOf((stream) => streams.push(stream))
      const origin = originOf(peer.port)
      const slow = origin.request(post('/slow'))
      await until(() => streams.length === 1)
      await clock.advance(10_000)
      expect(await slow).toMatchObject({ is: 'failure', ambiguous: true, unreachable: false })
      const next = origin.request(post('/next'))
      await until(() => streams.length === 2)
      streams.slice(1).forEach(ok)
      expect(await next).toMatchObject({ is: 'reply' })
      expect(streams[0]?.rstCode).toBe(8)
      expect(peer.sessions).toHaveLength(1)
    })

    it('of a silent peer end the connection after an unanswered PING, and the next request has a fresh one', async () => {
      const peer = await peerOf(ok)
      const line = await makeLine(peer.port)
      ends.push(() => line.close())
      const origin = originOf(line.port, { requestTimeout: 1e6 })
      await origin.request(post('/1'))
      line.freeze()
      const lost = origin.request(post('/2'))
      await settle(5)
      await clock.advance(30_000)
      expect(await lost).toMatchObject({ is: 'failure', ambiguous: true, unreachable: false })
      expect(await lost).toMatchObject({ why: expect.stringContaining('PING') as string })
      expect(await origin.request(post('/3'))).toMatchObject({ is: 'reply' })
      expect(line.made()).toBe(2)
    })

    it('do not end an idle connection whose peer answers PINGs', async () => {
      let pings = 0
      const peer = await peerOf(ok)
      const origin = originOf(peer.port)
      await origin.request(post('/1'))
      peer.sessions[0]?.on('ping', () => pings++)
      for (let n = 1; n <= 4; n++) {
        await clock.advance(15_000)
        await until(() => pings === n)
        await settle(10)
      }
      await origin.request(post('/2'))
      expect(peer.sessions).toHaveLength(1)
    })
  })

  describe('GOAWAY', () => {
    it('with code 0 lets what the peer took end, and sends the rest again on a fresh connection', async () => {
      const streams: ServerHttp2Stream[] = []
      const peer = await peerOf((stream, _headers, session) => (session === 0 ? streams.push(stream) : ok(stream)))
      const origin = originOf(peer.port)
      const all = [1, 2, 3, 4].map((n) => origin.request(post(`/${n}`)))
      await until(() => streams.length === 4)
      peer.sessions[0]?.goaway(0, 3, Buffer.from('{"reason":"IdleTimeout"}'))
      await until(() => peer.paths.length === 6)
      streams.slice(0, 2).forEach(ok)
      expect((await Promise.all(all)).map((reply) => reply.is)).toEqual(['reply', 'reply', 'reply', 'reply'])
      expect(peer.paths).toEqual(['/1', '/2', '/3', '/4', '/3', '/4'])
      expect(notices).toEqual([expect.stringContaining('{"reason":"IdleTimeout"}')])
    })

    it('in two steps does the same', async () => {
      const streams: ServerHttp2Stream[] = []
      const peer = await peerOf((stream, _headers, session) => (session === 0 ? streams.push(stream) : ok(stream)))
      const origin = originOf(peer.port)
      const all = [1, 2].map((n) => origin.request(post(`/${n}`)))
      await until(() => streams.length === 2)
      peer.sessions[0]?.goaway(0, 2 ** 31 - 1)
      await settle(20)
      const third = origin.request(post('/3'))
      await until(() => peer.sessions.length === 2)
      peer.sessions[0]?.goaway(0, 1)
      ok(streams[0] as ServerHttp2Stream)
      expect((await Promise.all([...all, third])).map((reply) => reply.is)).toEqual(['reply', 'reply', 'reply'])
      expect(peer.paths.filter((path) => path === '/2')).toHaveLength(2)
    })

    it('with another code leaves what the peer may have taken ambiguous, and sends the rest again', async () => {
      const streams: ServerHttp2Stream[] = []
      const peer = await peerOf((stream, _headers, session) =>
        session === 0 && streams.push(stream) === 1 ? ok(stream) : session > 0 && ok(stream),
      )
      const origin = originOf(peer.port)
      await origin.request(post('/0'))
      const all = [1, 2, 3].map((n) => origin.request(post(`/${n}`)))
      await until(() => streams.length === 4)
      peer.sessions[0]?.goaway(2, 5, Buffer.from('{"reason":"InternalError"}'))
      const answers = await Promise.all(all)
      expect(answers[0]).toMatchObject({ is: 'failure', ambiguous: true, unreachable: false })
      expect(answers[1]).toMatchObject({ is: 'failure', ambiguous: true })
      expect(answers[1]).toMatchObject({ why: expect.stringContaining('InternalError') as string })
      expect(answers[2]).toMatchObject({ is: 'reply' })
      expect(peer.paths.filter((path) => path !== '/3')).toEqual(['/0', '/1', '/2'])
    })

    it('with the code of a refused stream refuses none but those above its last', async () => {
      const streams: ServerHttp2Stream[] = []
      const peer = await peerOf((stream, _headers, session) => (session === 0 ? streams.push(stream) : ok(stream)))
      const origin = originOf(peer.port)
      const all = [1, 2].map((n) => origin.request(post(`/${n}`)))
      await until(() => streams.length === 2)
      peer.sessions[0]?.goaway(7, 1)
      const answers = await Promise.all(all)
      expect(answers[0]).toMatchObject({ is: 'failure', ambiguous: true })
      expect(answers[1]).toMatchObject({ is: 'reply' })
    })

    it('on every connection does not become a storm of connections, and is safe', async () => {
      const peer = await peerOf(ok)
      peer.server.prependListener('session', (session) => session.goaway(0))
      const origin = originOf(peer.port)
      const first = await origin.request(post('/1'))
      expect(first).toMatchObject({ is: 'failure', ambiguous: false })
      for (let n = 0; n < 50; n++) expect(await origin.request(post('/n'))).toMatchObject({ ambiguous: false })
      expect(peer.sessions).toHaveLength(2)
      expect(peer.paths).toEqual([])
    })
  })

  describe('a stream that breaks', () => {
    it('is safe to repeat when the peer refused it', async () => {
      const peer = await peerOf((stream) => stream.close(7))
      const answer = await originOf(peer.port).request(post('/'))
      expect(answer).toMatchObject({ is: 'failure', ambiguous: false, unreachable: false })
    })

    it.each([2, 8])('is ambiguous when it was reset with code %i', async (code) => {
      const peer = await peerOf((stream) => stream.close(code))
      expect(await originOf(peer.port).request(post('/'))).toMatchObject({ is: 'failure', ambiguous: true })
    })

    it('is ambiguous when it was reset after the head of a response', async () => {
      const peer = await peerOf((stream) => {
        stream.respond({ ':status': 200 })
        stream.write('{', () => setImmediate(() => stream.destroy(new Error('on purpose'))))
      })
      expect(await originOf(peer.port).request(post('/'))).toMatchObject({ is: 'failure', ambiguous: true })
    })

    it('is ambiguous when the connection was reset', async () => {
      const peer = await peerOf(() => line.cut())
      const line = await makeLine(peer.port)
      ends.push(() => line.close())
      expect(await originOf(line.port).request(post('/'))).toMatchObject({ is: 'failure', ambiguous: true })
    })

    it('is ambiguous when the peer closed the connection in silence, though Node calls that an end', async () => {
      const peer = await peerOf((stream) => stream.session?.destroy())
      expect(await originOf(peer.port).request(post('/'))).toMatchObject({ is: 'failure', ambiguous: true })
    })
  })

  describe('renew', () => {
    it('sends what comes next on a fresh connection and lets what is under way end', async () => {
      const streams: ServerHttp2Stream[] = []
      const peer = await peerOf((stream, _headers, session) => (session === 0 ? streams.push(stream) : ok(stream)))
      const origin = originOf(peer.port)
      const old = origin.request(post('/old'))
      await until(() => streams.length === 1)
      origin.renew()
      expect(await origin.request(post('/new'))).toMatchObject({ is: 'reply' })
      streams.forEach(ok)
      expect(await old).toMatchObject({ is: 'reply' })
      expect(peer.sessions).toHaveLength(2)
      await until(() => peer.sessions[0]?.destroyed === true)
    })
  })

  describe('close', () => {
    it('lets what is under way and what is queued end, and takes nothing more', async () => {
      const streams: ServerHttp2Stream[] = []
      const peer = await peerOf((stream) => streams.push(stream), 1)
      const origin = originOf(peer.port)
      const all = [1, 2].map((n) => origin.request(post(`/${n}`)))
      await until(() => streams.length === 1)
      const closed = origin.close(5000)
      expect(await origin.request(post('/3'))).toMatchObject({ is: 'failure', ambiguous: false })
      streams.splice(0).forEach(ok)
      await until(() => streams.length === 1)
      streams.splice(0).forEach(ok)
      expect((await Promise.all(all)).map((reply) => reply.is)).toEqual(['reply', 'reply'])
      await closed
      await until(() => peer.sessions[0]?.destroyed === true)
    })

    it('ends after its grace what does not end by itself', async () => {
      const streams: ServerHttp2Stream[] = []
      const peer = await peerOf((stream) => streams.push(stream), 1)
      const origin = originOf(peer.port)
      const all = [1, 2].map((n) => origin.request(post(`/${n}`)))
      await until(() => streams.length === 1)
      const closed = origin.close(5000)
      await clock.advance(5000)
      await closed
      const [written, queued] = await Promise.all(all)
      expect(written).toMatchObject({ is: 'failure', ambiguous: true })
      expect(queued).toMatchObject({ is: 'failure', ambiguous: false })
    })

    it('without a connection is done at once', async () => {
      await originOf(9).close(5000)
    })
  })

  it('keeps its connection for many requests', async () => {
    const peer = await peerOf(ok)
    const origin = originOf(peer.port)
    for (let n = 0; n < 20; n++) await origin.request(post(`/${n}`))
    expect(peer.sessions).toHaveLength(1)
    const session = peer.sessions[0]
    expect(session?.destroyed).toBe(false)
    void origin.close(0)
    if (session !== undefined) await once(session, 'close')
  })
})
