/** Chance from a seed, so that a run's plan can be repeated. Of timing it knows nothing: that never repeats. */

export interface Chance {
  /** From 0 up to, but not including, 1. */
  unit(): number
  between(from: number, to: number): number
  /** A whole number from 0 up to, but not including, `below`. */
  whole(below: number): number
}

/** Mulberry32. */
export function makeChance(seed: number): Chance {
  let state = seed | 0
  const unit = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return Object.freeze({
    unit,
    between: (from: number, to: number) => from + unit() * (to - from),
    whole: (below: number) => Math.floor(unit() * below),
  })
}
