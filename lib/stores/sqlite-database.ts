/**
 * libsql 0.5, narrowed to what better-sqlite3 and node:sqlite can do too. Knows the library's traps: `get` adds a
 * property of its own (not offered here), a lone `null` is taken for a list (bound values always travel as one array).
 */
import './libsql-build'
import Libsql from 'libsql'

export type Bound = string | number | null | Buffer

/** A blob as it comes back: an ArrayBuffer from libsql, a Buffer or Uint8Array from its kin. */
export type Blob = ArrayBuffer | Uint8Array

export interface Statement {
  /** Runs it and returns how many rows it changed. */
  run(bound: readonly Bound[]): number
  /** Runs it and returns its rows. The caller says what they look like, for it wrote the SQL. */
  rows<Row>(bound: readonly Bound[]): readonly Row[]
}

/** A question that has one row at most, of one text. */
export interface OneText {
  /** The text; undefined where there is no row. */
  text(bound: readonly Bound[]): string | undefined
}

export interface Database {
  exec(sql: string): void
  prepare(sql: string): Statement
  /** One call of the library in place of three, and no object: finding a row costs two thirds. */
  prepareText(sql: string): OneText
  /** Files and lock are released when the thread ends: libsql keeps them as long as a statement is alive. */
  close(): void
}

/** Opens a file (created if missing) or a `file:` URI. Throws what SQLite says. */
export function openDatabase(name: string): Database {
  const connection = new Libsql(name)
  return Object.freeze({
    exec: (sql: string) => {
      connection.exec(sql)
    },
    prepare(sql: string): Statement {
      const statement = connection.prepare(sql)
      return {
        run: (bound) => statement.run(bound).changes,
        rows: <Row>(bound: readonly Bound[]) => statement.all(bound) as readonly Row[],
      }
    },
    prepareText(sql: string): OneText {
      let statement = connection.prepare(sql).raw()
      return {
        text(bound) {
          try {
            return (statement.get(bound) as readonly [string] | undefined)?.[0]
          } catch (error) {
            // COMPAT(libsql ≤ 0.5.29): one that has met a damaged page says so of every row from then on.
            statement = connection.prepare(sql).raw()
            throw error
          }
        },
      }
    },
    close: () => {
      connection.close()
    },
  })
}

/** The one value of a one-row question, such as a PRAGMA. */
export function single(database: Database, sql: string): unknown {
  const row = database.prepare(sql).rows<Readonly<Record<string, unknown>>>([])[0]
  return row === undefined ? undefined : Object.values(row)[0]
}

/** SQLite's name of what went wrong (`SQLITE_FULL`, …), or undefined where the fault is not SQLite's. */
export function sqliteCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' && error.code.startsWith('SQLITE_') ? error.code : undefined
}
