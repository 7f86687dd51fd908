/** Which apps are held, and why: after a fault of ours, a pause that was asked for, or a run of failures. */
import { type Clock } from '../clock'
import { makeBreaker } from '../gate'
import { type Outcome } from '../model/outcome'
import { type Observe } from '../observe'
import { type Verdict } from './verdict'

export interface Holds {
  /** How many deliveries of an app may be out, of the many that its provider could take. */
  limit(app: string, concurrency: number): number
  /** Takes one attempt's outcome into account. */
  heed(app: string, outcome: Outcome, verdict: Verdict): void
  /** The cause was mended: the app is tried again at once. */
  release(app: string): void
  /** Why an app is held, by app. */
  reasons(): ReadonlyMap<string, string>
}

/** Failures in a row before an app is held, and for how long (milliseconds): it doubles with each failed probe. */
const HOLD = { failures: 10, shortest: 1_000, longest: 5 * 60_000 }

/** `onRoom`: told when an app may send more than before. */
export function makeHolds(clock: Clock, observe: Observe, onRoom: () => void): Holds {
  const reasons = new Map<string, string>()
  const breaker = makeBreaker({
    ...HOLD,
    clock,
    onOpen: (app) => {
      if (breaker.state(app) === 'open' && reasons.delete(app)) observe({ at: 'released', app })
      onRoom()
    },
  })

  function hold(app: string, nextIn: number, why: string, mend?: string): void {
    if (nextIn === 0) return
    reasons.set(app, why)
    observe({ at: 'held', app, why, nextIn, ...(mend === undefined ? {} : { mend }) })
  }

  return Object.freeze({
    limit(app: string, concurrency: number) {
      const state = breaker.state(app)
      return state === 'open' ? concurrency : state === 'probe' ? 1 : 0
    },
    heed(app: string, outcome: Outcome, verdict: Verdict) {
      if (verdict.hold !== undefined) {
        const { why, mend, notBefore } = verdict.hold
        hold(app, breaker.shut(app, notBefore === undefined ? 0 : notBefore - clock.now()), why, mend)
      } else if (outcome.is === 'down') {
        // One device's push service, which may be a stranger's, must not stop the app; nor does it prove that the app works.
        if (outcome.whom === undefined) hold(app, breaker.failed(app), outcome.why)
      } else {
        breaker.succeeded(app)
      }
    },
    release: (app: string) => breaker.reset(app),
    reasons: () => new Map(reasons),
  })
}
