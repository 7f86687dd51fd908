/** What the peer may send us (RFC 9113 §5.2): the room of the connection and of each stream, given back as it is used. */
import { type FrameWriter } from './frame-writer'
import { FIRST_WINDOW, FRAME } from './protocol'

/** The receiving side of a stream. */
export interface Incoming {
  readonly id: number
  /** Bytes of its window that are used and not given back. */
  taken: number
}

export interface Inflow {
  /** Opens the connection's window as wide as it will be. */
  open(): void
  /** So many bytes came on the connection, on whichever stream. */
  take(length: number): void
  /** So many of them on this stream, from which more is awaited. */
  takeOn(stream: Incoming, length: number): void
}

/** Answers are small and many: room for all that a thousand streams send at once. */
const CONNECTION_WINDOW = 1 << 20

/** What came is used at once, so that at least half of each window is always open and a peer cannot overrun it. */
export function makeInflow(writer: FrameWriter): Inflow {
  let taken = 0

  const giveBack = (stream: number, increment: number): void => {
    const payload = Buffer.allocUnsafe(4)
    payload.writeUInt32BE(increment)
    writer.frame(FRAME.WINDOW_UPDATE, 0, stream, payload)
  }

  return Object.freeze({
    open: () => giveBack(0, CONNECTION_WINDOW - FIRST_WINDOW),
    take(length: number) {
      taken += length
      if (taken < CONNECTION_WINDOW / 2) return
      giveBack(0, taken)
      taken = 0
    },
    takeOn(stream: Incoming, length: number) {
      stream.taken += length
      if (stream.taken < FIRST_WINDOW / 2) return
      giveBack(stream.id, stream.taken)
      stream.taken = 0
    },
  })
}
