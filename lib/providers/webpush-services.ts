/**
 * How each push service stands that subscriptions have led to: which ones are failing and rest for a moment, and how many pushes may be out
 * at a stranger's, so that one that never answers can't hold up all the others. Knows no device.
 */
import { type Clock } from '../clock'

export interface Services {
  /** May it be asked? If so it counts as being asked until `left`; if not, until when (milliseconds since 1970) and why. */
  enter(origin: string, isTrusted: boolean): { readonly why: string; readonly notBefore: number } | undefined
  /** `well`: it answered. `ill`: it can't be reached, gave no answer, or wants to be left alone. */
  left(origin: string, how: 'well' | 'ill'): void
}

/** Pushes that may be out at a service that the operator has not named and everybody knows. */
const MOST_AT_STRANGERS = 16
const A_MOMENT = 1000
/** Ill so often in a row, it is left alone for a moment, which grows with each further time. */
const OFTEN = 3
const LONGEST = 60_000
/** Those remembered, unless more are being asked. */
const MOST = 5000

interface Standing {
  underway: number
  inARow: number
  /** Of `clock.elapsed()`. */
  restsUntil: number
}

/** All are well. */
export function makeServices(clock: Clock): Services {
  /** The one that was asked for longest ago comes first. */
  const known = new Map<string, Standing>()
  let newest = ''

  const standingOf = (origin: string): Standing => {
    const found = known.get(origin)
    if (found !== undefined && origin === newest) return found
    newest = origin
    const standing = found ?? { underway: 0, inARow: 0, restsUntil: 0 }
    known.delete(origin)
    known.set(origin, standing)
    const [oldest, other] = known.entries().next().value ?? []
    if (known.size > MOST && oldest !== undefined && other?.underway === 0) known.delete(oldest)
    return standing
  }

  return Object.freeze({
    enter(origin: string, isTrusted: boolean) {
      const standing = standingOf(origin)
      const rest = standing.restsUntil - clock.elapsed()
      if (rest > 0)
        return { why: `${origin} has failed ${standing.inARow} times in a row`, notBefore: clock.now() + rest }
      if (!isTrusted && standing.underway >= MOST_AT_STRANGERS) {
        const notBefore = clock.now() + A_MOMENT * (1 + clock.random())
        return { why: `${origin} has ${standing.underway} pushes to answer already`, notBefore }
      }
      standing.underway++
      return undefined
    },
    left(origin: string, how: 'well' | 'ill') {
      const standing = standingOf(origin)
      standing.underway--
      standing.inARow = how === 'well' ? 0 : standing.inARow + 1
      if (standing.inARow < OFTEN) return
      const longest = Math.min(LONGEST, A_MOMENT * 2 ** (standing.inARow - OFTEN + 1))
      standing.restsUntil = clock.elapsed() + longest * (0.5 + clock.random() / 2)
    },
  })
}
