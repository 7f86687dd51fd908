/**
 * Opens the database file, or says in words for the operator why not. Looks before it writes: what an older program, a
 * second process or a wrong key meets is left as it was.
 */
import { closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type ContentCipher } from './content-cipher'
import { admitKey } from './content-key'
import { KeyRefusal, decodeKey } from './content-key-decoding'
import { type Database, openDatabase, single, sqliteCode } from './sqlite-database'
import { type ThreadOptions } from './sqlite-protocol'
import { APPLICATION_ID, SCHEMA_VERSION, migrate } from './sqlite-schema'

/** Why the store can't be opened: what happened, where, what to do. */
export class Refusal extends Error {}

const LOCK_WAIT_MS = 1000

/** Throws where the file is not ours, or newer than this program. */
export function refuseForeign(database: Database, file: string): void {
  const application = Number(single(database, 'PRAGMA application_id'))
  const version = Number(single(database, 'PRAGMA user_version'))
  const isEmpty = single(database, 'SELECT count(*) FROM sqlite_schema') === 0
  if (application !== APPLICATION_ID && !(application === 0 && version === 0 && isEmpty)) {
    throw new Refusal(`store ${file} is a database of another program; name another file in store.file`)
  }
  if (version > SCHEMA_VERSION) {
    throw new Refusal(
      `store ${file} was written by a newer xmpp-push (its tables are version ${version}, this program knows ` +
        `${SCHEMA_VERSION}); run the newer program again, or name another file in store.file; nothing was touched`,
    )
  }
}

/** `immutable` reads the file itself: takes no lock, makes no journal, leaves no trace. */
function peek(file: string): void {
  refuseForeign(openDatabase(`${pathToFileURL(file).href}?immutable=1`), file)
}

function prepareFile(file: string): void {
  const folder = dirname(file)
  if (!existsSync(folder)) mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (existsSync(file) && !statSync(file).isFile()) {
    throw new Refusal(`store ${file} is not a file; name a file in store.file`)
  }
  // SQLite gives its journals the mode of the database, which holds tokens: so nobody else may read it from the start.
  if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600))
  else closeSync(openSync(file, 'r+'))
}

/** What is said of each fault while opening; SQLite's own sentence goes along. */
export function wordsOf(error: unknown, file: string): Refusal | undefined {
  if (error instanceof Refusal) return error
  if (error instanceof KeyRefusal) return new Refusal(error.message)
  if (!(error instanceof Error)) return undefined
  const code = sqliteCode(error) ?? ('code' in error ? String(error.code) : '')
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return new Refusal(
      `store ${file} is open in another process, which holds its lock; stop that one first, or name another file in store.file`,
    )
  }
  if (code === 'SQLITE_NOTADB') {
    return new Refusal(`store ${file} is not an SQLite database; name another file in store.file`)
  }
  if (code.startsWith('SQLITE_CORRUPT')) {
    return new Refusal(`store ${file} is damaged (${error.message}); put back a backup, or move it away to begin anew`)
  }
  if (code === 'SQLITE_FULL' || code === 'ENOSPC') {
    return new Refusal(`store ${file} can't be opened: its disk is full; make room`)
  }
  if (code.startsWith('SQLITE_') || code.startsWith('E') || error.message.includes('Unable to open')) {
    return new Refusal(
      `store ${file} can't be opened (${error.message}); the user that runs this program needs to read and write the file and its folder`,
    )
  }
  return undefined
}

function configure(database: Database): void {
  database.exec(`PRAGMA busy_timeout = ${LOCK_WAIT_MS}`)
  // One process at a time. The kernel drops the lock when the process dies, however it dies.
  database.exec('PRAGMA locking_mode = EXCLUSIVE')
  database.exec('PRAGMA synchronous = FULL')
  // Zeroes over what was deleted. The log keeps older pages for a while: content in them is encrypted.
  database.exec('PRAGMA secure_delete = ON')
  database.exec('PRAGMA temp_store = MEMORY')
  database.exec('PRAGMA trusted_schema = OFF')
}

export interface OpenedDatabase {
  readonly database: Database
  readonly cipher: ContentCipher
  /** What the operator should know though the store is open. */
  readonly warnings: readonly string[]
}

/** Opens, locks, checks and migrates. Throws `Refusal`; anything else thrown is a bug. */
export function openStore({ file, contentKey, contentKeyFrom }: ThreadOptions): OpenedDatabase {
  try {
    const given = contentKey === undefined ? undefined : decodeKey(contentKey, contentKeyFrom)
    if (existsSync(file) && statSync(file).isFile() && statSync(file).size > 0) peek(file)
    prepareFile(file)
    const database = openDatabase(file)
    configure(database)
    database.exec('BEGIN EXCLUSIVE')
    refuseForeign(database, file)
    const migrated = migrate(database)
    const { cipher, warnings } = admitKey(database, file, given)
    database.exec('COMMIT')
    const mode = single(database, 'PRAGMA journal_mode = WAL')
    if (mode !== 'wal')
      throw new Refusal(`store ${file}: its file system can't keep a write-ahead log; use a local disk`)
    // So that the version stands in the file itself, where an older program sees it without opening the log.
    if (migrated) database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    return { database, cipher, warnings }
  } catch (error) {
    throw wordsOf(error, file) ?? error
  }
}
