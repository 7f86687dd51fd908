/** What a killed process left in its database, read from a copy of the files: the original is left for the next life to recover. */
import { copyFileSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { closes, type Account } from '../../lib/model/accounting'
import { openDatabase } from '../../lib/stores/sqlite-database'

/** One delivery that had not come to its end. */
export interface Left {
  readonly id: string
  readonly app: string
  readonly class: string
  /** It was claimed: an attempt may have been under way. */
  readonly isOut: boolean
  /** It had been out at an earlier kill already. */
  readonly ambiguous: boolean
}

export interface Snapshot {
  readonly left: readonly Left[]
  readonly accounts: ReadonlyMap<string, Account>
  /** Whether the books of all apps close at this very moment. */
  readonly closes: boolean
}

type Row = Omit<Left, 'isOut' | 'ambiguous'> & { readonly state: number; readonly ambiguous: number }

/** Undefined where there are no tables yet. `at`: a folder for the copy, which is made. */
export function snapshot(file: string, at: string): Snapshot | undefined {
  mkdirSync(at, { recursive: true })
  const copy = join(at, 'copy.db')
  for (const suffix of ['-wal', '']) if (existsSync(file + suffix)) copyFileSync(file + suffix, copy + suffix)
  if (!existsSync(copy)) return undefined
  const database = openDatabase(copy)
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE name = 'unended'").rows<{ name: string }>([])
  if (tables.length === 0) return undefined
  const rows = database.prepare('SELECT id, app, class, state, ambiguous FROM unended').rows<Row>([])
  const counted = database
    .prepare('SELECT * FROM account')
    .rows<{ app: string } & Omit<Account, 'waiting' | 'inFlight'>>([])
  database.close()
  const left = rows.map(({ id, app, class: cls, state, ambiguous }) => {
    return { id, app, class: cls, isOut: state === 1, ambiguous: ambiguous === 1 }
  })
  const accounts = new Map(
    counted.map(({ app, ...counts }) => {
      const own = left.filter((each) => each.app === app)
      const inFlight = own.filter(({ isOut }) => isOut).length
      return [app, { ...counts, inFlight, waiting: own.length - inFlight }]
    }),
  )
  const isBooked = left.every(({ app }) => accounts.has(app))
  return { left, accounts, closes: isBooked && [...accounts.values()].every(closes) }
}
