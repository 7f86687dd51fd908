// Everything that a simulator of APNs can be told to do instead of judging a request: answers of any form, and faults of the wire.
// It knows no stream and no time; apns-respond.ts and apns-connection.ts carry it out.

import { REASONS, type Reason } from './apns-findings'

/** Codes of RST_STREAM (RFC 9113 §7). */
export const RESET_CODES = { INTERNAL_ERROR: 2, REFUSED_STREAM: 7, CANCEL: 8 } as const

/** A GOAWAY frame (RFC 9113 §6.8) and what comes after it. */
export interface Goaway {
  /** Error code; default 0, a graceful end. */
  readonly code?: number
  /** The last stream that the server admits to. `so-far` (default): the newest one that came; `before`: the one before that; `none`: no stream. */
  readonly lastStreamId?: 'so-far' | 'before' | 'none' | number
  /** Sent as debug data `{"reason":…}`, as Apple mostly does; default: no debug data. */
  readonly reason?: string
  /** First a GOAWAY with 2^31-1, and the real one only when the client has seen that. */
  readonly isTwoStep?: boolean
  /** `drain` (default): close when the admitted streams have ended; `hang`: be silent for ever; `stay`: nothing more. */
  readonly then?: 'drain' | 'hang' | 'stay'
}

/** What happens to a connection as a whole. */
export type WireFault =
  | { readonly kind: 'goaway'; readonly goaway: Goaway }
  /** An orderly end of TLS and TCP, in the middle of whatever was going on. */
  | { readonly kind: 'fin' }
  /** A TCP segment with RST. */
  | { readonly kind: 'tcp-reset' }
  /** Nothing that comes is read by HTTP/2 any more, and nothing is sent; the TCP connection stays. */
  | { readonly kind: 'black-hole' }

/** What the simulator does with one request. */
export type ApnsAnswer =
  /** What the strict rules say. */
  | { readonly kind: 'judged' }
  | {
      readonly kind: 'status'
      readonly status: number
      readonly body: string
      readonly headers: Readonly<Record<string, string>>
      /** Whether `apns-id` is sent. */
      readonly hasApnsId: boolean
      /** In how many DATA frames the body is sent. */
      readonly pieces: number
    }
  /** The stream stays open, and nothing is ever sent. */
  | { readonly kind: 'silence' }
  /** HEADERS without END_STREAM, and nothing more. */
  | { readonly kind: 'headers-only'; readonly status: number }
  | {
      readonly kind: 'reset'
      readonly code: keyof typeof RESET_CODES
      /** Whether response headers (200) go before it. */
      readonly when: 'before-headers' | 'after-headers'
    }
  /** A fault of the connection that this request brings about; the request itself is `judged` or never answered. */
  | { readonly kind: 'wire'; readonly fault: WireFault; readonly request: 'judged' | 'unanswered' }

interface Extras {
  readonly headers?: Readonly<Record<string, string>>
  readonly hasApnsId?: boolean
  readonly pieces?: number
}

const status = (
  code: number,
  body: string,
  { headers = {}, hasApnsId = true, pieces = 1 }: Extras = {},
): ApnsAnswer => ({
  kind: 'status',
  status: code,
  body,
  headers,
  hasApnsId,
  pieces,
})

const HTML = '<html><head><title>Service Temporarily Unavailable</title></head><body><h1>Sorry</h1></body></html>'

/** Makes answers to script with. */
export const answers = {
  /** 200 with an empty body. */
  accept: (extras: Extras = {}): ApnsAnswer => status(200, '', extras),

  /** One of Apple's reasons with its status. A 410 carries the timestamp that is given, number or not, or none. */
  refuse: (reason: Reason, extras: Extras & { readonly timestamp?: number | string } = {}): ApnsAnswer => {
    const { timestamp } = extras
    return status(REASONS[reason], JSON.stringify(timestamp === undefined ? { reason } : { reason, timestamp }), extras)
  },

  /** Any status with any body. */
  status,

  /** A page such as a load balancer sends. */
  html: (code: number, extras: Extras = {}): ApnsAnswer =>
    status(code, HTML, { ...extras, headers: { 'content-type': 'text/html', ...extras.headers } }),

  judged: { kind: 'judged' },
  silence: { kind: 'silence' },
  headersOnly: (code = 200): ApnsAnswer => ({ kind: 'headers-only', status: code }),
  reset: (code: keyof typeof RESET_CODES, when: 'before-headers' | 'after-headers' = 'before-headers'): ApnsAnswer => ({
    kind: 'reset',
    code,
    when,
  }),

  /** GOAWAY on this request. It is judged and answered if the GOAWAY admits to its stream and `unanswered` is not asked for. */
  goaway: (goaway: Goaway = {}, request: 'judged' | 'unanswered' = 'judged'): ApnsAnswer => ({
    kind: 'wire',
    fault: { kind: 'goaway', goaway },
    request,
  }),

  /** The connection ends or falls silent, and this request with it. */
  wire: (kind: 'fin' | 'tcp-reset' | 'black-hole'): ApnsAnswer => ({
    kind: 'wire',
    fault: { kind },
    request: 'unanswered',
  }),
} as const satisfies Record<string, ApnsAnswer | ((...args: never[]) => ApnsAnswer)>
