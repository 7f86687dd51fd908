/**
 * Who is at work on the database. Every instance lets its beat grow; one whose beat stood still for a lease's length, as
 * another one watched it by its own steady clock, is dead: what it held waits again. So is, sooner, one that the database has
 * lost too: whose connection ended, and whose beat stood still meanwhile. Nobody compares wall clocks.
 *
 * enlisted → (its own row is gone: it was taken for dead; or a statement's fate is unknown) → enlisted anew, under another
 * number: what it knows that it holds goes along, whatever else the old number holds waits again, in doubt.
 */
import { type Clock } from '../clock'
import { type Database, type Session, type Statement } from './postgres-database'
import { isGone, type Presence } from './postgres-presence'
import { counted, counting, lineOf, tracing } from './postgres-story'
import { type SharedTime } from './postgres-time'

export interface Instances {
  /** Our number now. */
  readonly number: number
  /** Changes when a new number is about to be taken, and when it is: what was asked in one term and answered in another may have missed. */
  readonly term: number
  /** Whether others are at work too, as far as it was looked. */
  readonly hasOthers: boolean
  /** Milliseconds until the next beat. */
  readonly nextIn: number
  /** Takes a new number; `held`: the deliveries that go along. */
  enlist(held: readonly string[]): Promise<Enlisted>
  /** What nobody living holds waits again, in doubt. */
  inherit(): Promise<void>
  /** Tells that we live, looks who does, and takes what the dead held. Resolves false where we were taken for dead. */
  beat(): Promise<boolean>
  /** Ends ours: what it still holds waits again, in doubt. */
  retire(): Promise<void>
  /** Whoever was watched is watched anew: nobody is dead because the database was away. */
  forget(): void
}

export interface Enlisted {
  /** Nobody else is at work. */
  readonly isAlone: boolean
  /** Of what was held: what was not out any more, or another one's. */
  readonly lost: ReadonlySet<string>
}

const BEAT_MS = 3_000
/** As long as an instance may be silent before it is taken for dead. */
export const LEASE_MS = 15_000
/** As long as one may be silent whose connection has ended: a living one has opened another by then, or told that it has none. */
const GONE_MS = 1_000
/** From one look at such a one to the next. */
const LOOK_AGAIN_MS = 1_100

const pulse: Statement = {
  name: 'pulse',
  sql: `WITH mine AS (UPDATE instance SET beat = beat + 1 WHERE id = $1 RETURNING id)
    SELECT i.id, i.beat, ${isGone} AS gone, EXISTS (SELECT 1 FROM mine) AS lives FROM instance i
    UNION ALL SELECT NULL, NULL, false, EXISTS (SELECT 1 FROM mine)`,
}
const others: Statement = {
  name: 'other-instances',
  sql: `SELECT i.id, i.beat, ${isGone} AS gone FROM instance i WHERE i.id <> $1`,
}

interface Other {
  readonly id: number
  readonly beat: number
  readonly gone: boolean
}

/** Since when an instance's beat stands still, and since when its connection is gone besides; by our steady clock. */
interface Watched {
  readonly beat: number
  readonly since: number
  readonly goneSince: number | undefined
}

function watchOn(known: Watched | undefined, { beat, gone }: Other, at: number): Watched {
  const isStill = known?.beat === beat
  const goneSince = gone ? ((isStill ? known.goneSince : undefined) ?? at) : undefined
  return { beat, since: isStill ? known.since : at, goneSince }
}

/** What nobody living holds waits again, marked ambiguous, one attempt more; unless a newer one of its lane waits. */
const orphans = `
  WITH lost AS (
    SELECT d.* FROM delivery d WHERE d.state = 1 AND d.instance NOT IN (SELECT id FROM instance) FOR UPDATE
  ),
  newer AS (
    SELECT l.id FROM lost l JOIN delivery w
    ON w.target = l.target AND w.collapse_key = l.collapse_key AND w.state = 0
  ),
  waiting AS (
    UPDATE delivery d SET state = 0, instance = $1, due_at = least(d.due_at, $2), attempts = d.attempts + 1, ambiguous = true,
      notes = d.notes || ',[' || $2::bigint || ',"interrupted"]'
    FROM lost l WHERE d.id = l.id AND l.id NOT IN (SELECT id FROM newer)
  ),
  dropped AS (DELETE FROM delivery d USING newer n WHERE d.id = n.id),
  counted AS (${counting(
    'upkeep',
    ['coalesced'],
    'SELECT app, $1::bigint AS instance, 1 AS coalesced FROM lost WHERE id IN (SELECT id FROM newer)',
  )}),
  traced AS (${tracing(
    '$2::bigint',
    `SELECT ${lineOf('l', `'[' || $2::bigint || ',"interrupted"],[' || $2::bigint || ',"coalesced"]'`)} AS line FROM lost l WHERE id IN (SELECT id FROM newer)`,
  )})
  SELECT count(*) AS lost FROM lost`

