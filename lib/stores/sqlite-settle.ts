/** Ends deliveries that are out, or puts them back to wait; frees the one that waits behind. Once settled, twice settled. */
import { type End } from '../model/accounting'
import { type Bound, type Database } from './sqlite-database'
import { type Flights } from './sqlite-flights'
import { type Field } from './sqlite-protocol'
import { SETTLED_FIELDS } from './sqlite-rows'
import { type Out, type Standing } from './sqlite-standing'
import { type TraceLog } from './sqlite-trace'
import { type Storied, coalescedLine, endedLine, noteAgain, noteInterrupted } from './trace-lines'
import { prepareWide } from './sqlite-wide'

export interface Settler {
  /** Ids of what was delivered, and `SETTLED_FIELDS` per settlement of another kind. What is not out is left as it is. */
  settle(delivered: readonly string[], settled: readonly Field[], now: number): void
  /** What was handed out and nobody took waits again, as if it had never been out. */
  release(ids: readonly string[], now: number): void
  /**
   * After a start: whatever was out when the last process ended waits again, marked ambiguous, one attempt more; unless a
   * newer one of the same target and key waits, which takes its place.
   */
  recover(now: number): void
}

export function makeSettler(
  database: Database,
  standing: Standing,
  flights: Flights,
  traces: Pick<TraceLog, 'add'>,
): Settler {
  const remove = prepareWide(database, 'DELETE FROM delivery WHERE id IN (', '?', ')')
  const again = database.prepare(
    'UPDATE delivery SET state = 0, due_at = ?, attempts = ?, ambiguous = ?, notes = ? WHERE id = ? AND state = 1',
  )
  const release = database.prepare(
    `UPDATE delivery SET state = 0, due_at = max(due_at, min(accepted_at, ?)) WHERE id = ? AND state = 1
     RETURNING due_at AS due`,
  )
  const advance = database.prepare(
    `UPDATE delivery SET state = 0, due_at = max(due_at, ?), attempts = max(attempts, ?)
     WHERE target = ? AND collapse_key = ? AND state <> 1 AND collapse_key IS NOT NULL RETURNING due_at AS due, id`,
  )
  const outdated = `state = 1 AND collapse_key IS NOT NULL AND EXISTS (
    SELECT 1 FROM delivery AS newer WHERE newer.target = delivery.target AND newer.collapse_key = delivery.collapse_key
    AND newer.state <> 1 AND newer.collapse_key IS NOT NULL)`
  // Whatever waits is read once, for where so much waits a start is wanted soon; of the rest there are few.
  const unsettled = database.prepare('SELECT id FROM delivery WHERE state <> 0')
  const among = 'id IN (SELECT value FROM json_each(?))'
  const outdatedRows = database.prepare(
    `SELECT id, app, target, class, accepted_at AS accepted, notes FROM delivery WHERE ${among} AND ${outdated}`,
  )
  const removeOutdated = database.prepare(`DELETE FROM delivery WHERE ${among} AND ${outdated}`)
  const unblock = database.prepare(`UPDATE delivery SET state = 0 WHERE ${among} AND state = 2`)
  const comeBack = database.prepare(
    `UPDATE delivery SET state = 0, due_at = max(due_at, min(accepted_at, ?2)), attempts = attempts + 1, ambiguous = 1,
       notes = notes || ?3 WHERE id IN (SELECT value FROM json_each(?1)) AND state = 1`,
  )

  const due = (app: string, at: number): void => {
    standing.app(app).nextDue = Math.min(standing.app(app).nextDue, at)
  }

  /** Forgets that it is out; the id of the one that waits behind it, if any, which may go no sooner than `dueAt`. */
  const leave = (id: string, out: Out, dueAt: number, attempts: number): string | undefined => {
    standing.outs.delete(id)
    standing.app(out.app).out--
    if (out.lane === null) return undefined
    const behind = standing.lanes.get(out.lane) === true
    standing.lanes.delete(out.lane)
    if (!behind) return undefined
    const next = advance.rows<{ due: number; id: string }>([dueAt, attempts, out.target, out.key])[0]
    due(out.app, next?.due ?? dueAt)
    return next?.id
  }

  /** It has no row any more; those with one of their own are gathered. */
  const drop = (id: string, out: Out, rows: Bound[]): void => {
    if (out.flight > 0) flights.land(out.flight, out.place)
    else rows.push(id)
  }

  const end = (id: string, out: Out, how: End, told: string | null, now: number, rows: Bound[]): void => {
    leave(id, out, 0, 0)
    standing.count(out.app, how)
    traces.add(endedLine(id, out, now, how, told))
    drop(id, out, rows)
  }

  const wait = (out: Out, at: number): void => {
    standing.app(out.app).waiting++
    standing.waiting++
    if (out.key !== null) standing.waitingKeyed++
    // Its own expiry is found out by then: a query of it would cost more than a look in vain.
    standing.nextExpiry = -Infinity
    due(out.app, at)
  }

  return Object.freeze({
    settle(delivered: readonly string[], settled: readonly Field[], now: number) {
      const ended: Bound[] = []
      for (const id of delivered) {
        const out = standing.outs.get(id)
        if (out !== undefined) end(id, out, 'delivered', null, now, ended)
      }
      for (let at = 0; at < settled.length; at += SETTLED_FIELDS) {
        const id = String(settled[at])
        const out = standing.outs.get(id)
        if (out === undefined) continue
        const how = settled[at + 1] as End | null
        const told = settled[at + 6] as string | null
        if (settled[at + 2] === 1) standing.count(out.app, 'resent')
        if (how !== null) {
          end(id, out, how, told, now, ended)
          continue
        }
        const [dueAt = 0, attempts = 0, ambiguous = 0] = settled.slice(at + 3, at + 6).map(Number)
        const notes = out.notes === null ? null : noteAgain(out.notes, now, told, dueAt)
        const next = leave(id, out, dueAt, attempts)
        if (next !== undefined) {
          standing.count(out.app, 'coalesced')
          traces.add(coalescedLine(id, { ...out, notes }, now, next))
          drop(id, out, ended)
        } else {
          if (out.flight > 0) flights.leave(out.flight, out.place, notes)
          again.run([dueAt, attempts, ambiguous, notes, id])
          wait(out, dueAt)
        }
      }
      remove.run(ended)
    },
    release(ids: readonly string[], now: number) {
      const ended: Bound[] = []
      for (const id of ids) {
        const out = standing.outs.get(id)
        if (out === undefined) continue
        const next = leave(id, out, 0, 0)
        if (next !== undefined) {
          standing.count(out.app, 'coalesced')
          traces.add(coalescedLine(id, out, now, next))
          drop(id, out, ended)
          continue
        }
        if (out.flight > 0) flights.leave(out.flight, out.place, out.notes)
        wait(out, release.rows<{ due: number }>([now, id])[0]?.due ?? 0)
      }
      remove.run(ended)
    },
    recover(now: number) {
      flights.recall()
      flights.leaveAll()
      const found = JSON.stringify(unsettled.rows<{ readonly id: string }>([]).map(({ id }) => id))
      for (const { id, ...story } of outdatedRows.rows<Storied & { readonly id: string }>([found])) {
        standing.count(story.app, 'coalesced')
        traces.add(coalescedLine(id, story, now, undefined))
      }
      standing.writeCounts()
      removeOutdated.run([found])
      unblock.run([found])
      comeBack.run([found, now, noteInterrupted('', now)])
      standing.recall()
    },
  })
}
