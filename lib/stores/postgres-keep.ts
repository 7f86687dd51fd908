/** Small values, encrypted. */
import { type Kept } from '../model/kept'
import { type ContentCipher } from './content-cipher'
import { type Database, type Session, type Statement } from './postgres-database'
import { type Health } from './postgres-health'
import { type Keep } from './store'

const get: Statement = { name: 'keep-get', sql: 'SELECT sealed, at FROM keep WHERE name = $1' }
const put: Statement = {
  name: 'keep-put',
  sql: `INSERT INTO keep (name, sealed, at) VALUES ($1, $2, $3)
    ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed, at = excluded.at`,
}

/** Reading alone. */
export function makeKeepReading(session: Session, cipher: Pick<ContentCipher, 'open'>): Pick<Keep, 'get'> {
  return Object.freeze({
    async get(name: string) {
      const [row] = await session.rows<{ sealed: Buffer; at: number }>(get, [name])
      return row && { value: cipher.open(row.sealed, `keep ${name}`), at: row.at }
    },
  })
}

const swapNothing: Statement = {
  name: 'keep-swap-nothing',
  sql: 'INSERT INTO keep (name, sealed, at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING RETURNING at',
}
const swap: Statement = {
  name: 'keep-swap',
  sql: 'UPDATE keep SET sealed = $2, at = $3 WHERE name = $1 AND sealed = $4 RETURNING at',
}

export interface PostgresKeepOptions {
  readonly database: Database
  readonly cipher: ContentCipher
  readonly health: Health
  readonly now: () => number
}

export function makePostgresKeep({ database, cipher, health, now }: PostgresKeepOptions): Keep {
  const reading = makeKeepReading(database, cipher)
  return Object.freeze({
    now,
    get: (name: string) => health.guarded(() => reading.get(name)),
    async swap(name: string, value: string, at: number, before: Kept | undefined) {
      const place = `keep ${name}`
      const sealed = cipher.seal(value, place)
      for (;;) {
        const [row] = await health.guarded(() => database.rows<{ sealed: Buffer; at: number }>(get, [name]))
        const stands = row && { value: cipher.open(row.sealed, place), at: row.at }
        if (stands !== undefined && (stands.value !== before?.value || stands.at !== before.at)) return stands
        const done = await health.guarded(() =>
          row === undefined
            ? database.rows(swapNothing, [name, sealed, at])
            : database.rows(swap, [name, sealed, at, row.sealed]),
        )
        if (done.length > 0) return { value, at }
        // Somebody was quicker: what he put is read, and stands.
      }
    },
    async put(name: string, value: string, at: number) {
      await health.guarded(() => database.rows(put, [name, cipher.seal(value, `keep ${name}`), at]))
    },
  })
}
