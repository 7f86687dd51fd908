/** Bytes of a connection to frames (RFC 9113 §4.1). Knows no type of frame. */
import { CODE, ConnectionFault, HEAD_LENGTH, LARGEST_31_BITS, LONGEST_FRAME } from './protocol'

/** `payload` is a view of what was read: whoever keeps it keeps the whole. False: no more is wanted. */
export type OnFrame = (type: number, flags: number, stream: number, payload: Buffer) => boolean

/**
 * Gives bytes in, whole frames come out. Throws `ConnectionFault` FRAME_SIZE_ERROR as soon as the head of a frame tells that it is longer
 * than allowed, so that no peer makes us keep more.
 */
export function makeFrameReader(onFrame: OnFrame): (chunk: Buffer) => void {
  /** The beginning of a frame, in the pieces that came. */
  let pieces: Buffer[] = []
  let have = 0
  /** Bytes that must be there before it is worth looking. */
  let need = HEAD_LENGTH

  return (chunk) => {
    let bytes = chunk
    if (have > 0 || chunk.length < need) {
      pieces.push(chunk)
      have += chunk.length
      if (have < need) return
      bytes = Buffer.concat(pieces, have)
      pieces = []
      have = 0
    }
    let at = 0
    for (;;) {
      const left = bytes.length - at
      need = HEAD_LENGTH
      if (left >= HEAD_LENGTH) {
        const length = bytes.readUInt32BE(at) >>> 8
        if (length > LONGEST_FRAME) {
          throw new ConnectionFault(CODE.FRAME_SIZE_ERROR, `a frame of ${length} bytes, more than ${LONGEST_FRAME}`)
        }
        need += length
      }
      if (left < need) break
      const payload = bytes.subarray(at + HEAD_LENGTH, at + need)
      const stream = bytes.readUInt32BE(at + 5) & LARGEST_31_BITS
      const isWanted = onFrame(bytes[at + 3] ?? 0, bytes[at + 4] ?? 0, stream, payload)
      at += need
      if (!isWanted) return
    }
    if (at === bytes.length) return
    have = bytes.length - at
    pieces = [bytes.subarray(at)]
  }
}
