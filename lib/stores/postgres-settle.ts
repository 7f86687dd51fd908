/** Ends deliveries that are out, or puts them back to wait, in one statement each. What this instance does not hold is left as it is. */
import { ends } from '../model/accounting'
import { type Settlement } from '../outbox/outbox'
import { type Session, type Statement } from './postgres-database'
import { isOne, isOutAt, ofLane } from './postgres-steps'
import { counting, lineOf, tracing } from './postgres-story'
import { LONGEST_NOTES, shortened, toldOf } from './trace-lines'

/** `app`, and how many of it wait again. */
export type WaitsAgain = ReadonlyMap<string, number>

export interface Settler {
  /** Each id once. */
  settle(settlements: readonly Settlement[], instance: number, now: number): Promise<WaitsAgain>
  /** What was handed out and nobody took waits again, as if it had never been out. */
  release(ids: readonly string[], instance: number, now: number): Promise<WaitsAgain>
}

const settledEnds = ends.filter((end) => end !== 'coalesced')

const ending: Statement = {
  name: 'settle-ended',
  sql: `
  WITH input AS (SELECT * FROM unnest($3::uuid[], $4::text[], $5::bool[], $6::text[]) AS i(id, ended, resent, told)),
  gone AS (
    DELETE FROM delivery d USING input i WHERE ${isOne('d.id', 'i.id')} AND ${isOutAt('d', '$1')}
    RETURNING d.app, i.ended, i.resent,
      ${lineOf('d', `'[' || $2::bigint || ',"ended","' || i.ended || '"' || coalesce(',' || i.told, '') || ']'`)} AS line
  ),
  counted AS (${counting(
    'settling',
    ['resent', ...settledEnds],
    `SELECT app, $1::bigint AS instance, resent::int AS resent,
      ${settledEnds.map((end) => `(ended = '${end}')::int AS ${end}`).join(', ')} FROM gone`,
  )}),
  traced AS (${tracing('$2::bigint', 'SELECT line FROM gone')})
  SELECT count(*) AS gone FROM gone`,
}

/** What comes back, unless a newer one of its lane waits: that one takes its place then, and its pause. `which`: of those that are ours. */
function comingBack(name: string, input: string, which: string, set: string): Statement {
  return {
    name,
    sql: `
    WITH input AS (SELECT * FROM ${input}),
    back AS (
      SELECT d.id, d.app, d.target, d.collapse_key, d.class, d.accepted_at, i.due_at, i.attempts, i.ambiguous, i.resent,
        d.notes || coalesce(i.step, '') AS notes
      FROM input i JOIN delivery d ON ${isOne('d.id', 'i.id')} WHERE ${isOutAt('d', '$1')} AND ${which} FOR UPDATE OF d
    ),
    newer AS (
      SELECT b.*, w.id AS by FROM back b CROSS JOIN LATERAL (${ofLane('b', 0, 'd.id')}) w
    ),
    advanced AS (
      UPDATE delivery w SET due_at = greatest(w.due_at, n.due_at), attempts = greatest(w.attempts, n.attempts)
      FROM newer n WHERE ${isOne('w.id', 'n.by')}
    ),
    waiting AS (
      UPDATE delivery d SET state = 0, instance = $1, notes = b.notes, ${set}
      FROM back b WHERE ${isOne('d.id', 'b.id')} AND b.id NOT IN (SELECT id FROM newer) RETURNING d.id, d.app, d.notes
    ),
    dropped AS (DELETE FROM delivery d USING newer n WHERE ${isOne('d.id', 'n.id')} RETURNING d.id),
    counted AS (${counting(
      'settling',
      ['resent', 'coalesced'],
      `SELECT app, $1::bigint AS instance, coalesce(resent, false)::int AS resent,
        (id IN (SELECT id FROM newer))::int AS coalesced FROM back`,
    )}),
    traced AS (${tracing(
      '$2::bigint',
      `SELECT ${lineOf('n', `'[' || $2::bigint || ',"coalesced","' || n.by || '"]'`)} AS line FROM newer n`,
    )})
    SELECT id, app, CASE WHEN length(notes) > ${LONGEST_NOTES} THEN notes END AS notes FROM waiting`,
  }
}

const again = comingBack(
  'settle-again',
  `unnest($3::uuid[], $4::bigint[], $5::int[], $6::bool[], $7::bool[], $8::text[])
   AS i(id, due_at, attempts, ambiguous, resent, step)`,
  // Said again, because the answer was lost, it is no word about a later attempt.
  'd.attempts < i.attempts',
  'due_at = b.due_at, attempts = b.attempts, ambiguous = b.ambiguous',
)

const release = comingBack(
  'release',
  `(SELECT id, NULL::bigint AS due_at, NULL::int AS attempts, NULL::bool AS ambiguous, NULL::bool AS resent,
    NULL::text AS step FROM unnest($3::uuid[]) AS i(id)) AS released`,
  'true',
  'due_at = least(d.due_at, $2)',
)

const shorten: Statement = {
  name: 'shorten',
  sql: `UPDATE delivery d SET notes = i.notes FROM unnest($1::uuid[], $2::text[], $3::text[]) AS i(id, long, notes)
    WHERE ${isOne('d.id', 'i.id')} AND d.notes = i.long`,
}

interface Back {
  readonly id: string
  readonly app: string
  /** Where they grew too long. */
  readonly notes: string | null
}

export function makeSettler(session: Session): Settler {
  const counted = async (rows: readonly Back[]): Promise<WaitsAgain> => {
    const long = rows.flatMap(({ id, notes }) => (notes === null ? [] : [{ id, notes }]))
    if (long.length > 0) {
      await session.rows(shorten, [
        long.map(({ id }) => id),
        long.map(({ notes }) => notes),
        long.map(({ notes }) => shortened(notes)),
      ])
    }
    const waits = new Map<string, number>()
    for (const { app } of rows) waits.set(app, (waits.get(app) ?? 0) + 1)
    return waits
  }

  return Object.freeze({
    async settle(settlements: readonly Settlement[], instance: number, now: number) {
      const ended = settlements.flatMap((each) => ('end' in each ? [each] : []))
      const others = settlements.flatMap((each) => ('end' in each ? [] : [each]))
      if (ended.length > 0) {
        await session.rows(ending, [
          ...[instance, now, ended.map(({ id }) => id), ended.map(({ end }) => end), ended.map(({ resent }) => resent)],
          ended.map(({ outcome }) => toldOf(outcome)),
        ])
      }
      if (others.length === 0) return new Map<string, number>()
      const step = ({ outcome, dueAt }: (typeof others)[number]): string =>
        `,[${now},"again",${toldOf(outcome) ?? '"down",null'},${dueAt}]`
      return counted(
        await session.rows<Back>(again, [
          ...[instance, now, others.map(({ id }) => id), others.map(({ dueAt }) => dueAt)],
          ...[others.map(({ attempts }) => attempts), others.map(({ ambiguous }) => ambiguous)],
          ...[others.map(({ resent }) => resent), others.map(step)],
        ]),
      )
    },
    release: async (ids: readonly string[], instance: number, now: number) =>
      counted(await session.rows<Back>(release, [instance, now, ids])),
  })
}
