/** Small values, encrypted. */
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

export function makePostgresKeep(database: Database, cipher: ContentCipher, health: Health): Keep {
  const reading = makeKeepReading(database, cipher)
  return Object.freeze({
    get: (name: string) => health.guarded(() => reading.get(name)),
    async put(name: string, value: string, at: number) {
      await health.guarded(() => database.rows(put, [name, cipher.seal(value, `keep ${name}`), at]))
    },
  })
}
