/** The rules of the outbox: what is taken in, handed out, settled, released and ended. Moves rows and notes changes; writes nothing. */
import { type Settlement } from '../outbox/outbox'
import { noteAgain, noteInterrupted, toldOf } from '../stores/trace-lines'
import { type Changes } from './nats-changes'
import { type Row } from './nats-row'
import { type Standing } from './nats-standing'

/** Room that the claim has left, by app. */
export type RoomLeft = Map<string, number>

export interface Rules {
  settle(settlement: Settlement, now: number): void
  /** Was handed out and nobody took it: it waits as if it had never been out. */
  release(row: Row, now: number): void
  /** It waited when its instance ended. */
  waitOn(row: Row, now: number): void
  /** Was out when its instance ended: it waits again, in doubt, one attempt more; unless a newer one waits behind it. */
  comeBack(row: Row, now: number): void
  expire(now: number): void
  /** Takes them in, and hands those out at once for which there is room. */
  takeIn(rows: readonly Row[], left: RoomLeft, now: number): readonly Row[]
  /** Calls of all apps, or all else, as far as there is room. */
  claim(which: 'calls' | 'others', left: RoomLeft, now: number): readonly Row[]
  /** The wall clock was set back by so much: none of these waits longer, and no call rings longer, because of it. */
  setBack(rows: Iterable<Row>, by: number, now: number): void
}

/** So many expire in one turn, pushes pass in between. */
const STRETCH = 500

export function makeRules(standing: Standing, changes: Changes): Rules {
  /** Whoever waits behind it takes its place, pause and all; true where somebody does. */
  const giveWay = (row: Row, due: number, attempts: number, now: number): boolean => {
    const next = standing.laneOf(row)?.waiting
    if (next === undefined) return false
    if (due > next.due || attempts > next.attempts) {
      next.due = Math.max(next.due, due)
      next.attempts = Math.max(next.attempts, attempts)
      changes.waits(next)
    }
    changes.coalesced(row, now, next.id)
    standing.drop(row)
    return true
  }
  const waitAgain = (row: Row): void => {
    standing.wait(row)
    changes.waits(row)
  }
  /** It takes the older one's place in the schedule too: a burst must not undo the pause a busy device asked for. */
  const replace = (older: Row, row: Row, now: number): void => {
    changes.coalesced(older, now, row.id)
    standing.drop(older)
    Object.assign(row, { due: older.due, attempts: older.attempts })
    waitAgain(row)
  }
  const sooner = ({ due, accepted }: Row, now: number): number => Math.max(due, Math.min(accepted, now))
  const go = (row: Row): Row => {
    standing.goOut(row)
    changes.out(row)
    return row
  }

  const takeInOne = (row: Row, left: RoomLeft, now: number): Row | undefined => {
    if (standing.byId(row.id) !== undefined) {
      changes.known(row)
      return undefined
    }
    changes.count(row, 'accepted')
    const lane = standing.laneOf(row)
    const older = lane?.waiting
    if (older !== undefined) {
      replace(older, row, now)
      return undefined
    }
    const room = lane?.out === undefined && row.due <= now ? (left.get(row.app) ?? 0) : 0
    if (room === 0) {
      standing.wait(row)
      return undefined
    }
    left.set(row.app, room - 1)
    return go(row)
  }

  const claimOf = (app: string, which: 'calls' | 'others' | 'turn', limit: number, now: number): Row[] => {
    const found: Row[] = []
    while (found.length < limit) {
      const row = standing.first(app, which, now)
      if (row === undefined) break
      found.push(go(row))
    }
    return found
  }

  return Object.freeze({
    settle(settlement: Settlement, now: number) {
      const row = standing.byId(settlement.id)
      if (row?.state !== 'out') return
      const told = toldOf(settlement.outcome)
      if (settlement.resent) changes.count(row, 'resent')
      if ('end' in settlement) {
        changes.ended(row, now, settlement.end, told)
        standing.drop(row)
        return
      }
      const { dueAt: due, attempts, ambiguous } = settlement
      if (row.notes !== null) row.notes = noteAgain(row.notes, now, told, due)
      if (giveWay(row, due, attempts, now)) return
      Object.assign(row, { due, attempts, ambiguous })
      waitAgain(row)
    },
    release(row: Row, now: number) {
      if (row.state !== 'out' || giveWay(row, 0, 0, now)) return
      row.due = sooner(row, now)
      waitAgain(row)
    },
    waitOn(row: Row, now: number) {
      const older = standing.laneOf(row)?.waiting
      if (older === undefined) return standing.wait(row)
      if (older.seq > row.seq) return changes.coalesced(row, now, older.id)
      replace(older, row, now)
    },
    comeBack(row: Row, now: number) {
      if (row.notes !== null) row.notes = noteInterrupted(row.notes, now)
      if (giveWay(row, 0, 0, now)) return
      Object.assign(row, { due: sooner(row, now), attempts: row.attempts + 1, ambiguous: true })
      waitAgain(row)
    },
    expire(now: number) {
      for (let ended = 0; ended < STRETCH; ended++) {
        const row = standing.expired(now)
        if (row === undefined) return
        changes.ended(row, now, 'expired', null)
        standing.drop(row)
      }
    },
    takeIn(rows: readonly Row[], left: RoomLeft, now: number) {
      const calls = rows.filter((row) => row.class === 'call')
      const others = calls.length === 0 ? rows : rows.filter((row) => row.class !== 'call')
      return [...calls, ...others].flatMap((row) => takeInOne(row, left, now) ?? [])
    },
    claim(which: 'calls' | 'others', left: RoomLeft, now: number) {
      const found: Row[] = []
      for (const [app, limit] of left) {
        if (limit <= 0) continue
        const isBacklogged = which === 'others' && (standing.apps.get(app)?.waiting ?? 0) > limit
        const first = isBacklogged ? claimOf(app, 'turn', limit, now) : []
        const rows = [...first, ...claimOf(app, which, limit - first.length, now)]
        left.set(app, limit - rows.length)
        found.push(...rows)
      }
      return found
    },
    setBack(rows: Iterable<Row>, by: number, now: number) {
      for (const row of rows) {
        if (row.state !== 'out' && row.due > now) row.due = Math.max(row.due - by, now)
        if (row.class === 'call') row.expires -= by
        row.isChanged = true
      }
      standing.rebuild()
    },
  } satisfies Rules)
}
