/**
 * How many connections a load needs, from how much of them is in use: one more when nearly all was used for a second and was answered, one
 * less when a minute would have fitted into fewer. Knows nothing of connections themselves.
 *
 * A window of a second begins with the first use. At its end: full and answered → grow. Calm → one step towards shrinking, anything else
 * begins that count anew. It rests when nothing is in use and one is enough.
 */
import { type Clock } from '../clock'

export interface PoolSize {
  /** How many connections there should be. */
  size(): number
  /** Told of each change: so many streams in use, of so many that the connections bear. `now`: of `clock.elapsed()`. */
  note(used: number, capacity: number, now: number): void
  /** A response came: peers that answer nothing are not helped by one more connection. */
  served(): void
  /** Nothing is measured any more. */
  stop(): void
}

const WINDOW = 1000
/** Of what there is, on average over a window. */
const FULL = 0.8
/** Of what would be left, at the most in any of the windows. */
const CALM = 0.5
const CALM_WINDOWS = 60

/** A size that never changes. */
export function fixedSize(size: number): PoolSize {
  const nothing = (): void => undefined
  return Object.freeze({ size: () => size, note: nothing, served: nothing, stop: nothing })
}

/** Between 1 and `most`; `changed` is told after each change. */
export function growingSize(most: number, clock: Clock, changed: () => void): PoolSize {
  let size = 1
  let used = 0
  let capacity = 0
  let since = clock.elapsed()
  let cancel: (() => void) | undefined
  let isOver = false
  let calm = 0
  const fresh = () => ({ busy: 0, borne: 0, peak: used, replies: 0 })
  let seen = fresh()

  const measure = (now: number): void => {
    seen.busy += used * (now - since)
    seen.borne += capacity * (now - since)
    since = now
  }

  const begin = (): void => {
    seen = fresh()
    cancel = clock.after(WINDOW, end)
  }

  const end = (): void => {
    cancel = undefined
    measure(clock.elapsed())
    const { busy, borne, peak, replies } = seen
    const isFull = borne > 0 && busy >= FULL * borne && replies > 0
    calm = peak <= CALM * capacity * ((size - 1) / size) ? calm + 1 : 0
    const next = isFull ? Math.min(size + 1, most) : calm >= CALM_WINDOWS ? Math.max(size - 1, 1) : size
    const isChanged = next !== size
    size = next
    if (isChanged) calm = 0
    if (used > 0 || size > 1) begin()
    if (isChanged) changed()
  }

  return Object.freeze({
    size: () => size,
    note(nowUsed: number, nowCapacity: number, now: number) {
      if (isOver) return
      measure(now)
      used = nowUsed
      capacity = nowCapacity
      seen.peak = Math.max(seen.peak, used)
      if (used > 0 && cancel === undefined) begin()
    },
    served() {
      seen.replies++
    },
    stop() {
      isOver = true
      cancel?.()
    },
  })
}
