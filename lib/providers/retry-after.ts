/** The Retry-After header (RFC 9110 §10.2.3): seconds or a date. Knows nothing of whose answer it stands in. */

const LONGEST = 3600_000
/** A date that stands alone hangs on our own clock, which may be wrong: it is believed for so long at most. */
const LONGEST_BY_OUR_CLOCK = 60_000

/**
 * Milliseconds since 1970 before which the peer doesn't want to be asked again, at most an hour from now. Undefined for what is absent,
 * unreadable, or no delay at all: whoever asks then has a delay of his own. `date`: the header Date of the same answer, if it has one,
 * which a date is held against (RFC 9110 §6.6.1).
 */
export function retryAfter(header: string | undefined, now: number, date?: string): number | undefined {
  const text = header?.trim() ?? ''
  if (/^\d+(\.\d+)?$/.test(text)) return after(Number(text) * 1000, LONGEST, now)
  const peers = Date.parse(date ?? '')
  return Number.isNaN(peers)
    ? after(Date.parse(text) - now, LONGEST_BY_OUR_CLOCK, now)
    : after(Date.parse(text) - peers, LONGEST, now)
}

function after(delay: number, longest: number, now: number): number | undefined {
  return delay > 0 ? now + Math.min(delay, longest) : undefined
}
