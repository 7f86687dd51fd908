/**
 * Who is at work on the stream, and who is to have which partition. Every instance tells now and then that it lives, over
 * plain NATS; one that was not heard for a lease's length is dead. Safety does not rest on this: the journal refuses whoever
 * lost a partition. Nobody compares clocks.
 */
import { createHash } from 'node:crypto'
import { type Clock } from '../clock'

/** What an instance tells. */
export interface Beat {
  readonly id: string
  /** Absent where it sends nothing, and so has no partitions. */
  readonly owns?: readonly number[]
  /** What waits with it, by app. */
  readonly waiting: Readonly<Record<string, number>>
  /** It ends. */
  readonly isLeaving?: true
  /** It wants to hear the others at once. */
  readonly isNew?: true
}

export interface Members {
  readonly id: string
  /** Another instance's word. */
  heard(beat: Beat): void
  lives(id: string): boolean
  /** The others that live. */
  others(): readonly Beat[]
  /** Whether it is we who are to have a partition. */
  isOurs(partition: number): boolean
}

export const BEAT_MS = 3_000
/** As long as an instance may be silent before it is taken for dead. */
export const LEASE_MS = 15_000

/** Rendezvous hashing: when an instance comes or goes, only what is or was its own moves. */
function weight(id: string, partition: number): string {
  return createHash('sha256').update(`${id} ${partition}`).digest('hex')
}

export function makeMembers(id: string, clock: Clock): Members {
  const begun = clock.elapsed()
  const known = new Map<string, { readonly beat: Beat; readonly at: number }>()
  const isFresh = (at: number): boolean => clock.elapsed() - at < LEASE_MS
  const others = (): readonly Beat[] => {
    const living: Beat[] = []
    for (const [its, { beat, at }] of known) {
      if (isFresh(at)) living.push(beat)
      else known.delete(its)
    }
    return living
  }
  return Object.freeze({
    id,
    heard(beat: Beat) {
      if (beat.id === id) return
      if (beat.isLeaving === true) known.delete(beat.id)
      else known.set(beat.id, { beat, at: clock.elapsed() })
    },
    lives(its: string) {
      const other = known.get(its)
      // Nobody is dead who had no time to be heard.
      return its === id || (other === undefined ? isFresh(begun) : isFresh(other.at))
    },
    others,
    isOurs(partition: number) {
      const mine = weight(id, partition)
      return others().every((other) => other.owns === undefined || weight(other.id, partition) < mine)
    },
  } satisfies Members)
}
