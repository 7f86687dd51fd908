/**
 * Puts a batch of deliveries: decides for each whether it goes at once, waits, waits behind one that is out, replaces one
 * that waits, or finds the outbox full; then writes all of it. The decisions touch nothing, so that they can be made anew
 * where a delivery turns out to be known already.
 */
import { bareTarget } from './bare-target'
import { type ContentCipher } from './content-cipher'
import { type AloftRow } from './sqlite-aloft'
import { type Bounds } from './sqlite-bounds'
import { type Bound, type Database, sqliteCode } from './sqlite-database'
import { type Flights } from './sqlite-flights'
import { type Field } from './sqlite-protocol'
import { PUT_FIELDS } from './sqlite-rows'
import { type Out, type Standing, laneOf } from './sqlite-standing'
import { type TraceLog } from './sqlite-trace'
import { type Storied, coalescedLine } from './trace-lines'
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
  /** Its place in the batch. */
  readonly index: number
  readonly target: string
  readonly key: string | null
  readonly lane: string | null
}

type OnDisk = Waiting & Storied & { readonly key: string }

/** A delivery that a newer one replaces. */
interface Outdated extends Storied {
  readonly id: string
  readonly by: string
}

interface Plan {
  /** One per delivery of the batch, as in `Done.puts`. */
  readonly letters: string[]
  /** One per delivery of the batch; absent where there is nothing to write, or a later one replaced it. */
  readonly rows: (Planned | undefined)[]
  /** Rows on disk that were replaced. */
  readonly replaced: Outdated[]
  /** Deliveries replaced within the batch. */
  readonly outdated: Outdated[]
  readonly left: RoomLeft
}

function storyOf(puts: readonly Field[], index: number, target: string): Storied {
  const at = index * PUT_FIELDS
  return {
    target,
    app: puts[at + 1] as string,
    class: puts[at + 3] as string,
    accepted: puts[at + 7] as number,
    notes: puts[at + 11] as string,
  }
}

/** Field by field: an object that is spread and added to has a hidden class of its own, each time. */
function outOf(puts: readonly Field[], row: Planned, flight: number, place: number): Out {
  const { app, class: kind, accepted, notes } = storyOf(puts, row.index, row.target)
  return { target: row.target, app, class: kind, accepted, notes, key: row.key, lane: row.lane, flight, place }
}

function aloftOf(puts: readonly Field[], { index, id, app, target, key }: Planned): AloftRow {
  const at = index * PUT_FIELDS
  const [cls, urgency, , expires, accepted, , text, , notes, domain] = puts.slice(at + 3, at + PUT_FIELDS) as [
    ...[string, string, unknown, number, number, unknown, string | null, unknown, string | null, string],
  ]
  return [id, app, target, cls, urgency, key, expires, accepted, notes, domain, text === null ? 0 : 1]
}

export type Putter = (puts: readonly Field[], left: RoomLeft, now: number) => string

