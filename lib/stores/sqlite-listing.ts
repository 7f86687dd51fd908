/** What an operator reads of registrations and of the outbox. Changes nothing, and looks at a bounded stretch per question. */
import { type NotificationClass } from '../model/notification'
import { type Tombstone } from '../model/trace'
import { type Bound, type Database } from './sqlite-database'
import { type Answers, type PlainWaiting } from './sqlite-protocol'
import { type RegistrationRow, readRegistration } from './sqlite-registration-row'

/** Deliveries that one look through the outbox takes. */
const STRETCH = 10_000

interface WaitingRow {
  readonly id: string
  readonly app: string
  readonly target: string
  readonly class: NotificationClass
  readonly accepted_at: number
  readonly expires_at: number
  readonly due_at: number
  readonly state: 0 | 1 | 2
  readonly notes: string | null
}

const states = ['waiting', 'out', 'behind'] as const
const columns = 'id, app, target, class, accepted_at, expires_at, due_at, state, notes'

function waiting(row: WaitingRow): PlainWaiting {
  return {
    ...{ id: row.id, app: row.app, target: row.target, class: row.class, acceptedAt: row.accepted_at },
    ...{ expiresAt: row.expires_at, dueAt: row.due_at, state: states[row.state], notes: row.notes ?? 'null' },
  }
}

export interface TombstoneRow extends Omit<Tombstone, 'registration' | 'diedAt'> {
  readonly registration: string | null
  readonly died_at: number
}

export function tombstone({ registration, died_at: diedAt, ...row }: TombstoneRow): Tombstone {
  return { ...row, diedAt, ...(registration === null ? {} : { registration }) }
}

type Mine = 'devices' | 'tombstones' | 'deliveries' | 'waiting' | 'stretch'

export function makeListing(database: Database): Answers<Mine> {
  const byId = database.prepare(`SELECT ${columns} FROM unended WHERE id = ?`)
  const outs = database.prepare(`SELECT ${columns} FROM unended WHERE state = 1 AND (?1 IS NULL OR app = ?1) LIMIT ?2`)
  const apps = database.prepare('SELECT app FROM account')
  const due = ["class = 'call'", "class <> 'call'"].map((which) =>
    database.prepare(
      `SELECT ${columns} FROM delivery WHERE app = ? AND state = 0 AND ${which} ORDER BY due_at, seq LIMIT ?`,
    ),
  )
  const stretch = database.prepare(`SELECT ${columns} FROM unended WHERE id > ? ORDER BY id LIMIT ${STRETCH}`)

  return Object.freeze({
    devices({ id, node, owner, app, after, limit }) {
      const given = Object.entries({ id, node, owner, app }).filter(([, value]) => value !== undefined)
      const where = ['id > ?', ...given.map(([column]) => `${column} = ?`)].join(' AND ')
      const values: Bound[] = [after ?? '', ...given.map(([, value]) => value ?? null), limit]
      const found = database.prepare(`SELECT * FROM registration WHERE ${where} ORDER BY id LIMIT ?`)
      return found.rows<RegistrationRow>(values).map(readRegistration)
    },
    tombstones({ node, owner, limit }) {
      const [column, value] = node === undefined ? ['owner', owner ?? ''] : ['node', node]
      const found = database.prepare(`SELECT * FROM tombstone WHERE ${column} = ? ORDER BY died_at DESC LIMIT ?`)
      return found.rows<TombstoneRow>([value, limit]).map(tombstone)
    },
    deliveries: (ids) => ids.flatMap((id) => byId.rows<WaitingRow>([id]).map(waiting)),
    waiting({ app, limit }) {
      const names = app === undefined ? apps.rows<{ app: string }>([]).map((row) => row.app) : [app]
      const found: WaitingRow[] = [...outs.rows<WaitingRow>([app ?? null, limit])]
      for (const statement of due) {
        const rows = names.flatMap((name) => statement.rows<WaitingRow>([name, limit]))
        found.push(...rows.sort((a, b) => a.due_at - b.due_at))
      }
      return found.slice(0, limit).map(waiting)
    },
    stretch({ after, targets }) {
      const rows = stretch.rows<WaitingRow>([after])
      const wanted = new Set(targets)
      const oldest = new Map<string, number>()
      for (const { app, accepted_at: at } of rows) oldest.set(app, Math.min(oldest.get(app) ?? Infinity, at))
      const found = rows.filter(({ target }) => wanted.has(target)).map(waiting)
      return { found, oldest, next: rows.length < STRETCH ? undefined : rows.at(-1)?.id }
    },
  } satisfies Answers<Mine>)
}
