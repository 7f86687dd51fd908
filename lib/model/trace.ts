/** What was decided about one push, in order, and never what it said. */
import { type End } from './accounting'
import { type NotificationClass } from './notification'
import { type OutcomeWord } from './outcome'

/** One decision after a push was accepted. `at`: milliseconds since 1970. */
export type Step =
  /** An attempt was made, or could not be, and another is due. `why`: the push service's words, or ours. */
  | {
      readonly at: number
      readonly is: 'again'
      readonly outcome: OutcomeWord
      readonly why?: string
      readonly dueAt: number
    }
  /** The process ended while the attempt was out; whether it arrived is unknown. */
  | { readonly at: number; readonly is: 'interrupted' }
  /** A newer push of the same device and collapse key took its place: that one's id. */
  | { readonly at: number; readonly is: 'coalesced'; readonly with?: string }
  /** It ended; with an outcome, after an attempt. */
  | {
      readonly at: number
      readonly is: 'ended'
      readonly end: Exclude<End, 'coalesced'>
      readonly outcome?: OutcomeWord
      readonly why?: string
    }
  /** So many steps in the middle of a long history were let go. */
  | { readonly at: number; readonly is: 'shortened'; readonly by: number }

/** The story of one delivery. */
export interface Trace {
  readonly id: string
  readonly app: string
  readonly class: NotificationClass
  /** The registration's id; `address:` and a keyed hash where the caller brought the address along. */
  readonly target: string
  readonly acceptedAt: number
  /** Who published it: a domain or a bare JID. */
  readonly publisher?: string
  readonly steps: readonly Step[]
  /** `behind`: it waits until the one of the same device and collapse key that is out has come back. */
  readonly state: 'waiting' | 'behind' | 'out' | 'ended'
  /** Of one that waits: when it is due, and when it is no longer worth sending. */
  readonly dueAt?: number
  readonly expiresAt?: number
}

/** What is remembered of a registration that ended. */
export interface Tombstone {
  readonly service: string
  readonly node: string
  readonly owner: string
  /** The registration's id; absent where an older program buried it. */
  readonly registration?: string
  readonly diedAt: number
  readonly why: string
}
