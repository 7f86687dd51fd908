/**
 * Puts a batch of deliveries: decides for each whether it goes at once, waits, waits behind one that is out, replaces one
 * that waits, or finds the outbox full; then writes all of it. The decisions touch nothing, so that they can be made anew
 * where a delivery turns out to be known already.
 */
import { type ContentCipher } from './content-cipher'
import { type Bound, type Database, sqliteCode } from './sqlite-database'
import { type Field } from './sqlite-protocol'
import { PUT_FIELDS } from './sqlite-rows'
import { type Standing, laneOf } from './sqlite-standing'
import { prepareWide } from './sqlite-wide'

/** Room that the waiting claim has left, by app. */
export type RoomLeft = Map<string, number>

interface Waiting {
  readonly id: string
  readonly app: string
  readonly state: number
  readonly due: number
  readonly attempts: number
}

interface Planned extends Waiting {
  readonly at: number
  readonly target: string
  readonly key: string | null
}

interface Plan {
  readonly letters: string[]
  /** By position in the batch, so that a later one can replace an earlier one. */
  readonly rows: Map<number, Planned>
  /** Rows on disk that were replaced. */
  readonly replaced: Waiting[]
  readonly counts: { readonly app: string; readonly coalesced: boolean }[]
  readonly left: RoomLeft
}

export type Putter = (puts: readonly Field[], left: RoomLeft) => string

