/** How many registrations there are, which is known by reading all of them: what took long is told again for a while. */
import { type Clock } from '../clock'

type Count = ReadonlyMap<string, number>

/** What took less is counted each time anew. */
const SHORT_MS = 100
/** How many times as long as the last one took it holds: counting takes one part in two hundred of a core, however often it is asked. */
const TIMES = 200

/** Counts once for all who ask at once. */
export function makeCounting(count: () => Promise<Count>, clock: Pick<Clock, 'elapsed'>): () => Promise<Count> {
  let known: Count | undefined
  let holdsUntil = 0
  let underway: Promise<Count> | undefined

  async function anew(): Promise<Count> {
    const since = clock.elapsed()
    const counted = await count()
    const took = clock.elapsed() - since
    known = took < SHORT_MS ? undefined : counted
    holdsUntil = clock.elapsed() + TIMES * took
    return counted
  }

  return () => {
    if (known !== undefined && clock.elapsed() < holdsUntil) return Promise.resolve(known)
    underway ??= anew().finally(() => (underway = undefined))
    return underway
  }
}
