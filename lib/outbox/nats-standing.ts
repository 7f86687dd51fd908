/**
 * Every delivery in hand, in memory: what waits in which order, what is out, what stands behind what. Moves rows between
 * these states and keeps the counts of them true; decides nothing and writes nothing.
 */
import { type Heap, makeHeap } from './nats-heap'
import { type Row } from './nats-row'

/** A row in a queue; stale where the row has moved since. */
interface Entry {
  readonly at: number
  readonly row: Row
  readonly ticket: number
}

interface Lane {
  out?: Row | undefined
  waiting?: Row | undefined
}

interface AppStanding {
  waiting: number
  out: number
  readonly calls: Heap<Entry>
  readonly others: Heap<Entry>
  /** The same as `others`, by domain; the one whose turn is next comes first. */
  readonly domains: Map<string, Heap<Entry>>
}

export interface Standing {
  readonly rows: ReadonlyMap<number, Row>
  /** Deliveries that wait, of all apps. */
  readonly waiting: number
  readonly apps: ReadonlyMap<string, AppStanding>
  byId(id: string): Row | undefined
  /** What is out, and what waits, of the same target and key; of none, where it has no key. */
  laneOf(row: Pick<Row, 'target' | 'key'>): Readonly<Lane> | undefined
  /** It waits from now on, as its `due` says, or behind the one of its lane that is out. */
  wait(row: Row): void
  goOut(row: Row): void
  /** It is no more. */
  drop(row: Row): void
  /** The first of an app that is due: a call, or any other, or any other of the domain whose turn it is. */
  first(app: string, which: 'calls' | 'others' | 'turn', now: number): Row | undefined
  /** When the next falls due that `has` room, or expires: Infinity where none ever does. */
  nextDue(app: string): number
  nextExpiry(): number
  /** What waits and has expired. */
  expired(now: number): Row | undefined
  /** Brings the queues in order after `due` or `expires` were changed of what waits. */
  rebuild(): void
}

const isBefore = (one: Entry, other: Entry): boolean =>
  one.at < other.at || (one.at === other.at && one.row.seq < other.row.seq)

const isStale = ({ row, ticket }: Entry): boolean => row.ticket !== ticket
const makeQueue = (): Heap<Entry> => makeHeap(isBefore, isStale)

function firstOf(heap: Heap<Entry>): Entry | undefined {
  for (;;) {
    const entry = heap.first()
    if (entry === undefined || !isStale(entry)) return entry
    heap.shift()
  }
}

export function makeStanding(): Standing {
  const rows = new Map<number, Row>()
  const ids = new Map<string, Row>()
  const lanes = new Map<string, Lane>()
  const apps = new Map<string, AppStanding>()
  let expiries = makeQueue()
  let waiting = 0

  const appOf = (name: string): AppStanding => {
    const known = apps.get(name)
    if (known !== undefined) return known
    const app = { waiting: 0, out: 0, calls: makeQueue(), others: makeQueue(), domains: new Map<string, Heap<Entry>>() }
    apps.set(name, app)
    return app
  }
  const laneName = ({ target, key }: Pick<Row, 'target' | 'key'>): string => `${target}\n${key ?? ''}`
  const enqueue = (row: Row): void => {
    const app = appOf(row.app)
    const entry = { at: row.due, row, ticket: row.ticket }
    if (row.class === 'call') return app.calls.push(entry)
    app.others.push(entry)
    const domain = app.domains.get(row.domain) ?? makeQueue()
    app.domains.set(row.domain, domain)
    domain.push(entry)
  }
  const newTicket = (row: Row): void => {
    row.ticket++
    expiries.push({ at: row.expires, row, ticket: row.ticket })
  }

  /** Takes it out of whatever it is in; who waits behind it may go. */
  const detach = (row: Row): void => {
    row.ticket++
    if (row.state === 'waiting') {
      appOf(row.app).waiting--
      waiting--
    } else if (row.state === 'out') appOf(row.app).out--
    if (row.key === null) return
    const name = laneName(row)
    const lane = lanes.get(name)
    if (lane === undefined) return
    if (lane.waiting === row) lane.waiting = undefined
    if (lane.out === row) {
      lane.out = undefined
      if (lane.waiting !== undefined) {
        newTicket(lane.waiting)
        enqueue(lane.waiting)
      }
    }
    if (lane.out === undefined && lane.waiting === undefined) lanes.delete(name)
  }
  const laneFor = (row: Row): Lane | undefined => {
    if (row.key === null) return undefined
    const lane = lanes.get(laneName(row)) ?? {}
    lanes.set(laneName(row), lane)
    return lane
  }
  const know = (row: Row): void => {
    rows.set(row.seq, row)
    ids.set(row.id, row)
  }

  const nextTurn = (app: AppStanding, now: number): Row | undefined => {
    for (let looks = app.domains.size; looks > 0; looks--) {
      const next = app.domains.entries().next()
      if (next.done === true) return undefined
      const [domain, heap] = next.value
      app.domains.delete(domain)
      const entry = firstOf(heap)
      if (entry === undefined) continue
      app.domains.set(domain, heap)
      if (entry.at <= now) return entry.row
    }
    return undefined
  }

  return Object.freeze({
    rows,
    apps,
    get waiting() {
      return waiting
    },
    byId: (id: string) => ids.get(id),
    laneOf: (row: Pick<Row, 'target' | 'key'>) => (row.key === null ? undefined : lanes.get(laneName(row))),
    wait(row: Row) {
      if (row.state !== 'new') detach(row)
      know(row)
      row.state = 'waiting'
      appOf(row.app).waiting++
      waiting++
      newTicket(row)
      const lane = laneFor(row)
      if (lane !== undefined) lane.waiting = row
      if (lane?.out === undefined) enqueue(row)
    },
    goOut(row: Row) {
      if (row.state !== 'new') detach(row)
      know(row)
      row.state = 'out'
      appOf(row.app).out++
      const lane = laneFor(row)
      if (lane !== undefined) lane.out = row
    },
    drop(row: Row) {
      detach(row)
      row.state = 'gone'
      rows.delete(row.seq)
      ids.delete(row.id)
    },
    first(name: string, which: 'calls' | 'others' | 'turn', now: number) {
      const app = apps.get(name)
      if (app === undefined) return undefined
      if (which === 'turn') return nextTurn(app, now)
      const entry = firstOf(app[which])
      return entry !== undefined && entry.at <= now ? entry.row : undefined
    },
    nextDue(name: string) {
      const app = apps.get(name)
      if (app === undefined) return Infinity
      return Math.min(firstOf(app.calls)?.at ?? Infinity, firstOf(app.others)?.at ?? Infinity)
    },
    nextExpiry: () => firstOf(expiries)?.at ?? Infinity,
    expired(now: number) {
      const entry = firstOf(expiries)
      return entry !== undefined && entry.at <= now ? entry.row : undefined
    },
    rebuild() {
      expiries = makeQueue()
      for (const row of rows.values()) {
        if (row.state !== 'waiting') continue
        newTicket(row)
        const lane = row.key === null ? undefined : lanes.get(laneName(row))
        if (lane?.out === undefined) enqueue(row)
      }
    },
  } satisfies Standing)
}
