/**
 * Contract: the frames of one HTTP/2 connection (RFC 9113) on a socket that is open. It opens streams and tells what the peer says; it waits
 * for nothing, knows no time, and does not decide what is sent again.
 */
import { type TLSSocket } from 'node:tls'
import { type OriginOptions, type WireReply, type WireRequest } from './wire'

/** A stream closed without a whole response. */
export interface Broken {
  readonly is: 'broken'
  /** Error code of RFC 9113 §7. */
  readonly code: number
  /** Undefined if nothing of it was ever written. */
  readonly id: number | undefined
  /** True if the head of a response had arrived. */
  readonly answered: boolean
  readonly why?: string
}

/** Nothing was written; `isClosing` tells whether another connection would take the request. */
export interface NotSent {
  readonly is: 'not sent'
  readonly why: string
  readonly isClosing: boolean
}

export interface Stream {
  readonly is: 'stream'
  /** RST_STREAM with CANCEL; `ended` is still called. */
  cancel(): void
}

export interface SessionEvents {
  /** SETTINGS came: how many streams the peer takes at once, Infinity where it does not say. */
  readonly settings: (maxConcurrentStreams: number) => void
  /**
   * RFC 9113 §6.8, told before any stream ends of it. Streams above `lastStream` end as refused; with another code than NO_ERROR the whole
   * session ends.
   */
  readonly goaway: (code: number, lastStream: number, data: Buffer) => void
  /** What goes wrong with the connection as a whole, in words; `closed` follows. */
  readonly failed: (why: string) => void
  /** The socket is gone and every stream has ended; told once. */
  readonly closed: () => void
}

export interface Session {
  /**
   * Opens a stream for one request. `ended` is called exactly once, later than this returns. A body is kept up to `maxBody` bytes; a peer
   * that sends more is not listened to any longer.
   */
  request(request: WireRequest, ended: (end: WireReply | Broken) => void): Stream | NotSent
  /** Calls back when the peer has answered a PING, and never if it does not. */
  ping(answered: () => void): void
  /** Says goodbye and ends our half, for when no stream is open. */
  close(): void
  /** Ends at once; every stream ends broken. */
  destroy(): void
}

export type OpenSession = (
  socket: TLSSocket,
  options: Pick<OriginOptions, 'url' | 'maxBody' | 'initialStreams'>,
  events: SessionEvents,
) => Session
