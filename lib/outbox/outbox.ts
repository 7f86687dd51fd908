/** Contract: the durable queue between the door and the push services. Every call takes a batch; every write is idempotent. */
import { type End } from '../model/accounting'
import { type Delivery } from '../model/notification'
import { type Outcome } from '../model/outcome'

/** `kept`: durable, it is ours now. `full`: the outbox is at its bound; nothing was kept. */
export type Put = 'kept' | 'full'

/** A delivery handed to the dispatcher, who alone may send it until it is settled. */
export interface Claimed {
  readonly delivery: Delivery
  /** Attempts begun before this one. */
  readonly attempts: number
  /**
   * True if an earlier attempt may have reached the push service without our hearing of it: its process died between
   * claim and settle, or its outcome was ambiguous. A call is then abandoned, all else is counted as resent.
   */
  readonly ambiguous: boolean
}

/** What became of a claimed delivery: it ended, or it is due again. */
export type Settlement =
  | {
      readonly id: string
      readonly app: string
      readonly end: Exclude<End, 'coalesced'>
      readonly outcome?: Outcome
      /** True if this attempt repeated one that may have arrived. */
      readonly resent: boolean
    }
  | {
      readonly id: string
      readonly app: string
      /** Milliseconds since 1970. */
      readonly dueAt: number
      readonly attempts: number
      readonly ambiguous: boolean
      readonly outcome?: Outcome
      readonly resent: boolean
    }

/** What came of an attempt. `end`: absent where it is tried again. */
export interface Heard {
  readonly outcome?: Outcome
  readonly end?: End
}

/** How many more deliveries the dispatcher takes, by app. An app that is not named takes none. */
export type Room = ReadonlyMap<string, number>

export interface Outbox {
  /**
   * Keeps deliveries. Resolves, in the order given, when they survive a power cut; rejects if that can't be said.
   * A waiting wake-up of the same target and collapse key is replaced and counted as coalesced in the same commit.
   * Putting an id again that is known changes nothing.
   */
  put(deliveries: readonly Delivery[]): Promise<readonly Put[]>
  /**
   * Waits until something is due for an app that has room, then hands out at most that much, calls first, oldest first.
   * The claim is durable before it is handed out. A new call supersedes the one that is waiting, which resolves empty.
   * At most one delivery of the same target and collapse key is out at a time. Resolves empty once closed.
   */
  claim(room: Room): Promise<readonly Claimed[]>
  /** Resolves when all are durable, content erased and counters moved, in one commit. Settling twice changes nothing. */
  settle(settlements: readonly Settlement[]): Promise<void>
  /** What came of the first attempt at a delivery, if it is settled within so many milliseconds in this process; else undefined. */
  heard(id: string, within: number): Promise<Heard | undefined>
  /** Whether somebody in this process waits to hear of this delivery: what it hears is then the end of what we could not send. */
  isListenedTo(id: string): boolean
}
