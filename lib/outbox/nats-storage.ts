/** Stories in the journals of our partitions: what may go of a journal, once its state is saved. */
import { type Trace } from '../model/trace'
import { type Health } from './nats-connection'
import { type Own } from './nats-partition'
import { cutOf, eraseStories, storiesOf } from './nats-stories'
import { type Streams } from './nats-streams'
import { type Turns } from './nats-turns'

export interface StorageOptions {
  readonly streams: Streams
  readonly partitions: number
  readonly owned: ReadonlyMap<number, Own>
  readonly turns: Turns
  readonly health: Health
}

export interface Storage {
  of(needles: readonly string[], areTargets: boolean): Promise<readonly Trace[]>
  sweep(before: number, bytes: number): Promise<void>
  /** Of our partitions; returns how many went. */
  erase(targets: readonly string[]): Promise<number>
}

export function makeStorage({ streams, partitions, owned, turns, health }: StorageOptions): Storage {
  /** Saves the state of every partition that is ours, and writes one message more to its journal: all before it may go. */
  const closeJournals = async (): Promise<ReadonlyMap<Own, number>> => {
    await turns.ask(() => {
      for (const own of owned.values()) own.unsaved = Infinity
    })
    // The turn after that has both behind it.
    await turns.ask(() => undefined)
    return new Map([...owned.values()].map((own) => [own, own.saved]))
  }
  return Object.freeze({
    of: (needles: readonly string[], areTargets: boolean) =>
      health.once(() => storiesOf(streams, needles, partitions, areTargets)),
    sweep: (before: number, bytes: number) =>
      health.once(async () => {
        const cut = await cutOf(streams, before, bytes)
        if (cut === 0) return
        for (const [{ partition }, saved] of await closeJournals()) {
          await streams.forget(streams.subjects.journal(partition), Math.min(cut, saved + 1))
          await streams.forget(streams.subjects.told(partition), cut)
        }
      }),
    erase: (targets: readonly string[]) =>
      health.once(async () => {
        let erased = 0
        for (const [{ partition }, saved] of await closeJournals()) {
          erased += await eraseStories(streams, partition, targets, saved)
        }
        return erased
      }),
  } satisfies Storage)
}
