/** What follows from an outcome. A pure function: of the outcome, the delivery's history, its expiry and the moment. */
import { type End } from '../model/accounting'
import { type NotificationClass } from '../model/notification'
import { type Outcome } from '../model/outcome'

export interface History {
  readonly class: NotificationClass
  /** Attempts begun, this one included. */
  readonly attempts: number
  /** Milliseconds since 1970. */
  readonly expiresAt: number
  /** When the attempt began, by the registry's clock (ms since 1970). */
  readonly begunAt: number
  /** The credential is proven good, so that a «bad token» is the token's fault and not ours. */
  readonly isProven: boolean
  /** A caller waits to hear of it, and what it hears it will act upon itself. */
  readonly isListenedTo: boolean
}

export type Verdict = {
  /** Only registrations made before this moment (ms since 1970) lose the address. */
  readonly forget?: { readonly registeredBefore: number; readonly why: string }
  /** Nothing more of this app is sent for a while. */
  readonly hold?: { readonly why: string; readonly mend?: string; readonly notBefore?: number }
} & (
  | { readonly is: 'ended'; readonly end: Exclude<End, 'coalesced'> }
  /** `at`: whole milliseconds since 1970. */
  | { readonly is: 'again'; readonly at: number; readonly ambiguous: boolean }
)

const SHORTEST = 1_000
const LONGEST = 15 * 60_000

/**
 * Full jitter under a bound that doubles from 2 s to 15 min, never less than 1 s.
 * `chance`: from 0 up to 1.
 */
export function delayBefore(attempt: number, chance: number): number {
  const bound = Math.min(LONGEST, SHORTEST * 2 ** Math.min(attempt, 30))
  return SHORTEST + Math.floor(chance * (bound - SHORTEST))
}

export function judge(outcome: Outcome, history: History, now: number, chance: number): Verdict {
  const again = (notBefore: number | undefined, ambiguous: boolean): Verdict => {
    // Who takes it from a steady clock names a fraction of a millisecond, and a store keeps whole ones.
    const at = Math.ceil(Math.max(notBefore ?? 0, now + delayBefore(history.attempts, chance)))
    return at >= history.expiresAt ? { is: 'ended', end: 'expired' } : { is: 'again', at, ambiguous }
  }
  switch (outcome.is) {
    case 'delivered':
      return { is: 'ended', end: 'delivered' }
    case 'gone':
      return {
        is: 'ended',
        end: 'gone',
        // A vendor's clock that is ahead of ours must not concern who registered again while the attempt was out.
        forget: { registeredBefore: Math.min(outcome.since ?? history.begunAt, history.begunAt + 1), why: outcome.why },
      }
    case 'suspect':
      return history.isProven
        ? { is: 'ended', end: 'gone', forget: { registeredBefore: history.begunAt, why: outcome.why } }
        : { is: 'ended', end: 'refused' }
    case 'refused':
      return { is: 'ended', end: 'refused' }
    case 'busy': {
      const verdict = again(outcome.notBefore, false)
      if (outcome.whom === 'target') return verdict
      const notBefore = outcome.notBefore === undefined ? {} : { notBefore: outcome.notBefore }
      return { ...verdict, hold: { why: outcome.why, ...notBefore } }
    }
    case 'down':
      // The phone may be ringing already: a second ring is worse than none.
      if (outcome.ambiguous && history.class === 'call') return { is: 'ended', end: 'abandoned' }
      return again(outcome.notBefore, outcome.ambiguous)
    case 'misconfigured': {
      // The caller is told that it was not sent; a push that came hours later all the same would be one too many.
      const verdict: Verdict = history.isListenedTo ? { is: 'ended', end: 'refused' } : again(undefined, false)
      if (outcome.whom === 'target') return verdict
      const mend = outcome.mend === undefined ? {} : { mend: outcome.mend }
      return { ...verdict, hold: { why: outcome.why, ...mend } }
    }
  }
}
