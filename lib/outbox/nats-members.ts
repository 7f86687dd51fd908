/**
 * Who is at work on the stream, and who is to have which partition. Every instance tells now and then that it lives, over
 * plain NATS; one that was not heard for a lease's length is dead, and one that is silent may be buried sooner by who knows
 * more. Safety does not rest on this: the journal refuses whoever lost a partition. Nobody compares clocks.
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
  /** `silent`: for longer than a beat that was late; it may be gone. */
  stateOf(id: string): 'lives' | 'silent' | 'dead'
  /** The others that are silent. */
  silent(): readonly string[]
  /** It is known to be gone. */
  bury(id: string): void
  /** We may have been deaf for a while: whoever was silent has all its time again. */
  wereDeaf(): void
  /** The others that live. */
  others(): readonly Beat[]
  /** Whether it is we who are to have a partition. */
  isOurs(partition: number): boolean
}

export const BEAT_MS = 1_000
/** As long as a connection that was lost may take to stand again. */
export const QUIET_MS = 3_000
/** As long as an instance may be silent before it is taken for dead. */
export const LEASE_MS = 15_000

/** Rendezvous hashing: when an instance comes or goes, only what is or was its own moves. */
function weight(id: string, partition: number): string {
  return createHash('sha256').update(`${id} ${partition}`).digest('hex')
}

export function makeMembers(id: string, clock: Clock): Members {
  let begun = clock.elapsed()
  const known = new Map<string, { readonly beat: Beat; readonly at: number }>()
  const buried = new Set<string>()
  const silence = (at: number): number => clock.elapsed() - at
  const others = (): readonly Beat[] => {
    const living: Beat[] = []
    for (const [its, { beat, at }] of known) {
      if (silence(at) < LEASE_MS) living.push(beat)
      else known.delete(its)
    }
    return living
  }
  return Object.freeze({
    id,
    heard(beat: Beat) {
      if (beat.id === id) return
      buried.delete(beat.id)
      if (beat.isLeaving === true) known.delete(beat.id)
      else known.set(beat.id, { beat, at: clock.elapsed() })
    },
    stateOf(its: string) {
      if (its === id) return 'lives'
      // Nobody is dead who had no time to be heard.
      const quiet = silence(known.get(its)?.at ?? begun)
      if (buried.has(its) || quiet >= LEASE_MS) return 'dead'
      return quiet < QUIET_MS ? 'lives' : 'silent'
    },
    silent: () => [...known].flatMap(([its, { at }]) => (silence(at) < QUIET_MS ? [] : [its])),
    bury(its: string) {
      known.delete(its)
      buried.add(its)
    },
    wereDeaf() {
      begun = clock.elapsed()
      for (const [its, { beat }] of known) known.set(its, { beat, at: begun })
      buried.clear()
    },
    others,
    isOurs(partition: number) {
      const mine = weight(id, partition)
      return others().every((other) => other.owns === undefined || weight(other.id, partition) < mine)
    },
  } satisfies Members)
}
