/** What servers are still to be told. Knows nothing of who tells them; of several who claim a row, one gets it. */
import { type Database, type Statement } from './postgres-database'
import { type Health } from './postgres-health'
import { type RemoteDisable, type RemoteDisables } from './store'

const due: Statement = {
  name: 'remote-disables-due',
  sql: `SELECT registration, service, node, owner, at, due_at AS "dueAt" FROM remote_disable
    WHERE due_at <= $1 ORDER BY due_at LIMIT $2`,
}
const claim: Statement = {
  name: 'remote-disables-claim',
  sql: 'UPDATE remote_disable SET due_at = $3 WHERE registration = $1 AND due_at = $2 RETURNING registration',
}
const end: Statement = {
  name: 'remote-disables-end',
  sql: 'DELETE FROM remote_disable WHERE registration = ANY($1::text[])',
}

export function makeRemoteDisables(database: Database, health: Health): RemoteDisables {
  return Object.freeze({
    due: (at: number, limit: number) => health.guarded(() => database.rows<RemoteDisable>(due, [at, limit])),
    async claim({ registration, dueAt }: RemoteDisable, until: number) {
      const rows = await health.guarded(() => database.rows(claim, [registration, dueAt, until]))
      return rows.length > 0
    },
    async end(registrations: readonly string[]) {
      await health.guarded(() => database.rows(end, [registrations]))
    },
  })
}
