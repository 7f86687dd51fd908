/** What passed between the simulated server and its components, in order, and the waiting for it. */
import { after, type Now } from './time'
import { type XmlElement } from './xmpp-server-xml'

/** One stanza. */
export interface JournalEntry {
  /** Milliseconds since 1970 by the simulator's clock. */
  readonly at: number
  /** Who sent it. */
  readonly by: 'component' | 'server'
  /** The component's domain. */
  readonly component: string
  /** The very text on the wire. */
  readonly xml: string
  readonly stanza: XmlElement
}

/** Something that no server need put up with. */
export interface Violation {
  readonly at: number
  readonly what: string
  readonly xml: string
}

export interface Journal {
  readonly entries: readonly JournalEntry[]
  add(entry: Omit<JournalEntry, 'at'>): void
  onStanza(listener: (entry: JournalEntry) => void): () => void
  waitFor(predicate: (entry: JournalEntry) => boolean, withinMs?: number): Promise<JournalEntry>
}

const MOST_ENTRIES = 100_000

/** Keeps the last `most` stanzas. */
export function makeJournal(now: Now, most = MOST_ENTRIES): Journal {
  const entries: JournalEntry[] = []
  const listeners = new Set<(entry: JournalEntry) => void>()
  const onStanza = (listener: (entry: JournalEntry) => void): (() => void) => {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }
  return Object.freeze({
    entries,
    add(entry: Omit<JournalEntry, 'at'>) {
      const dated = { at: now(), ...entry }
      if (entries.push(dated) > most) entries.shift()
      for (const listener of [...listeners]) listener(dated)
    },
    onStanza,
    waitFor(predicate: (entry: JournalEntry) => boolean, withinMs = 20_000) {
      return new Promise<JournalEntry>((found, failed) => {
        const past = entries.find(predicate)
        if (past !== undefined) return found(past)
        const forget = onStanza((entry) => {
          if (!predicate(entry)) return
          forget()
          giveUp()
          found(entry)
        })
        const giveUp = after(withinMs, () => {
          forget()
          const last = entries.slice(-5).map((entry) => `${entry.by}: ${entry.xml.slice(0, 200)}`)
          failed(new Error(`no such stanza within ${withinMs} ms; the last were:\n${last.join('\n')}`))
        })
      })
    },
  })
}
