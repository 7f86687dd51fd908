/** Fills the database of a service that is stopped with registrations. A process of its own, for the library lets go of a file only when its thread ends. */
import Libsql from 'libsql'

/** Rows as devices of other people would leave them, made in bulk: nobody publishes to them. */
function fill(file: string, app: string, rows: number): void {
  const database = new Libsql(file)
  database.exec('PRAGMA synchronous = OFF')
  const insert = database.prepare(
    `WITH RECURSIVE n(i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
     INSERT INTO registration (id, service, node, owner, dialect, device, app, address, hints, registered_at, seen_at)
     SELECT printf('%08x-0000-4000-8000-%012x', i * 2654435761 % 4294967296, i), 'push.example.com', printf('node%020d', i),
       printf('other%d@example.com', i / 2), 'tigase', printf('device%d', i), ?3, printf('%064x', i), '{}', ?4, ?4 FROM n`,
  )
  const step = 50_000
  for (let from = 0; from < rows; from += step) insert.run([from, Math.min(from + step, rows) - 1, app, Date.now()])
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  database.close()
}

const [file = '', app = '', rows = '0'] = process.argv.slice(2)
fill(file, app, Number(rows))
