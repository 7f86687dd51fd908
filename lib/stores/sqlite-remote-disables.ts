/** The SQL of what servers are still to be told: nodes that ended without their knowledge. Knows nothing of who tells them. */
import { type Database } from './sqlite-database'
import { type Answers } from './sqlite-protocol'
import { type RegistrationRow } from './sqlite-registration-row'
import { type RemoteDisable } from './store'

/** Notes, in the transaction that ends a registration, that its server is to be told. */
export function makeRemoteDisabling(database: Database): (row: RegistrationRow, at: number) => void {
  const note = database.prepare(
    `INSERT OR REPLACE INTO remote_disable (registration, service, node, owner, at, due_at)
     VALUES (?1, ?2, ?3, ?4, ?5, ?5)`,
  )
  return ({ id, service, node, owner }, at) => void note.run([id, service, node, owner, at])
}

export function makeRemoteDisables(
  database: Database,
): Answers<'remoteDisablesDue' | 'claimRemoteDisable' | 'endRemoteDisables'> {
  const due = database.prepare(
    `SELECT registration, service, node, owner, at, due_at AS dueAt FROM remote_disable
     WHERE due_at <= ? ORDER BY due_at LIMIT ?`,
  )
  const claim = database.prepare('UPDATE remote_disable SET due_at = ? WHERE registration = ? AND due_at = ?')
  const end = database.prepare('DELETE FROM remote_disable WHERE registration = ?')
  return Object.freeze({
    remoteDisablesDue: ({ at, limit }) => due.rows<RemoteDisable>([at, limit]),
    claimRemoteDisable: ({ registration, dueAt, until }) => claim.run([until, registration, dueAt]) > 0,
    endRemoteDisables(registrations) {
      for (const registration of registrations) end.run([registration])
      return undefined
    },
  } satisfies Answers<'remoteDisablesDue' | 'claimRemoteDisable' | 'endRemoteDisables'>)
}
