/** What the instances of a run keep their books in, looked at from outside, and the troubles that befall it. Knows no kind of store. */
import { type Account } from '../../lib/model/accounting'
import { type Trace } from '../../lib/model/trace'
import { type Chance } from '../kill/chance'
import { type Device } from './devices'
import { type Disk } from './disk'
import { type Leftover } from './leftover'

/** The books at one moment. */
export interface Look {
  /** Whether they close. */
  readonly closes: boolean
  /** Deliveries that have not come to their end. */
  readonly left: number
}

/** What befalls the database of several instances; one at a time. */
export interface GroundFault {
  readonly name: string
  run(chance: Chance): Promise<void>
}

/** Deliveries that something may have left in doubt: those that were out just then. */
export interface Doubt {
  readonly by: 'kill' | 'stop' | 'outage'
  readonly deliveries: ReadonlySet<string>
}

/** What a store of several instances tells besides, when all have ended. */
export interface SharedBooks {
  readonly doubts: readonly Doubt[]
  /** The story of every delivery that ended. */
  readonly stories: readonly Trace[]
  /** How often it was looked at in the midst of it all, and how often the books did not close then. `repeated`: words of a journal that the servers kept twice. */
  readonly looks: { readonly all: number; readonly open: number; readonly repeated?: number }
}

export interface Books {
  /** By app. */
  readonly accounts: ReadonlyMap<string, Account>
  /** The tokens of each device's registration as it stands. */
  readonly remembered: ReadonlyMap<Device, readonly string[]>
  readonly shared?: SharedBooks
}

export interface Ground {
  /** `store` of the configuration, and what goes with it. */
  readonly settings: Readonly<Record<string, unknown>>
  /** The disk below it. */
  readonly disk: Disk
  /** The troubles of its own. */
  readonly faults: readonly GroundFault[]
  /** Undefined where it can't be read just now. */
  look(): Promise<Look | undefined>
  /** What has not come to its end, in words. Rejects where it can't be read. */
  leftovers(): Promise<readonly Leftover[]>
  /** An instance was killed, and nobody has begun anew in its place. Resolves with whether the books close, undefined where that can't be said. */
  killed(): Promise<boolean | undefined>
  /** An instance is being stopped, and has stopped when `over` resolves. */
  stopping(over: Promise<unknown>): Promise<void>
  /** Whether it was away at some moment since then (`performance.now()`). */
  wasAway(since: number): boolean
  /** To be asked when every instance has ended. */
  books(devices: readonly Device[]): Promise<Books>
  close(): Promise<void>
}
