/**
 * How much may wait: deliveries of all apps, of each one, and bytes of the database. Whatever is above is refused as full;
 * what can go out at once is not. Knows pages; the write-ahead log, which SQLite keeps to a few MiB, is not counted.
 */
import { type Database } from './sqlite-database'

/** Deliveries, deliveries and bytes. */
export interface BoundsOptions {
  readonly maxDeliveries: number
  readonly maxDeliveriesPerApp: number
  readonly maxBytes: number
}

export interface Bounds {
  /** Whether one more of the app may wait where so many of it and so many of all do. */
  admits(app: string, ofApp: number, ofAll: number): boolean
  /** Looks at the size again; at most ten times a second (`now`: ms since 1970). Inside a transaction or not. */
  measure(now: number): void
  /** Bounds that were reached since it was last asked, each told once until there is room again; in words for the operator. */
  news(): readonly string[]
}

const MIB = 1024 * 1024
const MEASURED_EVERY_MS = 100
/** Where so much of a bound is free again, reaching it is news. */
const RELIEVED = 0.9

export function makeBounds(database: Database, bounds: BoundsOptions): Bounds {
  const { maxDeliveries, maxDeliveriesPerApp, maxBytes } = bounds
  const pages = database.prepare('PRAGMA page_count')
  const free = database.prepare('PRAGMA freelist_count')
  const size = Number(Object.values(database.prepare('PRAGMA page_size').rows<Record<string, number>>([])[0] ?? {})[0])
  const told = new Set<string>()
  let news: string[] = []
  let bytes = 0
  let measuredAt = -Infinity

  const valueOf = (statement: typeof pages): number =>
    Number(Object.values(statement.rows<Record<string, number>>([])[0] ?? {})[0] ?? 0)

  /** Whether there is room; what there is none of is told. */
  const within = (name: string, used: number, most: number, words: () => string): boolean => {
    if (used < most * RELIEVED) told.delete(name)
    if (used < most) return true
    if (!told.has(name))
      news.push(`${words()}: what can not go out at once is answered with "wait" until there is room`)
    told.add(name)
    return false
  }

  return Object.freeze({
    admits(app: string, ofApp: number, ofAll: number) {
      return (
        within('', ofAll, maxDeliveries, () => `${ofAll} deliveries wait, as many as store.maxDeliveries allows`) &&
        within(
          app,
          ofApp,
          maxDeliveriesPerApp,
          () => `${ofApp} deliveries of app ${app} wait, as many as store.maxDeliveriesPerApp allows`,
        ) &&
        within('\n', bytes, maxBytes, () => `it holds ${Math.floor(bytes / MIB)} MiB, as much as store.maxSize allows`)
      )
    },
    measure(now: number) {
      // A clock that was set back must not put it off.
      if (Math.abs(now - measuredAt) < MEASURED_EVERY_MS) return
      measuredAt = now
      bytes = (valueOf(pages) - valueOf(free)) * size
    },
    news() {
      const fresh = news
      news = []
      return fresh
    },
  })
}
