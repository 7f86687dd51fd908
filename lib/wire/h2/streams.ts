/** The streams of one connection (RFC 9113 §5.1): which are open, and what a frame on one that is not means. */
import { type Broken } from '../http2-session'
import { makeNumbered, type Numbered } from '../numbered'
import { type WireReply } from '../wire'
import { type Incoming } from './inflow'
import { type Outgoing } from './outflow'
import { CODE, ConnectionFault, LARGEST_31_BITS } from './protocol'
import { newResponse, type Response } from './response'

export interface OpenStream extends Incoming, Outgoing {
  ended: (end: WireReply | Broken) => void
  response: Response
}

export interface Streams {
  /** Those that are open. */
  readonly open: Pick<Numbered<OpenStream>, 'all' | 'get'>
  /** The newest that there ever was, 0 before the first. */
  newest(): number
  /** False when identifiers have run out: after a billion requests a connection is used up. */
  isFree(): boolean
  /** The next one. */
  add(ended: OpenStream['ended']): OpenStream
  /** It is closed from now on; `byUs`: by our own RST_STREAM, so that what is still on its way is let pass (§5.1). */
  close(stream: OpenStream, byUs: boolean): void
  /**
   * Tells what became of a stream that is closed, and lets go of what it holds: a map that grows leaves its old table behind, and V8 takes
   * what that one holds for alive until the next full collection.
   */
  end(stream: OpenStream, end: WireReply | Broken): void
  /**
   * The stream that a frame belongs to; undefined if it was closed. Throws `ConnectionFault` where it never was (PROTOCOL_ERROR), or,
   * with `isContent`, where the peer itself had ended it (STREAM_CLOSED).
   */
  of(id: number, what: string, isContent: boolean): OpenStream | undefined
}

/** Of the streams we reset, so many are remembered; a peer that answers later than that is out of order. */
const MOST_RESET = 4096

const nothing = (): void => undefined
const NONE = newResponse()

/** `first`: the identifier that the first stream gets, odd. */
export function makeStreams(first: number): Streams {
  const open = makeNumbered<OpenStream>()
  const reset = new Set<number>()
  let next = first

  return Object.freeze({
    open,
    newest: () => (next === first ? 0 : next - 2),
    isFree: () => next <= LARGEST_31_BITS,
    add(ended: OpenStream['ended']) {
      const stream: OpenStream = { id: next, ended, response: newResponse(), taken: 0, credit: 0, unsent: undefined }
      open.add(next, stream)
      next += 2
      return stream
    },
    close(stream: OpenStream, byUs: boolean) {
      open.delete(stream.id)
      if (!byUs) return
      reset.add(stream.id)
      if (reset.size <= MOST_RESET) return
      for (const oldest of reset) {
        reset.delete(oldest)
        return
      }
    },
    end(stream: OpenStream, end: WireReply | Broken) {
      const { ended } = stream
      stream.ended = nothing
      stream.response = NONE
      ended(end)
    },
    of(id: number, what: string, isContent: boolean) {
      const found = open.get(id)
      if (found !== undefined) return found
      if (id === 0 || id % 2 === 0 || id >= next || id < first) {
        throw new ConnectionFault(CODE.PROTOCOL_ERROR, `${what} on stream ${id}, which does not exist`)
      }
      if (isContent && !reset.has(id))
        throw new ConnectionFault(CODE.STREAM_CLOSED, `${what} on stream ${id}, which it had ended`)
      return undefined
    },
  })
}
