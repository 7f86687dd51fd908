/** Hands out what waits and is due, in one statement: calls first, then by due time; in a backlog the domains take turns. */
import { type NotificationClass } from '../model/notification'
import { type Claimed } from '../outbox/outbox'
import { type ContentCipher } from './content-cipher'
import { type Session, type Statement } from './postgres-database'
import { isOne } from './postgres-steps'
import { readSealed } from './sealed'

/** Room for one app. `isBacklogged`: more of it is believed to be due than there is room for. */
export interface Wanted {
  readonly app: string
  readonly room: number
  readonly isBacklogged: boolean
}

export interface Found {
  readonly claimed: readonly Claimed[]
  /** When the next of an app falls due, of the apps that were asked for; by the shared clock, as is the next one. */
  readonly nextDue: ReadonlyMap<string, number>
  /** When the next that waits expires, of any app (ms since 1970). */
  readonly nextExpiry: number
}

/** A domain's turn is so small a part of the room, but one at least. */
const SHARES = 16
/** Domains that one claim looks at; what room is left then goes by age alone. */
const MOST_LOOKED_AT = 32

/** Nothing of the same target and key is out: a step in an index for each, which `NOT EXISTS` would leave to the planner. */
const free = `(collapse_key IS NULL OR (
  SELECT o.id FROM delivery o WHERE o.target = w.target AND o.collapse_key = w.collapse_key AND o.state = 1) IS NULL)`
const take = (which: string, room: string, order = 'w.due_at, w.seq'): string => `
  SELECT w.id FROM delivery w WHERE w.app = r.app AND w.state = 0 AND ${which} AND w.due_at <= $2 AND ${free}
  ORDER BY ${order} LIMIT ${room} FOR UPDATE SKIP LOCKED`
/** A range of one and an order by it, so that no index will do but the one that has the domains. */
const ofDomain = "w.class <> 'call' AND w.domain >= r.domain AND w.domain <= r.domain"
const next = (which: string): string => `
  (SELECT w.due_at FROM delivery w WHERE w.app = r.app AND w.state = 0 AND ${which} AND w.due_at > $2
   ORDER BY w.due_at LIMIT 1)`

const claim: Statement = {
  name: 'claim',
  sql: `
  WITH room AS (SELECT * FROM unnest($3::text[], $4::int[]) AS r(app, room)),
  turns AS (SELECT * FROM unnest($5::text[], $6::text[], $7::int[]) AS t(app, domain, room)),
  calls AS (SELECT r.app, c.id FROM room r CROSS JOIN LATERAL (${take("w.class = 'call'", 'r.room')}) c),
  left_over AS (SELECT app, room - (SELECT count(*) FROM calls c WHERE c.app = room.app) AS room FROM room),
  turned AS (
    SELECT r.app, c.id FROM turns r JOIN left_over l ON l.app = r.app CROSS JOIN LATERAL (
      ${take(ofDomain, 'least(r.room, l.room)', 'w.domain, w.due_at, w.seq')}
    ) c
  ),
  others AS (
    SELECT r.app, c.id FROM left_over r CROSS JOIN LATERAL (
      ${take("w.class <> 'call' AND w.id NOT IN (SELECT id FROM turned)", 'greatest(0, r.room - (SELECT count(*) FROM turned t WHERE t.app = r.app))')}
    ) c
  ),
  claimed AS (
    UPDATE delivery d SET state = 1, instance = $1
    FROM (SELECT id FROM calls UNION ALL SELECT id FROM turned UNION ALL SELECT id FROM others) AS picked
    WHERE ${isOne('d.id', 'picked.id')}
    RETURNING d.id, d.app, d.target, d.class, d.urgency, d.collapse_key, d.expires_at, d.accepted_at, d.sealed,
      d.due_at, d.seq, d.attempts, d.ambiguous
  )
  SELECT *, NULL::bigint AS next FROM claimed
  UNION ALL
  SELECT NULL, r.app, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    least(${next("w.class = 'call'")}, ${next("w.class <> 'call'")}) FROM room r
  UNION ALL
  SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    (SELECT expires_at FROM delivery WHERE state = 0 ORDER BY expires_at LIMIT 1)`,
}

