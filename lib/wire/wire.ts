/** Contract: requests to one origin over one protocol. Knows nothing of push. */

export interface WireRequest {
  readonly method: 'POST' | 'GET'
  readonly path: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** Header names that must never enter a compression table (RFC 7541 §7.1.3). */
  readonly sensitive?: readonly string[]
  readonly body: string | Buffer
  /** Of `clock.elapsed()`: from then on it isn't written any more, and fails safely; what it says of time would be over. */
  readonly notAfter?: number
  /** True: where requests wait for room, it goes ahead of those that are not urgent. */
  readonly isUrgent?: boolean
}

/** A whole response; the body is cut at the wire's bound. */
export interface WireReply {
  readonly is: 'reply'
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** No whole response. */
export interface WireFailure {
  readonly is: 'failure'
  /** In words for the operator: what happened and to which address. */
  readonly why: string
  /** False: the peer cannot have processed it (RFC 9113 §8.7). True: it may have. */
  readonly ambiguous: boolean
  /** True if no connection could be made at all: refused, no route, TLS, ALPN. */
  readonly unreachable: boolean
  /** Present if it was we who did not let it connect (`guard.ts`): asking again is of no use. */
  readonly forbidden?: true
}

export interface Origin {
  /** One request on a healthy connection; never rejects. The time-out starts when it is written, not while it queues. */
  request(request: WireRequest): Promise<WireReply | WireFailure>
  /** Retires the connections there are: what is under way may end, what comes next goes out on a fresh one. */
  renew(): void
  /** How many connections it would use now, where it grows with the load. */
  readonly connections?: () => number
  /** Lets requests under way end for at most so many milliseconds, then closes. */
  close(graceMs: number): Promise<void>
}

/** An HTTP proxy that tunnels (CONNECT, RFC 9110 §9.3.6). Carries no secret in the open, so that it may be printed. */
export interface Proxy {
  readonly host: string
  readonly port: number
  /** What `Proxy-Authorization` says; undefined or absent: nothing. Told to nobody but the proxy. */
  readonly authorization?: () => string | undefined
}

/** Implementations of HTTP/2 that behave alike. */
export type Http2 = 'own' | 'node'

export interface OriginOptions {
  /** `https://host[:port]`. */
  readonly url: string
  /** PEM of further certificate authorities; the system's own stay trusted. */
  readonly ca?: Buffer
  /** Client certificate and key, PEM. */
  readonly cert?: Buffer
  readonly key?: Buffer
  readonly passphrase?: string
  /** Milliseconds for a whole response once written. */
  readonly requestTimeout: number
  /** Milliseconds for TCP and TLS. */
  readonly connectTimeout: number
  /** Milliseconds of silence with requests under way, or idle, after which a PING is sent; unanswered as long again: dead. */
  readonly pingAfter: number
  /** Largest body kept, bytes. */
  readonly maxBody: number
  /** Streams to use until the peer's SETTINGS say otherwise, and at most ever. */
  readonly initialStreams: number
  readonly maxStreams: number
  /** Who speaks HTTP/2, where it is spoken: this program, or `node:http2`; default `own`. */
  readonly http2?: Http2
  /** Connections at most; default 1. */
  readonly connections?: number
  /** Only as many of them as the load needs, which begins with one; otherwise all, as soon as there is a queue. */
  readonly growing?: true
  /** Every connection goes through it; it resolves the origin's name. */
  readonly proxy?: Proxy
  /** Told of what an operator should know: a GOAWAY's reason, a refused protocol. */
  readonly notice: (text: string) => void
}
