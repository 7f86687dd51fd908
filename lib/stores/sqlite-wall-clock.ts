/**
 * Deliveries are due, and expire, by the wall clock. When that is set back, what waits would wait longer by as much, and a
 * call ring long after it ended: so both are brought forward by what the clock lost. Set forward it only shortens pauses.
 */
import { type Database } from './sqlite-database'
import { type Flights } from './sqlite-flights'
import { type Standing } from './sqlite-standing'

export interface WallClock {
  /** The clock was set back by so many milliseconds and reads `now` (ms since 1970). Inside a transaction of its own kind. */
  setBack(by: number, now: number): void
  /** By how much it was set back since the last process wrote something: 0 where nothing tells of that. */
  lostSince(now: number): number
}

/** Clocks that differ by less are the same clock. */
const SLACK_MS = 2_000

export function makeWallClock(database: Database, standing: Standing, flights: Pick<Flights, 'leaveAll'>): WallClock {
  const sooner = database.prepare('UPDATE delivery SET due_at = max(due_at - ?1, ?2) WHERE state <> 1 AND due_at > ?2')
  const shorter = database.prepare("UPDATE delivery SET expires_at = expires_at - ? WHERE class = 'call'")
  const newest = database.prepare('SELECT max(accepted_at) AS at FROM unended')
  const lastTrace = database.prepare('SELECT at FROM trace ORDER BY seq DESC LIMIT 1')
  return Object.freeze({
    setBack(by: number, now: number) {
      // Calls that are out come back by the new clock too.
      flights.leaveAll()
      sooner.run([by, now])
      shorter.run([by])
      standing.recall()
    },
    lostSince(now: number) {
      const known = [newest, lastTrace].map((each) => each.rows<{ at: number | null }>([])[0]?.at ?? 0)
      const lost = Math.max(...known) - now
      return lost > SLACK_MS ? lost : 0
    },
  })
}
