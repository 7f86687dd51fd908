/** When to try again, and which failures are worth a line of the log. Pure but for its memory. */
import { type Fault } from './link-faults'

const FIRST_MS = 1000
const LONGEST_MS = 60_000
/** A link that was online for so long has proven itself: the next delay is the first again. */
const PROVEN_MS = 30_000
/** The same failure in a row is told at its first time and then each so many times: every ten minutes once the delay has grown. */
const TOLD_EVERY = 10

export interface NextTry {
  /** Milliseconds. */
  readonly delay: number
  /** The fault as it is to be told, or undefined if it was told often enough. */
  readonly told: Fault | undefined
}

/**
 * A function to call at each failure with how long the link had been online (0: never). The delay doubles from 1 s to 60 s, and each is
 * somewhere between half of itself and the whole, so that many components do not come back at one moment.
 */
export function makeReconnecting(random: () => number): (fault: Fault, onlineFor: number) => NextTry {
  let failures = 0
  let last = ''
  let times = 0
  return (fault, onlineFor) => {
    if (onlineFor >= PROVEN_MS) failures = 0
    const whole = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures, 16))
    failures += 1
    if (onlineFor > 0 || fault.why !== last) times = 0
    last = fault.why
    times += 1
    const delay = Math.round(whole * (0.5 + random() / 2))
    if (times === 1) return { delay, told: fault }
    if (times % TOLD_EVERY !== 0) return { delay, told: undefined }
    return { delay, told: { ...fault, why: `${fault.why}, for the ${times}th time in a row` } }
  }
}
