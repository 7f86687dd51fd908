/** Circuit breakers by key, on a clock that is handed in. Knows nothing of what it gates. */
import { type Clock } from './clock'

export interface BreakerOptions {
  /** Failures in a row after which the gate shuts. */
  readonly failures: number
  /** First and longest time it stays shut, in milliseconds; it doubles with each failed probe. */
  readonly shortest: number
  readonly longest: number
  readonly clock: Clock
  /** Told when the gate may let something through again. */
  readonly onOpen: (key: string) => void
}

export interface Breaker {
  /** `open`: everything passes. `probe`: one at a time, to see whether it works again. `shut`: nothing passes. */
  state(key: string): 'open' | 'probe' | 'shut'
  succeeded(key: string): void
  /** Returns the milliseconds for which the gate is now shut; 0 if it stays as it is. */
  failed(key: string): number
  /** Shuts at once; `until`: milliseconds from now, at least as long as the breaker's own growing delay. */
  shut(key: string, atLeast?: number): number
  /** Forgets every failure: the cause was mended. */
  reset(key: string): void
}

interface Gate {
  inARow: number
  closures: number
  state: 'open' | 'probe' | 'shut'
  cancel: () => void
}

export function makeBreaker(options: BreakerOptions): Breaker {
  const { clock } = options
  const gates = new Map<string, Gate>()

  function gateOf(key: string): Gate {
    let gate = gates.get(key)
    if (gate === undefined) {
      gate = { inARow: 0, closures: 0, state: 'open', cancel: () => {} }
      gates.set(key, gate)
    }
    return gate
  }

  function shut(key: string, atLeast = 0): number {
    const gate = gateOf(key)
    if (gate.state === 'shut') return 0
    const grown = Math.min(options.longest, options.shortest * 2 ** Math.min(gate.closures, 20))
    const span = Math.max(atLeast, grown * (0.75 + clock.random() / 2))
    gate.closures += 1
    gate.state = 'shut'
    gate.cancel = clock.after(span, () => {
      gate.state = 'probe'
      options.onOpen(key)
    })
    return span
  }

  return Object.freeze({
    state: (key: string) => gates.get(key)?.state ?? 'open',
    succeeded(key: string) {
      const gate = gates.get(key)
      if (gate === undefined) return
      gate.inARow = 0
      if (gate.state === 'shut') return
      gate.closures = 0
      if (gate.state === 'open') return
      gate.state = 'open'
      options.onOpen(key)
    },
    failed(key: string) {
      const gate = gateOf(key)
      gate.inARow += 1
      return gate.state === 'probe' || gate.inARow >= options.failures ? shut(key) : 0
    },
    shut,
    reset(key: string) {
      const gate = gates.get(key)
      if (gate === undefined) return
      gate.cancel()
      gates.delete(key)
      options.onOpen(key)
    },
  })
}

/** So much at once, and so much on average: the field's «burst» and «rate». */
export interface Pace {
  /** How many may pass at once after a rest. */
  readonly burst: number
  /** How many may pass per second in the long run. */
  readonly perSecond: number
}

export interface Pacer {
  /**
   * Takes a place for one: the milliseconds after which it may pass, 0 if at once. Whoever takes a place and does not
   * come has used it up all the same; who would wait longer than `most` takes none and is told `most`. `now`: of `clock.elapsed()`, from
   * whoever asks several pacers of one clock.
   */
  take(key: string, most: number, now?: number): number
  /** How many keys are remembered: those that are not yet at rest again. */
  size(): number
}

/** Remembers at most so many keys; a key that is at rest again is forgotten. */
const MOST_KEYS = 200_000
/** Fewer are not worth looking through. */
const FEW_KEYS = 1_000

/** Paces each key by itself (generic cell rate algorithm, ITU-T I.371 annex A): one number per key. */
export function makePacer(pace: Pace, clock: Clock): Pacer {
  const spacing = 1_000 / pace.perSecond
  const slack = spacing * (pace.burst - 1)
  /** The place of each key in `arrivals`: so nothing is allocated for a push, and nothing young hangs from an old table. */
  const places = new Map<string, number>()
  /** So many keys are looked through for those that are at rest; twice as many as were busy then, so that a sweep costs each key little. */
  let sweptAt = FEW_KEYS
  /** When each key would be at rest: the theoretical arrival time of its next one. */
  let arrivals = new Float64Array(sweptAt)

  const arrivalAt = (place: number): number => arrivals[place] ?? 0

  function sweep(now: number): void {
    for (const [key, place] of places) {
      if (arrivalAt(place) <= now) places.delete(key)
    }
    // Still too many that are busy at once: the longest known give way, and are paced afresh; so many that the next sweep is far.
    for (const key of places.keys()) {
      if (places.size <= MOST_KEYS * 0.9) break
      places.delete(key)
    }
    sweptAt = Math.min(MOST_KEYS, Math.max(FEW_KEYS, 2 * places.size))
    const kept = new Float64Array(sweptAt)
    let next = 0
    for (const [key, place] of places) {
      kept[next] = arrivalAt(place)
      places.set(key, next++)
    }
    arrivals = kept
  }

  return Object.freeze({
    take(key: string, most: number, now = clock.elapsed()) {
      let place = places.get(key)
      if (place === undefined && places.size >= sweptAt) sweep(now)
      const arrival = place === undefined ? now : Math.max(arrivalAt(place), now)
      const wait = Math.max(0, arrival - slack - now)
      if (wait >= most) return most
      if (place === undefined) places.set(key, (place = places.size))
      arrivals[place] = arrival + spacing
      return wait
    },
    size: () => places.size,
  })
}
