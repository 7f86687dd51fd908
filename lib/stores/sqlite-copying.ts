/**
 * Copies a database into a new file with `VACUUM INTO` (SQLite, «VACUUM» §3), from the thread's side, and proves the copy. Reads the
 * source alone; knows nothing of names beside the two.
 */
import { existsSync, statSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { dropKept, holdsSealed, keyFact } from './content-key'
import { abandonUnended, countUnended } from './sqlite-aloft'
import { type Database, openDatabase, single, sqliteCode } from './sqlite-database'
import { Refusal, refuseForeign, wordsOf } from './sqlite-opening'
import { APPLICATION_ID } from './sqlite-schema'

export interface CopyOptions {
  readonly from: string
  /** An empty file, whose mode the copy keeps. */
  readonly to: string
  /** Nobody writes into the source's own file, and its log is not wanted. */
  readonly isStill: boolean
  /** What becomes of the copy: it is noted when it was made, or that note is taken out and with it what is not wanted. */
  readonly then:
    | { readonly is: 'kept'; readonly at: number }
    | { readonly is: 'restored'; readonly withoutOutbox: boolean; readonly withoutKey: boolean }
}

export interface Copy {
  readonly registrations: number
  readonly waiting: number
  /** Deliveries that were left out, and counted as abandoned. */
  readonly abandoned: number
  /** When the source was made, if it was made by a backup (ms since 1970). */
  readonly madeAt: number | undefined
  /** Fingerprint of the key of what it holds encrypted. */
  readonly key: string | undefined
  readonly needsKey: boolean
}

/** What the thread says, in this order. */
export type CopySaid =
  | { readonly is: 'copying'; readonly bytes: number }
  | { readonly is: 'checking' }
  | { readonly is: 'copied'; readonly copy: Copy }
  | { readonly is: 'refused'; readonly why: string }
  | { readonly is: 'broken'; readonly why: string }

const MADE = 'backup'
/** Bytes of the copy that are read through the system's own cache. */
const MAPPED = 8 * 1024 ** 3
const LOCK_WAIT_MS = 300

const countRegistrations = (database: Database): number => Number(single(database, 'SELECT count(*) FROM registration'))

function openSource({ from, isStill, then }: CopyOptions): Database {
  if (!existsSync(from)) throw new Refusal(`there is no file ${from}`)
  if (!statSync(from).isFile()) throw new Refusal(`${from} is not a file`)
  const source = openDatabase(`${pathToFileURL(from).href}?${isStill ? 'immutable=1' : 'mode=ro'}`)
  source.exec(`PRAGMA busy_timeout = ${LOCK_WAIT_MS}`)
  if (then.is === 'restored' && Number(single(source, 'PRAGMA application_id')) !== APPLICATION_ID)
    throw new Refusal(`${from} is a database of another program, and no backup; name a file that a backup made`)
  refuseForeign(source, from)
  if (Number(single(source, 'PRAGMA application_id')) !== APPLICATION_ID) {
    throw new Refusal(`${from} is empty: there is no store in it`)
  }
  return source
}

/** The time at which a backup noted that it made this file. */
function madeAtOf(database: Database): number | undefined {
  const at = Number(single(database, `SELECT value FROM fact WHERE name = '${MADE}'`) ?? Number.NaN)
  return Number.isSafeInteger(at) ? at : undefined
}

/** What is left out was accepted all the same: it is counted, so that the accounting closes. */
function leaveOut(copy: Database, withoutOutbox: boolean, withoutKey: boolean): void {
  copy.exec('BEGIN')
  copy.exec(`DELETE FROM fact WHERE name = '${MADE}'`)
  if (withoutOutbox || withoutKey) abandonUnended(copy, withoutOutbox ? 'all' : 'sealed')
  if (withoutKey) dropKept(copy)
  copy.exec('COMMIT')
}

function prove(copy: Database, to: string): void {
  const said = copy.prepare('PRAGMA integrity_check(1)').rows<{ readonly integrity_check: string }>([])
  if (said.length === 1 && said[0]?.integrity_check === 'ok') return
  throw new Refusal(
    `the copy ${to} is damaged (${said[0]?.integrity_check ?? 'nothing was said'}), and with it what it was made of; look at the disk`,
  )
}

function writeCopy(source: Database, { from, to }: CopyOptions): void {
  try {
    source.prepare('VACUUM INTO ?').run([to])
  } catch (error) {
    const code = sqliteCode(error) ?? ''
    const why = error instanceof Error ? error.message : String(error)
    if (code.startsWith('SQLITE_CORRUPT')) throw new Refusal(`${from} is damaged (${why}), and can't be copied`)
    if (code.startsWith('SQLITE_BUSY')) throw error
    const isFull = code === 'SQLITE_FULL'
    throw new Refusal(`${to} can't be written${isFull ? ': its disk is full; make room' : ` (${code}: ${why})`}`)
  }
}

/** Throws `Refusal` where it can't be done, or must not; anything else thrown is a bug. */
export function copyDatabase(options: CopyOptions, say: (said: CopySaid) => void): Copy {
  const { from, to, then } = options
  try {
    const source = openSource(options)
    const bytes = Number(single(source, 'PRAGMA page_count')) * Number(single(source, 'PRAGMA page_size'))
    say({ is: 'copying', bytes })
    writeCopy(source, options)
    const madeAt = madeAtOf(source)
    const [registrations, deliveries] = [countRegistrations(source), countUnended(source)]
    // From here on the source is not looked at again.
    say({ is: 'checking' })
    const copy = openDatabase(to)
    copy.exec('PRAGMA journal_mode = MEMORY')
    // Each entry of an index is looked up in its table, wherever that is.
    copy.exec(`PRAGMA mmap_size = ${MAPPED}`)
    prove(copy, to)
    if (countRegistrations(copy) !== registrations || countUnended(copy) !== deliveries)
      throw new Refusal(`the copy ${to} does not hold what ${from} holds: something else writes there`)
    if (then.is === 'kept') {
      copy.prepare('INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)').run([MADE, String(then.at)])
    } else leaveOut(copy, then.withoutOutbox, then.withoutKey)
    const waiting = countUnended(copy)
    const told = { registrations, waiting, abandoned: deliveries - waiting, madeAt }
    return { ...told, key: keyFact(copy), needsKey: holdsSealed(copy) }
  } catch (error) {
    if (then.is === 'restored' && sqliteCode(error) === 'SQLITE_NOTADB')
      throw new Refusal(`${from} is not a database, and no backup; name a file that a backup made`)
    throw wordsOf(error, from) ?? error
  }
}
