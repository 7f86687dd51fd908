// What a simulator saw, in order, and the ways to wait for it. It knows nothing of what an entry is.

import { after } from './time'

/** How long `next` and `waitFor` wait, in real milliseconds, before they reject. */
const PATIENCE_MS = 5000

/** How many entries are kept unless it is said otherwise: more than a test looks at, less than a machine has room for. */
const ROOM = 100_000

/** A record of what arrived, which forgets the oldest when it is full. */
export interface Journal<Entry> {
  /** Everything that is kept, oldest first; the same array all the time. */
  readonly entries: readonly Entry[]
  /** The oldest entry that no `next` has handed out yet; waits for it if need be. */
  readonly next: (withinMs?: number) => Promise<Entry>
  /** The first entry, past or to come, that is so. Rejects after `withinMs` real milliseconds, and says how many it saw. */
  readonly waitFor: (isSo: (entry: Entry) => boolean, withinMs?: number) => Promise<Entry>
  /** Calls back with each entry to come, until the returned function is called. */
  readonly listen: (listener: (entry: Entry) => void) => () => void
}

/** A journal and the one right to write into it. `what` names an entry in errors: “a request”. `room` is how many it keeps. */
export const makeJournal = <Entry>(
  what: string,
  room = ROOM,
): { journal: Journal<Entry>; record: (entry: Entry) => void } => {
  const entries: Entry[] = []
  const listeners = new Set<(entry: Entry) => void>()
  /** Counts over all entries that ever came, the forgotten ones included. */
  let forgotten = 0
  let handedOut = 0

  const waitUntil = (look: () => Entry | undefined, withinMs: number): Promise<Entry> => {
    const found = look()
    if (found !== undefined) return Promise.resolve(found)
    return new Promise((resolve, reject) => {
      const again = () => {
        const entry = look()
        if (entry === undefined) return
        callOff()
        listeners.delete(again)
        resolve(entry)
      }
      const callOff = after(withinMs, () => {
        listeners.delete(again)
        reject(
          new Error(`waited ${String(withinMs)} ms for ${what}; ${String(forgotten + entries.length)} came in all`),
        )
      })
      listeners.add(again)
    })
  }

  const journal: Journal<Entry> = Object.freeze({
    entries,
    next: (withinMs = PATIENCE_MS) =>
      waitUntil(() => {
        handedOut = Math.max(handedOut, forgotten)
        const entry = entries[handedOut - forgotten]
        if (entry !== undefined) handedOut++
        return entry
      }, withinMs),
    waitFor: (isSo: (entry: Entry) => boolean, withinMs = PATIENCE_MS) => {
      let seen = 0
      return waitUntil(() => {
        const found = entries.slice(Math.max(0, seen - forgotten)).find(isSo)
        seen = forgotten + entries.length
        return found
      }, withinMs)
    },
    listen: (listener: (entry: Entry) => void) => {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
  })
  return {
    journal,
    record: (entry) => {
      entries.push(entry)
      // A tenth at a time, so that forgetting costs little an entry.
      if (entries.length > room) forgotten += entries.splice(0, Math.ceil(room / 10)).length
      for (const listener of [...listeners]) listener(entry)
    },
  }
}
