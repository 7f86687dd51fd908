/**
 * The one clock of what instances share: the database's. When something is due, and when it expires, is written by that one, so
 * that the wall clock of one machine, wrong or being set right, puts nothing off for the others. A steady clock carries it on
 * from one look to the next. Knows no SQL but its own.
 */
import { type Clock, systemClock } from '../clock'
import { type Session, type Statement } from './postgres-database'

export interface SharedTime {
  /** Milliseconds since 1970, whole. */
  now(): number
  /** What a moment of our own wall clock is to be added to be one of the shared one; 0 where the two agree. */
  offset(): number
  /** Looks at the database's clock. Resolves with how many milliseconds that was set back since the last look; 0 where it was not. */
  look(): Promise<number>
}

/** Milliseconds since 1970 by the database's clock; undefined where there is none that ours may be held against. */
export type DatabaseClock = () => Promise<number | undefined>

/** Clocks that differ by less are the same clock; once they do not, they are again when they differ by half of it. */
export const SLACK_MS = 2_000

const wallClock: Statement = {
  name: 'wall-clock',
  sql: 'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS at',
}

/** A clock that is moved by hand has nothing to do with a database's. */
export function databaseClock(session: Session, clock: Clock): DatabaseClock {
  if (clock !== systemClock) return () => Promise.resolve(undefined)
  return async () => (await session.rows<{ at: number }>(wallClock))[0]?.at
}

export function makeSharedTime(clock: Clock, ask: DatabaseClock): SharedTime {
  const originNow = (): number => Math.round(clock.now() - clock.elapsed())
  /** Where the shared clock stood when the steady one stood at 0. */
  let base = originNow()
  let isKnown = false
  let areApart = false

  const offset = (): number => {
    const wall = originNow()
    // Nobody else says what the time is: what was set ahead is right then, and what was set back goes on as it was.
    if (!isKnown && wall - base > SLACK_MS) base = wall
    const by = base - wall
    // Looks differ by a moment: at the border the clock would be set to and fro by all of it.
    areApart = Math.abs(by) > (areApart ? SLACK_MS / 2 : SLACK_MS)
    return areApart ? by : 0
  }

  return Object.freeze({
    now: () => clock.now() + offset(),
    offset,
    async look() {
      const asked = clock.elapsed()
      const at = await ask()
      const answered = clock.elapsed()
      // Who was kept waiting for longer learns too little.
      if (at === undefined || (isKnown && answered - asked > SLACK_MS)) return 0
      const before = base
      base = Math.round(at - (asked + answered) / 2)
      const lost = isKnown ? before - base : 0
      isKnown = true
      return lost > SLACK_MS ? lost : 0
    },
  })
}
