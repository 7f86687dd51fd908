/**
 * How deliveries that went out together are written: one row for all of them, and beside it which of them have landed. Knows the layout and
 * how others read it; what is out, and when, is decided elsewhere.
 */
import { type Bound, type Database, single } from './sqlite-database'

/** id, app, target, class, urgency, collapse key?, expires, accepted, notes?, domain, 1 if there is a sealed text */
export type AloftRow = readonly [
  ...[id: string, app: string, target: string, cls: string, urgency: string, key: string | null],
  ...[expires: number, accepted: number, notes: string | null, domain: string, hasText: 0 | 1],
]

/** What `landed.which` says of one that is still out. */
export const OUT = '0'

const fields = [
  'id',
  'app',
  'target',
  'class',
  'urgency',
  'collapse_key',
  'expires_at',
  'accepted_at',
  'notes',
  'domain',
]

/** SQL: the tables of deliveries that went out together, and two views. Part of the tables' history: never changes. */
export const ALOFT = `
  -- Deliveries that went out the moment they came, those of one transaction in one row: in a table of their own each would be put and removed
  -- one by one within a second. None of them waits; one that has to is moved to the table of deliveries.
  CREATE TABLE flight (
    id INTEGER PRIMARY KEY,
    deliveries TEXT NOT NULL,         -- JSON: one array for each, in the order that the view below names
    sealed BLOB                       -- their texts as one, JSON, encrypted; NULL where there is none
  );
  -- Which of a flight have ended or moved, one character each: 0 is out, 1 is not. Not there: all are out.
  CREATE TABLE landed (flight INTEGER PRIMARY KEY, which TEXT NOT NULL);

  CREATE VIEW aloft AS
    SELECT ${fields.map((field, at) => `json_extract(one.value, '$[${at}]') AS ${field}`).join(', ')},
      json_extract(one.value, '$[10]') AS has_text, flight.id AS flight, one.key AS place,
      1 AS state, 0 AS due_at, 0 AS attempts, 0 AS ambiguous
    FROM flight CROSS JOIN json_each(flight.deliveries) AS one LEFT JOIN landed ON landed.flight = flight.id
    WHERE coalesce(substr(landed.which, one.key + 1, 1), '0') = '0';

  -- Every delivery that has not come to its end.
  CREATE VIEW unended AS
    SELECT ${fields.join(', ')}, state, due_at, attempts, ambiguous FROM delivery
    UNION ALL SELECT ${fields.join(', ')}, state, due_at, attempts, ambiguous FROM aloft;
`

/** False where an older program wrote these tables. */
function knowsAloft(database: Database): boolean {
  return single(database, "SELECT count(*) FROM sqlite_schema WHERE name = 'aloft'") === 1
}

/** How many deliveries have not come to their end. */
export function countUnended(database: Database): number {
  return Number(single(database, `SELECT count(*) FROM ${knowsAloft(database) ? 'unended' : 'delivery'}`))
}

/** True if a delivery holds what only the content key opens. */
export function holdsSealedText(database: Database): boolean {
  const inFlight = knowsAloft(database) ? ' OR EXISTS (SELECT 1 FROM flight WHERE sealed IS NOT NULL)' : ''
  return single(database, `SELECT EXISTS (SELECT 1 FROM delivery WHERE sealed IS NOT NULL)${inFlight}`) === 1
}

/** SQL: puts a delivery that is out into a row of its own; `aloftValues` are its values. */
export const INSERT_OUT = `INSERT INTO delivery (${fields.join(', ')}, sealed, state, due_at, seq, attempts, ambiguous)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 0, 0, 0, 0)`

export function outValues(row: AloftRow, notes: string | null, sealed: Buffer | null): Bound[] {
  const [id, app, target, cls, urgency, key, expires, accepted, , domain] = row
  return [id, app, target, cls, urgency, key, expires, accepted, notes, domain, sealed]
}

/** Ends as abandoned what is not wanted, or can't be opened any more: all deliveries, or those with a sealed text. Inside a transaction. */
export function abandonUnended(database: Database, which: 'all' | 'sealed'): void {
  if (knowsAloft(database)) {
    database.exec(
      `INSERT INTO delivery (${fields.join(', ')}, sealed, state, due_at, seq, attempts, ambiguous)
         SELECT ${fields.join(', ')}, CASE has_text WHEN 1 THEN x'' END, 1, 0, 0, 0, 0 FROM aloft`,
    )
    database.exec('DELETE FROM flight')
    database.exec('DELETE FROM landed')
  }
  const these = which === 'all' ? '1' : 'sealed IS NOT NULL'
  database.exec(
    `UPDATE account SET abandoned = abandoned +
       (SELECT count(*) FROM delivery WHERE delivery.app = account.app AND ${these})`,
  )
  database.exec(`DELETE FROM delivery WHERE ${these}`)
}
