/**
 * The outbox at work: whatever is handed in while a turn is being written down makes up the next one. A turn settles,
 * releases, ends what expired, claims, takes in what came, writes all of it to the journals, and only then answers.
 */
import { type Clock } from '../clock'
import { closed } from '../model/unavailable'
import { type Claimed, type Room, type Settlement } from '../outbox/outbox'
import { type Changes, commitOf } from './nats-changes'
import { addCounts } from './nats-journal'
import { type Own, writeCommit } from './nats-partition'
import { type Row } from './nats-row'
import { type RoomLeft, type Rules } from './nats-rules'
import { type Standing } from './nats-standing'
import { type Streams } from './nats-streams'

export interface TurnsOptions {
  readonly clock: Clock
  readonly streams: Streams
  readonly standing: Standing
  readonly changes: Changes
  readonly rules: Rules
  readonly owned: ReadonlyMap<number, Own>
  /** Another instance has it. */
  readonly lose: (own: Own) => void
  readonly took: (rows: readonly Row[]) => void
  /** After a turn: what is not urgent. */
  readonly after: () => Promise<void>
  readonly open: (row: Row) => Claimed | undefined
  /** Tries until it works, telling why it does not. Rejects once closed. */
  readonly untilWell: <T>(work: () => Promise<T>) => Promise<T>
}

interface HandedIn<T = unknown> {
  /** So many deliveries it concerns. */
  readonly weight: number
  readonly work: (now: number) => T
  readonly done: (answer: T) => void
  readonly failed: (error: Error) => void
}

export interface Turns {
  settle(settlements: readonly Settlement[]): Promise<void>
  claim(room: Room): Promise<readonly Claimed[]>
  /** Runs inside a turn; resolves once what it changed is durable. */
  ask<T>(work: (now: number) => T, weight?: number): Promise<T>
  /** Looks once everything that came before is taken in and durable. */
  look<T>(work: () => T): Promise<T>
  wake(): void
  /** Room that the waiting claim has for an app. */
  room(app: string): number
  /** Ends the claim that waits, and all that is handed in once the turns before are written. */
  close(): Promise<void>
}

/** Settlements of one turn: a message of the journal must hold what became of them. */
export const STRETCH = 250
const MOST_ARRIVALS = 1000
/** A timer never sleeps longer, so that a machine's clock that was set forward is noticed. */
const MAX_NAP_MS = 60_000
/** A wall clock that is drawn back by less was not set. */
const CLOCK_SLACK_MS = 2000

