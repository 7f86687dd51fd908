// Which request gets which scripted answer, and when. Chance comes from a seed, so that a run can be repeated.

import { type ApnsAnswer } from './apns-answers'

/** An order to the simulator. Of several that fit a request, the oldest one is obeyed. */
export interface ApnsScript {
  readonly answer: ApnsAnswer
  /** For how many requests; default 1. */
  readonly times?: number | 'always'
  /** Only for this device token. */
  readonly token?: string
  /** Only for this topic. */
  readonly topic?: string
  /** How many requests that fit are let go by first: 2 means from the third on. */
  readonly skip?: number
  /** Only with this probability, 0 to 1. */
  readonly chance?: number
  /** How long the answer waits, in real milliseconds: a number, or evenly from a range. */
  readonly afterMs?: number | { readonly from: number; readonly to: number }
}

/** An order that was given. */
export interface GivenScript {
  /** How many requests it may still decide. */
  readonly left: () => number
  readonly cancel: () => void
}

/** What a request shall be met with. */
export interface Scripted {
  readonly answer: ApnsAnswer
  readonly afterMs: number
}

/** The orders of one simulator. */
export interface Scripts {
  readonly add: (script: ApnsScript) => GivenScript
  /** Takes the answer for a request, `judged` at once when nothing is scripted for it. */
  readonly take: (token: string, topic: string) => Scripted
  readonly clear: () => void
}

/** Mulberry32: 32 bits of state, even enough for faults. */
const makeChance = (seed: number): (() => number) => {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

interface Active extends ApnsScript {
  left: number
  toSkip: number
}

/** No orders yet. */
export const makeScripts = (seed: number): Scripts => {
  const chance = makeChance(seed)
  let active: readonly Active[] = []

  const delay = (afterMs: ApnsScript['afterMs']): number =>
    typeof afterMs === 'object' ? afterMs.from + chance() * (afterMs.to - afterMs.from) : (afterMs ?? 0)

  const isFor = (script: Active, token: string, topic: string): boolean => {
    if (script.token !== undefined && script.token.toLowerCase() !== token.toLowerCase()) return false
    if (script.topic !== undefined && script.topic !== topic) return false
    if (script.toSkip > 0) {
      script.toSkip--
      return false
    }
    return script.chance === undefined || chance() < script.chance
  }

  return Object.freeze({
    add: (script: ApnsScript) => {
      const left = script.times === 'always' ? Infinity : (script.times ?? 1)
      const added: Active = { ...script, left, toSkip: script.skip ?? 0 }
      active = [...active, added]
      return Object.freeze({
        left: () => added.left,
        cancel: () => {
          added.left = 0
          active = active.filter((one) => one !== added)
        },
      })
    },
    take: (token: string, topic: string): Scripted => {
      const script = active.find((one) => isFor(one, token, topic))
      if (script === undefined) return { answer: { kind: 'judged' }, afterMs: 0 }
      script.left--
      if (script.left <= 0) active = active.filter((one) => one !== script)
      return { answer: script.answer, afterMs: delay(script.afterMs) }
    },
    clear: () => {
      active = []
    },
  })
}
