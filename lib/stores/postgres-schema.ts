/**
 * The tables of the PostgreSQL store and how each version of them came to be. A version that was released never changes.
 *
 * Old and new program work on one database for a while (a rolling upgrade), so a step only adds: tables, indexes, columns
 * with a default. What an older program can't live with, such as a column taken away, comes at the earliest one release
 * after the program that no longer needs it, and says so by `needs`: an older program then refuses to start.
 */
import { type Database, type Session, quoted } from './postgres-database'

interface Step {
  readonly sql: string
  /** The first version whose program can work on the tables as they are after this step. */
  readonly needs: number
}

const COUNTED = 'accepted, resent, delivered, coalesced, expired, gone, refused, unregistered, quiet, abandoned'

/** One step per version; the fact `schema` counts the steps taken. */
const steps: readonly Step[] = [
  {
    needs: 1,
    sql: `
  CREATE TABLE registration (
    id text COLLATE "C" PRIMARY KEY,
    service text COLLATE "C" NOT NULL,
    node text COLLATE "C" NOT NULL,
    owner text COLLATE "C" NOT NULL,
    dialect text COLLATE "C" NOT NULL,
    device text COLLATE "C" NOT NULL,
    app text COLLATE "C" NOT NULL,
    secret text,
    address text,
    call_address text,
    environment text,
    hints jsonb NOT NULL,
    registered_at bigint NOT NULL,    -- all times: ms since 1970
    seen_at bigint NOT NULL
  ) WITH (fillfactor = 85);
  CREATE UNIQUE INDEX registration_device ON registration (service, owner, dialect, app, device);
  CREATE UNIQUE INDEX registration_node ON registration (service, node, owner);
  CREATE INDEX registration_owner ON registration (owner);
  CREATE INDEX registration_by_node ON registration (node);
  -- An address of Web Push may be longer than an index entry.
  CREATE INDEX registration_address ON registration (app, hashtextextended(address, 0)) WHERE address IS NOT NULL;
  CREATE INDEX registration_call_address ON registration (app, hashtextextended(call_address, 0))
    WHERE call_address IS NOT NULL;

  CREATE TABLE tombstone (
    service text COLLATE "C" NOT NULL,
    node text COLLATE "C" NOT NULL,
    owner text COLLATE "C" NOT NULL,
    registration text COLLATE "C" NOT NULL,
    died_at bigint NOT NULL,
    why text NOT NULL,
    PRIMARY KEY (service, node, owner)
  );
  CREATE INDEX tombstone_owner ON tombstone (owner);
  CREATE INDEX tombstone_node ON tombstone (node);
  CREATE INDEX tombstone_died_at ON tombstone (died_at);

  -- Servers to tell that a node is gone.
  CREATE TABLE remote_disable (
    registration text COLLATE "C" PRIMARY KEY,   -- the one that ended
    service text COLLATE "C" NOT NULL,
    node text COLLATE "C" NOT NULL,
    owner text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    due_at bigint NOT NULL
  );
  CREATE UNIQUE INDEX remote_disable_node ON remote_disable (service, node, owner);
  CREATE INDEX remote_disable_due_at ON remote_disable (due_at);

  -- Addresses that callers brought along and that push services called dead.
  CREATE TABLE dead_address (
    target text COLLATE "C" PRIMARY KEY,         -- as in delivery
    died_at bigint NOT NULL,
    why text NOT NULL
  );
  CREATE INDEX dead_address_died_at ON dead_address (died_at);

  CREATE TABLE keep (name text COLLATE "C" PRIMARY KEY, sealed bytea NOT NULL, at bigint NOT NULL);

  -- Processes at work on this database. One whose beat stands still is dead, and what it held waits again.
  CREATE TABLE instance (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, beat bigint NOT NULL);

  -- A row lives from put to its end. state: 0 waits for due_at, 1 is out (held by its instance). At most one row per
  -- target and collapse key waits, and at most one is out; while it is, the one that waits is not handed out.
  CREATE TABLE delivery (
    id uuid PRIMARY KEY,
    app text COLLATE "C" NOT NULL,
    target text COLLATE "C" NOT NULL,            -- a registration's id, or 'address:' and a keyed hash
    class text COLLATE "C" NOT NULL,
    urgency text COLLATE "C" NOT NULL,
    collapse_key text COLLATE "C",
    expires_at bigint NOT NULL,
    accepted_at bigint NOT NULL,
    sealed bytea,                                -- content and bare address, encrypted; NULL where there is neither
    notes text,                                  -- publisher and steps so far; NULL: it leaves no trace
    domain text COLLATE "C" NOT NULL,            -- the publisher's: those of one app take turns in a backlog
    state smallint NOT NULL,
    due_at bigint NOT NULL,
    seq bigint NOT NULL,                         -- order of arrival among equal due_at
    attempts integer NOT NULL,
    ambiguous boolean NOT NULL,
    instance bigint NOT NULL                     -- who holds it, or put it
  ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 5000,
    autovacuum_vacuum_insert_scale_factor = 0.2, autovacuum_analyze_scale_factor = 0.2);
  CREATE INDEX delivery_call_due ON delivery (app, due_at, seq) WHERE state = 0 AND class = 'call';
  CREATE INDEX delivery_due ON delivery (app, due_at, seq) WHERE state = 0 AND class <> 'call';
  CREATE INDEX delivery_turn ON delivery (app, domain, due_at, seq) WHERE state = 0 AND class <> 'call';
  CREATE INDEX delivery_expiry ON delivery (expires_at) WHERE state = 0;
  CREATE INDEX delivery_out ON delivery (instance) WHERE state = 1;
  CREATE UNIQUE INDEX delivery_waiting_key ON delivery (target, collapse_key) WHERE state = 0 AND collapse_key IS NOT NULL;
  CREATE UNIQUE INDEX delivery_out_key ON delivery (target, collapse_key) WHERE state = 1 AND collapse_key IS NOT NULL;

  -- Every instance counts in rows of its own, one per line of work, so that nobody waits for another's commit; those of
  -- instances that ended are added up under 0.
  CREATE TABLE account (
    app text COLLATE "C" NOT NULL,
    instance bigint NOT NULL,
    line smallint NOT NULL,
    ${COUNTED.split(', ')
      .map((column) => `${column} bigint NOT NULL DEFAULT 0`)
      .join(', ')},
    PRIMARY KEY (app, instance, line)
  ) WITH (fillfactor = 30);

  -- What became of deliveries that ended: one row per statement, one line of JSON per delivery.
  CREATE TABLE trace (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at bigint NOT NULL,
    bytes integer NOT NULL,
    lines text NOT NULL
  );
  `,
  },
  {
    needs: 1,
    // When the server was started whose lock the instance has; NULL: it has none, and its beat alone tells that it lives.
    sql: 'ALTER TABLE instance ADD COLUMN reign text',
  },
  {
    // How far an instance's wall clock was set ahead. Of use to older programs alone: what is due is written by the database's clock since.
    needs: 1,
    sql: `ALTER TABLE instance ADD COLUMN ahead bigint NOT NULL DEFAULT 0`,
  },
]

