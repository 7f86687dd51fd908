/** What the peer may send us (RFC 9113 §5.2): the room of the connection and of each stream, given back as it is used. */
import { type FrameWriter } from './frame-writer'
import { CODE, ConnectionFault, FIRST_WINDOW, FRAME } from './protocol'

/** The receiving side of a stream. */
export interface Incoming {
  readonly id: number
  /** Bytes of its window that are used and not given back. */
  taken: number
}

export interface Inflow {
  /** Opens the connection's window as wide as it will be. */
  open(): void
  /** So many bytes came on the connection, on whichever stream. Throws `ConnectionFault` where they are more than was granted. */
  take(length: number): void
  /** So many of them on this stream, from which more is awaited. False where they are more than was granted. */
  takeOn(stream: Incoming, length: number): boolean
}

/** Answers are small and many: room for all that a thousand streams send at once. */
const CONNECTION_WINDOW = 1 << 20

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
      if (taken > CONNECTION_WINDOW) throw new ConnectionFault(CODE.FLOW_CONTROL_ERROR, 'more data than was granted')
      if (taken < CONNECTION_WINDOW / 2) return
      giveBack(0, taken)
      taken = 0
    },
    takeOn(stream: Incoming, length: number) {
      stream.taken += length
      if (stream.taken > FIRST_WINDOW) return false
      if (stream.taken < FIRST_WINDOW / 2) return true
      giveBack(stream.id, stream.taken)
      stream.taken = 0
      return true
    },
  })
}
