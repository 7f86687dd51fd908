/** The service's log, kept in memory beside the events that it tells of, so that a simulation can wait for one and show its line. */
import { type Event, makeObserve, type Observe } from '../observe'

export interface LogEntry {
  readonly event: Event
  /** The line that the log would hold; empty where the level is too low for it. */
  readonly line: string
}

export interface ServiceLog {
  readonly observe: Observe
  readonly entries: readonly LogEntry[]
  /** Calls back after each entry, until the function returned is called. */
  listen(call: () => void): () => void
}

/** An empty log of that level. */
export function makeServiceLog(level: 'debug' | 'info' | 'warn' | 'error'): ServiceLog {
  const entries: LogEntry[] = []
  const listeners = new Set<() => void>()
  let line = ''
  const write = makeObserve({ level, destination: { write: (text) => (line = text.trimEnd()) } })
  return Object.freeze({
    entries,
    observe(event: Event) {
      line = ''
      write(event)
      entries.push({ event, line })
      listeners.forEach((call) => call())
    },
    listen(call: () => void) {
      listeners.add(call)
      return () => void listeners.delete(call)
    },
  })
}

/** True for what an operator would look at when something is wrong: pino's levels from `warn` on. */
export function isWarning({ line }: LogEntry): boolean {
  return line !== '' && (JSON.parse(line) as { readonly level: number }).level >= 40
}