/** The domains of an app that have something waiting, beginning after one: a step in an index for each. */
const domains: Statement = {
  name: 'domains',
  sql: (() => {
    const step = (after: string) => `(SELECT d.domain FROM delivery d
      WHERE d.app = $1 AND d.state = 0 AND d.class <> 'call' AND d.domain ${after} ORDER BY d.domain LIMIT 1)`
    const walk = (first: string) => `SELECT ${step(first)} AS domain, 1 AS n
      UNION ALL SELECT ${step('> walk.domain')}, n + 1 FROM walk WHERE walk.domain IS NOT NULL AND n < ${MOST_LOOKED_AT}`
    const from = (name: string, first: string) => `${name} AS (${walk(first).replaceAll('walk', name)})`
    return `WITH RECURSIVE ${from('later', '> $2')}, ${from('sooner', ">= ''")}
      SELECT domain FROM (
        SELECT domain, 0 AS round, n FROM later UNION ALL SELECT domain, 1, n FROM sooner WHERE domain <= $2
      ) AS found WHERE domain IS NOT NULL ORDER BY round, n LIMIT ${MOST_LOOKED_AT}`
  })(),
}

interface Row {
  readonly id: string | null
  readonly app: string | null
  readonly target: string
  readonly class: NotificationClass
  readonly urgency: 'high' | 'low'
  readonly collapse_key: string | null
  readonly expires_at: number
  readonly accepted_at: number
  readonly sealed: Buffer | null
  readonly due_at: number
  readonly seq: number
  readonly attempts: number
  readonly ambiguous: boolean
  readonly next: number | null
}

type Handed = Row & { readonly id: string; readonly app: string }

/** The moment by the shared clock, and its offset from our own: what is handed out is told by ours. */
export interface Moment {
  readonly now: number
  readonly offset: number
}

export type Claimer = (wanted: readonly Wanted[], instance: number, moment: Moment) => Promise<Found>

export function makeClaimer(session: Session, cipher: Pick<ContentCipher, 'open'>): Claimer {
  /** By app: the domain that had its turn last. */
  const last = new Map<string, string>()

  const read = (row: Handed, offset: number): Claimed => {
    const text = row.sealed === null ? null : cipher.open(row.sealed, `delivery ${row.id}`)
    const { target, content } = readSealed(text, row.target)
    const key = row.collapse_key
    return {
      delivery: {
        ...{ id: row.id, app: row.app, target, acceptedAt: row.accepted_at - offset },
        notification: {
          ...{ class: row.class, urgency: row.urgency, ...(key === null ? {} : { collapseKey: key }) },
          ...{ expiresAt: row.expires_at - offset, content },
        },
      },
      attempts: row.attempts,
      ambiguous: row.ambiguous,
    }
  }

  /** Of a backlog: of each domain in turn a few, as long as there is room. */
  const inTurn = async ({ app, room }: Wanted): Promise<readonly (readonly [string, string, number])[]> => {
    const found = await session.rows<{ domain: string }>(domains, [app, last.get(app) ?? ''])
    const share = Math.max(1, Math.floor(room / SHARES))
    const turns = found
      .slice(0, Math.ceil(room / share))
      .map(({ domain }, turn) => [app, domain, Math.min(share, room - turn * share)] as const)
    const latest = turns.at(-1)
    if (latest !== undefined) last.set(app, latest[1])
    return turns
  }

  return async (wanted, instance, { now, offset }) => {
    const backlogged = wanted.filter(({ isBacklogged, room }) => isBacklogged && room > 0)
    const turns = (await Promise.all(backlogged.map(inTurn))).flat()
    const rows = await session.rows<Row>(claim, [
      ...[instance, now, wanted.map(({ app }) => app), wanted.map(({ room }) => room)],
      ...[turns.map(([app]) => app), turns.map(([, domain]) => domain), turns.map(([, , room]) => room)],
    ])
    const nextDue = new Map<string, number>()
    let nextExpiry = Infinity
    const handed: Handed[] = []
    for (const row of rows) {
      if (row.id !== null && row.app !== null) handed.push({ ...row, id: row.id, app: row.app })
      else if (row.app === null) nextExpiry = row.next ?? Infinity
      else nextDue.set(row.app, row.next ?? Infinity)
    }
    handed.sort((a, b) => a.due_at - b.due_at || a.seq - b.seq)
    return { claimed: handed.map((row) => read(row, offset)), nextDue, nextExpiry }
  }
}
