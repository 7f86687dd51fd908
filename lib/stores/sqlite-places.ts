/**
 * Where registrations lie: in the order in which they came, found by indices that name their place. By their ids, whole rows lay in the inner
 * pages of the tree, too, ten to a page: of a million, one was found six pages deep, half of them read from the disk's cache, and each index
 * repeated the id. Knows the layout.
 */

const columns =
  'id, service, node, owner, dialect, device, app, secret, address, call_address, environment, hints, registered_at, seen_at'

/** SQL: moves what lay by id; by way of a copy, for libsql keeps a table locked that was renamed. Part of the tables' history: never changes. */
export const BY_PLACE = `
  CREATE TABLE registration_by_id AS SELECT ${columns} FROM registration ORDER BY id;
  DROP TABLE registration;
  CREATE TABLE registration (
    place INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
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
  );
  INSERT INTO registration (${columns}) SELECT ${columns} FROM registration_by_id ORDER BY rowid;
  DROP TABLE registration_by_id;
  CREATE UNIQUE INDEX registration_id ON registration (id);
  CREATE UNIQUE INDEX registration_device ON registration (service, owner, dialect, app, device);
  CREATE UNIQUE INDEX registration_node ON registration (service, node, owner);
  CREATE INDEX registration_address ON registration (app, address) WHERE address IS NOT NULL;
  CREATE INDEX registration_call_address ON registration (app, call_address) WHERE call_address IS NOT NULL;
  CREATE INDEX registration_owner ON registration (owner);
  CREATE INDEX registration_by_node ON registration (node);
`
