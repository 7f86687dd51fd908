/** The Retry-After header (RFC 9110 §10.2.3): seconds or a date. Knows nothing of whose answer it stands in. */

const LONGEST = 3600_000

/**
 * Milliseconds since 1970 before which the peer doesn't want to be asked again, at most an hour from now. Undefined for what is absent,
 * unreadable, or no delay at all: whoever asks then has a delay of his own.
 */
export function retryAfter(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? ''
  const delay = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now
  return delay > 0 ? now + Math.min(delay, LONGEST) : undefined
}