export function makePutter(
  database: Database,
  standing: Standing,
  flights: Pick<Flights, 'begin'>,
  traces: Pick<TraceLog, 'add'>,
  cipher: ContentCipher,
  bounds: Pick<Bounds, 'admits'>,
): Putter {
  const common = 'id, app, target, class, urgency, collapse_key, expires_at, accepted_at, sealed, notes, domain'
  const insertWaiting = prepareWide(
    database,
    `INSERT INTO delivery (${common}, state, due_at, seq, attempts, ambiguous) VALUES `,
    '(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)',
  )
  const remove = prepareWide(database, 'DELETE FROM delivery WHERE id IN (', '?', ')')
  const knownIds = prepareWide(database, 'SELECT id FROM delivery WHERE id IN (', '?', ')')
  const waitingOf = prepareWide(
    database,
    `SELECT d.target, d.collapse_key AS key, d.id, d.app, d.state, d.due_at AS due, d.attempts, d.class,
       d.accepted_at AS accepted, d.notes FROM (VALUES `,
    '(?, ?)',
    `) AS lane CROSS JOIN delivery AS d ON d.target = lane.column1 AND d.collapse_key = lane.column2 AND d.state <> 1`,
  )
  let seq = 0

  /** What tombstones, limits and coalescing are keyed by; a bare address is told from others only by those with the key. */
  const targetOf = (puts: readonly Field[], at: number): string =>
    puts[at + 2] === null ? bareTarget(cipher, String(puts[at + 1]), String(puts[at + 8])) : (puts[at + 2] as string)

  const waitingLanes = (puts: readonly Field[], targets: readonly string[]): Map<string, OnDisk> => {
    const lanes: Bound[] = []
    if (standing.waitingKeyed > 0) {
      targets.forEach((target, index) => {
        const key = puts[index * PUT_FIELDS + 5]
        if (typeof key === 'string') lanes.push(target, key)
      })
    }
    const found = waitingOf.rows<OnDisk>(lanes)
    return new Map(found.map((row) => [laneOf(row.target, row.key), row]))
  }

  const decide = (
    puts: readonly Field[],
    targets: readonly string[],
    known: Set<string>,
    room: RoomLeft,
    now: number,
  ): Plan => {
    const plan: Plan = { letters: [], rows: [], replaced: [], outdated: [], left: new Map(room) }
    const onDisk = waitingLanes(puts, targets)
    for (const { id } of onDisk.values()) known.add(id)
    const planned = new Map<string, number>()
    const leaving = new Set<string>()
    let waiting = standing.waiting
    const ofApps = new Map<string, number>()
    const one = (index: number, target: string): string => {
      const at = index * PUT_FIELDS
      const id = puts[at] as string
      const app = puts[at + 1] as string
      const key = puts[at + 5] as string | null
      if (known.has(id) || standing.outs.has(id)) return 'k'
      const lane = key === null ? null : laneOf(target, key)
      const row = { id, app, index, target, key, lane, state: 0, due: puts[at + 10] as number, attempts: 0 }
      if (lane !== null) {
        const before = planned.get(lane)
        const older = before === undefined ? onDisk.get(lane) : plan.rows[before]
        if (older !== undefined) {
          // It takes the older one's place in the schedule too: a burst must not undo the pause a busy device asked for.
          plan.rows[index] = { ...row, state: older.state, due: older.due, attempts: older.attempts }
          if (before === undefined) {
            const replaced = onDisk.get(lane)
            if (replaced !== undefined) plan.replaced.push({ ...replaced, by: id })
          } else {
            plan.rows[before] = undefined
            plan.outdated.push({ ...storyOf(puts, before, target), id: older.id, by: id })
          }
          planned.set(lane, index)
          known.add(id)
          return 'k'
        }
        if (leaving.has(lane) || standing.lanes.has(lane)) row.state = 2
      }
      const left = row.state === 0 && row.due <= now ? (plan.left.get(app) ?? 0) : 0
      const ofApp = ofApps.get(app) ?? standing.app(app).waiting
      if (left === 0 && !bounds.admits(app, ofApp, waiting)) return 'f'
      known.add(id)
      plan.rows[index] = row
      if (left > 0) {
        row.state = 1
        plan.left.set(app, left - 1)
        if (lane !== null) leaving.add(lane)
        return 'c'
      }
      waiting++
      ofApps.set(app, ofApp + 1)
      if (lane !== null) planned.set(lane, index)
      return 'k'
    }
    const isCall = (index: number) => puts[index * PUT_FIELDS + 3] === 'call'
    targets.forEach((target, index) => isCall(index) && (plan.letters[index] = one(index, target)))
    targets.forEach((target, index) => isCall(index) || (plan.letters[index] = one(index, target)))
    return plan
  }

  /** Returns the flight of those that go at once; 0: none does. */
  const write = (puts: readonly Field[], plan: Plan): number => {
    if (plan.replaced.length > 0) remove.run(plan.replaced.map(({ id }) => id))
    const outs: AloftRow[] = []
    const texts: (string | null)[] = []
    const waits: Bound[] = []
    for (const row of plan.rows) {
      if (row === undefined) continue
      const at = row.index * PUT_FIELDS
      const text = puts[at + 9] as string | null
      if (row.state === 1) {
        outs.push(aloftOf(puts, row))
        texts.push(text)
        continue
      }
      waits.push(row.id, row.app, row.target)
      for (let field = at + 3; field < at + 8; field++) waits.push(puts[field] ?? null)
      waits.push(text === null ? null : cipher.seal(text, `delivery ${row.id}`))
      waits.push(puts[at + 11] ?? null, puts[at + 12] ?? '', row.state, row.due, ++seq, row.attempts)
    }
    insertWaiting.run(waits)
    return outs.length === 0 ? 0 : flights.begin(outs, texts)
  }

  /** Ids that have a row already, of those that would go at once: nothing else keeps them from going twice. */
  const knownOf = ({ rows }: Plan): readonly string[] => {
    if (standing.waiting === 0) return []
    const ids = rows.flatMap((row) => (row?.state === 1 ? [row.id] : []))
    return knownIds.rows<{ id: string }>(ids).map(({ id }) => id)
  }

  const remember = (puts: readonly Field[], plan: Plan, flight: number, now: number): void => {
    let place = 0
    for (const { id, app, by, ...story } of plan.replaced) {
      traces.add(coalescedLine(id, { app, ...story }, now, by))
      standing.app(app).waiting--
      standing.waiting--
      standing.waitingKeyed--
      standing.count(app, 'coalesced')
    }
    for (const { id, app, by, ...story } of plan.outdated) {
      traces.add(coalescedLine(id, { app, ...story }, now, by))
      standing.count(app, 'accepted')
      standing.count(app, 'coalesced')
    }
    for (const row of plan.rows) {
      if (row === undefined) continue
      const { id, app, index, lane, state, due } = row
      const its = standing.app(app)
      standing.count(app, 'accepted')
      if (state === 1) {
        its.out++
        standing.outs.set(id, outOf(puts, row, flight, place++))
        if (lane !== null) standing.lanes.set(lane, false)
        continue
      }
      its.waiting++
      standing.waiting++
      if (lane !== null) standing.waitingKeyed++
      standing.nextExpiry = Math.min(standing.nextExpiry, Number(puts[index * PUT_FIELDS + 6]))
      if (state === 0) its.nextDue = Math.min(its.nextDue, due)
      else if (lane !== null) standing.lanes.set(lane, true)
    }
  }

  return (puts, left, now) => {
    if (puts.length === 0) return ''
    const targets: string[] = []
    for (let at = 0; at < puts.length; at += PUT_FIELDS) targets.push(targetOf(puts, at))
    let plan = decide(puts, targets, new Set(), left, now)
    const known = knownOf(plan)
    if (known.length > 0) plan = decide(puts, targets, new Set(known), left, now)
    let flight = 0
    database.exec('SAVEPOINT put')
    try {
      flight = write(puts, plan)
    } catch (error) {
      if (sqliteCode(error) !== 'SQLITE_CONSTRAINT_PRIMARYKEY') throw error
      database.exec('ROLLBACK TO put')
      const ids = targets.map((_, index) => puts[index * PUT_FIELDS] as string)
      plan = decide(puts, targets, new Set(knownIds.rows<{ id: string }>(ids).map(({ id }) => id)), left, now)
      flight = write(puts, plan)
    }
    database.exec('RELEASE put')
    remember(puts, plan, flight, now)
    for (const [app, room] of plan.left) left.set(app, room)
    return plan.letters.join('')
  }
}
