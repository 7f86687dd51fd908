/**
 * pg 8, narrowed to what the store needs: named statements over a pool, transactions, and a connection to hold. Knows the
 * library's traps: a pool without a listener for errors takes the process down, `bigint` comes back as a text, it knows one host.
 */
import type * as Pg from 'pg'
import { type Client, type ClientBase, type ClientConfig, type Pool, type PoolClient, type PoolConfig } from 'pg'
import { makeServers } from './postgres-servers'
import { type DatabaseAddress } from './postgres-url'

/** A value as it is bound; a list is an array of the database. */
export type Bound = string | number | boolean | null | Buffer | readonly (string | number | boolean | null | Buffer)[]

/** A statement that is prepared once per connection, under its name. */
export interface Statement {
  readonly name: string
  readonly sql: string
}

/** Runs statements one after another. */
export interface Session {
  /** The rows of a statement. The caller says what they look like, for it wrote the SQL. */
  rows<Row>(statement: Statement | string, values?: readonly Bound[]): Promise<readonly Row[]>
}

/** One connection, held until it is ended. */
export interface Held extends Session {
  end(): Promise<void>
}

export interface Database extends Session {
  /** Runs `work` in one transaction, on one connection; rolls back where it rejects. */
  transaction<T>(work: (session: Session) => Promise<T>): Promise<T>
  /**
   * Opens a connection beside the pool's. `lost` is called once where it breaks by itself; the server finds out within a quarter of a
   * minute where this machine is gone without a word.
   */
  hold(lost: () => void): Promise<Held>
  /** Lets statements under way end, then closes every connection. */
  close(): Promise<void>
  /** Breaks every connection: who waits for an answer is rejected. */
  abandon(): void
}

export interface DatabaseOptions {
  readonly address: DatabaseAddress
  /** PEM of the authorities that may vouch for the server. */
  readonly ca?: string | undefined
  readonly schema: string
  readonly connections: number
  /** Changes nothing, whatever is asked. */
  readonly readOnly?: boolean
}

const CONNECT_WITHIN_MS = 5_000
/** A statement of the store takes milliseconds; a server that is silent for so long is taken for lost. */
const ANSWER_WITHIN_MS = 30_000

function sslOf({ address, ca }: DatabaseOptions): PoolConfig['ssl'] {
  if (address.tls === 'plain') return false
  if (address.tls === 'encrypted' && ca === undefined) return { rejectUnauthorized: false }
  return { rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) }
}

/** A name in double quotes (PostgreSQL 15, §4.1.1). */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function sessionOf(ask: Pick<ClientBase, 'query'> | Pool): Session {
  return {
    async rows<Row>(statement: Statement | string, values: readonly Bound[] = []) {
      const named = typeof statement === 'string' ? { text: statement } : { name: statement.name, text: statement.sql }
      const { rows } = await ask.query({ ...named, values: [...values] })
      return rows as readonly Row[]
    },
  }
}

/** One connection: a statement is sent once the one before it is answered, for pg 9 no longer lets them wait by itself. */
function sessionOn(client: ClientBase): Session {
  const session = sessionOf(client)
  let before: Promise<unknown> = Promise.resolve()
  return {
    rows<Row>(statement: Statement | string, values?: readonly Bound[]) {
      const answer = before.then(() => session.rows<Row>(statement, values))
      before = answer.catch(() => undefined)
      return answer
    },
  }
}

/**
 * A queue's table is empty one moment and long the next: what the planner believes of it is always wrong, and only its
 * indexes are right at both times. So one plan for each statement is made to be good at both (`postgres-steps.ts`), and is kept: of lists the
 * server would plan anew each time, which costs more than a push that is alone.
 */
function settingUp(options: DatabaseOptions): (client: ClientBase) => Promise<void> {
  const { schema, readOnly = false, address } = options
  const text = `SELECT set_config('search_path', $1, false), set_config('enable_seqscan', 'off', false),
    set_config('default_transaction_read_only', $2, false), set_config('jit', 'off', false),
    set_config('plan_cache_mode', 'force_generic_plan', false),
    pg_is_in_recovery() AS standby`
  return async (client) => {
    const values = [quoted(schema), readOnly ? 'on' : 'off']
    const { rows } = await client.query<{ readonly standby: boolean }>(text, values)
    if (address.hosts.length === 1 || rows[0]?.standby !== true) return
    throw Object.assign(new Error('it is a standby'), { code: '25006' })
  }
}

