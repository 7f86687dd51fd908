/**
 * What the database knows of this process by a connection that it holds: that it is there, and what it has the turn of. Both end with the
 * connection, and the connection ends with the process (advisory locks of a session, PostgreSQL 15, §13.3.5). Knows nothing of
 * what follows from it.
 */
import { closed } from '../model/unavailable'
import { type Database, type Held, type Session } from './postgres-database'
import { type Turns } from './store'

/** The first halves of the keys of locks; the second is an instance's number, or made of a name. */
const THERE = 'xmpp-push instance'
const TURN = 'xmpp-push turn'

export interface Presence {
  /**
   * Takes the lock of an instance in place of the one before; it is taken again whenever the connection had to be. Where that can't be done,
   * nothing is known of the instance but its beat. Never rejects.
   */
  be(number: number): Promise<void>
  /** When the connection was lost last, by no fault of the process that is known; undefined if it never was. */
  readonly lostAt: number | undefined
  readonly turns: Turns
  close(): Promise<void>
}

/** Half a key for a lock: of what kind, in which of several schemas of one database. */
const kindOf = (kind: string): string => `hashtext('${kind} ' || current_schema())`

const takeLock = `SELECT pg_try_advisory_lock(${kindOf(THERE)}, $1::int) AS taken`
const endLock = `SELECT pg_advisory_unlock(${kindOf(THERE)}, $1::int)`
/** Its row says in which reign of the server the lock was taken: after a restart, everybody has lost his. */
const reign = 'UPDATE instance SET reign = pg_postmaster_start_time()::text WHERE id = $1'
/** Told over another connection: the lock is lost, and the instance lives. Only its beat counts then. */
const noReign = 'UPDATE instance SET reign = NULL, beat = beat + 1 WHERE id = $1'
const take = `SELECT pg_try_advisory_lock(${kindOf(TURN)}, hashtext($1)) AS taken`
const pass = `SELECT pg_advisory_unlock(${kindOf(TURN)}, hashtext($1))`

const locks = `SELECT 1 FROM pg_locks l WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND l.classid = ${kindOf(THERE)}::oid`

/**
 * Whether an instance is gone although its row is there (`i`): it took its lock in this reign of the server, and nobody has it. In SQL, for
 * the statement that looks at all of them.
 */
export const isGone = `(i.reign = pg_postmaster_start_time()::text AND NOT EXISTS (
  ${locks} AND l.objid = i.id::int::oid)) IS TRUE`

/** Whether any instance is at work: it has its lock, or has it again within a beat. */
export async function isAnybodyThere(session: Session): Promise<boolean> {
  return (await session.rows(`${locks} LIMIT 1`)).length > 0
}

export interface PresenceOptions {
  /** Milliseconds of the steady clock. */
  readonly elapsed: () => number
  /** A turn was taken that this process did not have. */
  readonly onTurn: () => void
}

export function makePresence(
  database: Pick<Database, 'hold' | 'rows'>,
  { elapsed, onTurn }: PresenceOptions,
): Presence {
  let opening: Promise<Held> | undefined
  /** Whose lock the connection has. */
  let there: number | undefined
  let lostAt: number | undefined
  let isClosed = false
  const had = new Set<string>()

  const lost = (): void => {
    opening = undefined
    const was = there
    there = undefined
    had.clear()
    if (isClosed) return
    lostAt = elapsed()
    if (was === undefined) return
    void be(was).then(() => {
      if (there === undefined && !isClosed) void database.rows(noReign, [was]).catch(() => undefined)
    })
  }

  function held(): Promise<Held> {
    if (isClosed) return Promise.reject(closed('the store'))
    opening ??= database.hold(lost).catch((error: unknown) => {
      opening = undefined
      throw error
    })
    return opening
  }

  async function be(id: number): Promise<void> {
    if (there === id && opening !== undefined) return
    try {
      const session = await held()
      const before = there
      // The server may still take a connection for alive that we have lost: it has the lock then, until the server finds out.
      const [row] = await session.rows<{ taken: boolean }>(takeLock, [id])
      if (row?.taken !== true) return
      await session.rows(reign, [id])
      there = id
      if (before !== undefined && before !== id) await session.rows(endLock, [before])
    } catch {
      // Tried again with the next beat; until then the beat alone tells that this instance lives.
    }
  }

  return Object.freeze({
    get lostAt() {
      return lostAt
    },
    be,
    turns: Object.freeze({
      async take(name: string) {
        const mine = held()
        const session = await mine
        if (had.has(name)) return true
        const [row] = await session.rows<{ taken: boolean }>(take, [name])
        // What was taken by a connection that broke meanwhile is nobody's.
        const has = row?.taken === true && opening === mine
        if (has) {
          had.add(name)
          onTurn()
        }
        return has
      },
      async pass(name: string) {
        if (!had.delete(name)) return
        const session = await held()
        await session.rows(pass, [name])
      },
    }),
    async close() {
      isClosed = true
      const session = await opening?.catch(() => undefined)
      await session?.end().catch(() => undefined)
    },
  })
}