export function makeTurns(options: TurnsOptions): Turns {
  const { clock, streams, standing, changes, rules, owned, lose, open, untilWell } = options
  let handedIn: HandedIn[] = []
  const released: Row[] = []
  let waiting: { readonly room: Room; resolve(claimed: readonly Claimed[]): void } | undefined
  let isAtWork = false
  let isAwake = false
  let isClosed = false
  let idle: (() => void) | undefined
  let cancelNap = (): void => undefined
  let origin = clock.now() - clock.elapsed()

  const setBack = (now: number): void => {
    const before = origin
    origin = now - clock.elapsed()
    if (before - origin <= CLOCK_SLACK_MS) return
    const coming = [...owned.values()].flatMap((own) => [...own.arrivals.values()])
    rules.setBack([...standing.rows.values(), ...coming], before - origin, now)
    // Too many rows for the journal's message: the state is saved instead.
    for (const own of owned.values()) Object.assign(own, { unsaved: Infinity, at: now })
  }

  const arrivals = (): readonly Row[] => {
    const rows: Row[] = []
    for (const own of owned.values()) {
      if (own.parked !== undefined || own.received !== undefined) continue
      let count = 0
      for (const [seq, row] of own.arrivals) {
        if (count++ === MOST_ARRIVALS) break
        rows.push(row)
        own.arrivals.delete(seq)
        own.took = seq
      }
      if (own.arrivals.size === 0) own.took = own.arrived
      else isAwake = true
    }
    options.took(rows)
    return rows.sort((one, other) => one.seq - other.seq)
  }

  /**
   * What fits goes at once, so that the first of a burst is sent and the last; where room is scarce, all that came stands in
   * line first, for partitions don't come in step.
   */
  const handOut = (fresh: readonly Row[], now: number): readonly Row[] => {
    const left: RoomLeft = new Map(waiting?.room)
    const coming = new Map<string, number>()
    for (const { app } of fresh) coming.set(app, (coming.get(app) ?? 0) + 1)
    const isScarce = (app: string): boolean =>
      (left.get(app) ?? 0) < (coming.get(app) ?? 0) + (standing.apps.get(app)?.waiting ?? 0)
    const scarce = new Set([...coming.keys()].filter(isScarce))
    rules.takeIn(
      fresh.filter(({ app }) => scarce.has(app)),
      new Map(),
      now,
    )
    const found = [...rules.claim('calls', left, now), ...rules.claim('others', left, now)]
    const atOnce = rules.takeIn(
      fresh.filter(({ app }) => !scarce.has(app)),
      left,
      now,
    )
    return [...found, ...atOnce].sort((one, other) => one.due - other.due || one.seq - other.seq)
  }

  const write = async (now: number): Promise<void> => {
    const gathered = changes.take()
    const work = [...gathered].map(async ([partition, its]) => {
      const own = owned.get(partition)
      if (own === undefined) return
      const commit = commitOf(its, now, own.took)
      if (!(await writeCommit(own, commit, { streams, untilWell }))) return lose(own)
      own.at = Math.max(own.at, now)
      for (const [app, counts] of its.counts) addCounts(own.counts, app, counts)
      changes.written(its.ended)
      for (const row of its.ended) row.ack()
    })
    await Promise.all(work)
  }

  /** The claim may be another than the one the turn began with: what it has no room for goes back. */
  const fill = (found: readonly Row[]): void => {
    const left = new Map(waiting?.room)
    const taken: Claimed[] = []
    const isCall = (row: Row) => row.class === 'call'
    for (const row of [...found.filter(isCall), ...found.filter((each) => !isCall(each))]) {
      if (row.state !== 'out' || !owned.has(row.partition)) continue
      const room = left.get(row.app) ?? 0
      const claimed = room > 0 ? open(row) : undefined
      if (claimed !== undefined) taken.push(claimed)
      else if (room <= 0) released.push(row)
      if (claimed !== undefined) left.set(row.app, room - 1)
    }
    if (released.length > 0) wake()
    if (taken.length === 0) return
    waiting?.resolve(taken)
    waiting = undefined
  }

  const nap = (): void => {
    cancelNap()
    if (isClosed) return
    let next = standing.nextExpiry()
    for (const [app, room] of waiting?.room ?? []) if (room > 0) next = Math.min(next, standing.nextDue(app))
    if (next === Infinity) return
    cancelNap = clock.after(Math.min(Math.max(next - clock.now(), 0), MAX_NAP_MS), wake)
  }

  const takeHandedIn = (): readonly HandedIn[] => {
    let weight = 0
    let count = 0
    while (count < handedIn.length && (count === 0 || weight < STRETCH)) weight += handedIn[count++]?.weight ?? 0
    const taken = handedIn.slice(0, count)
    handedIn = handedIn.slice(count)
    return taken
  }

  const turn = async (): Promise<void> => {
    isAwake = false
    const handed = takeHandedIn()
    const now = clock.now()
    try {
      setBack(now)
      const answers = handed.map(({ work }) => work(now))
      for (const row of released.splice(0)) rules.release(row, now)
      rules.expire(now)
      const found = handOut(arrivals(), now)
      await write(now)
      fill(found)
      handed.forEach(({ done }, index) => done(answers[index]))
      await options.after()
    } catch (error) {
      for (const { failed } of handed) failed(error instanceof Error ? error : new Error(String(error)))
    }
    nap()
  }

  const work = async (): Promise<void> => {
    while (handedIn.length > 0 || isAwake) await turn()
    isAtWork = false
    idle?.()
  }
  const schedule = (): void => {
    if (isAtWork) return
    isAtWork = true
    setImmediate(() => void work())
  }
  function wake(): void {
    isAwake = true
    schedule()
  }
  const ask = <T>(work: (now: number) => T, weight = 1): Promise<T> =>
    new Promise<T>((done, failed) => {
      if (isClosed) return failed(closed('the outbox'))
      handedIn.push({ weight, work, done: (answer) => done(answer as T), failed })
      schedule()
    })

  const look = <T>(work: () => T): Promise<T> =>
    new Promise<T>((done, failed) => {
      if (isClosed) return failed(closed('the outbox'))
      handedIn.push({ weight: 0, work: () => undefined, done: () => done(work()), failed })
      schedule()
    })

  return Object.freeze({
    look,
    async settle(settlements: readonly Settlement[]) {
      const parts: Promise<void>[] = []
      for (let from = 0; from === 0 || from < settlements.length; from += STRETCH) {
        const part = settlements.slice(from, from + STRETCH)
        parts.push(ask((now) => part.forEach((settlement) => rules.settle(settlement, now)), part.length))
      }
      await Promise.all(parts)
    },
    claim(room: Room) {
      waiting?.resolve([])
      waiting = undefined
      cancelNap()
      if (isClosed) return Promise.resolve([])
      return new Promise<readonly Claimed[]>((resolve) => {
        waiting = { room: new Map(room), resolve }
        wake()
      })
    },
    ask,
    wake,
    room: (app: string) => waiting?.room.get(app) ?? 0,
    async close() {
      isClosed = true
      waiting?.resolve([])
      waiting = undefined
      cancelNap()
      if (isAtWork) await new Promise<void>((done) => (idle = done))
    },
  } satisfies Turns)
}
