/**
 * How the outbox stands, in memory: what is out, how much waits, what was counted in this transaction. It mirrors the
 * tables, which only this thread writes, so that a push costs no query; after a rollback it is recalled from them.
 */
import { type Account, type End, ends } from '../model/accounting'
import { type Database } from './sqlite-database'
import { type Storied } from './trace-lines'

/** What is counted in the table `account`. */
export type Counted = 'accepted' | 'resent' | End

const columns: readonly Counted[] = ['accepted', 'resent', ...ends]

export interface AppStanding {
  waiting: number
  out: number
  /** No delivery of the app falls due before this moment (ms since 1970); a claim makes it exact. */
  nextDue: number
}

/** A delivery that was claimed and is not settled. */
export interface Out extends Storied {
  readonly key: string | null
  /** The very text under which `lanes` has it: another one that is the same would be compared character by character. Null: no key. */
  readonly lane: string | null
  /** With which others it went out, and its place among them; 0: it has a row of its own. */
  readonly flight: number
  readonly place: number
}

/** A delivery that waits, as far as the standing knows it. */
export interface Waiter {
  readonly app: string
  readonly target: string
  readonly key: string | null
  readonly state: number
}

export interface Standing {
  /** Deliveries that wait, of all apps. */
  waiting: number
  /** Those of them that have a collapse key. */
  waitingKeyed: number
  /** Nothing that waits expires before this moment (ms since 1970). */
  nextExpiry: number
  readonly outs: Map<string, Out>
  /** Target and key of what is out, and whether another one waits behind it. */
  readonly lanes: Map<string, boolean>
  app(name: string): AppStanding
  /** Nothing falls due or expires before this moment (ms since 1970). */
  soonest(): number
  count(app: string, what: Counted, by?: number): void
  /** It left the table without having been out. */
  noLongerWaits(waiter: Waiter): void
  /** Writes what was counted; inside the transaction. */
  writeCounts(): void
  /** Reads everything anew from the tables, e.g. after a rollback. */
  recall(): void
  accounts(): ReadonlyMap<string, Account>
}

/** Names what coalesces with what. */
export function laneOf(target: string, key: string): string {
  return `${target}\n${key}`
}

export function makeStanding(database: Database): Standing {
  const apps = new Map<string, AppStanding>()
  const counts = new Map<string, Map<Counted, number>>()
  const add = database.prepare(
    `INSERT INTO account (app, ${columns.join(', ')}) VALUES (?, ${columns.map(() => '?').join(', ')})
     ON CONFLICT (app) DO UPDATE SET ${columns.map((column) => `${column} = ${column} + excluded.${column}`).join(', ')}`,
  )
  const accountRows = database.prepare('SELECT * FROM account')
  const unsettledRows = database.prepare(
    `SELECT id, app, target, class, accepted_at AS accepted, notes, collapse_key AS key, state, 0 AS flight, 0 AS place
       FROM delivery WHERE state <> 0
     UNION ALL
     SELECT id, app, target, class, accepted_at, notes, collapse_key, state, flight, place FROM aloft ORDER BY state`,
  )
  const waitingRows = database.prepare(
    `SELECT app, count(*) AS waiting, count(collapse_key) AS keyed, min(CASE state WHEN 0 THEN due_at END) AS next,
       min(expires_at) AS expiry
     FROM delivery WHERE state <> 1 GROUP BY app`,
  )

  const standing: Standing = {
    waiting: 0,
    waitingKeyed: 0,
    nextExpiry: Infinity,
    outs: new Map(),
    lanes: new Map(),
    app(name) {
      let app = apps.get(name)
      if (app === undefined) apps.set(name, (app = { waiting: 0, out: 0, nextDue: Infinity }))
      return app
    },
    soonest() {
      if (standing.waiting === 0) return Infinity
      let soonest = standing.nextExpiry
      for (const { waiting, nextDue } of apps.values()) if (waiting > 0) soonest = Math.min(soonest, nextDue)
      return soonest
    },
    count(app, what, by = 1) {
      let counted = counts.get(app)
      if (counted === undefined) counts.set(app, (counted = new Map<Counted, number>()))
      counted.set(what, (counted.get(what) ?? 0) + by)
    },
    noLongerWaits({ app, target, key, state }) {
      standing.app(app).waiting--
      standing.waiting--
      if (key === null) return
      standing.waitingKeyed--
      if (state === 2) standing.lanes.set(laneOf(target, key), false)
    },
    writeCounts() {
      for (const [app, counted] of counts) add.run([app, ...columns.map((column) => counted.get(column) ?? 0)])
      counts.clear()
    },
    recall() {
      apps.clear()
      counts.clear()
      standing.outs.clear()
      standing.lanes.clear()
      standing.waiting = 0
      standing.waitingKeyed = 0
      standing.nextExpiry = Infinity
      // What waits behind another one (2) comes after that one (1).
      type Unsettled = Omit<Out, 'lane'> & { readonly id: string; readonly state: number }
      for (const { id, state, ...row } of unsettledRows.rows<Unsettled>([])) {
        const out = { ...row, lane: row.key === null ? null : laneOf(row.target, row.key) }
        if (out.lane !== null) standing.lanes.set(out.lane, state === 2)
        if (state === 2) continue
        standing.outs.set(id, out)
        standing.app(out.app).out++
      }
      type Waiting = { app: string; waiting: number; keyed: number; next: number | null; expiry: number }
      for (const { app, waiting, keyed, next, expiry } of waitingRows.rows<Waiting>([])) {
        Object.assign(standing.app(app), { waiting, nextDue: next ?? Infinity })
        standing.waiting += waiting
        standing.waitingKeyed += keyed
        standing.nextExpiry = Math.min(standing.nextExpiry, expiry)
      }
    },
    accounts() {
      const accounts = new Map<string, Account>()
      for (const row of accountRows.rows<{ app: string } & Record<Counted, number>>([])) {
        const { waiting, out } = standing.app(row.app)
        const counted = Object.fromEntries(columns.map((column) => [column, row[column]])) as Record<Counted, number>
        accounts.set(row.app, { ...counted, waiting, inFlight: out })
      }
      return accounts
    },
  }
  return standing
}
