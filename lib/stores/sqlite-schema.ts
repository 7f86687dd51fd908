/** The tables of the embedded store and how each version of them came to be. A version that was released never changes. */
import { ALOFT } from './sqlite-aloft'
import { type Database, single } from './sqlite-database'
import { BY_PLACE } from './sqlite-places'

/** «xpsh» in the file's header (SQLite file format §1.3.17): this database is ours. */
export const APPLICATION_ID = 0x78707368

/** One step per version; `user_version` counts the steps taken. */
const steps: readonly string[] = [
  `
  -- What the store knows about itself: fingerprint of the content key.
  CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

  CREATE TABLE registration (
    id TEXT PRIMARY KEY,
    service TEXT NOT NULL,
    node TEXT NOT NULL,
    owner TEXT NOT NULL,
    dialect TEXT NOT NULL,
    device TEXT NOT NULL,
    app TEXT NOT NULL,
    secret TEXT,
    address TEXT,
    call_address TEXT,
    environment TEXT,
    hints TEXT NOT NULL,              -- JSON object of strings
    registered_at INTEGER NOT NULL,   -- all times: ms since 1970
    seen_at INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE UNIQUE INDEX registration_device ON registration (service, owner, dialect, app, device);
  CREATE UNIQUE INDEX registration_node ON registration (service, node, owner);
  CREATE INDEX registration_address ON registration (app, address) WHERE address IS NOT NULL;
  CREATE INDEX registration_call_address ON registration (app, call_address) WHERE call_address IS NOT NULL;

  CREATE TABLE tombstone (
    service TEXT NOT NULL,
    node TEXT NOT NULL,
    owner TEXT NOT NULL,
    died_at INTEGER NOT NULL,
    why TEXT NOT NULL,
    PRIMARY KEY (service, node, owner)
  ) WITHOUT ROWID;

  CREATE TABLE keep (name TEXT PRIMARY KEY, sealed BLOB NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;

  -- A row lives from put to its end. state: 0 waits for due_at, 1 is out (claimed), 2 waits behind one of the same
  -- target and collapse key that is out. At most one row per target and collapse key waits, and at most one is out.
  CREATE TABLE delivery (
    id TEXT PRIMARY KEY,
    app TEXT NOT NULL,
    target TEXT NOT NULL,             -- a registration's id, or 'address:' and a keyed hash
    class TEXT NOT NULL,
    urgency TEXT NOT NULL,
    collapse_key TEXT,
    expires_at INTEGER NOT NULL,
    accepted_at INTEGER NOT NULL,
    sealed BLOB,                      -- content and bare address, encrypted; NULL where there is neither
    state INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    seq INTEGER NOT NULL,             -- order of arrival among equal due_at
    attempts INTEGER NOT NULL,
    ambiguous INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX delivery_call_due ON delivery (app, due_at, seq) WHERE state = 0 AND class = 'call';
  CREATE INDEX delivery_due ON delivery (app, due_at, seq) WHERE state = 0 AND class <> 'call';
  CREATE UNIQUE INDEX delivery_waiting_key ON delivery (target, collapse_key)
    WHERE state <> 1 AND collapse_key IS NOT NULL;

  CREATE TABLE account (
    app TEXT PRIMARY KEY,
    accepted INTEGER NOT NULL,
    resent INTEGER NOT NULL,
    delivered INTEGER NOT NULL,
    coalesced INTEGER NOT NULL,
    expired INTEGER NOT NULL,
    gone INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    unregistered INTEGER NOT NULL,
    quiet INTEGER NOT NULL,
    abandoned INTEGER NOT NULL
  ) WITHOUT ROWID;
  `,
  `
  -- Publisher and steps so far (JSON, without the brackets around); NULL: this delivery leaves no trace.
  ALTER TABLE delivery ADD COLUMN notes TEXT;

  -- What became of deliveries that ended: one row per transaction, one line of JSON per delivery.
  CREATE TABLE trace (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    total INTEGER NOT NULL,           -- bytes of all lines written up to here, swept ones included
    lines BLOB NOT NULL
  );

  ALTER TABLE tombstone ADD COLUMN registration TEXT;
  CREATE INDEX tombstone_owner ON tombstone (owner);
  CREATE INDEX tombstone_node ON tombstone (node);
  CREATE INDEX registration_owner ON registration (owner);
  CREATE INDEX registration_by_node ON registration (node);
  `,
  `
  -- Addresses that callers brought along and that push services called dead.
  CREATE TABLE dead_address (
    target TEXT PRIMARY KEY,          -- as in delivery
    died_at INTEGER NOT NULL,
    why TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX dead_address_died_at ON dead_address (died_at);
  `,
  `
  -- The publisher's domain: those of one app take turns where there is a backlog.
  ALTER TABLE delivery ADD COLUMN domain TEXT NOT NULL DEFAULT '';
  CREATE INDEX delivery_turn ON delivery (app, domain, due_at, seq) WHERE state = 0 AND class <> 'call';
  CREATE INDEX delivery_expiry ON delivery (expires_at) WHERE state <> 1;
  `,
  `
  -- Servers to tell that a node is gone.
  CREATE TABLE remote_disable (
    registration TEXT PRIMARY KEY,    -- the one that ended
    service TEXT NOT NULL,
    node TEXT NOT NULL,
    owner TEXT NOT NULL,
    at INTEGER NOT NULL,
    due_at INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE UNIQUE INDEX remote_disable_node ON remote_disable (service, node, owner);
  CREATE INDEX remote_disable_due_at ON remote_disable (due_at);
  `,
  ALOFT,
  BY_PLACE,
]

/** The version of the tables that this program reads and writes. */
export const SCHEMA_VERSION = steps.length

/** Takes the steps that are missing; call it inside a transaction. Returns true if there were any. */
export function migrate(database: Database): boolean {
  const version = Number(single(database, 'PRAGMA user_version'))
  if (version === SCHEMA_VERSION) return false
  for (const step of steps.slice(version)) database.exec(step)
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}`)
  database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`)
  return true
}
