/**
 * A pool of origins, made when they are first asked and closed when they have rested: thousands of push services must not hold thousands of
 * sockets. Knows neither protocols nor the guard.
 */
import { type Clock } from '../clock'
import { type Origin, type WireFailure, type WireReply, type WireRequest } from './wire'

export interface Origins {
  /** One request to this origin (`https://host[:port]`); never rejects. `open` makes it where it isn't there. */
  request(url: string, request: WireRequest, open: () => Origin): Promise<WireReply | WireFailure>
  /** How many origins are open. */
  readonly size: number
  /** How many connections they would use beyond one each. */
  readonly more: number
  /** Lets requests under way end for at most so many milliseconds, then closes all. */
  close(graceMs: number): Promise<void>
}

export interface OriginsOptions {
  /** More than so many are open only while each has a request under way. */
  readonly most: number
  /** Milliseconds without a request after which an origin is closed. */
  readonly idleAfter: number
}

interface Entry {
  readonly origin: Origin
  underway: number
  /** Stops the time after which it is closed. */
  stay: () => void
}

const closed = (url: string): WireFailure => ({
  is: 'failure',
  why: `${url}: is being closed`,
  ambiguous: false,
  unreachable: false,
})

/** An empty pool. */
export function makeOrigins({ most, idleAfter }: OriginsOptions, clock: Clock): Origins {
  /** The one that was asked longest ago comes first. */
  const entries = new Map<string, Entry>()
  let newest: Entry | undefined
  const leaving = new Set<Promise<void>>()
  let isClosed = false

  const drop = (url: string, entry: Entry, graceMs: number): void => {
    entry.stay()
    entries.delete(url)
    const over = entry.origin.close(graceMs).finally(() => leaving.delete(over))
    leaving.add(over)
  }

  const makeRoom = (): void => {
    for (const [url, entry] of entries) {
      if (entries.size <= most) return
      if (entry.underway === 0) drop(url, entry, 0)
    }
  }

  const rest = (url: string, entry: Entry): void => {
    entry.underway--
    if (entry.underway > 0 || entries.get(url) !== entry) return
    entry.stay = clock.after(idleAfter, () => drop(url, entry, 0))
    makeRoom()
  }

  return Object.freeze({
    request(url: string, request: WireRequest, open: () => Origin) {
      if (isClosed) return Promise.resolve(closed(url))
      const found = entries.get(url)
      const entry = found ?? { origin: open(), underway: 0, stay: () => undefined }
      entry.stay()
      entry.underway++
      if (found === undefined || found !== newest) {
        newest = entry
        entries.delete(url)
        entries.set(url, entry)
        makeRoom()
      }
      return entry.origin.request(request).then((answer) => {
        rest(url, entry)
        return answer
      })
    },
    get size() {
      return entries.size
    },
    get more() {
      let more = 0
      for (const { origin } of entries.values()) more += (origin.connections?.() ?? 1) - 1
      return more
    },
    async close(graceMs: number) {
      isClosed = true
      for (const [url, entry] of [...entries]) drop(url, entry, graceMs)
      await Promise.all(leaving)
    },
  } satisfies Origins)
}
