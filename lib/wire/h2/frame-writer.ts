/** Frames to bytes (RFC 9113 §4.1), gathered: one write to the socket for all that is said in one turn of the event loop. */
import { type Writable } from 'node:stream'
import { HEAD_LENGTH, LONGEST_FRAME } from './protocol'

export interface FrameWriter {
  /** Any frame; at most `LONGEST_FRAME` bytes of payload. */
  frame(type: number, flags: number, stream: number, payload: Buffer): void
  /** The same with text for payload, which is so many bytes long in UTF-8. */
  text(type: number, flags: number, stream: number, text: string, length: number): void
  /** Bytes that belong to no frame: the preface. */
  raw(bytes: Buffer): void
  /** Hands over what was gathered, now. */
  flush(): void
  /** From now on nothing is handed over any more. */
  stop(): void
}

/** Holds what about a hundred requests need; a longer turn takes another. */
const SLAB = 65_536

/** `written` is told whenever everything said so far was handed to the socket. */
export function makeFrameWriter(socket: Writable, written: () => void): FrameWriter {
  let slab = Buffer.allocUnsafeSlow(SLAB)
  /** What is written but not handed over lies between the two. */
  let start = 0
  let end = 0
  let isDue = false
  let isStopped = false

  const hand = (): void => {
    if (end > start) socket.write(slab.subarray(start, end))
    start = end
  }
  const flush = (): void => {
    if (isStopped || socket.destroyed) return
    hand()
    written()
  }
  const due = (): void => {
    isDue = false
    flush()
  }
  /** Room in one piece; a slab is never written twice, for the socket may still read from it. */
  const reserve = (length: number): void => {
    if (!isDue) {
      isDue = true
      setImmediate(due)
    }
    if (end + length <= slab.length) return
    if (!isStopped && !socket.destroyed) hand()
    slab = Buffer.allocUnsafeSlow(SLAB)
    start = 0
    end = 0
  }
  const head = (type: number, flags: number, stream: number, length: number): void => {
    if (length > LONGEST_FRAME) throw new RangeError(`a frame of ${length} bytes`)
    reserve(HEAD_LENGTH + length)
    slab[end] = length >>> 16
    slab[end + 1] = length >>> 8
    slab[end + 2] = length
    slab[end + 3] = type
    slab[end + 4] = flags
    slab[end + 5] = stream >>> 24
    slab[end + 6] = stream >>> 16
    slab[end + 7] = stream >>> 8
    slab[end + 8] = stream
    end += HEAD_LENGTH
  }

  return Object.freeze({
    frame(type: number, flags: number, stream: number, payload: Buffer) {
      head(type, flags, stream, payload.length)
      slab.set(payload, end)
      end += payload.length
    },
    text(type: number, flags: number, stream: number, text: string, length: number) {
      head(type, flags, stream, length)
      slab.write(text, end, length, 'utf8')
      end += length
    },
    raw(bytes: Buffer) {
      reserve(bytes.length)
      slab.set(bytes, end)
      end += bytes.length
    },
    flush,
    stop() {
      isStopped = true
    },
  })
}
