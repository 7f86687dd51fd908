/** What time does to deliveries that wait: they expire, and the database's clock that was set back brings them forward. */
import { type Session, type Statement } from './postgres-database'
import { isOne } from './postgres-steps'
import { counting, lineOf, tracing } from './postgres-story'
import { SLACK_MS } from './postgres-time'

/** So many end in one statement, pushes pass in between. */
export const STRETCH = 500

const expire: Statement = {
  name: 'expire',
  sql: `
  WITH gone AS (
    DELETE FROM delivery d USING (
      SELECT id FROM delivery WHERE state = 0 AND expires_at <= $2 ORDER BY expires_at LIMIT ${STRETCH} FOR UPDATE SKIP LOCKED
    ) AS due WHERE ${isOne('d.id', 'due.id')} RETURNING d.*
  ),
  counted AS (${counting('door', ['expired'], 'SELECT app, $1::bigint AS instance, 1 AS expired FROM gone')}),
  traced AS (${tracing('$2::bigint', `SELECT ${lineOf('g', `'[' || $2::bigint || ',"ended","expired"]'`)} AS line FROM gone g`)})
  SELECT app, count(*) AS n FROM gone GROUP BY app`,
}

export interface Passing {
  /** Ends a stretch of what has expired; how many there were, by app. */
  expire(instance: number, now: number): Promise<ReadonlyMap<string, number>>
  /**
   * The shared clock was set back by so many milliseconds and reads `now`: what waits longer for it is brought forward, and
   * no call rings longer. Every instance that notices may say so: a retry comes sooner then, and no call ends before its time.
   */
  setBack(by: number, now: number): Promise<void>
  /** By how much it was set back since the last program wrote something: 0 where nothing tells of that. */
  lostSince(now: number): Promise<number>
}

export function makePassing(session: Session): Passing {
  return Object.freeze({
    async expire(instance: number, now: number) {
      const rows = await session.rows<{ app: string; n: number }>(expire, [instance, now])
      return new Map(rows.map(({ app, n }) => [app, n]))
    },
    async setBack(by: number, now: number) {
      await session.rows('UPDATE delivery SET due_at = greatest(due_at - $1, $2) WHERE state = 0 AND due_at > $2', [
        by,
        now,
      ])
      await session.rows('UPDATE remote_disable SET due_at = greatest(due_at - $1, $2) WHERE due_at > $2', [by, now])
      // What expires later than half of it is not brought forward yet: calls live for seconds.
      await session.rows(
        `UPDATE delivery SET expires_at = expires_at - $1 WHERE class = 'call' AND expires_at > $2::bigint + $1::bigint / 2`,
        [by, now],
      )
    },
    async lostSince(now: number) {
      const [known] = await session.rows<{ at: number | null }>(
        `SELECT greatest((SELECT max(accepted_at) FROM delivery), (SELECT at FROM trace ORDER BY seq DESC LIMIT 1)) AS at`,
      )
      const lost = (known?.at ?? 0) - now
      return lost > SLACK_MS ? lost : 0
    },
  })
}
