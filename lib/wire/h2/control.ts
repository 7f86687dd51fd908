/** The frames that carry no message (RFC 9113 §6.3 to §6.9): read, checked, answered. What they mean for streams is told. */
import { type Writable } from 'node:stream'
import { type FrameWriter } from './frame-writer'
import { readSettings, type PeerSettings } from './peer-settings'
import { ACK, CODE, ConnectionFault, FRAME, LARGEST_31_BITS, PREFACE, SETTING } from './protocol'

export interface ControlEvents {
  readonly settings: (settings: PeerSettings, isFirst: boolean) => void
  /** `last` never grows from one to the next. */
  readonly goaway: (code: number, last: number, data: Buffer) => void
  readonly windowUpdate: (stream: number, increment: number) => void
  readonly reset: (stream: number, code: number) => void
}

export interface Control {
  /** True once the peer's first SETTINGS have come. */
  isGreeted(): boolean
  /** Preface and SETTINGS. */
  greet(maxHeaderListSize: number): void
  /** A frame that is neither of a message nor a part of its head. Throws `ConnectionFault` where it breaks a rule. */
  take(type: number, flags: number, stream: number, payload: Buffer): void
  ping(answered: () => void): void
  reset(stream: number, code: number): void
  goaway(code: number, why: string): void
}

const NOTHING = Buffer.alloc(0)
const PING_LENGTH = 8
/** A peer that asks and asks and does not read our answers is let go when so many bytes wait for it. */
const MOST_UNREAD = 1 << 20

function must(isSo: boolean, code: number, what: string): void {
  if (!isSo) throw new ConnectionFault(code, what)
}

export function makeControl(socket: Writable, writer: FrameWriter, events: ControlEvents): Control {
  let isGreeted = false
  let last = LARGEST_31_BITS
  let pings = 0
  const awaited = new Map<string, () => void>()

  const answer = (type: number, payload: Buffer): void => {
    must(socket.writableLength < MOST_UNREAD, CODE.ENHANCE_YOUR_CALM, 'it asks and does not read the answers')
    writer.frame(type, ACK, 0, payload)
  }
  const onSettings = (flags: number, payload: Buffer): void => {
    if ((flags & ACK) !== 0)
      return must(payload.length === 0, CODE.FRAME_SIZE_ERROR, 'an ACK of SETTINGS with SETTINGS')
    const settings = readSettings(payload)
    const isFirst = !isGreeted
    isGreeted = true
    // Before what follows from them, so that the peer knows from where on they hold.
    answer(FRAME.SETTINGS, NOTHING)
    events.settings(settings, isFirst)
  }
  const onPing = (flags: number, payload: Buffer): void => {
    must(payload.length === PING_LENGTH, CODE.FRAME_SIZE_ERROR, `PING of ${payload.length} bytes`)
    if ((flags & ACK) === 0) return answer(FRAME.PING, payload)
    const which = payload.toString('hex')
    awaited.get(which)?.()
    awaited.delete(which)
  }
  const onGoaway = (payload: Buffer): void => {
    must(payload.length >= 8, CODE.FRAME_SIZE_ERROR, `GOAWAY of ${payload.length} bytes`)
    last = Math.min(last, payload.readUInt32BE(0) & LARGEST_31_BITS)
    events.goaway(payload.readUInt32BE(4), last, payload.subarray(8))
  }

  return Object.freeze({
    isGreeted: () => isGreeted,
    greet(maxHeaderListSize: number) {
      const settings = Buffer.alloc(12)
      settings.writeUInt16BE(SETTING.ENABLE_PUSH, 0)
      settings.writeUInt16BE(SETTING.MAX_HEADER_LIST_SIZE, 6)
      settings.writeUInt32BE(maxHeaderListSize, 8)
      writer.raw(PREFACE)
      writer.frame(FRAME.SETTINGS, 0, 0, settings)
    },
    take(type: number, flags: number, stream: number, payload: Buffer) {
      switch (type) {
        case FRAME.SETTINGS:
          must(stream === 0, CODE.PROTOCOL_ERROR, 'SETTINGS on a stream')
          return onSettings(flags, payload)
        case FRAME.PING:
          must(stream === 0, CODE.PROTOCOL_ERROR, 'PING on a stream')
          return onPing(flags, payload)
        case FRAME.GOAWAY:
          must(stream === 0, CODE.PROTOCOL_ERROR, 'GOAWAY on a stream')
          return onGoaway(payload)
        case FRAME.WINDOW_UPDATE:
          must(payload.length === 4, CODE.FRAME_SIZE_ERROR, `WINDOW_UPDATE of ${payload.length} bytes`)
          return events.windowUpdate(stream, payload.readUInt32BE(0) & LARGEST_31_BITS)
        case FRAME.RST_STREAM:
          must(payload.length === 4, CODE.FRAME_SIZE_ERROR, `RST_STREAM of ${payload.length} bytes`)
          return events.reset(stream, payload.readUInt32BE(0))
        case FRAME.PRIORITY:
          // Otherwise without meaning (§5.3.2).
          must(stream !== 0, CODE.PROTOCOL_ERROR, 'PRIORITY on no stream')
          return must(payload.length === 5, CODE.FRAME_SIZE_ERROR, `PRIORITY of ${payload.length} bytes`)
        case FRAME.PUSH_PROMISE:
          throw new ConnectionFault(CODE.PROTOCOL_ERROR, 'PUSH_PROMISE, which our SETTINGS forbid')
        default:
        // Unknown frames are to be ignored (§5.5).
      }
    },
    ping(answered: () => void) {
      const payload = Buffer.alloc(PING_LENGTH)
      payload.writeUInt32BE(++pings, 4)
      awaited.clear()
      awaited.set(payload.toString('hex'), answered)
      writer.frame(FRAME.PING, 0, 0, payload)
    },
    reset(stream: number, code: number) {
      const payload = Buffer.alloc(4)
      payload.writeUInt32BE(code)
      writer.frame(FRAME.RST_STREAM, 0, stream, payload)
    },
    goaway(code: number, why: string) {
      const text = Buffer.from(why)
      const payload = Buffer.alloc(8 + text.length)
      payload.writeUInt32BE(code, 4)
      payload.set(text, 8)
      writer.frame(FRAME.GOAWAY, 0, 0, payload)
    },
  })
}