/** So many seconds until the server looks whether a silent machine is there, between two looks, and how often it looks. */
const LIVENESS = `SELECT set_config('tcp_keepalives_idle', '5', false), set_config('tcp_keepalives_interval', '3', false),
  set_config('tcp_keepalives_count', '3', false)`

/** Connects when it is first asked. Rejects with what pg says. */
export function openDatabase(options: DatabaseOptions): Database {
  const { address, connections } = options
  const { database, user, password } = address
  // Loaded where such a store is opened: who has another one carries none of it about.
  const { Client, Pool, types } = module.require('pg') as typeof Pg
  const servers = makeServers(address)
  const setUp = settingUp(options)
  // Counters, and times in milliseconds: far below 2^53.
  types.setTypeParser(types.builtins.INT8, Number)
  const config: ClientConfig = {
    ...{ database, user, ssl: sslOf(options), application_name: 'xmpp-push' },
    ...(password === undefined ? {} : { password }),
    connectionTimeoutMillis: CONNECT_WITHIN_MS,
    query_timeout: ANSWER_WITHIN_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  }
  const pool = new Pool({
    ...{ ...config, max: connections },
    Client: class extends Client {
      constructor() {
        super({ ...config, ...servers.current })
        // One that somebody has out has no listener of the pool: whoever has it is told by rejection, at his next word.
        this.on('error', () => undefined)
      }
    },
    // COMPAT(@types/pg ≤ 8.23.1): the pool waits for what this returns, and its types do not say so.
    onConnect: (client): unknown => setUp(client),
  })
  // A connection that breaks while nobody uses it is replaced when somebody does; who was using it is told by rejection.
  pool.on('error', () => undefined)
  const clients = new Set<PoolClient | Client>()
  pool.on('connect', (client) => clients.add(client))
  pool.on('remove', (client) => clients.delete(client))
  const connect = (): Promise<PoolClient> => servers.connected(() => pool.connect())

  /** As the pool's own `query` does it, from whichever server takes writing. */
  async function rows<Row>(statement: Statement | string, values: readonly Bound[] = []): Promise<readonly Row[]> {
    const client = await connect()
    let failed: Error | undefined
    try {
      return await sessionOf(client).rows<Row>(statement, values)
    } catch (error) {
      failed = error instanceof Error ? error : new Error(String(error))
      throw error
    } finally {
      client.release(failed)
    }
  }

  async function holding(): Promise<Client> {
    const client = new Client({ ...config, ...servers.current })
    client.on('error', () => undefined)
    try {
      await client.connect()
      await setUp(client)
      await client.query(LIVENESS)
      return client
    } catch (error) {
      void client.end().catch(() => undefined)
      throw error
    }
  }

  let closing: Promise<void> | undefined
  return Object.freeze({
    ...(servers.areSeveral ? { rows } : sessionOf(pool)),
    async transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
      const client = await connect()
      let failed: Error | undefined
      try {
        await client.query('BEGIN')
        const done = await work(sessionOn(client))
        await client.query('COMMIT')
        return done
      } catch (error) {
        failed = error instanceof Error ? error : new Error(String(error))
        throw error
      } finally {
        // A connection on which something failed is closed, and with that it is rolled back.
        client.release(failed)
      }
    },
    async hold(lost: () => void) {
      const client = await servers.connected(holding)
      clients.add(client)
      let isOver = false
      client.once('end', () => {
        clients.delete(client)
        if (!isOver) lost()
        isOver = true
      })
      return Object.freeze({
        ...sessionOn(client),
        async end() {
          isOver = true
          await client.end()
        },
      })
    },
    close: () => (closing ??= pool.end()),
    abandon() {
      // pg 8 breaks off what is under way on a connection that is ended.
      for (const client of clients) void client.end().catch(() => undefined)
    },
  })
}
