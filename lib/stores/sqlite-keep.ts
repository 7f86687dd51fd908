/** What is kept under a name, opened with the content key. Writes nothing. */
import { type ContentCipher } from './content-cipher'
import { type Blob, type Database } from './sqlite-database'
import { type Answers } from './sqlite-protocol'

/** `name` is authenticated with the value, so that none can be moved to another's place. */
export function placeOf(name: string): string {
  return `keep ${name}`
}

/** `cipher` is asked for when something is to be opened. */
export function makeKeepReading(database: Database, cipher: () => ContentCipher): Answers<'keepGet'> {
  const get = database.prepare('SELECT sealed, at FROM keep WHERE name = ?')
  return {
    keepGet(name) {
      const row = get.rows<{ sealed: Blob; at: number }>([name])[0]
      return row && { value: cipher().open(new Uint8Array(row.sealed), placeOf(name)), at: row.at }
    },
  }
}
