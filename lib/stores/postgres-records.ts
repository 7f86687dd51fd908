/** What operators ask, of a running store or of a database that nobody runs on. Changes nothing. */
import { type Account } from '../model/accounting'
import { type NotificationClass } from '../model/notification'
import { type Tombstone, type Trace } from '../model/trace'
import { type Bound, type Session, type Statement } from './postgres-database'
import { type RegistrationRow, columnsOf, isUuid, readRegistration } from './postgres-rows'
import { counted } from './postgres-story'
import { type Records, type TraceQuery } from './store'
import { isAbout, readLine, readNotes } from './trace-lines'

/** Rows of traces that one statement reads at first, and at most. */
const FIRST_ROWS = 64
const MOST_ROWS = 4096

const sums: Statement = {
  name: 'accounts',
  sql: `
  WITH counted AS (
    SELECT app, ${counted.map((column) => `sum(${column})::bigint AS ${column}`).join(', ')} FROM account GROUP BY app
  ),
  waiting AS (
    SELECT app, sum(n)::bigint AS n FROM (
      SELECT app, count(*) AS n FROM delivery WHERE state = 0 AND class = 'call' GROUP BY app
      UNION ALL SELECT app, count(*) FROM delivery WHERE state = 0 AND class <> 'call' GROUP BY app
    ) AS w GROUP BY app
  ),
  out AS (SELECT app, count(*) AS n FROM delivery WHERE state = 1 GROUP BY app)
  SELECT c.*, coalesce(w.n, 0) AS waiting, coalesce(o.n, 0) AS "inFlight"
  FROM counted c LEFT JOIN waiting w ON w.app = c.app LEFT JOIN out o ON o.app = c.app`,
}

const count: Statement = {
  name: 'count',
  sql: 'SELECT app, count(*) AS n FROM registration GROUP BY app',
}

/** The accounting, in one snapshot. */
export async function accountsOf(session: Session): Promise<ReadonlyMap<string, Account>> {
  const rows = await session.rows<Account & { readonly app: string }>(sums)
  return new Map(rows.map(({ app, ...account }) => [app, account]))
}

const listed = `d.id, d.app, d.target, d.class, d.accepted_at, d.expires_at, d.due_at, d.notes, CASE WHEN d.state = 1
  THEN 'out' WHEN d.collapse_key IS NOT NULL AND EXISTS (SELECT 1 FROM delivery o WHERE o.target = d.target
  AND o.collapse_key = d.collapse_key AND o.state = 1) THEN 'behind' ELSE 'waiting' END AS state`
/** Of an app that is named, its own index has the order. */
const waits = (which: string): string => `(SELECT ${listed} FROM delivery d
  WHERE d.state = 0 AND ${which} ORDER BY d.due_at, d.seq LIMIT $1)`

interface WaitingRow {
  readonly id: string
  readonly app: string
  readonly target: string
  readonly class: NotificationClass
  readonly accepted_at: number
  readonly expires_at: number
  readonly due_at: number
  readonly notes: string | null
  readonly state: 'out' | 'waiting' | 'behind'
}

function traceOf({ accepted_at, expires_at, due_at, notes, ...row }: WaitingRow): Trace {
  return { ...row, acceptedAt: accepted_at, expiresAt: expires_at, dueAt: due_at, ...readNotes(notes ?? 'null') }
}

