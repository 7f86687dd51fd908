/** When the kills come: drawn beforehand from the seed, then fitted to how long this machine takes to start the program. */
import { type Chance } from './chance'

/** Milliseconds from the start of the process to `started` in the log, and to being attached. */
export interface StartUp {
  readonly started: number
  readonly attached: number
}

/** `any`: at any time of a life. `opening`: while the store is opened, migrated or recovered, shortly before `started`. */
export interface Moment {
  readonly of: 'any' | 'opening'
  /** From 0 to 1: early or late in that span. */
  readonly share: number
}

/** So many moments; each fifth while the store is opened. */
export function drawMoments(kills: number, chance: Chance): readonly Moment[] {
  return Array.from({ length: kills }, (_, kill) => ({ of: kill % 5 === 4 ? 'opening' : 'any', share: chance.unit() }))
}

export interface Pace {
  /** Milliseconds after the start. */
  moment(moment: Moment): number
  /** How long a process would be attached before it is killed. */
  attachedBefore(moment: Moment): number
  /** A start took so long until it was attached, or was killed that late without being so. */
  heed(attached: number): void
  readonly startUp: StartUp
}

/** A life lasts no longer than so many milliseconds; longer on a machine that takes long to start. */
const LONGEST = 1_500

/** Follows the machine: one that others use too may take twice as long a minute later. */
export function makePace(first: StartUp): Pace {
  let { started, attached } = first
  const moment = ({ of, share }: Moment): number =>
    of === 'opening' ? started - 150 + share * 180 : share * Math.max(LONGEST, attached * 2.2)
  return {
    moment,
    attachedBefore: (one) => Math.max(0, moment(one) - attached),
    heed(took) {
      const change = 0.3 * (took - attached)
      attached += change
      started += change
    },
    get startUp() {
      return { started, attached }
    },
  }
}
