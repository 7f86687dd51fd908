/**
 * Rows of one table in an SQL dump, as `mariadb-dump`, `mysqldump`, `sqlite3 … .dump` and `pg_dump --inserts` write it. Knows their
 * ways to quote and how a whole dump ends; runs no SQL.
 */
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { SourceRefused } from './import'
import { columnsIn, insertIn, tuplesIn, type Value } from './sql-statement'
import { unread } from './unread'

/** A row by its columns' names; `number` counts from 1 through the file. */
export interface Row {
  readonly number: number
  readonly values: ReadonlyMap<string, Value>
}

interface Flavour {
  readonly begins: RegExp
  readonly ends: RegExp
  /** Whether a backslash in a string begins an escape. */
  readonly escapes: boolean
}

const flavours: readonly Flavour[] = [
  { begins: /^-- (MariaDB|MySQL) dump/m, ends: /^-- Dump completed/m, escapes: true },
  { begins: /^-- PostgreSQL database dump/m, ends: /^-- PostgreSQL database dump complete/m, escapes: false },
  { begins: /^PRAGMA foreign_keys=OFF;/m, ends: /^COMMIT;\s*$/m, escapes: false },
]

const EDGE = 4096

async function edgesOf(path: string): Promise<{ readonly head: string; readonly tail: string }> {
  let file
  try {
    file = await open(path, 'r')
  } catch (error) {
    throw new SourceRefused(unread(path, error))
  }
  try {
    const { size } = await file.stat()
    const read = async (from: number): Promise<string> => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(EDGE), 0, EDGE, from)
      return buffer.toString('utf8', 0, bytesRead)
    }
    return { head: await read(0), tail: await read(Math.max(0, size - EDGE)) }
  } catch (error) {
    throw new SourceRefused(unread(path, error))
  } finally {
    await file.close()
  }
}

async function flavourOf(path: string): Promise<Flavour> {
  const { head, tail } = await edgesOf(path)
  const flavour = flavours.find(({ begins }) => begins.test(head))
  if (flavour === undefined) {
    throw new SourceRefused(
      `${path} is no dump of MariaDB, MySQL, SQLite or PostgreSQL, or one without its comments; make it again without --skip-comments or --compact`,
    )
  }
  if (!flavour.ends.test(tail)) {
    throw new SourceRefused(`${path} is not whole: the line that ends a dump is missing; make the dump again`)
  }
  return flavour
}

/** The statements of a dump, without comments, each at most as long as the dump program makes them (1 MiB as a rule). */
async function* statementsOf(path: string, escapes: boolean): AsyncGenerator<string> {
  let held = ''
  let at = 0
  let begin = 0
  let quote = ''
  for await (const chunk of createReadStream(path, { encoding: 'utf8' })) {
    held += String(chunk)
    // The last two characters wait for what follows them: they may begin a comment or an escape.
    for (; at < held.length - 2; at++) {
      const char = held.charAt(at)
      if (quote !== '') {
        if (escapes && char === '\\' && quote !== '`') at++
        else if (char === quote) quote = ''
        continue
      }
      const end =
        char === '-' && /^--[ \n]/.test(held.slice(at, at + 3)) ? '\n' : held.startsWith('/*', at) ? '*/' : undefined
      if (end !== undefined) {
        const close = held.indexOf(end, at + 2)
        if (close < 0) break
        held = held.slice(0, at) + held.slice(close + end.length)
        at--
      } else if (char === "'" || char === '"' || char === '`') quote = char
      else if (char === ';') {
        yield held.slice(begin, at).trim()
        begin = at + 1
      }
    }
    held = held.slice(begin)
    at -= begin
    begin = 0
  }
  const last = held.trim().replace(/;$/, '').trim()
  if (quote === '' && last !== '' && !last.startsWith('--')) yield last
}

/** Throws `SourceRefused` for a file that is no whole dump, that has no such table, or whose rows can't be taken apart. */
export async function* rowsOf(path: string, table: string): AsyncGenerator<Row> {
  const { escapes } = await flavourOf(path)
  let columns: readonly string[] | undefined
  let number = 0
  for await (const statement of statementsOf(path, escapes)) {
    columns = columnsIn(statement, table) ?? columns
    const insert = insertIn(statement, table)
    if (insert === undefined) continue
    const names = insert.columns ?? columns
    for (const tuple of tuplesIn(insert.rest, escapes)) {
      number++
      if (names === undefined || tuple === undefined || tuple.length !== names.length) {
        throw new SourceRefused(`${path}: row ${number} of table ${table} can't be taken apart; make the dump again`)
      }
      yield { number, values: new Map(names.map((name, column) => [name, tuple[column]])) }
    }
  }
  if (columns === undefined && number === 0) {
    throw new SourceRefused(`${path} has no table ${table}; dump the database of the service, with its tables`)
  }
}
