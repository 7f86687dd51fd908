/**
 * Puts a batch of deliveries in one statement. The statement decides for each whether it goes at once, waits, or takes the
 * place of one that waits; what it could not decide, because another instance wrote the same lane meanwhile, comes back.
 */
import { type Delivery } from '../model/notification'
import { bareTarget } from './bare-target'
import { type ContentCipher } from './content-cipher'
import { type Bound, type Session, type Statement } from './postgres-database'
import { isOne, ofLane } from './postgres-steps'
import { counting, lineOf, tracing } from './postgres-story'
import { toBeSealed } from './sealed'
import { firstNotes } from './trace-lines'

/** A delivery as the statement is told of it. */
export interface Planned {
  readonly delivery: Delivery
  readonly target: string
  /** It may go out at once, if nothing of its lane waits or is out. */
  readonly mayGo: boolean
  /** It may wait; otherwise it may only take another's place. */
  readonly mayWait: boolean
  /** A later one of its lane in the same batch, which replaces it unless it goes. */
  readonly before?: string
}

/** What became of one: `out`, `waits`, `replaced` (it took the place of one that waited), `outdated`, `known`. */
export interface Placed {
  readonly id: string
  readonly word: 'out' | 'waits' | 'replaced' | 'outdated' | 'known'
  /** Of `replaced`: the app of the one before, which is its own unless the device moved. */
  readonly app: string
}

/** What coalescing is keyed by; a bare address is told from others only by those with the key. */
export function targetOf({ app, target }: Delivery, cipher: Pick<ContentCipher, 'hash'>): string {
  return target.to === 'registration' ? target.registration : bareTarget(cipher, app, target.address.reveal())
}

const coalesced = (row: string, by: string): string =>
  lineOf(row, `'[' || $2::bigint || ',"coalesced","' || ${by} || '"]'`)

const columns = 'id, app, target, class, urgency, collapse_key, expires_at, accepted_at, sealed, notes, domain, seq'

// Scalar questions, not `NOT EXISTS`: that the planner may answer by reading all that waits. Nor a plain join, for the same reason.
const put: Statement = {
  name: 'put',
  sql: `
  WITH input AS (
    SELECT * FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bigint[],
      $10::bigint[], $11::bytea[], $12::text[], $13::text[], $14::bigint[], $15::bigint[], $16::bool[], $17::bool[], $18::uuid[])
    AS i(${columns}, due_at, may_go, may_wait, before)
  ),
  known AS (
    SELECT d.id FROM input i CROSS JOIN LATERAL (SELECT id FROM delivery d WHERE ${isOne('d.id', 'i.id')} LIMIT 1) d
  ),
  fresh AS (
    SELECT ${columns}, due_at, may_go, may_wait,
      CASE WHEN before IN (SELECT id FROM known) THEN NULL ELSE before END AS before
    FROM input WHERE id NOT IN (SELECT id FROM known)
  ),
  older AS (
    SELECT d.*, f.id AS by FROM (SELECT * FROM fresh WHERE before IS NULL ORDER BY target, collapse_key) f
    CROSS JOIN LATERAL (${ofLane('f', 0, 'd.id, d.app, d.target, d.class, d.accepted_at, d.notes')} FOR UPDATE) d
  ),
  going AS (
    SELECT id FROM fresh f WHERE may_go AND (collapse_key IS NULL OR (
      ${ofLane('f', 1, 'd.id')}
    ) IS NULL AND (
      ${ofLane('f', 0, 'd.id')}
    ) IS NULL)
  ),
  outdated AS (SELECT * FROM fresh WHERE before IS NOT NULL AND id NOT IN (SELECT id FROM going)),
  replaced AS (
    UPDATE delivery d SET id = f.id, app = f.app, class = f.class, urgency = f.urgency, expires_at = f.expires_at,
      accepted_at = f.accepted_at, sealed = f.sealed, notes = f.notes, domain = f.domain, seq = f.seq,
      ambiguous = false, instance = $1
    FROM older o JOIN fresh f ON f.id = o.by WHERE ${isOne('d.id', 'o.id')}
    RETURNING f.id, f.app, o.app AS old_app, ${coalesced('o', 'o.by')} AS line
  ),
  inserted AS (
    INSERT INTO delivery (${columns}, due_at, state, attempts, ambiguous, instance)
    SELECT ${columns}, due_at, state, 0, false, $1 FROM (
      SELECT f.*, 1 AS state FROM fresh f WHERE id IN (SELECT id FROM going)
      UNION ALL
      SELECT f.*, 0 FROM fresh f WHERE before IS NULL AND may_wait
        AND id NOT IN (SELECT id FROM going) AND id NOT IN (SELECT by FROM older)
    ) AS rows ORDER BY target, collapse_key
    ON CONFLICT DO NOTHING RETURNING id, app, state
  ),
  counted AS (${counting(
    'door',
    ['accepted', 'coalesced'],
    `SELECT app, $1::bigint AS instance, 1 AS accepted, 0 AS coalesced FROM inserted
     UNION ALL SELECT app, $1, 1, 0 FROM replaced UNION ALL SELECT old_app, $1, 0, 1 FROM replaced
     UNION ALL SELECT app, $1, 1, 1 FROM outdated`,
  )}),
  traced AS (${tracing(
    '$2::bigint',
    `SELECT line FROM replaced UNION ALL SELECT ${coalesced('u', 'u.before')} FROM outdated u`,
  )})
  SELECT id, CASE state WHEN 1 THEN 'out' ELSE 'waits' END AS word, app FROM inserted
  UNION ALL SELECT id, 'replaced', old_app FROM replaced
  UNION ALL SELECT id, 'outdated', app FROM outdated
  UNION ALL SELECT id, 'known', '' FROM known`,
}

const bindings = (
  plans: readonly Planned[],
  cipher: Pick<ContentCipher, 'seal'>,
  seqOf: () => number,
): readonly Bound[] => {
  const of = <T extends string | number | boolean | null | Buffer>(read: (plan: Planned) => T): readonly T[] =>
    plans.map(read)
  return [
    of(({ delivery }) => delivery.id),
    of(({ delivery }) => delivery.app),
    of(({ target }) => target),
    of(({ delivery }) => delivery.notification.class),
    of(({ delivery }) => delivery.notification.urgency),
    of(({ delivery }) => delivery.notification.collapseKey ?? null),
    of(({ delivery }) => delivery.notification.expiresAt),
    of(({ delivery }) => delivery.acceptedAt),
    of(({ delivery: { id, target, notification } }) => {
      const text = toBeSealed(target, notification.content)
      return text === null ? null : cipher.seal(text, `delivery ${id}`)
    }),
    of(({ delivery }) => firstNotes(delivery.publisher)),
    of(({ delivery: { publisher = '' } }) => publisher.slice(publisher.indexOf('@') + 1)),
    of(seqOf),
    of(({ delivery }) => delivery.dueAt ?? delivery.acceptedAt),
    of(({ mayGo }) => mayGo),
    of(({ mayWait }) => mayWait),
    of(({ before }) => before ?? null),
  ]
}

export type Putter = (plans: readonly Planned[], instance: number, now: number) => Promise<readonly Placed[]>

/** Makes the statement's caller; what it does not name in its answer is to be put again, or may not wait. */
export function makePutter(session: Session, cipher: ContentCipher, seqOf: () => number): Putter {
  return (plans, instance, now) => session.rows<Placed>(put, [instance, now, ...bindings(plans, cipher, seqOf)])
}
