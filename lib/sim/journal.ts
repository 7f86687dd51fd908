// What a simulator saw, in order, and the ways to wait for it. It knows nothing of what an entry is.

import { after } from './time'

/** How long `next` and `waitFor` wait, in real milliseconds, before they reject. */
const PATIENCE_MS = 5000

/** An append-only record of what arrived. */
export interface Journal<Entry> {
  /** Everything so far, oldest first; the same array all the time. */
  readonly entries: readonly Entry[]
  /** The oldest entry that no `next` has handed out yet; waits for it if need be. */
  readonly next: (withinMs?: number) => Promise<Entry>
  /** The first entry, past or to come, that is so. Rejects after `withinMs` real milliseconds, and says how many it saw. */
  readonly waitFor: (isSo: (entry: Entry) => boolean, withinMs?: number) => Promise<Entry>
  /** Calls back with each entry to come, until the returned function is called. */
  readonly listen: (listener: (entry: Entry) => void) => () => void
}

/** A journal and the one right to write into it. `what` names an entry in errors: “a request”. */
export const makeJournal = <Entry>(what: string): { journal: Journal<Entry>; record: (entry: Entry) => void } => {
  const entries: Entry[] = []
  const listeners = new Set<(entry: Entry) => void>()
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
        reject(new Error(`waited ${String(withinMs)} ms for ${what}; ${String(entries.length)} came in all`))
      })
      listeners.add(again)
    })
  }

  const journal: Journal<Entry> = Object.freeze({
    entries,
    next: (withinMs = PATIENCE_MS) =>
      waitUntil(() => {
        const entry = entries[handedOut]
        if (entry !== undefined) handedOut++
        return entry
      }, withinMs),
    waitFor: (isSo: (entry: Entry) => boolean, withinMs = PATIENCE_MS) => {
      let seen = 0
      return waitUntil(() => {
        const found = entries.slice(seen).find(isSo)
        seen = entries.length
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
      for (const listener of [...listeners]) listener(entry)
    },
  }
}
