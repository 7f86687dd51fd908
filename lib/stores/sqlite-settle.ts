/** Ends deliveries that are out, or puts them back to wait; frees the one that waits behind. Once settled, twice settled. */
import { type End } from '../model/accounting'
import { type Bound, type Database } from './sqlite-database'
import { type Field } from './sqlite-protocol'
import { SETTLED_FIELDS } from './sqlite-rows'
import { type Out, type Standing, laneOf } from './sqlite-standing'
import { prepareWide } from './sqlite-wide'

export interface Settler {
  /** `SETTLED_FIELDS` per settlement. What is not out is left as it is. */
  settle(settled: readonly Field[]): void
  /** What was handed out and nobody took waits again, as if it had never been out. */
  release(ids: readonly string[]): void
  /**
   * After a start: whatever was out when the last process ended waits again, marked ambiguous, one attempt more; unless a
   * newer one of the same target and key waits, which takes its place.
   */
  recover(): void
}

export function makeSettler(database: Database, standing: Standing): Settler {
  const remove = prepareWide(database, 'DELETE FROM delivery WHERE id IN (', '?', ')')
  const again = database.prepare(
    'UPDATE delivery SET state = 0, due_at = ?, attempts = ?, ambiguous = ? WHERE id = ? AND state = 1',
  )
  const release = database.prepare(
    `UPDATE delivery SET state = 0, due_at = max(due_at, accepted_at) WHERE id = ? AND state = 1
     RETURNING due_at AS due`,
  )
  const advance = database.prepare(
    `UPDATE delivery SET state = 0, due_at = max(due_at, ?), attempts = max(attempts, ?)
     WHERE target = ? AND collapse_key = ? AND state <> 1 AND collapse_key IS NOT NULL RETURNING due_at AS due`,
  )
  const outdated = `state = 1 AND collapse_key IS NOT NULL AND EXISTS (
    SELECT 1 FROM delivery AS newer WHERE newer.target = delivery.target AND newer.collapse_key = delivery.collapse_key
    AND newer.state <> 1 AND newer.collapse_key IS NOT NULL)`
  const outdatedByApp = database.prepare(`SELECT app, count(*) AS n FROM delivery WHERE ${outdated} GROUP BY app`)

  const due = (app: string, at: number): void => {
    standing.app(app).nextDue = Math.min(standing.app(app).nextDue, at)
  }

  /** Forgets that it is out; true if another one waits behind it, which may go no sooner than `dueAt`. */
  const leave = (id: string, out: Out, dueAt: number, attempts: number): boolean => {
    standing.outs.delete(id)
    standing.app(out.app).out--
    if (out.key === null) return false
    const lane = laneOf(out.target, out.key)
    const behind = standing.lanes.get(lane) === true
    standing.lanes.delete(lane)
    if (behind) {
      const next = advance.rows<{ due: number }>([dueAt, attempts, out.target, out.key])[0]
      due(out.app, next?.due ?? dueAt)
    }
    return behind
  }

  const wait = (out: Out, at: number): void => {
    standing.app(out.app).waiting++
    standing.waiting++
    if (out.key !== null) standing.waitingKeyed++
    due(out.app, at)
  }

  return Object.freeze({
    settle(settled: readonly Field[]) {
      const ended: Bound[] = []
      for (let at = 0; at < settled.length; at += SETTLED_FIELDS) {
        const id = String(settled[at])
        const out = standing.outs.get(id)
        if (out === undefined) continue
        const end = settled[at + 1] as End | null
        if (settled[at + 2] === 1) standing.count(out.app, 'resent')
        if (end !== null) {
          leave(id, out, 0, 0)
          standing.count(out.app, end)
          ended.push(id)
          continue
        }
        const [dueAt, attempts, ambiguous] = settled.slice(at + 3, at + SETTLED_FIELDS).map(Number)
        if (leave(id, out, dueAt ?? 0, attempts ?? 0)) {
          standing.count(out.app, 'coalesced')
          ended.push(id)
        } else {
          again.run([dueAt ?? 0, attempts ?? 0, ambiguous ?? 0, id])
          wait(out, dueAt ?? 0)
        }
      }
      remove.run(ended)
    },
    release(ids: readonly string[]) {
      for (const id of ids) {
        const out = standing.outs.get(id)
        if (out === undefined) continue
        if (leave(id, out, 0, 0)) {
          standing.count(out.app, 'coalesced')
          remove.run([id])
        } else wait(out, release.rows<{ due: number }>([id])[0]?.due ?? 0)
      }
    },
    recover() {
      for (const { app, n } of outdatedByApp.rows<{ app: string; n: number }>([])) standing.count(app, 'coalesced', n)
      standing.writeCounts()
      database.exec(`DELETE FROM delivery WHERE ${outdated}`)
      database.exec('UPDATE delivery SET state = 0 WHERE state = 2')
      database.exec(
        `UPDATE delivery SET state = 0, due_at = max(due_at, accepted_at), attempts = attempts + 1, ambiguous = 1
         WHERE state = 1`,
      )
      standing.recall()
    },
  })
}
