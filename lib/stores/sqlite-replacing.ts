/**
 * Puts a database in the place of another, such that whoever is killed meanwhile leaves one of the two there, whole. Knows nothing of what
 * is in them.
 *
 * The former one gets a second name (it stays where it is), then the new one is renamed over it. A log beside the former belongs to it
 * alone: were it found beside the new one, SQLite would write old pages into that.
 */
import { chownSync, copyFileSync, existsSync, linkSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { openDatabase, single, sqliteCode, type Database } from './sqlite-database'
import { syncFolder } from './sqlite-copy'
import { Refusal, refuseForeign } from './sqlite-opening'
import { StoreRefused } from './store'

const LOCK_WAIT_MS = 300

/** A database that nobody else can open until this process ends; it has no log. */
export interface Locked {
  /** Registrations that were made later than so many ms since 1970; undefined where that can't be read. */
  madeAfter(at: number): number | undefined
}

function lock(database: Database): void {
  database.exec(`PRAGMA busy_timeout = ${LOCK_WAIT_MS}`)
  database.exec('PRAGMA locking_mode = EXCLUSIVE')
  database.exec('BEGIN EXCLUSIVE')
  database.exec('COMMIT')
  // The log is emptied and gone: SQLite removes it by its name when it closes, and that will be the name of another database's.
  database.exec('PRAGMA journal_mode = DELETE')
}

/**
 * Locks what is there, and throws `StoreRefused` where another process has it open. One that is damaged is locked by nobody: undefined, as
 * where there is none.
 */
export function lockFormer(file: string): Locked | undefined {
  if (!existsSync(file) || statSync(file).size === 0) return undefined
  try {
    const database = openDatabase(pathToFileURL(file).href)
    refuseForeign(database, file)
    lock(database)
    return {
      madeAfter(at) {
        try {
          return Number(single(database, `SELECT count(*) FROM registration WHERE registered_at > ${Math.floor(at)}`))
        } catch {
          return undefined
        }
      },
    }
  } catch (error) {
    if (error instanceof Refusal) throw new StoreRefused(error.message)
    const code = sqliteCode(error) ?? ''
    if (!code.startsWith('SQLITE_BUSY') && !code.startsWith('SQLITE_LOCKED')) return undefined
    throw new StoreRefused(`store ${file} is open in another process, which holds its lock; stop that one first`)
  }
}

/** A second name for a file; a copy where the file system has no second names. */
function nameAgain(path: string, name: string): void {
  try {
    linkSync(path, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw error
    copyFileSync(path, name)
  }
}

/** Whether a part of the database is in a log beside it, as where it was copied by hand or its process was killed. */
export function hasLog(file: string): boolean {
  return (statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0
}

/** Gives what is there a second name, with its log if that holds anything; returns that name. */
export function keepFormer(file: string, name: string): string | undefined {
  if (!existsSync(file) || statSync(file).size === 0) return undefined
  nameAgain(file, name)
  if (hasLog(file)) nameAgain(`${file}-wal`, `${name}-wal`)
  syncFolder(dirname(file))
  return name
}

/** Where the superuser does it, the user of the service is to own what is put in place: whoever owns what is there, or its folder. */
export function giveTo(path: string, file: string): void {
  if (process.getuid?.() !== 0) return
  const { uid, gid } = statSync(existsSync(file) ? file : dirname(file))
  chownSync(path, uid, gid)
}

/** Puts `fresh` in the place of `file`, whose lock is held or needed by nobody. */
export function replace(file: string, fresh: string): void {
  for (const beside of ['-wal', '-shm', '-journal']) rmSync(`${file}${beside}`, { force: true })
  renameSync(fresh, file)
  syncFolder(dirname(file))
}
