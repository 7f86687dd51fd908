// Reads HTTP/2 frames (RFC 9113 §4.1) off a connection's bytes without decoding what they carry, so that a simulator sees and may
// withhold what node:http2 does not show. It changes no frame, and steps aside at the first one that it cannot follow.

/** Types of frames that matter here. */
export const FRAME = { DATA: 0, HEADERS: 1, PRIORITY: 2, RST_STREAM: 3, SETTINGS: 4, PING: 6, GOAWAY: 7 } as const

/** END_STREAM of DATA and HEADERS, ACK of SETTINGS and PING: the same bit. */
export const END_STREAM = 0x1
/** See END_STREAM. */
export const ACK = 0x1
/** PRIORITY of HEADERS: the frame carries stream dependency fields. */
export const HAS_PRIORITY = 0x20

const PREFACE_LENGTH = 24
const HEAD_LENGTH = 9
/** SETTINGS_MAX_FRAME_SIZE is never raised here. */
const LONGEST = 16_384

/** One whole frame. */
export interface Frame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

/** Gives bytes in, gets the bytes of whole frames that were let pass. `isWanted` sees each frame once. */
export type FrameReader = (chunk: Buffer) => Buffer

/** A reader of one direction; the client's begins with the connection preface (RFC 9113 §3.4). */
export const makeFrameReader = (side: 'client' | 'server', isWanted: (frame: Frame) => boolean): FrameReader => {
  let pending: Buffer = Buffer.alloc(0)
  let preface = side === 'client' ? PREFACE_LENGTH : 0
  let isLost = false

  return (chunk) => {
    if (isLost) return chunk
    const all = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    const passed: Buffer[] = []
    let at = Math.min(preface, all.length)
    if (at > 0) passed.push(all.subarray(0, at))
    preface -= at
    while (all.length - at >= HEAD_LENGTH) {
      const length = all.readUIntBE(at, 3)
      if (length > LONGEST) {
        isLost = true
        passed.push(all.subarray(at))
        at = all.length
        break
      }
      const end = at + HEAD_LENGTH + length
      if (end > all.length) break
      const wanted = isWanted({
        type: all.readUInt8(at + 3),
        flags: all.readUInt8(at + 4),
        stream: all.readUInt32BE(at + 5) & 0x7fffffff,
        payload: all.subarray(at + HEAD_LENGTH, end),
      })
      if (wanted) passed.push(all.subarray(at, end))
      at = end
    }
    pending = all.subarray(at)
    return passed.length === 1 ? (passed[0] ?? chunk) : Buffer.concat(passed)
  }
}

/** A frame without flags that carries 32-bit words and, after them, bytes. */
export const makeFrame = (type: number, stream: number, words: number | readonly number[], rest = ''): Buffer => {
  const content = typeof words === 'number' ? [words] : words
  const frame = Buffer.alloc(HEAD_LENGTH + 4 * content.length)
  frame.writeUIntBE(4 * content.length + Buffer.byteLength(rest), 0, 3)
  frame.writeUInt8(type, 3)
  frame.writeUInt32BE(stream, 5)
  content.forEach((word, at) => frame.writeUInt32BE(word, HEAD_LENGTH + 4 * at))
  return Buffer.concat([frame, Buffer.from(rest)])
}
