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

interface Slab {
  readonly bytes: Buffer
  /** Pieces of it that the socket still reads from; until there is none, it must not be written over. */
  lent: number
}

/** Holds what about a hundred requests need; a longer turn takes another. */
const SLAB = 65_536

const newSlab = (): Slab => ({ bytes: Buffer.allocUnsafeSlow(SLAB), lent: 0 })

/** `written` is told whenever everything said so far was handed to the socket. */
export function makeFrameWriter(socket: Writable, written: () => void): FrameWriter {
  let slab = newSlab()
  let spare: Slab | undefined
  /** What is written but not handed over lies between the two. */
  let start = 0
  let end = 0
  let isDue = false
  let isStopped = false

  const hand = (): void => {
    if (end === start) return
    const lent = slab
    lent.lent++
    socket.write(lent.bytes.subarray(start, end), () => {
      if (--lent.lent > 0) return
      if (lent !== slab) spare = lent
      else if (end === start) start = end = 0
    })
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
  /** Room in one piece. */
  const reserve = (length: number): void => {
    if (!isDue) {
      isDue = true
      setImmediate(due)
    }
    if (end + length <= SLAB) return
    if (!isStopped && !socket.destroyed) hand()
    slab = spare ?? newSlab()
    spare = undefined
    start = end = 0
  }
  const head = (type: number, flags: number, stream: number, length: number): void => {
    if (length > LONGEST_FRAME) throw new RangeError(`a frame of ${length} bytes`)
    reserve(HEAD_LENGTH + length)
    const { bytes } = slab
    bytes[end] = length >>> 16
    bytes[end + 1] = length >>> 8
    bytes[end + 2] = length
    bytes[end + 3] = type
    bytes[end + 4] = flags
    bytes[end + 5] = stream >>> 24
    bytes[end + 6] = stream >>> 16
    bytes[end + 7] = stream >>> 8
    bytes[end + 8] = stream
    end += HEAD_LENGTH
  }

  return Object.freeze({
    frame(type: number, flags: number, stream: number, payload: Buffer) {
      head(type, flags, stream, payload.length)
      slab.bytes.set(payload, end)
      end += payload.length
    },
    text(type: number, flags: number, stream: number, text: string, length: number) {
      head(type, flags, stream, length)
      slab.bytes.write(text, end, length, 'utf8')
      end += length
    },
    raw(bytes: Buffer) {
      reserve(bytes.length)
      slab.bytes.set(bytes, end)
      end += bytes.length
    },
    flush,
    stop() {
      isStopped = true
    },
  })
}
