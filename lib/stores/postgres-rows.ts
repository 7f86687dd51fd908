/** Registrations as rows of their table, and back. */
import { Opaque } from '../model/opaque'
import { type Environment, type Hints, type Registration } from '../model/registration'

export interface RegistrationRow {
  readonly id: string
  readonly service: string
  readonly node: string
  readonly owner: string
  readonly dialect: string
  readonly device: string
  readonly app: string
  readonly secret: string | null
  readonly address: string | null
  readonly call_address: string | null
  readonly environment: Environment | null
  readonly hints: Hints
  readonly registered_at: number
  readonly seen_at: number
}

/** All columns, of a row with this name. */
export function columnsOf(row: string): string {
  const names =
    'id service node owner dialect device app secret address call_address environment hints registered_at seen_at'
  return names
    .split(' ')
    .map((name) => `${row}.${name}`)
    .join(', ')
}

export function readRegistration(row: RegistrationRow): Registration {
  const { id, service, node, owner, dialect, device, app, environment } = row
  return Object.freeze({
    ...{ id, service, node, owner, dialect, device, app },
    ...(row.secret === null ? {} : { secret: new Opaque(row.secret) }),
    ...(row.address === null ? {} : { address: new Opaque(row.address) }),
    ...(row.call_address === null ? {} : { callAddress: new Opaque(row.call_address) }),
    ...(environment === null ? {} : { environment }),
    hints: row.hints,
    registeredAt: row.registered_at,
    seenAt: row.seen_at,
  })
}

/** What an operator types may be anything; a delivery's id is a UUID. */
export function isUuid(text: string): boolean {
  return /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text)
}

/** CTEs that end the registrations of the CTE `gone`: tombstones, and, where `tell` (SQL) holds, rows for their servers. */
export function burying(at: string, why: string, tell: string): string {
  return `
  buried AS (
    INSERT INTO tombstone (service, node, owner, registration, died_at, why)
    SELECT DISTINCT ON (service, node, owner) service, node, owner, id, ${at}, ${why} FROM gone
    ON CONFLICT (service, node, owner) DO UPDATE
    SET registration = excluded.registration, died_at = excluded.died_at, why = excluded.why
  ),
  stale AS (
    DELETE FROM remote_disable r USING gone g
    WHERE ${tell} AND r.service = g.service AND r.node = g.node AND r.owner = g.owner RETURNING r.registration
  ),
  told AS (
    INSERT INTO remote_disable (registration, service, node, owner, at, due_at)
    SELECT id, service, node, owner, ${at}, ${at} FROM gone WHERE ${tell} AND (SELECT count(*) FROM stale) >= 0
    ON CONFLICT (registration) DO NOTHING
  )`
}
