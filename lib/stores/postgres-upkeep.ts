/** What operators and time remove or hasten: in stretches, pushes in between. */
import { type Bounds } from './postgres-bounds'
import { type Session, type Statement } from './postgres-database'
import { type Health } from './postgres-health'
import { type Instances } from './postgres-instances'
import { type RegistrationRow, burying, columnsOf, isUuid, readRegistration } from './postgres-rows'
import { counting, lineOf, tracing } from './postgres-story'
import { type SharedTime } from './postgres-time'
import { type Sweep, type Upkeep } from './store'
import { isAbout, toldOf } from './trace-lines'

/** Rows that one step looks at. */
const STRETCH = 2000
const TRACES = 200
const DAY = 24 * 3600_000
/** What stands in a trace in place of a push service's words. */
const BY_OPERATOR = toldOf({ is: 'refused', why: 'dropped by an operator' }) ?? ''

const abandon = (which: string): Statement => ({
  name: `abandon-${which === 'id = $3::uuid' ? 'one' : 'many'}`,
  sql: `
  WITH gone AS (
    DELETE FROM delivery WHERE id IN (
      SELECT id FROM delivery WHERE ${which} AND state = 0 LIMIT ${STRETCH} FOR UPDATE
    ) RETURNING *
  ),
  counted AS (${counting('upkeep', ['abandoned'], 'SELECT app, $1::bigint AS instance, 1 AS abandoned FROM gone')}),
  traced AS (${tracing(
    '$2::bigint',
    `SELECT ${lineOf('g', `'[' || $2::bigint || ',"ended","abandoned",${BY_OPERATOR}]'`)} AS line FROM gone g`,
  )})
  SELECT app FROM gone`,
})
const abandonOne = abandon('id = $3::uuid')
const abandonMany = abandon('app = $3')

/** Without a trace: the person is to be forgotten. One that is out ends by itself, without one too. */
const endWaiting: Statement = {
  name: 'end-waiting',
  sql: `
  WITH gone AS (DELETE FROM delivery WHERE target = ANY($2::text[]) AND state = 0 RETURNING app),
  quiet AS (UPDATE delivery SET notes = NULL WHERE target = ANY($2::text[]) AND state = 1),
  counted AS (${counting('upkeep', ['unregistered'], 'SELECT app, $1::bigint AS instance, 1 AS unregistered FROM gone')})
  SELECT app FROM gone`,
}

const bury: Statement = {
  name: 'bury',
  sql: `WITH gone AS (DELETE FROM registration r WHERE owner = $1 RETURNING ${columnsOf('r')}),
    ${burying('$2::bigint', "'erased by an operator'", 'true')} SELECT * FROM gone`,
}

const sweepRegistrations: Statement = {
  name: 'sweep-registrations',
  sql: `
  WITH looked AS (SELECT id, seen_at, registered_at FROM registration WHERE id > $1 ORDER BY id LIMIT ${STRETCH}),
  gone AS (
    DELETE FROM registration r USING looked l
    WHERE r.id = l.id AND r.seen_at < $2 AND r.registered_at < $2 RETURNING ${columnsOf('r')}
  ), ${burying('$3::bigint', "'not seen for too long'", 'false')}
  SELECT g.*, (SELECT max(id) FROM looked) AS last, (SELECT count(*) FROM looked) AS looked
  FROM (SELECT 1) AS one LEFT JOIN gone g ON true`,
}

export interface UpkeepOptions {
  readonly session: Session
  readonly health: Health
  readonly instances: Pick<Instances, 'number'>
  readonly bounds: Pick<Bounds, 'add'>
  readonly time: Pick<SharedTime, 'offset'>
  /** Something may be due that was not. */
  readonly wake: () => void
}

