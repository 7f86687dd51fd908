/** Hands out what waits and is due: calls first, then by due time, domains in turn. The claim is durable with its transaction. */
import { type ContentCipher } from './content-cipher'
import { type Blob, type Database } from './sqlite-database'
import { type Field } from './sqlite-protocol'
import { type RoomLeft } from './sqlite-put'
import { type Standing, laneOf } from './sqlite-standing'
import { makeTurns } from './sqlite-turns'

interface Handed {
  readonly id: string
  readonly app: string
  readonly target: string
  readonly class: string
  readonly urgency: string
  readonly key: string | null
  readonly expires: number
  readonly accepted: number
  readonly sealed: Blob | null
  readonly due: number
  readonly seq: number
  readonly attempts: number
  readonly ambiguous: number
  readonly notes: string | null
}

export interface Claimer {
  /** Claims at most `left` of each app, less `reserved`, and takes it off `left`. Returns `HANDED_FIELDS` of each. */
  claim(which: 'calls' | 'others', now: number, left: RoomLeft, reserved: ReadonlyMap<string, number>): Field[]
  /** When the next delivery of an app that has room falls due; `Infinity` if none will by itself. */
  nextDue(left: RoomLeft): number
}

/** A domain's turn is so small a part of the room, but one at least. */
const SHARES = 16

export function makeClaimer(database: Database, standing: Standing, cipher: ContentCipher): Claimer {
  const of = { calls: "class = 'call'", others: "class <> 'call'" } as const
  const takeSql = (which: string) => `
    UPDATE delivery SET state = 1 WHERE id IN (
      SELECT id FROM delivery WHERE app = ? AND state = 0 AND ${which} AND due_at <= ? ORDER BY due_at, seq LIMIT ?
    ) RETURNING id, app, target, class, urgency, collapse_key AS key, expires_at AS expires, accepted_at AS accepted,
      sealed, due_at AS due, seq, attempts, ambiguous, notes`
  const take = { calls: database.prepare(takeSql(of.calls)), others: database.prepare(takeSql(of.others)) }
  const takeOfDomain = database.prepare(takeSql(`domain = ? AND ${of.others}`))
  const turns = makeTurns(database)
  const nextSql = (which: string) => `SELECT min(due_at) AS due FROM delivery WHERE app = ? AND state = 0 AND ${which}`
  const next = [database.prepare(nextSql(of.calls)), database.prepare(nextSql(of.others))]

  const remember = (row: Handed): void => {
    const app = standing.app(row.app)
    app.waiting--
    app.out++
    standing.waiting--
    const { id, app: name, target, class: kind, accepted, notes, key } = row
    const lane = key === null ? null : laneOf(target, key)
    standing.outs.set(id, { app: name, target, class: kind, accepted, notes, key, lane, flight: 0, place: 0 })
    if (lane === null) return
    standing.waitingKeyed--
    standing.lanes.set(lane, false)
  }

  const fields = (row: Handed): Field[] => [
    row.id,
    row.app,
    row.target,
    row.class,
    row.urgency,
    row.key,
    row.expires,
    row.accepted,
    row.attempts,
    row.ambiguous,
    row.sealed === null ? null : cipher.open(new Uint8Array(row.sealed), `delivery ${row.id}`),
  ]

  /** Of a backlog: of each domain in turn a few, as long as there is room. */
  const inTurn = (app: string, now: number, limit: number): readonly Handed[] => {
    const found: Handed[] = []
    const share = Math.max(1, Math.floor(limit / SHARES))
    for (const domain of turns.next(app)) {
      found.push(...takeOfDomain.rows<Handed>([app, domain, now, Math.min(share, limit - found.length)]))
      if (found.length === limit) break
    }
    return found
  }

  return Object.freeze({
    claim(which: 'calls' | 'others', now: number, left: RoomLeft, reserved: ReadonlyMap<string, number>) {
      const found: Handed[] = []
      for (const [name, room] of left) {
        const app = standing.app(name)
        const limit = room - (reserved.get(name) ?? 0)
        if (limit <= 0 || app.waiting === 0 || app.nextDue > now) continue
        const first = which === 'others' && app.waiting > limit ? inTurn(name, now, limit) : []
        const more = limit === first.length ? [] : take[which].rows<Handed>([name, now, limit - first.length])
        const rows = [...first, ...more]
        rows.forEach(remember)
        found.push(...rows)
        left.set(name, room - rows.length)
        if (which === 'calls' || rows.length === limit) continue
        const dues = next.map((statement) => statement.rows<{ due: number | null }>([name])[0]?.due ?? Infinity)
        app.nextDue = Math.min(...dues)
      }
      return found.sort((a, b) => a.due - b.due || a.seq - b.seq).flatMap(fields)
    },
    nextDue(left: RoomLeft) {
      let soonest = Infinity
      for (const [name, room] of left) if (room > 0) soonest = Math.min(soonest, standing.app(name).nextDue)
      return soonest
    },
  })
}
