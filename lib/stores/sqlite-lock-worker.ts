/** A thread that holds the lock of a database until it is ended, for libsql keeps it as long as its thread lives. */
import { parentPort, workerData } from 'node:worker_threads'
import { pathToFileURL } from 'node:url'
import { type Holding } from '../model/backup'
import { openDatabase, sqliteCode, type Database } from './sqlite-database'
import { holdingOf } from './sqlite-holding'
import { type LockSaid } from './sqlite-lock'
import { Refusal, refuseForeign } from './sqlite-opening'

if (parentPort === null) throw new Error('sqlite-lock-worker is started as a thread by sqlite-lock.ts')
const port = parentPort
const LOCK_WAIT_MS = 300

function lock(file: string): Database {
  const database = openDatabase(pathToFileURL(file).href)
  database.exec(`PRAGMA busy_timeout = ${LOCK_WAIT_MS}`)
  refuseForeign(database, file)
  database.exec('PRAGMA locking_mode = EXCLUSIVE')
  database.exec('BEGIN EXCLUSIVE')
  database.exec('COMMIT')
  // The log is emptied and gone: SQLite removes it by its name when it closes, and that will be the name of another database's.
  database.exec('PRAGMA journal_mode = DELETE')
  return database
}

function holding(database: Database, after: number): Holding | undefined {
  try {
    return holdingOf(database, after)
  } catch {
    return undefined
  }
}

function why(error: unknown): LockSaid {
  if (error instanceof Refusal) return { is: 'refused', why: error.message }
  const isBusy = /^SQLITE_(BUSY|LOCKED)/.test(sqliteCode(error) ?? '')
  return { is: isBusy ? 'busy' : 'damaged' }
}

try {
  const database = lock(String(workerData))
  port.on('message', (after: number) =>
    port.postMessage({ is: 'counted', holding: holding(database, after) } satisfies LockSaid),
  )
  port.postMessage({ is: 'locked' } satisfies LockSaid)
} catch (error) {
  port.postMessage(why(error))
}
