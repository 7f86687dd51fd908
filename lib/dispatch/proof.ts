/** Whether a credential is proven good at this moment: only then may a push service's «bad token» cost a device its registration. */
import { type Clock } from '../clock'
import { type Outcome } from '../model/outcome'

export interface Proof {
  /** Takes an outcome into account; `key`: app and environment. */
  note(key: string, outcome: Outcome): void
  /** True if the push service took something with this credential within the hour, and calls few tokens bad. */
  holds(key: string): boolean
}

const HOUR = 3600_000
/** Of a hundred answers about tokens, so many may be «bad token» before it is the credential that is in doubt. */
const MOST_SUSPECTS = 10

interface Count {
  /** Which hour, counted from the clock's start. */
  hour: number
  delivered: number
  suspect: number
  before: { readonly delivered: number; readonly suspect: number }
  lastDelivered: number
}

/** Every post-mortem of the trade tells it: one misconfiguration makes a push service say «bad token» of every device. */
export function makeProof(clock: Clock): Proof {
  const counts = new Map<string, Count>()

  function countOf(key: string, now: number): Count {
    const hour = Math.floor(now / HOUR)
    let count = counts.get(key)
    if (count === undefined) {
      count = { hour, delivered: 0, suspect: 0, before: { delivered: 0, suspect: 0 }, lastDelivered: -Infinity }
      counts.set(key, count)
    } else if (count.hour !== hour) {
      const { delivered, suspect } = count
      const before = count.hour === hour - 1 ? { delivered, suspect } : { delivered: 0, suspect: 0 }
      Object.assign(count, { hour, delivered: 0, suspect: 0, before })
    }
    return count
  }

  return Object.freeze({
    note(key: string, outcome: Outcome) {
      const now = clock.elapsed()
      const count = countOf(key, now)
      if (outcome.is === 'delivered') {
        count.delivered += 1
        count.lastDelivered = now
      } else if (outcome.is === 'suspect') count.suspect += 1
    },
    holds(key: string) {
      const now = clock.elapsed()
      const count = countOf(key, now)
      if (now - count.lastDelivered > HOUR) return false
      const suspect = count.suspect + count.before.suspect
      const delivered = count.delivered + count.before.delivered
      return suspect * 100 <= (suspect + delivered) * MOST_SUSPECTS || suspect === 1
    },
  })
}
