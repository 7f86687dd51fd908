/**
 * Fills the database of a service that is stopped with registrations. A process of its own, for the library lets go of a file only when its
 * thread ends. Words: the file, the app, how many, the kind, the push service's address.
 */
import { createECDH, randomBytes } from 'node:crypto'
import Libsql from 'libsql'
import { type LightKind } from './light-peer'

/** Browsers; making a key costs more than filling a row, so some share theirs. */
const KEYS = 2_000
const STEP = 50_000

function addresses(kind: LightKind, url: string): (number: number) => string {
  if (kind === 'apns') return (number) => number.toString(16).padStart(64, '0')
  if (kind === 'fcm') return (number) => `bench:${String(number).padStart(140, 'A')}`
  const keys = Array.from({ length: KEYS }, () => {
    const ecdh = createECDH('prime256v1')
    return { p256dh: ecdh.generateKeys().toString('base64url'), auth: randomBytes(16).toString('base64url') }
  })
  return (number) => JSON.stringify({ endpoint: `${url}/p/${number}`, ...keys[number % KEYS] })
}

/** Which device comes next: nobody publishes to devices in the order in which they registered. A prime, so that each comes once. */
const STRIDE = 982_451_653n

/** Rows as devices would leave them. */
function fill(file: string, app: string, rows: number, addressOf: (number: number) => string): void {
  const database = new Libsql(file)
  database.exec('PRAGMA synchronous = OFF')
  const indices = database
    .prepare(
      "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'registration' AND sql IS NOT NULL",
    )
    .all() as readonly { readonly name: string; readonly sql: string }[]
  // One by one they would be filled in an order that is not theirs.
  for (const { name } of indices) database.exec(`DROP INDEX ${name}`)
  const insert = database.prepare(
    `INSERT INTO registration (id, service, node, owner, dialect, device, app, address, hints, registered_at, seen_at)
     SELECT printf('%08x-0000-4000-8000-%012x', i * 2654435761 % 4294967296, i), 'push.example.com', printf('node%020d', i),
       printf('other%d@example.com', i / 2), 'tigase', printf('device%d', i), ?2, address, '{}', ?3, ?3
     FROM (SELECT value ->> 0 AS i, value ->> 1 AS address FROM json_each(?1))`,
  )
  for (let from = 0; from < rows; from += STEP) {
    const to = Math.min(from + STEP, rows)
    const numbers = Array.from({ length: to - from }, (_each, at) =>
      Number((BigInt(from + at) * STRIDE) % BigInt(rows)),
    )
    insert.run([JSON.stringify(numbers.map((number) => [number, addressOf(number)])), app, Date.now()])
  }
  for (const { sql } of indices) database.exec(sql)
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  database.close()
}

const [file = '', app = '', rows = '0', kind = 'apns', url = ''] = process.argv.slice(2)
fill(file, app, Number(rows), addresses(kind as LightKind, url))
