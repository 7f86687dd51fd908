/** Since when, and how often, something has gone wrong without having gone right in between. Bounded; forgotten when the process ends. */
import { type Clock } from '../clock'

export interface Trouble {
  /** How often, this time included. */
  readonly times: number
  /** Milliseconds since the first time. */
  readonly lasts: number
}

export interface Troubles {
  /** It has happened again. `whose`: an origin, an endpoint. */
  note(what: string, whose: string): Trouble
  /** It is over. Costs nothing where there is no trouble at all. */
  clear(what: string, whose: string): void
}

/** Those remembered; the one that happened longest ago gives way. */
const MOST = 10_000

/** No trouble so far. */
export function makeTroubles(clock: Clock): Troubles {
  const known = new Map<string, { readonly since: number; readonly times: number }>()
  return Object.freeze({
    note(what: string, whose: string) {
      const about = `${what} ${whose}`
      const now = clock.elapsed()
      const { since, times } = known.get(about) ?? { since: now, times: 0 }
      known.delete(about)
      known.set(about, { since, times: times + 1 })
      const [oldest] = known.keys()
      if (known.size > MOST && oldest !== undefined) known.delete(oldest)
      return { times: times + 1, lasts: now - since }
    },
    clear(what: string, whose: string) {
      if (known.size > 0) known.delete(`${what} ${whose}`)
    },
  })
}