const columns = counted.join(', ')
/** The accounts of those that are no more are added up under 0. */
const folding = `
  WITH ended AS (
    DELETE FROM account WHERE instance <> 0 AND instance NOT IN (SELECT id FROM instance) RETURNING *
  )
  INSERT INTO account (app, instance, line, ${columns})
  SELECT app, 0, 0, ${counted.map((column) => `sum(${column})`).join(', ')} FROM ended GROUP BY app ORDER BY app
  ON CONFLICT (app, instance, line) DO UPDATE SET
  ${counted.map((column) => `${column} = account.${column} + excluded.${column}`).join(', ')}`

/** `beat`: only if it has not beaten since. */
async function end(session: Session, id: number, beat?: number): Promise<void> {
  await session.rows('DELETE FROM instance WHERE id = $1 AND ($2::bigint IS NULL OR beat = $2)', [id, beat ?? null])
}

async function settleEstates(session: Session, number: number, now: number): Promise<void> {
  await session.rows(orphans, [number, now])
  await session.rows(folding)
}

/** One at a time changes who is there: nobody counts the estate of the same one twice. */
const ALONE = 'LOCK TABLE instance IN SHARE ROW EXCLUSIVE MODE'

export interface InstancesOptions {
  readonly database: Database
  readonly clock: Pick<Clock, 'elapsed'>
  readonly time: Pick<SharedTime, 'now'>
  readonly presence: Pick<Presence, 'be' | 'lostAt'>
}

export function makeInstances({ database, clock, time, presence }: InstancesOptions): Instances {
  let number = 0
  let term = 0
  let howMany = 0
  let watched = new Map<number, Watched>()

  /** What ended our own connection may have ended theirs. */
  const isUnsure = (at: number): boolean => presence.lostAt !== undefined && at - presence.lostAt < LEASE_MS
  const isDead = ({ since, goneSince }: Watched, at: number): boolean =>
    at - since >= LEASE_MS || (goneSince !== undefined && at - goneSince >= GONE_MS && !isUnsure(at))

  const bury = (dead: readonly number[]): Promise<void> =>
    database.transaction(async (session) => {
      await session.rows(ALONE)
      for (const id of dead) {
        await end(session, id, watched.get(id)?.beat ?? -1)
      }
      await settleEstates(session, number, time.now())
    })

  return Object.freeze({
    get number() {
      return number
    },
    get term() {
      return term
    },
    get hasOthers() {
      return howMany > 0
    },
    get nextIn() {
      const isSomebodyGone = [...watched.values()].some(({ goneSince }) => goneSince !== undefined)
      return isSomebodyGone && !isUnsure(clock.elapsed()) ? LOOK_AGAIN_MS : BEAT_MS
    },
    async enlist(held: readonly string[]) {
      watched = new Map()
      term += 1
      const known = await database.transaction(async (session) => {
        await session.rows(ALONE)
        const [mine] = await session.rows<{ id: number }>('INSERT INTO instance (beat) VALUES (0) RETURNING id')
        const fresh = mine?.id ?? 0
        const along = await session.rows<{ id: string }>(
          'UPDATE delivery SET instance = $1 WHERE state = 1 AND instance = $2 AND id = ANY($3::uuid[]) RETURNING id',
          [...[fresh, number], held],
        )
        await end(session, number)
        await settleEstates(session, fresh, time.now())
        const rows = await session.rows<{ id: number }>('SELECT id FROM instance')
        const kept = new Set(along.map(({ id }) => id))
        return { fresh, others: rows.length - 1, lost: new Set(held.filter((id) => !kept.has(id))) }
      })
      number = known.fresh
      term += 1
      howMany = known.others
      await presence.be(number)
      if (howMany > 0) {
        const asked = clock.elapsed()
        const rows = await database.rows<Other>(others, [number])
        watched = new Map(rows.map((row) => [row.id, watchOn(undefined, row, asked)]))
      }
      return { isAlone: howMany === 0, lost: known.lost }
    },
    inherit: () => bury([]),
    async beat() {
      const asked = clock.elapsed()
      const rows = await database.rows<Omit<Other, 'id'> & { id: number | null; lives: boolean }>(pulse, [number])
      if (rows.some(({ lives }) => !lives)) return false
      const before = watched
      watched = new Map()
      for (const { id, ...row } of rows) {
        if (id !== null && id !== number) watched.set(id, watchOn(before.get(id), { id, ...row }, asked))
      }
      howMany = watched.size
      const dead = [...watched].filter(([, each]) => isDead(each, asked)).map(([id]) => id)
      void presence.be(number)
      if (dead.length > 0) await bury(dead)
      return true
    },
    async retire() {
      await database.transaction(async (session) => {
        await session.rows(ALONE)
        await end(session, number)
        await settleEstates(session, 0, time.now())
      })
    },
    forget() {
      watched = new Map()
    },
  })
}