export function makePostgresUpkeep({ session, health, instances, bounds, time, wake }: UpkeepOptions): Upkeep {
  const ask = <Row>(...question: Parameters<typeof session.rows>) =>
    health.guarded(() => session.rows<Row>(...question))

  const left = (rows: readonly { readonly app: string }[]): number => {
    for (const { app } of rows) bounds.add(app, -1)
    if (rows.length > 0) wake()
    return rows.length
  }

  async function eraseTraces(needles: readonly string[]): Promise<number> {
    let removed = 0
    for (let before = Number.MAX_SAFE_INTEGER; ;) {
      const rows = await ask<{ seq: number; lines: string | null }>(
        `SELECT seq, CASE WHEN EXISTS (SELECT 1 FROM unnest($3::text[]) AS n(needle) WHERE position(needle IN lines) > 0)
           THEN lines END AS lines FROM trace WHERE seq < $1 ORDER BY seq DESC LIMIT $2`,
        [before, TRACES, needles],
      )
      for (const { seq, lines } of rows) {
        if (lines === null) continue
        const all = lines.split(/(?<=\n)/)
        const kept = all.filter((line) => !isAbout(line, needles))
        removed += all.length - kept.length
        if (kept.length < all.length) await ask('UPDATE trace SET lines = $2 WHERE seq = $1', [seq, kept.join('')])
      }
      const last = rows.at(-1)
      if (rows.length < TRACES || last === undefined) return removed
      before = last.seq
    }
  }

  /** Deletes by a statement that takes a stretch, until it finds no more. */
  async function inStretches(sql: string, values: readonly number[]): Promise<void> {
    for (let rows = STRETCH; rows === STRETCH;) rows = (await ask(sql, values)).length
  }

  return Object.freeze({
    /** The tombstones go last: they name what is to be erased, should this be interrupted. */
    async erase(owner: string, at: number) {
      const registrations = (await ask<RegistrationRow>(bury, [owner, at + time.offset()])).map(readRegistration)
      const graves = await ask<{ registration: string }>('SELECT registration FROM tombstone WHERE owner = $1', [owner])
      const ids = graves.map(({ registration }) => registration)
      const deliveries = left(await ask<{ app: string }>(endWaiting, [instances.number, ids]))
      const traces = ids.length === 0 ? 0 : await eraseTraces(ids)
      const dropped = await ask('DELETE FROM tombstone WHERE owner = $1 RETURNING 1', [owner])
      return { registrations, tombstones: dropped.length - registrations.length, deliveries, traces }
    },
    async hasten(which, at) {
      if ('delivery' in which && !isUuid(which.delivery)) return 0
      let sum = 0
      for (let rows = STRETCH; rows === STRETCH;) {
        const [column, value] = 'delivery' in which ? ['id = $2::uuid', which.delivery] : ['app = $2', which.app]
        rows = (
          await ask(
            `UPDATE delivery SET due_at = $1 WHERE id IN (
               SELECT id FROM delivery WHERE ${column} AND state = 0 AND due_at > $1 LIMIT ${STRETCH} FOR UPDATE
             ) RETURNING 1`,
            [at + time.offset(), value],
          )
        ).length
        sum += rows
      }
      if (sum > 0) wake()
      return sum
    },
    async abandon(which, at) {
      if ('delivery' in which && !isUuid(which.delivery)) return 0
      const [statement, value] = 'delivery' in which ? [abandonOne, which.delivery] : [abandonMany, which.app]
      for (let sum = 0; ;) {
        const gone = left(await ask<{ app: string }>(statement, [instances.number, at, value]))
        sum += gone
        if (gone < STRETCH) return sum
      }
    },
    async sweep(sweep: Sweep, removed) {
      const by = time.offset()
      const { registrationsSeenBefore, tracesBytes } = sweep
      const before = registrationsSeenBefore === undefined ? undefined : registrationsSeenBefore + by
      const [at, tombstonesBefore, tracesBefore] = [sweep.at + by, sweep.tombstonesBefore + by, sweep.tracesBefore + by]
      for (let after: string | undefined = before === undefined ? undefined : ''; after !== undefined;) {
        type Row = RegistrationRow & { readonly last: string | null; readonly looked: number }
        const rows: readonly Row[] = await ask<Row>(sweepRegistrations, [after, before ?? 0, at])
        const gone = rows.filter(({ id }) => (id as string | null) !== null).map(readRegistration)
        if (gone.length > 0) removed(gone)
        after = (rows[0]?.looked ?? 0) < STRETCH ? undefined : (rows[0]?.last ?? undefined)
      }
      await inStretches(
        `DELETE FROM tombstone WHERE (service, node, owner) IN (
           SELECT service, node, owner FROM tombstone WHERE died_at < $1 LIMIT ${STRETCH}) RETURNING 1`,
        [tombstonesBefore],
      )
      await inStretches(
        `DELETE FROM dead_address WHERE target IN (
           SELECT target FROM dead_address WHERE died_at < $1 LIMIT ${STRETCH}) RETURNING 1`,
        [tombstonesBefore],
      )
      const [found] = await ask<{ seq: number | null }>(
        // What the future wrote comes from a clock that has been set back: its time would never come.
        `SELECT greatest(
           (SELECT max(seq) FROM trace WHERE at < $1 OR at > $2),
           (SELECT max(seq) FROM (SELECT seq, sum(bytes) OVER (ORDER BY seq DESC) - bytes AS newer FROM trace) AS t
            WHERE newer >= $3)
         ) AS seq`,
        [tracesBefore, at + DAY, tracesBytes],
      )
      await inStretches(
        `DELETE FROM trace WHERE seq IN (SELECT seq FROM trace WHERE seq <= $1 ORDER BY seq LIMIT ${STRETCH}) RETURNING 1`,
        [found?.seq ?? 0],
      )
    },
  } satisfies Upkeep)
}
