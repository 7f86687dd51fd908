/**
 * Requests to endpoints that strangers name: judged by the guard as written and as resolved, each time; one origin each, in a bounded pool.
 * Follows no redirect. Knows nothing of push.
 */
import { type Clock } from '../clock'
import { makeEitherOrigin } from './either'
import { NOT_ON_THE_INTERNET, type Endpoint, type Guard } from './guard'
import { guardedDial } from './guarded-dial'
import { whyNotThere } from './guarded-lookup'
import { makeOrigins } from './origins'
import { trusting } from './trust'
import { type Http2, type Proxy, type WireFailure, type WireReply, type WireRequest } from './wire'

export interface GuardedOptions {
  readonly guard: Guard
  /** PEM of further certificate authorities; the system's own stay trusted. */
  readonly ca?: Buffer
  /** HTTP/2 connections to one origin at most; of HTTP/1.1 eight times as many, or eight where they grow with the load. */
  readonly connections: number
  readonly growing?: true
  readonly http2?: Http2
  /** See `guardedDial`. */
  readonly proxy?: Proxy
}

export interface GuardedWire {
  /** One request; `path` is the endpoint's own. Never rejects. `forbidden` where the guard says so. */
  request(endpoint: string, request: Omit<WireRequest, 'path'>): Promise<WireReply | WireFailure>
  /** Why the endpoint's host must not be asked as its name resolves now, for a stranger; undefined if it may, or if it can't be said now. */
  whyNotThere(endpoint: Endpoint): Promise<string | undefined>
  /** How many connections there would be beyond one to each origin, where they grow with the load. */
  readonly more: number
  close(graceMs: number): Promise<void>
}

const TIMES = { requestTimeout: 10_000, connectTimeout: 10_000, pingAfter: 30_000 }
/** RFC 8030 promises no body; what vendors say fits into a fraction of it. */
const LARGEST_BODY = 64 * 1024
const STREAMS = 100
const POOL = { most: 128, idleAfter: 120_000 }
/** How long whoever registers is kept waiting for DNS, milliseconds. */
const RESOLVED_WITHIN = 3000

/** Field by field: V8 gives each object that is spread from another one and added to a hidden class of its own. */
function requestTo(
  path: string,
  { method, headers, sensitive, body, notAfter, isUrgent }: Omit<WireRequest, 'path'>,
): WireRequest {
  const whole: { -readonly [K in keyof WireRequest]: WireRequest[K] } = { method, path, headers, body }
  if (sensitive !== undefined) whole.sensitive = sensitive
  if (notAfter !== undefined) whole.notAfter = notAfter
  if (isUrgent === true) whole.isUrgent = true
  return whole
}

/** Throws what OpenSSL says about unreadable authorities. */
export function makeGuardedWire(
  { guard, ca, connections, growing, http2, proxy }: GuardedOptions,
  clock: Clock,
): GuardedWire {
  const origins = makeOrigins(POOL, clock)
  const context = trusting(ca)

  const open = (endpoint: Endpoint) => {
    const options = {
      ...TIMES,
      url: endpoint.origin,
      maxBody: LARGEST_BODY,
      initialStreams: 0,
      maxStreams: STREAMS,
      connections,
      ...(growing === undefined ? {} : { growing }),
      ...(http2 === undefined ? {} : { http2 }),
      // What a stranger's server says is not worth an operator's attention.
      notice: () => undefined,
    }
    const via = guardedDial(
      { endpoint, context, timeout: TIMES.connectTimeout, ...(proxy === undefined ? {} : { proxy }) },
      clock,
    )
    return makeEitherOrigin(options, clock, via)
  }

  return Object.freeze({
    request(text: string, request: Omit<WireRequest, 'path'>) {
      const endpoint = guard.endpoint(text)
      if (endpoint.is === 'refused') {
        const why = `the endpoint is refused: ${endpoint.why}`
        return Promise.resolve({ is: 'failure', why, ambiguous: false, unreachable: true, forbidden: true })
      }
      return origins.request(endpoint.origin, requestTo(endpoint.path, request), () => open(endpoint))
    },
    async whyNotThere(endpoint: Endpoint) {
      const why = await whyNotThere(endpoint, RESOLVED_WITHIN, clock)
      return why === undefined ? undefined : NOT_ON_THE_INTERNET
    },
    get more() {
      return growing === true ? origins.more : 0
    },
    close: (graceMs: number) => origins.close(graceMs),
  } satisfies GuardedWire)
}
