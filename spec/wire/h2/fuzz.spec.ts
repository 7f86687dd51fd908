/** Whatever a peer says, each request ends once, nothing is thrown, and the connection is either in order or over. */
import * as fc from 'fast-check'
import { type NotSent, type Stream } from '../../../lib/wire/http2-session'
import { encodeFrame } from '../../support/h2-by-hand'
import { END_HEADERS, END_STREAM, fields, OK_HEAD, serveByHand, setting, T, u32 } from '../../support/h2-server-by-hand'

const REQUESTS = 4
const stream = fc.constantFrom(0, 1, 1, 3, 3, 5, 7, 2, 9, 0x7fff_ffff)
const flags = fc.oneof(
  fc.constantFrom(0, END_STREAM, END_HEADERS, END_STREAM | END_HEADERS),
  fc.integer({ min: 0, max: 255 }),
)
const payload = fc.oneof(
  fc.constantFrom(
    OK_HEAD,
    fields([':status', '200'], ['content-length', '2']),
    fields([':status', '103']),
    fields(['x-trailer', 'a']),
    Buffer.from('ab'),
    u32(0),
    u32(100),
    u32(0x7fff_ffff),
    u32(3, 0),
    u32(5, 2),
    Buffer.alloc(8),
    setting(3, 1),
    setting(4, 0),
    setting(4, 100_000),
    setting(1, 0),
    Buffer.alloc(0),
  ),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
)
const frame = fc
  .record({
    type: fc.oneof(fc.constantFrom(...Object.values(T)), fc.integer({ min: 0, max: 255 })),
    flags,
    stream,
    payload,
  })
  .map(encodeFrame)
const goodAnswer = (stream: number): Buffer =>
  Buffer.concat([
    encodeFrame({ type: T.HEADERS, flags: END_HEADERS, stream, payload: OK_HEAD }),
    encodeFrame({ type: T.DATA, flags: END_STREAM, stream, payload: Buffer.from('ab') }),
  ])
const settings = encodeFrame({ type: T.SETTINGS, flags: 0, stream: 0, payload: Buffer.alloc(0) })
const damage = fc.record({ at: fc.nat(), to: fc.nat(255), cut: fc.boolean() })
const noise = fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes))

const script = fc.record({
  isGreeted: fc.integer({ min: 0, max: 19 }).map((one) => one > 0),
  answers: fc.shuffledSubarray([1, 3, 5, 7]).map((streams) => streams.map(goodAnswer)),
  odd: fc.array(fc.tuple(fc.nat(), fc.oneof({ arbitrary: frame, weight: 9 }, { arbitrary: noise, weight: 1 })), {
    maxLength: 6,
  }),
  damages: fc.oneof(fc.constant([]), fc.constant([]), fc.array(damage, { maxLength: 2 })),
  pieces: fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 10 }),
  cancels: fc.boolean(),
  body: fc.constantFrom('', 'body', 'x'.repeat(70_000)),
})

describe('wire/h2/session', () => {
  it('ends each request once, whatever the peer says', async () => {
    const kinds = { reply: 0, broken: 0 }
    let orderly = 0
    await fc.assert(
      fc.asyncProperty(script, async ({ isGreeted, answers, odd, damages, pieces, cancels, body }) => {
        const server = serveByHand()
        const ends = new Map<number, number>()
        const post = (number: number): Stream | NotSent =>
          server.session.request({ method: 'POST', path: '/', headers: {}, body }, (end) => {
            ends.set(number, (ends.get(number) ?? 0) + 1)
            kinds[end.is]++
          })
        const streams = Array.from({ length: REQUESTS }, (_each, number) => post(number))
        await server.frames()
        for (const [at, one] of odd) answers.splice(at % (answers.length + 1), 0, one)
        let bytes = Buffer.concat([...(isGreeted ? [settings] : []), ...answers])
        for (const { at, to, cut } of damages) {
          if (bytes.length === 0) break
          if (cut)
            bytes = Buffer.concat([bytes.subarray(0, at % bytes.length), bytes.subarray((at % bytes.length) + 1)])
          else bytes[at % bytes.length] = to
        }
        for (const piece of pieces) {
          server.raw(bytes.subarray(0, piece))
          bytes = bytes.subarray(piece)
        }
        server.raw(bytes)
        await server.frames()
        if (server.failures.length === 0) orderly++
        // What is still open is given up, as a time-out does it, or goes down with the connection.
        if (cancels) for (const each of streams) if (each.is === 'stream') each.cancel()
        server.session.ping(() => undefined)
        const isLate = post(REQUESTS).is === 'stream'
        server.end()
        await server.frames()
        server.session.destroy()
        await server.frames()
        expect([...ends.values()]).toEqual(Array.from({ length: REQUESTS + (isLate ? 1 : 0) }, () => 1))
        expect(server.closed()).toBe(1)
        expect(server.failures).toEqual([expect.not.stringMatching(/defect/)])
      }),
      { numRuns: 1500 },
    )
    // It is a fuzzer of conversations, not of first bytes: many of them get somewhere.
    expect(kinds.reply).toBeGreaterThan(500)
    expect(kinds.broken).toBeGreaterThan(500)
    expect(orderly).toBeGreaterThan(150)
  }, 60_000)
})