export function makePutter(database: Database, standing: Standing, cipher: ContentCipher, maxWaiting: number): Putter {
  const common = 'id, app, target, class, urgency, collapse_key, expires_at, accepted_at, sealed'
  const insertOut = prepareWide(
    database,
    `INSERT INTO delivery (${common}, state, due_at, seq, attempts, ambiguous) VALUES `,
    '(?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 0, 0, 0, 0)',
  )
  const insertWaiting = prepareWide(
    database,
    `INSERT INTO delivery (${common}, state, due_at, seq, attempts, ambiguous) VALUES `,
    '(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)',
  )
  const remove = prepareWide(database, 'DELETE FROM delivery WHERE id IN (', '?', ')')
  const knownIds = prepareWide(database, 'SELECT id FROM delivery WHERE id IN (', '?', ')')
  const waitingOf = prepareWide(
    database,
    `SELECT d.target, d.collapse_key AS key, d.id, d.app, d.state, d.due_at AS due, d.attempts FROM (VALUES `,
    '(?, ?)',
    `) AS lane CROSS JOIN delivery AS d ON d.target = lane.column1 AND d.collapse_key = lane.column2 AND d.state <> 1`,
  )
  let seq = 0

  /** Class, collapse key and target of the delivery whose fields begin at `at`. */
  const target = (puts: readonly Field[], at: number): string =>
    puts[at + 2] === null ? `address:${cipher.hash(`${puts[at + 1]}\n${puts[at + 8]}`)}` : String(puts[at + 2])

  const waitingLanes = (puts: readonly Field[], targets: readonly string[]): Map<string, Waiting> => {
    const lanes: Bound[] = []
    if (standing.waitingKeyed > 0) {
      targets.forEach((target, index) => {
        const key = puts[index * PUT_FIELDS + 5]
        if (typeof key === 'string') lanes.push(target, key)
      })
    }
    const found = waitingOf.rows<Waiting & { target: string; key: string }>(lanes)
    return new Map(found.map((row) => [laneOf(row.target, row.key), row]))
  }

  const decide = (puts: readonly Field[], targets: readonly string[], known: Set<string>, room: RoomLeft): Plan => {
    const plan: Plan = { letters: [], rows: new Map(), replaced: [], counts: [], left: new Map(room) }
    const onDisk = waitingLanes(puts, targets)
    const planned = new Map<string, Planned>()
    const leaving = new Set<string>()
    let waiting = standing.waiting
    const one = (index: number): string => {
      const at = index * PUT_FIELDS
      const id = String(puts[at])
      const app = String(puts[at + 1])
      const key = puts[at + 5] as string | null
      const target = targets[index] ?? ''
      if (known.has(id)) return 'k'
      known.add(id)
      const lane = key === null ? undefined : laneOf(target, key)
      const base = { id, app, at, target, key, due: Number(puts[at + 7]), attempts: 0 }
      const older = lane === undefined ? undefined : (planned.get(lane) ?? onDisk.get(lane))
      if (lane !== undefined && older !== undefined) {
        // It takes the older one's place in the schedule too: a burst must not undo the pause a busy device asked for.
        const row = { ...base, state: older.state, due: older.due, attempts: older.attempts }
        const before = planned.get(lane)
        if (before === undefined) plan.replaced.push(older)
        else plan.rows.delete(before.at)
        planned.set(lane, row)
        plan.rows.set(at, row)
        plan.counts.push({ app: older.app, coalesced: true }, { app, coalesced: false })
        return 'k'
      }
      const behind = lane !== undefined && (leaving.has(lane) || standing.lanes.has(lane))
      const left = plan.left.get(app) ?? 0
      if (!behind && left > 0) {
        plan.left.set(app, left - 1)
        if (lane !== undefined) leaving.add(lane)
        plan.rows.set(at, { ...base, state: 1 })
        plan.counts.push({ app, coalesced: false })
        return 'c'
      }
      if (waiting >= maxWaiting) {
        known.delete(id)
        return 'f'
      }
      waiting++
      const row = { ...base, state: behind ? 2 : 0 }
      if (lane !== undefined) planned.set(lane, row)
      plan.rows.set(at, row)
      plan.counts.push({ app, coalesced: false })
      return 'k'
    }
    const isCall = (index: number) => puts[index * PUT_FIELDS + 3] === 'call'
    targets.forEach((_, index) => isCall(index) && (plan.letters[index] = one(index)))
    targets.forEach((_, index) => isCall(index) || (plan.letters[index] = one(index)))
    return plan
  }

  const write = (puts: readonly Field[], plan: Plan): void => {
    remove.run(plan.replaced.map(({ id }) => id))
    const outs: Bound[] = []
    const waits: Bound[] = []
    for (const { id, app, at, target, key, state, due, attempts } of plan.rows.values()) {
      const text = puts[at + 9]
      const sealed = typeof text === 'string' ? cipher.seal(text, `delivery ${id}`) : null
      const values = state === 1 ? outs : waits
      const [cls, urgency, , expires, accepted] = puts.slice(at + 3, at + 8) as Bound[]
      values.push(id, app, target, cls ?? null, urgency ?? null, key, expires ?? null, accepted ?? null, sealed)
      if (state !== 1) waits.push(state, due, ++seq, attempts)
    }
    insertOut.run(outs)
    insertWaiting.run(waits)
  }

  const remember = (plan: Plan): void => {
    for (const { app } of plan.replaced) {
      standing.app(app).waiting--
      standing.waiting--
      standing.waitingKeyed--
    }
    for (const { id, app, target, key, state, due } of plan.rows.values()) {
      const its = standing.app(app)
      if (state === 1) {
        its.out++
        standing.outs.set(id, { app, target, key })
        if (key !== null) standing.lanes.set(laneOf(target, key), false)
        continue
      }
      its.waiting++
      standing.waiting++
      if (key !== null) standing.waitingKeyed++
      if (state === 0) its.nextDue = Math.min(its.nextDue, due)
      else if (key !== null) standing.lanes.set(laneOf(target, key), true)
    }
    for (const { app, coalesced } of plan.counts) standing.count(app, coalesced ? 'coalesced' : 'accepted')
  }

  return (puts, left) => {
    if (puts.length === 0) return ''
    const targets: string[] = []
    for (let at = 0; at < puts.length; at += PUT_FIELDS) targets.push(target(puts, at))
    let plan = decide(puts, targets, new Set(), left)
    database.exec('SAVEPOINT put')
    try {
      write(puts, plan)
    } catch (error) {
      if (sqliteCode(error) !== 'SQLITE_CONSTRAINT_PRIMARYKEY') throw error
      database.exec('ROLLBACK TO put')
      const ids = targets.map((_, index) => puts[index * PUT_FIELDS] as string)
      plan = decide(puts, targets, new Set(knownIds.rows<{ id: string }>(ids).map(({ id }) => id)), left)
      write(puts, plan)
    }
    database.exec('RELEASE put')
    remember(plan)
    for (const [app, room] of plan.left) left.set(app, room)
    return plan.letters.join('')
  }
}
