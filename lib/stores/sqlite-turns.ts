/**
 * Whose turn it is: where more of an app is due than there is room for, the domains that publish take turns, so that a
 * flood of one delays no other. Finds the next domain by one step in an index, whatever the number of rows.
 */
import { type Database } from './sqlite-database'

export interface Turns {
  /** The domains that have something waiting for the app, beginning after the one that had its turn last; each is then the last one. */
  next(app: string): Iterable<string>
}

/** Domains that one claim looks at; what room is left then goes by age alone. */
const MOST_LOOKED_AT = 32

export function makeTurns(database: Database): Turns {
  const after = database.prepare(
    "SELECT min(domain) AS domain FROM delivery WHERE app = ? AND state = 0 AND class <> 'call' AND domain > ?",
  )
  const first = database.prepare(
    "SELECT min(domain) AS domain FROM delivery WHERE app = ? AND state = 0 AND class <> 'call'",
  )
  const last = new Map<string, string>()
  const found = (rows: readonly { domain: string | null }[]): string | undefined => rows[0]?.domain ?? undefined

  return Object.freeze({
    *next(app: string) {
      const seen = new Set<string>()
      for (let looked = 0; looked < MOST_LOOKED_AT; looked++) {
        const before = last.get(app)
        const domain =
          (before === undefined ? undefined : found(after.rows<{ domain: string | null }>([app, before]))) ??
          found(first.rows<{ domain: string | null }>([app]))
        if (domain === undefined || seen.has(domain)) return
        seen.add(domain)
        last.set(app, domain)
        yield domain
      }
    },
  })
}
