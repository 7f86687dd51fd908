/** What time and operators change in the tables: signs of life, sweeping a stretch at a time, ending and hastening deliveries. */
import { type Bound, type Database } from './sqlite-database'
import { type Answers } from './sqlite-protocol'
import { type Flights } from './sqlite-flights'
import { type RegistrationRow, makeBurial, readRegistration } from './sqlite-registration-row'
import { makeRemoteDisabling } from './sqlite-remote-disables'
import { type Standing, type Waiter } from './sqlite-standing'
import { type TraceLog } from './sqlite-trace'
import { type Storied, endedLine, toldOf } from './trace-lines'

/** Rows that one step of a sweep looks at. */
const STRETCH = 2000
/** What stands in a trace in place of a push service's words. */
const BY_OPERATOR = toldOf({ is: 'refused', why: 'dropped by an operator' })

type Ending = Waiter & { readonly id: string }

type Grave = { readonly service: string; readonly node: string; readonly owner: string; readonly died_at: number }
type Mine =
  | ('seen' | 'sweepRegistrations' | 'sweepTombstones' | 'dropTombstones')
  | ('endWaiting' | 'hasten' | 'abandon' | 'bury')

export function makeUpkeep(
  database: Database,
  standing: Standing,
  flights: Pick<Flights, 'leave'>,
  traces: Pick<TraceLog, 'add'>,
): Answers<Mine> {
  const end = makeBurial(database)
  const tellServer = makeRemoteDisabling(database)
  const seen = database.prepare(
    'UPDATE registration SET seen_at = max(seen_at, ?) WHERE id IN (SELECT value FROM json_each(?))',
  )
  const registrations = database.prepare(`SELECT * FROM registration WHERE id > ? ORDER BY id LIMIT ${STRETCH}`)
  const owned = database.prepare('SELECT * FROM registration WHERE owner = ?')
  const tombstones = database.prepare(
    `SELECT service, node, owner, died_at FROM tombstone WHERE (service, node, owner) > (?, ?, ?)
     ORDER BY service, node, owner LIMIT ${STRETCH}`,
  )
  const dropTombstone = database.prepare('DELETE FROM tombstone WHERE service = ? AND node = ? AND owner = ?')
  const dropDeadAddresses = database.prepare(
    `DELETE FROM dead_address WHERE target IN (SELECT target FROM dead_address WHERE died_at < ? LIMIT ${STRETCH})`,
  )
  const dropTombstones = database.prepare('DELETE FROM tombstone WHERE owner = ?')
  const ending = database.prepare('SELECT id, app, target, collapse_key AS key, state FROM unended WHERE id = ?')
  const drop = database.prepare('DELETE FROM delivery WHERE id = ?')
  const untrace = database.prepare('UPDATE delivery SET notes = NULL WHERE id = ?')
  const hastenOne = database.prepare(
    'UPDATE delivery SET due_at = ?1 WHERE id = ?2 AND state = 0 AND due_at > ?1 RETURNING app',
  )
  const hastenMany = ["class = 'call'", "class <> 'call'"].map((which) =>
    database.prepare(
      `UPDATE delivery SET due_at = ?1 WHERE id IN (
         SELECT id FROM delivery WHERE app = ?2 AND state = 0 AND ${which} AND due_at > ?1 ORDER BY due_at LIMIT ${STRETCH}
       ) RETURNING app`,
    ),
  )

  const abandoned = `RETURNING id, app, target, class, accepted_at AS accepted, notes, collapse_key AS key, state`
  const abandonOne = database.prepare(`DELETE FROM delivery WHERE id = ? AND state <> 1 ${abandoned}`)
  const abandonMany = database.prepare(
    `DELETE FROM delivery WHERE id IN (
       SELECT id FROM delivery WHERE app = ? AND state <> 1 LIMIT ${STRETCH}
     ) ${abandoned}`,
  )

  /** It no longer waits; the registration it was for is gone. */
  const endOne = ({ id, app, target, key, state }: Ending): boolean => {
    if (state === 1) {
      const out = standing.outs.get(id)
      if (out !== undefined && out.flight > 0) flights.leave(out.flight, out.place, null)
      else untrace.run([id])
      if (out !== undefined) standing.outs.set(id, { ...out, notes: null, flight: 0, place: 0 })
      return false
    }
    drop.run([id])
    standing.noLongerWaits({ app, target, key, state })
    standing.count(app, 'unregistered')
    return true
  }

  return Object.freeze({
    seen({ ids, at }) {
      seen.run([at, JSON.stringify(ids)])
      return undefined
    },
    bury({ owner, at, why }) {
      const rows = owned.rows<RegistrationRow>([owner])
      for (const row of rows) {
        end(row, at, why)
        tellServer(row, at)
      }
      return rows.map(readRegistration)
    },
    sweepRegistrations({ after, before, at, why }) {
      const rows = registrations.rows<RegistrationRow>([after])
      const stale = rows.filter((row) => row.seen_at < before && row.registered_at < before)
      for (const row of stale) end(row, at, why)
      return { removed: stale.map(readRegistration), next: rows.length < STRETCH ? undefined : rows.at(-1)?.id }
    },
    sweepTombstones({ after, before }) {
      const rows = tombstones.rows<Grave>([...after])
      for (const { service, node, owner, died_at: at } of rows) {
        if (at < before) dropTombstone.run([service, node, owner])
      }
      dropDeadAddresses.run([before])
      const last = rows.at(-1)
      const isLast = rows.length < STRETCH || last === undefined
      return { next: isLast ? undefined : ([last.service, last.node, last.owner] as const) }
    },
    dropTombstones: (owner) => dropTombstones.run([owner]),
    endWaiting: (ids) => ids.filter((id) => ending.rows<Ending>([id]).some(endOne)).length,
    abandon({ which, at }) {
      const rows =
        'delivery' in which
          ? abandonOne.rows<Ending & Storied>([which.delivery])
          : abandonMany.rows<Ending & Storied>([which.app])
      for (const { id, ...row } of rows) {
        standing.noLongerWaits(row)
        standing.count(row.app, 'abandoned')
        traces.add(endedLine(id, row, at, 'abandoned', BY_OPERATOR))
      }
      return { abandoned: rows.length, isDone: rows.length < STRETCH }
    },
    hasten({ which, at }) {
      const hastened: string[] = []
      if ('delivery' in which)
        hastened.push(...hastenOne.rows<{ app: string }>([at, which.delivery]).map(({ app }) => app))
      else {
        const bound: Bound[] = [at, which.app]
        for (const statement of hastenMany)
          hastened.push(...statement.rows<{ app: string }>(bound).map(({ app }) => app))
      }
      for (const app of hastened) standing.app(app).nextDue = Math.min(standing.app(app).nextDue, at)
      return hastened.length
    },
  } satisfies Answers<Mine>)
}
