/** Bodies of requests under the peer's flow control (RFC 9113 §5.2, §6.9). What a window has no room for waits, first come first served. */
import { type FrameWriter } from './frame-writer'
import { CODE, ConnectionFault, END_STREAM, FIRST_WINDOW, FRAME, LARGEST_31_BITS, LONGEST_FRAME } from './protocol'

/** The sending side of a stream. */
export interface Outgoing {
  readonly id: number
  /** What the peer granted beyond the first window of its SETTINGS, less what was sent. */
  credit: number
  /** Of the body, what waits for room. */
  unsent: Buffer | undefined
}

export interface Outflow {
  /** Sends a body and ends the stream, now or as the windows open. */
  send(stream: Outgoing, body: string | Buffer): void
  /** Whatever of it still waits is not sent any more. */
  drop(stream: Outgoing): void
  /** WINDOW_UPDATE of the connection. Throws `ConnectionFault` where it goes beyond all bounds. */
  grant(increment: number): void
  /** WINDOW_UPDATE of a stream; false where it goes beyond all bounds. */
  grantStream(stream: Outgoing, increment: number): boolean
  /** SETTINGS_INITIAL_WINDOW_SIZE, which changes every stream there is (§6.9.2). Throws like `grant`. */
  changeFirst(size: number, streams: Iterable<Outgoing>): void
}

export function makeOutflow(writer: FrameWriter): Outflow {
  let connection = FIRST_WINDOW
  let first = FIRST_WINDOW
  const waiting = new Set<Outgoing>()

  const roomOf = (stream: Outgoing): number => Math.min(connection, first + stream.credit, LONGEST_FRAME)
  const spend = (stream: Outgoing, length: number): void => {
    connection -= length
    stream.credit -= length
  }

  /** Writes what has room; true once all of it is written. */
  const write = (stream: Outgoing, body: Buffer): boolean => {
    let rest = body
    while (rest.length > 0) {
      const room = roomOf(stream)
      if (room <= 0) {
        stream.unsent = rest
        return false
      }
      const part = rest.subarray(0, room)
      rest = rest.subarray(room)
      writer.frame(FRAME.DATA, rest.length === 0 ? END_STREAM : 0, stream.id, part)
      spend(stream, part.length)
    }
    stream.unsent = undefined
    return true
  }
  const resume = (): void => {
    for (const stream of waiting) {
      if (connection <= 0) return
      if (stream.unsent === undefined || write(stream, stream.unsent)) waiting.delete(stream)
    }
  }

  return Object.freeze({
    send(stream: Outgoing, body: string | Buffer) {
      const length = Buffer.byteLength(body)
      if (length <= roomOf(stream)) {
        spend(stream, length)
        if (typeof body === 'string') return writer.text(FRAME.DATA, END_STREAM, stream.id, body, length)
        return writer.frame(FRAME.DATA, END_STREAM, stream.id, body)
      }
      stream.unsent = typeof body === 'string' ? Buffer.from(body) : body
      waiting.add(stream)
      resume()
    },
    drop(stream: Outgoing) {
      stream.unsent = undefined
      waiting.delete(stream)
    },
    grant(increment: number) {
      connection += increment
      if (connection > LARGEST_31_BITS) throw new ConnectionFault(CODE.FLOW_CONTROL_ERROR, 'a window beyond all bounds')
      resume()
    },
    grantStream(stream: Outgoing, increment: number) {
      stream.credit += increment
      if (first + stream.credit > LARGEST_31_BITS) return false
      if (stream.unsent !== undefined) resume()
      return true
    },
    changeFirst(size: number, streams: Iterable<Outgoing>) {
      first = size
      for (const { credit } of streams) {
        if (size + credit > LARGEST_31_BITS)
          throw new ConnectionFault(CODE.FLOW_CONTROL_ERROR, 'a window beyond all bounds')
      }
      resume()
    },
  })
}