/** The version of the tables that this program knows. */
export const SCHEMA_VERSION = steps.length

/** Any number that no other program in the same database takes for its own: «xpsh». */
const LOCK = 0x78707368

const facts = `SELECT name, value FROM fact WHERE name IN ('schema', 'needs')`

/** What stands in the database: how many steps were taken, and which version of the program it needs at least. */
export interface Stand {
  readonly version: number
  readonly needs: number
}

/** Undefined where there are no tables of ours yet. */
export async function standOf(session: Session, schema: string): Promise<Stand | undefined> {
  // Read from the catalogue itself: what a connection resolves by name may be older than what another one just made.
  const [found] = await session.rows(
    `SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = 'fact'`,
    [schema],
  )
  if (found === undefined) return undefined
  const rows = await session.rows<{ name: string; value: string }>(facts)
  const valueOf = (name: string) => Number(rows.find((row) => row.name === name)?.value ?? 0)
  const stand = { version: valueOf('schema'), needs: valueOf('needs') }
  return stand.version === 0 ? undefined : stand
}

/** Takes the steps that are missing, in one transaction; of several who start at once, one does. */
export async function migrate(database: Database, schema: string): Promise<void> {
  const before = await standOf(database, schema)
  if (before !== undefined && before.version >= SCHEMA_VERSION) return
  await database.transaction(async (session) => {
    await session.rows('SELECT pg_advisory_xact_lock($1)', [LOCK])
    const stand = (await standOf(session, schema)) ?? { version: 0, needs: 0 }
    const missing = steps.slice(stand.version)
    if (missing.length === 0) return
    const [found] = await session.rows('SELECT 1 FROM pg_namespace WHERE nspname = $1', [schema])
    if (found === undefined) await session.rows(`CREATE SCHEMA ${quoted(schema)}`)
    // What the store knows about itself: version of the tables, fingerprint of the content key.
    if (stand.version === 0) await session.rows('CREATE TABLE fact (name text PRIMARY KEY, value text NOT NULL)')
    for (const { sql } of missing) await session.rows(sql)
    const needs = Math.max(stand.needs, ...missing.map((step) => step.needs))
    await session.rows(
      `INSERT INTO fact (name, value) SELECT * FROM unnest($1::text[], $2::text[])
       ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
      [
        ['schema', 'needs'],
        [String(SCHEMA_VERSION), String(needs)],
      ],
    )
  })
}
