/**
 * An HTTP/2 server made of frames written by hand (RFC 9113), in memory, for what no library can be made to say. It answers nothing by itself
 * and shares no code with lib but the client that it is held against.
 */
import { Duplex } from 'node:stream'
import { openOwnSession } from '../../lib/wire/h2/session'
import { type Broken, type NotSent, type Session, type Stream } from '../../lib/wire/http2-session'
import { type WireReply, type WireRequest } from '../../lib/wire/wire'
import { encodeFrame, type HandFrame } from './h2-by-hand'
import { settle } from './hand-clock'

export const T = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const
export const END_STREAM = 1
export const END_HEADERS = 4
export const PADDED = 8
export const HAS_PRIORITY = 0x20

export const u32 = (...values: readonly number[]): Buffer =>
  Buffer.concat(
    values.map((value) => {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32BE(value)
      return bytes
    }),
  )

export const setting = (id: number, value: number): Buffer => Buffer.concat([Buffer.from([0, id]), u32(value)])

/** Literal fields without indexing (RFC 7541 §6.2.2), names and values shorter than 127. */
export const fields = (...pairs: readonly (readonly [name: string, value: string])[]): Buffer =>
  Buffer.concat(
    pairs.map(([name, value]) =>
      Buffer.concat([
        Buffer.from([0, name.length]),
        Buffer.from(name, 'latin1'),
        Buffer.from([value.length]),
        Buffer.from(value, 'latin1'),
      ]),
    ),
  )

export const OK_HEAD = Buffer.from([0x88])

export interface ServerByHand {
  readonly session: Session
  /** What the client said and was not taken yet; its preface is seen to. */
  frames(): Promise<readonly HandFrame[]>
  /** Pieces of bytes, as the client wrote them. */
  readonly writes: readonly Buffer[]
  send(type: number, flags: number, stream: number, payload?: Buffer): void
  raw(bytes: Buffer): void
  /** Ends our half. */
  end(): void
  /** The connection is reset. */
  cut(): void
  /** Sends a request; its ends, of which there must be one, are pushed to `ends`. */
  post(body?: string, more?: Partial<WireRequest>): Stream | NotSent
  readonly ends: (WireReply | Broken)[]
  readonly limits: readonly number[]
  readonly goaways: readonly (readonly [code: number, last: number, text: string])[]
  readonly failures: readonly string[]
  closed(): number
}

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'

export function serveByHand(options: { readonly maxBody?: number; readonly firstStream?: number } = {}): ServerByHand {
  const writes: Buffer[] = []
  let heard: Buffer = Buffer.alloc(0)
  let isGreeted = false
  let closed = 0
  const ends: (WireReply | Broken)[] = []
  const limits: number[] = []
  const goaways: (readonly [number, number, string])[] = []
  const failures: string[] = []
  const socket = new Duplex({
    allowHalfOpen: false,
    read: () => undefined,
    write(chunk: Buffer, _encoding, done) {
      writes.push(Buffer.from(chunk))
      heard = Buffer.concat([heard, chunk])
      setImmediate(done)
    },
  })
  const session = openOwnSession(
    socket,
    { url: 'https://push.example', maxBody: options.maxBody ?? 1000, initialStreams: 0 },
    {
      settings: (limit) => limits.push(limit),
      goaway: (code, last, data) => goaways.push([code, last, data.toString()]),
      failed: (why) => failures.push(why),
      closed: () => closed++,
    },
    options.firstStream,
  )
  const raw = (bytes: Buffer): void => void (socket.destroyed || socket.push(bytes))
  return {
    session,
    writes,
    ends,
    limits,
    goaways,
    failures,
    closed: () => closed,
    raw,
    end: () => void (socket.destroyed || socket.push(null)),
    cut: () => void socket.destroy(new Error('read ECONNRESET')),
    send: (type, flags, stream, payload = Buffer.alloc(0)) => raw(encodeFrame({ type, flags, stream, payload })),
    post: (body = '', more = {}) =>
      session.request({ method: 'POST', path: '/', headers: {}, body, ...more }, (end) => ends.push(end)),
    async frames() {
      await settle(4)
      if (!isGreeted) {
        expect(heard.subarray(0, PREFACE.length).toString()).toBe(PREFACE)
        heard = heard.subarray(PREFACE.length)
        isGreeted = true
      }
      const frames: HandFrame[] = []
      while (heard.length >= 9 && heard.length >= 9 + heard.readUIntBE(0, 3)) {
        const end = 9 + heard.readUIntBE(0, 3)
        frames.push({
          type: heard.readUInt8(3),
          flags: heard.readUInt8(4),
          stream: heard.readUInt32BE(5),
          payload: heard.subarray(9, end),
        })
        heard = heard.subarray(end)
      }
      return frames
    },
  }
}
