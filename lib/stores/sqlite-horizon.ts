/**
 * What the main thread knows of the store's thread without asking it: until when nothing falls due and nothing expires there, and what the
 * wall clock lost that it was not told yet. As long as nothing can come of it, the claim that waits is spared its way there and back.
 */
import { type Clock } from '../clock'

/** A wall clock that is drawn back by less was not set. */
const SLACK_MS = 2000

export interface Horizon {
  /** What the wall clock lost since the thread was last told, in milliseconds. */
  setBack(): number
  /** The thread has answered: it knows of the clock, and nothing happens there by itself before `soonest` (ms since 1970). */
  told(soonest: number): void
  /** It has not, or with a failure: nothing is known. */
  lost(): void
  /** Before when nothing happens there by itself (`Infinity`: nothing will); undefined where the thread has to be asked. */
  quietUntil(): number | undefined
}

export function makeHorizon(clock: Clock): Horizon {
  /** Where the wall clock stood when the monotonic one stood at 0. */
  let origin = clock.now() - clock.elapsed()
  let lost = 0
  let soonest = -Infinity

  function setBack(): number {
    const before = origin
    origin = clock.now() - clock.elapsed()
    if (before - origin > SLACK_MS) lost += before - origin
    return lost
  }

  return Object.freeze({
    setBack,
    told(at: number) {
      lost = 0
      soonest = at
    },
    lost() {
      soonest = -Infinity
    },
    quietUntil: () => (setBack() === 0 && soonest > clock.now() ? soonest : undefined),
  })
}
