/** Ends what expires while it waits, whoever holds it up: an app that is held or no longer configured, or a long queue. */
import { type Database } from './sqlite-database'
import { type Standing, type Waiter } from './sqlite-standing'
import { type TraceLog } from './sqlite-trace'
import { type Storied, endedLine } from './trace-lines'

/** So many end in one transaction, pushes pass in between. */
const STRETCH = 500

/** Inside the transaction; costs nothing before the next expiry (`now`: ms since 1970). */
export function makeExpiry(
  database: Database,
  standing: Standing,
  traces: Pick<TraceLog, 'add'>,
): (now: number) => void {
  const end = database.prepare(
    `DELETE FROM delivery WHERE id IN (
       SELECT id FROM delivery WHERE state <> 1 AND expires_at <= ? ORDER BY expires_at LIMIT ${STRETCH}
     ) RETURNING id, app, target, class, accepted_at AS accepted, notes, collapse_key AS key, state`,
  )
  const next = database.prepare('SELECT min(expires_at) AS at FROM delivery WHERE state <> 1')

  return (now) => {
    if (standing.waiting === 0 || standing.nextExpiry > now) return
    const rows = end.rows<Waiter & Storied & { readonly id: string }>([now])
    for (const { id, ...row } of rows) {
      standing.noLongerWaits(row)
      standing.count(row.app, 'expired')
      traces.add(endedLine(id, row, now, 'expired', null))
    }
    standing.nextExpiry = rows.length === STRETCH ? now : (next.rows<{ at: number | null }>([])[0]?.at ?? Infinity)
  }
}
