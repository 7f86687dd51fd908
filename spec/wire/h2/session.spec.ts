import { encodeFrame } from '../../support/h2-by-hand'
import {
  END_HEADERS,
  END_STREAM,
  fields,
  HAS_PRIORITY,
  OK_HEAD,
  PADDED,
  serveByHand,
  setting,
  T,
  u32,
  type ServerByHand,
} from '../../support/h2-server-by-hand'

const NONE = Buffer.alloc(0)
const ALL = END_STREAM | END_HEADERS
const status = (value: string): readonly [string, string] => [':status', value]
const ok = (server: ServerByHand, stream: number): void => server.send(T.HEADERS, ALL, stream, OK_HEAD)
/** The server after its SETTINGS, and one request under way on stream 1. */
const greeted = async (options?: Parameters<typeof serveByHand>[0], body = ''): Promise<ServerByHand> => {
  const server = serveByHand(options)
  server.send(T.SETTINGS, 0, 0)
  server.post(body)
  await server.frames()
  return server
}

describe('wire/h2/session', () => {
  describe('greets', () => {
    it('with the preface, SETTINGS that forbid push, and room for the connection; and acknowledges', async () => {
      const server = serveByHand()
      const [settings, window, ...none] = await server.frames()
      expect(settings).toMatchObject({ type: T.SETTINGS, flags: 0, stream: 0 })
      expect(settings?.payload.subarray(0, 6)).toEqual(setting(2, 0))
      expect(window).toMatchObject({ type: T.WINDOW_UPDATE, stream: 0 })
      expect(none).toEqual([])
      server.send(T.SETTINGS, 0, 0, Buffer.concat([setting(3, 7), setting(0x99, 1)]))
      expect(await server.frames()).toEqual([{ type: T.SETTINGS, flags: 1, stream: 0, payload: NONE }])
      expect(server.limits).toEqual([7])
    })

    it('and takes a limit that is not named for none', async () => {
      const server = serveByHand()
      server.send(T.SETTINGS, 0, 0)
      server.send(T.SETTINGS, 0, 0, setting(1, 100))
      await server.frames()
      expect(server.limits).toEqual([Infinity])
    })
  })

  it('writes all requests of a turn at once', async () => {
    const server = await greeted()
    const before = server.writes.length
    for (let n = 0; n < 50; n++) server.post('body')
    await server.frames()
    expect(server.writes.length - before).toBe(1)
  })

  it('writes a request as HEADERS and DATA, and a head that is larger than a frame with CONTINUATION', async () => {
    const server = await greeted()
    server.post('body', { headers: { 'x-long': 'x'.repeat(40_000) } })
    const frames = await server.frames()
    expect(frames.map(({ type, flags, stream }) => [type, flags, stream])).toEqual([
      [T.HEADERS, 0, 3],
      [T.CONTINUATION, 0, 3],
      [T.CONTINUATION, END_HEADERS, 3],
      [T.DATA, END_STREAM, 3],
    ])
    expect(frames.at(-1)?.payload.toString()).toBe('body')
  })

  it.each<[string, Readonly<Record<string, string>>, string]>([
    ['a header of a connection', { 'transfer-encoding': 'chunked' }, '/'],
    ['an upper-case name', { 'X-A': 'b' }, '/'],
    ['what only a connection may say', { te: 'gzip' }, '/'],
    ['a second authority', { host: 'other.example' }, '/'],
    ['a pseudo-header', { ':status': '200' }, '/'],
    ['an empty name', { '': 'b' }, '/'],
    ['a line break', { 'x-a': 'b\r\nc: d' }, '/'],
    ['a value beyond a byte', { 'x-a': '€' }, '/'],
    ['a path with a space', {}, '/a b'],
    ['no path', {}, ''],
  ])('does not send %s', async (_what, headers, path) => {
    const server = await greeted()
    expect(server.post('', { headers, path })).toMatchObject({ is: 'not sent', isClosing: false })
    ok(server, 1)
    expect(await server.frames()).toEqual([])
    expect(server.ends).toHaveLength(1)
  })

  describe('takes for a whole response', () => {
    const reply = (more: object = {}): object => ({ is: 'reply', status: 200, body: '', headers: {}, ...more })

    it.each<[string, (server: ServerByHand) => void, object]>([
      ['a head alone', (server) => ok(server, 1), reply()],
      [
        'a head and DATA',
        (server) => {
          server.send(T.HEADERS, END_HEADERS, 1, Buffer.concat([OK_HEAD, fields(['content-length', '4'])]))
          server.send(T.DATA, 0, 1, Buffer.from('ab'))
          server.send(T.DATA, 0, 1)
          server.send(T.DATA, END_STREAM, 1, Buffer.from('cd'))
        },
        reply({ body: 'abcd', headers: { 'content-length': '4' } }),
      ],
      [
        'padding everywhere',
        (server) => {
          const padding = Buffer.from([0, 0, 0])
          server.send(T.HEADERS, END_HEADERS | PADDED, 1, Buffer.concat([Buffer.from([3]), OK_HEAD, padding]))
          server.send(T.DATA, PADDED, 1, Buffer.concat([Buffer.from([3]), padding]))
          server.send(T.DATA, END_STREAM | PADDED, 1, Buffer.concat([Buffer.from([3]), Buffer.from('ab'), padding]))
        },
        reply({ body: 'ab' }),
      ],
      [
        'a head in three frames, with a priority',
        (server) => {
          const head = Buffer.concat([OK_HEAD, fields(['x-a', 'b'])])
          server.send(
            T.HEADERS,
            END_STREAM | HAS_PRIORITY,
            1,
            Buffer.concat([u32(0), Buffer.from([1]), head.subarray(0, 2)]),
          )
          server.send(T.CONTINUATION, 0, 1, head.subarray(2, 4))
          server.send(T.CONTINUATION, END_HEADERS, 1, head.subarray(4))
        },
        reply({ headers: { 'x-a': 'b' } }),
      ],
      [
        'interim heads before the final one, and trailers',
        (server) => {
          server.send(T.HEADERS, END_HEADERS, 1, fields(status('103'), ['link', 'x']))
          server.send(T.HEADERS, END_HEADERS, 1, fields(status('100')))
          server.send(
            T.HEADERS,
            END_HEADERS,
            1,
            fields(status('410'), ['x-a', 'b'], ['x-a', 'c'], ['retry-after', '1'], ['retry-after', '2']),
          )
          server.send(T.HEADERS, ALL, 1, fields(['x-trailer', 'z']))
        },
        reply({ status: 410, headers: { 'x-a': 'b, c', 'retry-after': '1' } }),
      ],
      [
        'names that objects have, as names',
        (server) => server.send(T.HEADERS, ALL, 1, fields(status('200'), ['constructor', 'a'], ['tostring', 'b'])),
        reply({ headers: { constructor: 'a', tostring: 'b' } }),
      ],
      [
        'frames of unknown types and PRIORITY in between',
        (server) => {
          server.send(0x42, 0xff, 1, Buffer.from('?'))
          server.send(T.PRIORITY, 0, 1, Buffer.from([0, 0, 0, 1, 5]))
          server.send(0xff, 0, 0)
          ok(server, 1)
        },
        reply(),
      ],
      [
        'a length with a status that has no content',
        (server) => server.send(T.HEADERS, ALL, 1, fields(status('304'), ['content-length', '9'])),
        reply({ status: 304, headers: { 'content-length': '9' } }),
      ],
      [
        'bytes that come one by one',
        (server) => {
          const whole = Buffer.concat([
            encodeFrame({ type: T.HEADERS, flags: END_HEADERS, stream: 1, payload: OK_HEAD }),
            encodeFrame({ type: T.DATA, flags: END_STREAM, stream: 1, payload: Buffer.from('ab') }),
          ])
          for (const byte of whole) server.raw(Buffer.from([byte]))
        },
        reply({ body: 'ab' }),
      ],
    ])('%s', async (_what, say, expected) => {
      const server = await greeted()
      say(server)
      // What comes after the end on a stream that is closed changes nothing.
      server.send(T.RST, 0, 1, u32(0))
      server.send(T.WINDOW_UPDATE, 0, 1, u32(1))
      expect(await server.frames()).toEqual([])
      expect(server.ends).toEqual([expected])
      expect(server.failures).toEqual([])
    })

    it('a body that is cut at the bound, and lets the rest pass', async () => {
      const server = await greeted({ maxBody: 3 })
      server.send(T.HEADERS, END_HEADERS, 1, OK_HEAD)
      server.send(T.DATA, 0, 1, Buffer.from('abcd'))
      server.send(T.DATA, 0, 1, Buffer.from('efg'))
      server.send(T.HEADERS, ALL, 1, fields(['x-trailer', 'z']))
      expect(await server.frames()).toEqual([{ type: T.RST, flags: 0, stream: 1, payload: u32(8) }])
      expect(server.ends).toEqual([reply({ body: 'abc' })])
      expect(server.failures).toEqual([])
    })
  })

  describe('refuses a stream, and keeps the connection, for', () => {
    const head =
      (...pairs: readonly (readonly [string, string])[]) =>
      (server: ServerByHand) =>
        server.send(T.HEADERS, ALL, 1, fields(...pairs))

    it.each<[string, (server: ServerByHand) => void, number]>([
      ['no status', head(['x-a', 'b']), 1],
      ['an empty head', head(), 1],
      ['two statuses', head(status('200'), status('200')), 1],
      ['a status that is none', head(status('20')), 1],
      ['a pseudo-header of requests', head(status('200'), [':path', '/']), 1],
      ['a status after a header', head(['x-a', 'b'], status('200')), 1],
      ['an upper-case name', head(status('200'), ['X-A', 'b']), 1],
      ['a header of a connection', head(status('200'), ['connection', 'close']), 1],
      ['a line break in a value', head(status('200'), ['x-a', 'b\nc']), 1],
      ['a value with a space at its end', head(status('200'), ['x-a', 'b ']), 1],
      ['101', head(status('101')), 1],
      ['an interim head that ends it', head(status('100')), 1],
      ['less than its content-length', head(status('200'), ['content-length', '1']), 1],
      ['a content-length that is no number', head(status('200'), ['content-length', '1a']), 1],
      ['two lengths', head(status('200'), ['content-length', '0'], ['content-length', '1']), 1],
      ['DATA before a head', (server) => server.send(T.DATA, END_STREAM, 1, Buffer.from('a')), 1],
      [
        'more than its content-length',
        (server) => {
          server.send(T.HEADERS, END_HEADERS, 1, fields(status('200'), ['content-length', '1']))
          server.send(T.DATA, END_STREAM, 1, Buffer.from('ab'))
        },
        1,
      ],
      [
        'a second head',
        (server) => {
          server.send(T.HEADERS, END_HEADERS, 1, OK_HEAD)
          server.send(T.HEADERS, END_HEADERS, 1, OK_HEAD)
        },
        1,
      ],
      [
        'trailers that do not end it',
        (server) => {
          server.send(T.HEADERS, END_HEADERS, 1, OK_HEAD)
          server.send(T.HEADERS, END_HEADERS, 1, fields(['x-a', 'b']))
        },
        1,
      ],
      [
        'trailers with a pseudo-header',
        (server) => {
          server.send(T.HEADERS, END_HEADERS, 1, OK_HEAD)
          server.send(T.HEADERS, ALL, 1, OK_HEAD)
        },
        1,
      ],
      [
        'more headers than are taken',
        head(status('200'), ...Array.from({ length: 1000 }, () => ['x', ''] as const)),
        1,
      ],
      ['WINDOW_UPDATE by nothing', (server) => server.send(T.WINDOW_UPDATE, 0, 1, u32(0)), 1],
      ['a window beyond all bounds', (server) => server.send(T.WINDOW_UPDATE, 0, 1, u32(0x7fff_ffff)), 3],
    ])('%s', async (_what, say, code) => {
      const server = await greeted()
      say(server)
      expect(await server.frames()).toEqual([{ type: T.RST, flags: 0, stream: 1, payload: u32(code) }])
      expect(server.ends).toEqual([expect.objectContaining({ is: 'broken', code, id: 1 })])
      server.post()
      await server.frames()
      ok(server, 3)
      await server.frames()
      expect(server.ends[1]).toMatchObject({ is: 'reply', status: 200 })
      expect(server.failures).toEqual([])
    })
  })

  describe('refuses the connection, with the code of the RFC, for', () => {
    it.each<[string, number, (server: ServerByHand) => void]>([
      ['SETTINGS on a stream', 1, (server) => server.send(T.SETTINGS, 0, 1)],
      ['SETTINGS that break off', 6, (server) => server.send(T.SETTINGS, 0, 0, Buffer.alloc(5))],
      ['an ACK with SETTINGS', 6, (server) => server.send(T.SETTINGS, 1, 0, setting(3, 1))],
      ['ENABLE_PUSH', 1, (server) => server.send(T.SETTINGS, 0, 0, setting(2, 1))],
      ['a first window beyond all bounds', 3, (server) => server.send(T.SETTINGS, 0, 0, setting(4, 2 ** 31))],
      ['frames that are too small', 1, (server) => server.send(T.SETTINGS, 0, 0, setting(5, 16_383))],
      ['frames that are too large', 1, (server) => server.send(T.SETTINGS, 0, 0, setting(5, 2 ** 24))],
      [
        'a first window that takes a stream beyond all bounds',
        3,
        (server) => {
          server.send(T.WINDOW_UPDATE, 0, 1, u32(1000))
          server.send(T.SETTINGS, 0, 0, setting(4, 2 ** 31 - 1))
        },
      ],
      ['PING on a stream', 1, (server) => server.send(T.PING, 0, 1, Buffer.alloc(8))],
      ['PING that breaks off', 6, (server) => server.send(T.PING, 0, 0, Buffer.alloc(7))],
      ['GOAWAY on a stream', 1, (server) => server.send(T.GOAWAY, 0, 1, u32(0, 0))],
      ['GOAWAY that breaks off', 6, (server) => server.send(T.GOAWAY, 0, 0, Buffer.alloc(7))],
      ['WINDOW_UPDATE that breaks off', 6, (server) => server.send(T.WINDOW_UPDATE, 0, 1, Buffer.alloc(3))],
      ['WINDOW_UPDATE by nothing', 1, (server) => server.send(T.WINDOW_UPDATE, 0, 0, u32(0))],
      ['a window beyond all bounds', 3, (server) => server.send(T.WINDOW_UPDATE, 0, 0, u32(0x7fff_ffff))],
      ['WINDOW_UPDATE on a stream that never was', 1, (server) => server.send(T.WINDOW_UPDATE, 0, 3, u32(1))],
      ['RST_STREAM that breaks off', 6, (server) => server.send(T.RST, 0, 1, Buffer.alloc(3))],
      ['RST_STREAM on no stream', 1, (server) => server.send(T.RST, 0, 0, u32(8))],
      ['RST_STREAM on a stream that never was', 1, (server) => server.send(T.RST, 0, 3, u32(8))],
      ['PRIORITY on no stream', 1, (server) => server.send(T.PRIORITY, 0, 0, Buffer.alloc(5))],
      ['PRIORITY that breaks off', 6, (server) => server.send(T.PRIORITY, 0, 1, Buffer.alloc(4))],
      [
        'PUSH_PROMISE',
        1,
        (server) => server.send(T.PUSH_PROMISE, END_HEADERS, 1, Buffer.concat([u32(2), Buffer.from([0x82])])),
      ],
      ['HEADERS on no stream', 1, (server) => server.send(T.HEADERS, ALL, 0, OK_HEAD)],
      ['HEADERS on a stream of its own', 1, (server) => server.send(T.HEADERS, ALL, 2, OK_HEAD)],
      ['HEADERS on a stream that never was', 1, (server) => server.send(T.HEADERS, ALL, 3, OK_HEAD)],
      ['HEADERS that break off', 6, (server) => server.send(T.HEADERS, ALL | HAS_PRIORITY, 1, Buffer.alloc(4))],
      ['HEADERS of padding alone', 1, (server) => server.send(T.HEADERS, ALL | PADDED, 1, Buffer.from([2, 0]))],
      ['DATA on no stream', 1, (server) => server.send(T.DATA, 0, 0)],
      ['DATA on a stream that never was', 1, (server) => server.send(T.DATA, 0, 5)],
      ['DATA of padding alone', 1, (server) => server.send(T.DATA, PADDED, 1, Buffer.from([1]))],
      ['padding that is none', 1, (server) => server.send(T.DATA, PADDED, 1)],
      ['CONTINUATION of nothing', 1, (server) => server.send(T.CONTINUATION, END_HEADERS, 1, OK_HEAD)],
      [
        'another frame within a head',
        1,
        (server) => {
          server.send(T.HEADERS, 0, 1, OK_HEAD)
          server.send(T.PING, 0, 0, Buffer.alloc(8))
        },
      ],
      [
        'an unknown frame within a head',
        1,
        (server) => {
          server.send(T.HEADERS, 0, 1, OK_HEAD)
          server.send(0x42, 0, 1)
        },
      ],
      [
        'CONTINUATION on another stream',
        1,
        (server) => {
          server.send(T.HEADERS, 0, 1, OK_HEAD)
          server.send(T.CONTINUATION, END_HEADERS, 3)
        },
      ],
      [
        'CONTINUATION without end, empty',
        11,
        (server) => {
          server.send(T.HEADERS, 0, 1, OK_HEAD)
          for (let n = 0; n < 20; n++) server.send(T.CONTINUATION, 0, 1)
        },
      ],
      [
        'CONTINUATION without end, full',
        11,
        (server) => {
          server.send(T.HEADERS, 0, 1, Buffer.alloc(16_384))
          for (let n = 0; n < 3; n++) server.send(T.CONTINUATION, 0, 1, Buffer.alloc(16_384))
        },
      ],
      ['a frame that is too long, at its head', 6, (server) => server.raw(Buffer.from([0, 0x40, 1, 0, 0, 0, 0, 0, 1]))],
      ['a head that is no HPACK', 9, (server) => server.send(T.HEADERS, ALL, 1, Buffer.from([0x80]))],
      [
        'DATA on a stream that it had ended',
        5,
        (server) => {
          ok(server, 1)
          server.send(T.DATA, END_STREAM, 1)
        },
      ],
      [
        'HEADERS on a stream that it had reset',
        5,
        (server) => {
          server.send(T.RST, 0, 1, u32(8))
          server.send(T.HEADERS, ALL, 1, OK_HEAD)
        },
      ],
    ])('%s', async (_what, code, say) => {
      const server = await greeted()
      say(server)
      ok(server, 1)
      const goaway = (await server.frames()).filter(({ type }) => type === T.GOAWAY)
      expect(goaway).toHaveLength(1)
      expect(goaway[0]?.payload.readUInt32BE(4)).toBe(code)
      expect(server.ends).toHaveLength(1)
      expect(server.failures).toHaveLength(1)
      expect(server.closed()).toBe(1)
      expect(server.post()).toMatchObject({ is: 'not sent', isClosing: true })
    })

    it.each<[string, (server: ServerByHand) => void]>([
      ['another frame', (server) => server.send(T.PING, 0, 0, Buffer.alloc(8))],
      ['an acknowledgement', (server) => server.send(T.SETTINGS, 1, 0)],
      ['HTTP/1.1', (server) => server.raw(Buffer.from('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'))],
    ])('%s at the start, where SETTINGS must be', async (_what, say) => {
      const server = serveByHand()
      say(server)
      const last = (await server.frames()).at(-1)
      expect(last?.type).toBe(T.GOAWAY)
      expect([1, 6]).toContain(last?.payload.readUInt32BE(4))
      expect(server.closed()).toBe(1)
      expect(server.limits).toEqual([])
    })
  })

  describe('sends a body', () => {
    const lengths = async (server: ServerByHand): Promise<readonly (readonly [number, number, number])[]> =>
      (await server.frames())
        .filter(({ type }) => type === T.DATA)
        .map(({ stream, flags, payload }) => [stream, payload.length, flags] as const)

    it('as far as the stream’s window goes, then as it opens', async () => {
      const server = serveByHand()
      server.send(T.SETTINGS, 0, 0, setting(4, 10))
      await server.frames()
      server.post('x'.repeat(25))
      expect(await lengths(server)).toEqual([[1, 10, 0]])
      server.send(T.WINDOW_UPDATE, 0, 1, u32(5))
      expect(await lengths(server)).toEqual([[1, 5, 0]])
      server.send(T.SETTINGS, 0, 0, setting(4, 14))
      expect(await lengths(server)).toEqual([[1, 4, 0]])
      server.send(T.SETTINGS, 0, 0, setting(4, 4))
      server.send(T.WINDOW_UPDATE, 0, 1, u32(10))
      expect(await lengths(server)).toEqual([])
      server.send(T.WINDOW_UPDATE, 0, 1, u32(100))
      expect(await lengths(server)).toEqual([[1, 6, END_STREAM]])
      ok(server, 1)
      await server.frames()
      expect(server.ends).toMatchObject([{ is: 'reply' }])
    })

    it('as far as the connection’s window goes, in turn', async () => {
      const server = serveByHand()
      server.send(T.SETTINGS, 0, 0, setting(4, 100_000))
      await server.frames()
      server.post('x'.repeat(65_530))
      server.post('y'.repeat(10))
      server.post('z'.repeat(3))
      const sent = await lengths(server)
      expect(sent.reduce((sum, [, length]) => sum + length, 0)).toBe(65_535)
      expect(sent.at(-1)).toEqual([3, 5, 0])
      server.send(T.WINDOW_UPDATE, 0, 0, u32(6))
      expect(await lengths(server)).toEqual([
        [3, 5, END_STREAM],
        [5, 1, 0],
      ])
      server.send(T.WINDOW_UPDATE, 0, 0, u32(2))
      expect(await lengths(server)).toEqual([[5, 2, END_STREAM]])
    })

    it('no further than a peer that answers before it has heard all', async () => {
      const server = serveByHand()
      server.send(T.SETTINGS, 0, 0, setting(4, 10))
      await server.frames()
      server.post('x'.repeat(25))
      await server.frames()
      server.send(T.HEADERS, ALL, 1, fields(status('413')))
      server.send(T.WINDOW_UPDATE, 0, 1, u32(100))
      expect(await server.frames()).toEqual([{ type: T.RST, flags: 0, stream: 1, payload: u32(8) }])
      expect(server.ends).toMatchObject([{ is: 'reply', status: 413 }])
    })

    it('no further when it was cancelled', async () => {
      const server = serveByHand()
      server.send(T.SETTINGS, 0, 0, setting(4, 10))
      await server.frames()
      const stream = server.post('x'.repeat(25))
      await server.frames()
      if (stream.is === 'stream') stream.cancel()
      if (stream.is === 'stream') stream.cancel()
      server.send(T.WINDOW_UPDATE, 0, 1, u32(100))
      ok(server, 1)
      expect(await server.frames()).toEqual([{ type: T.RST, flags: 0, stream: 1, payload: u32(8) }])
      expect(server.ends).toMatchObject([{ is: 'broken', code: 8 }])
    })
  })

  it('gives back the room that a long response took, of the stream and of the connection', async () => {
    const server = await greeted({ maxBody: 10_000_000 })
    server.send(T.HEADERS, END_HEADERS, 1, OK_HEAD)
    const given = new Map<number, number>()
    for (let sent = 0; sent < 1_200_000; sent += 16_000) {
      server.send(T.DATA, 0, 1, Buffer.alloc(16_000))
      for (const { type, stream, payload } of await server.frames()) {
        expect(type).toBe(T.WINDOW_UPDATE)
        given.set(stream, (given.get(stream) ?? 0) + payload.readUInt32BE(0))
      }
      expect(65_535 + (given.get(1) ?? 0) - sent - 16_000).toBeGreaterThan(16_384)
      expect((1 << 20) + (given.get(0) ?? 0) - sent - 16_000).toBeGreaterThan(16_384)
    }
    expect([...given.keys()].sort()).toEqual([0, 1])
  })

  it('answers PING with what it held, and hears the answer to its own', async () => {
    const server = await greeted()
    server.send(T.PING, 0, 0, Buffer.from('12345678'))
    expect(await server.frames()).toEqual([{ type: T.PING, flags: 1, stream: 0, payload: Buffer.from('12345678') }])
    let answers = 0
    server.session.ping(() => answers++)
    const [ping] = await server.frames()
    expect(ping).toMatchObject({ type: T.PING, flags: 0 })
    server.send(T.PING, 1, 0, Buffer.from('another!'))
    await server.frames()
    expect(answers).toBe(0)
    server.send(T.PING, 1, 0, ping?.payload)
    server.send(T.PING, 1, 0, ping?.payload)
    await server.frames()
    expect(answers).toBe(1)
  })

  it('lets go a peer that asks and asks and does not read the answers', async () => {
    const server = await greeted()
    const pings = Buffer.concat(
      Array.from({ length: 1000 }, () => encodeFrame({ type: T.PING, flags: 0, stream: 0, payload: Buffer.alloc(8) })),
    )
    for (let n = 0; n < 200 && server.failures.length === 0; n++) server.raw(pings)
    for (let n = 0; n < 50 && server.closed() === 0; n++) await server.frames()
    expect(server.failures).toEqual([expect.stringContaining('ENHANCE_YOUR_CALM')])
    expect(server.closed()).toBe(1)
  })

  it('tells of a GOAWAY and ends the streams above its last, the newest first', async () => {
    const server = await greeted()
    server.post()
    server.post()
    await server.frames()
    server.send(T.GOAWAY, 0, 0, Buffer.concat([u32(1, 0), Buffer.from('bye')]))
    await server.frames()
    expect(server.goaways).toEqual([[0, 1, 'bye']])
    expect(server.ends).toMatchObject([
      { is: 'broken', code: 7, id: 5 },
      { is: 'broken', code: 7, id: 3 },
    ])
    expect(server.post()).toMatchObject({ is: 'not sent', isClosing: true })
    ok(server, 1)
    await server.frames()
    expect(server.ends[2]).toMatchObject({ is: 'reply' })
    server.session.close()
    expect((await server.frames()).at(-1)).toMatchObject({ type: T.GOAWAY })
  })

  it('takes no GOAWAY for a promise that an earlier one had not made', async () => {
    const server = await greeted()
    server.send(T.GOAWAY, 0, 0, u32(0x7fff_ffff, 0))
    server.send(T.GOAWAY, 0, 0, u32(1, 0))
    server.send(T.GOAWAY, 0, 0, u32(3, 0))
    await server.frames()
    expect(server.goaways.map(([, last]) => last)).toEqual([0x7fff_ffff, 1, 1])
    expect(server.ends).toEqual([])
  })

  it('hears nothing after a GOAWAY with an error', async () => {
    const server = await greeted()
    server.raw(
      Buffer.concat([
        encodeFrame({ type: T.GOAWAY, flags: 0, stream: 0, payload: u32(0, 2) }),
        encodeFrame({ type: T.SETTINGS, flags: 0, stream: 0, payload: setting(3, 5) }),
      ]),
    )
    await server.frames()
    expect(server.limits).toEqual([Infinity])
    expect(server.ends).toMatchObject([{ is: 'broken', code: 2 }])
    expect(server.closed()).toBe(1)
  })

  it('says of a request that never reached the socket that it was not written, and does not write it any more', async () => {
    const server = await greeted()
    server.post()
    server.session.destroy()
    expect(await server.frames()).toEqual([])
    expect(server.ends).toMatchObject([
      { is: 'broken', id: undefined },
      { is: 'broken', id: 1 },
    ])
    expect(server.closed()).toBe(1)
  })

  it('ends every stream when the peer ends the connection', async () => {
    const server = await greeted()
    server.send(T.HEADERS, END_HEADERS, 1, OK_HEAD)
    server.end()
    await server.frames()
    expect(server.ends).toMatchObject([{ is: 'broken', id: 1, answered: true }])
    expect(server.closed()).toBe(1)
  })

  it('ends every stream when the connection is reset, in the words of the network', async () => {
    const server = await greeted()
    server.cut()
    await server.frames()
    expect(server.ends).toMatchObject([{ is: 'broken', id: 1 }])
    expect(server.failures).toEqual(['read ECONNRESET'])
    expect(server.closed()).toBe(1)
  })

  it('is used up when identifiers run out, and says so', async () => {
    const server = serveByHand({ firstStream: 2 ** 31 - 3 })
    server.send(T.SETTINGS, 0, 0)
    server.post()
    server.post()
    expect(server.post()).toMatchObject({ is: 'not sent', isClosing: true })
    const requests = (await server.frames()).filter(({ type }) => type === T.HEADERS)
    expect(requests.map(({ stream }) => stream)).toEqual([2 ** 31 - 3, 2 ** 31 - 1])
    ok(server, 2 ** 31 - 1)
    ok(server, 2 ** 31 - 3)
    await server.frames()
    expect(server.ends).toMatchObject([{ is: 'reply' }, { is: 'reply' }])
  })

  it('keeps to a table that the peer made smaller', async () => {
    const server = await greeted()
    server.send(T.SETTINGS, 0, 0, setting(1, 0))
    await server.frames()
    server.post()
    const [head] = await server.frames()
    // A change of the table to nothing; POST, https, and the authority spelt out.
    expect(head?.payload.subarray(0, 3)).toEqual(Buffer.from([0x20, 0x83, 0x87]))
    expect(head?.payload.toString('latin1')).toContain('push.example')
    server.post()
    const [next] = await server.frames()
    expect(next?.payload[0]).toBe(0x83)
    expect(next?.payload.toString('latin1')).toContain('push.example')
  })
})
