/** A row of the table `registration`, and how one ends. Takes tokens and secrets as bare texts. */
import { type Environment, type Hints } from '../model/registration'
import { type Database } from './sqlite-database'
import { type PlainRegistration } from './sqlite-protocol'

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
  readonly hints: string
  readonly registered_at: number
  readonly seen_at: number
}

const NO_HINTS: Hints = Object.freeze({})

/** The column `hints`; most have none. */
export function readHints(text: string): Hints {
  return text === '{}' ? NO_HINTS : (JSON.parse(text) as Hints)
}

/** What this program wrote is trusted. */
export function readRegistration(row: RegistrationRow): PlainRegistration {
  const { id, service, node, owner, dialect, device, app, environment } = row
  const its: { -readonly [K in keyof PlainRegistration]: PlainRegistration[K] } = {
    id,
    service,
    node,
    owner,
    dialect,
    device,
    app,
    secret: row.secret ?? undefined,
    address: row.address ?? undefined,
    callAddress: row.call_address ?? undefined,
    hints: readHints(row.hints),
    registeredAt: row.registered_at,
    seenAt: row.seen_at,
  }
  if (environment !== null) its.environment = environment
  return its
}

/** Removes a registration and leaves its tombstone. */
export function makeBurial(database: Database): (row: RegistrationRow, at: number, why: string) => void {
  const remove = database.prepare('DELETE FROM registration WHERE id = ?')
  const bury = database.prepare(
    'INSERT OR REPLACE INTO tombstone (service, node, owner, registration, died_at, why) VALUES (?, ?, ?, ?, ?, ?)',
  )
  return ({ service, node, owner, id }, at, why) => {
    remove.run([id])
    bury.run([service, node, owner, id, at, why])
  }
}