export function makePostgresRecords(session: Session): Records {
  async function endedOf(needles: readonly string[], isEnough: (trace: Trace) => boolean): Promise<readonly Trace[]> {
    const found: Trace[] = []
    let before = Number.MAX_SAFE_INTEGER
    for (let rows = FIRST_ROWS; ; rows = Math.min(rows * 4, MOST_ROWS)) {
      const read = await session.rows<{ seq: number; lines: string | null }>(
        `SELECT seq, CASE WHEN EXISTS (SELECT 1 FROM unnest($3::text[]) AS n(needle) WHERE position(needle IN lines) > 0)
           THEN lines END AS lines FROM trace WHERE seq < $1 ORDER BY seq DESC LIMIT $2`,
        [before, rows, needles],
      )
      for (const { lines } of read) {
        const texts = lines?.split('\n').reverse() ?? []
        for (const text of texts.filter((each) => each !== '' && isAbout(each, needles))) {
          const trace = readLine(text)
          found.push(trace)
          if (isEnough(trace)) return found
        }
      }
      const last = read.at(-1)
      if (read.length < rows || last === undefined) return found
      before = last.seq
    }
  }

  return Object.freeze({
    async devices({ id, node, owner, app, after, limit }) {
      const given = Object.entries({ id, node, owner, app }).filter(([, value]) => value !== undefined)
      const where = ['id > $1', ...given.map(([column], index) => `${column} = $${index + 3}`)].join(' AND ')
      const values: Bound[] = [after ?? '', limit, ...given.map(([, value]) => value ?? null)]
      const text = `SELECT ${columnsOf('r')} FROM registration r WHERE ${where} ORDER BY id LIMIT $2`
      return (await session.rows<RegistrationRow>(text, values)).map(readRegistration)
    },
    tombstones({ node, owner, limit }) {
      const [column, value] = node === undefined ? ['owner', owner ?? ''] : ['node', node]
      return session.rows<Tombstone>(
        `SELECT service, node, owner, registration, died_at AS "diedAt", why FROM tombstone
         WHERE ${column} = $1 ORDER BY died_at DESC LIMIT $2`,
        [value, limit],
      )
    },
    count: async () => new Map((await session.rows<{ app: string; n: number }>(count)).map(({ app, n }) => [app, n])),
    accounts: () => accountsOf(session),
    async waiting({ app, limit }) {
      const its = app === undefined ? 'true' : 'd.app = $2'
      const rows = await session.rows<WaitingRow>(
        `SELECT * FROM (
           (SELECT ${listed} FROM delivery d WHERE d.state = 1 AND ${its} LIMIT $1)
           UNION ALL ${waits(`d.class = 'call' AND ${its}`)} UNION ALL ${waits(`d.class <> 'call' AND ${its}`)}
         ) AS listed LIMIT $1`,
        [limit, ...(app === undefined ? [] : [app])],
      )
      return rows.map(traceOf)
    },
    async oldest() {
      const rows = await session.rows<{ app: string; at: number }>(
        'SELECT app, min(accepted_at) AS at FROM delivery GROUP BY app',
      )
      return new Map(rows.map(({ app, at }) => [app, at]))
    },
    async traces(of: TraceQuery) {
      const [column, wanted] =
        'deliveries' in of
          ? ['id = ANY($1::uuid[])', of.deliveries.filter(isUuid)]
          : ['target = ANY($1::text[])', of.registrations]
      if (wanted.length === 0) return []
      const waiting = (
        await session.rows<WaitingRow>(
          `SELECT ${listed} FROM delivery d WHERE d.${column} ORDER BY d.accepted_at DESC, d.seq DESC`,
          [wanted],
        )
      ).map(traceOf)
      if ('deliveries' in of) {
        const missing = new Set(wanted)
        for (const { id } of waiting) missing.delete(id)
        if (missing.size === 0) return waiting
        const isLast = ({ id }: Trace) => missing.delete(id) && missing.size === 0
        return [...waiting, ...(await endedOf([...missing], isLast))]
      }
      const left = new Map(of.registrations.map((id) => [id, of.perTarget]))
      const take = ({ target }: Trace): boolean => {
        const more = left.get(target) ?? 0
        left.set(target, more - 1)
        return more > 0
      }
      const taken = waiting.filter(take)
      const ended: Trace[] = []
      await endedOf(of.registrations, (trace) => {
        if (take(trace)) ended.push(trace)
        return [...left.values()].every((more) => more <= 0)
      })
      return [...taken, ...ended]
    },
  } satisfies Records)
}
