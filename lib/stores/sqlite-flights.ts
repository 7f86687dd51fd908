/**
 * Deliveries that go out the moment they come, written and taken away together: two rows for a hundred of them. Keeps in memory who of a
 * flight is still out; after a rollback that is recalled. Decides nothing.
 */
import { type ContentCipher } from './content-cipher'
import { type AloftRow, INSERT_OUT, OUT, outValues } from './sqlite-aloft'
import { type Blob, type Database } from './sqlite-database'
import { prepareWide } from './sqlite-wide'

export interface Flights {
  /** Writes them as one row, inside the transaction; `texts`: what is to be sealed of each. Each one's place is that in the list. */
  begin(rows: readonly AloftRow[], texts: readonly (string | null)[]): number
  /** It has ended; written by `write`. */
  land(flight: number, place: number): void
  /** It gets a row of its own in the table of deliveries, where it is out, with these notes. */
  leave(flight: number, place: number, notes: string | null): void
  /** All that are out get rows of their own, and that is written. */
  leaveAll(): void
  /** Writes who has landed; the last thing in a transaction. */
  write(): void
  /** Reads everything anew from the tables, e.g. after a rollback. */
  recall(): void
}

interface Flight {
  left: number
  /** One of each: 0 is out, 1 is not. */
  readonly landed: Buffer
  /** Whether the table says anything of it. */
  isNoted: boolean
}

interface Read {
  readonly rows: readonly AloftRow[]
  readonly texts: readonly (string | null)[]
}

/** Places of those that have landed in flights of which others are out: above that the oldest flights are broken up. */
const MOST_EMPTY = 10_000
const IS_OUT = OUT.charCodeAt(0)
const IS_NOT = '1'.charCodeAt(0)

export function makeFlights(database: Database, cipher: ContentCipher): Flights {
  const insert = database.prepare('INSERT INTO flight (id, deliveries, sealed) VALUES (?, ?, ?)')
  const note = database.prepare('INSERT OR REPLACE INTO landed (flight, which) VALUES (?, ?)')
  const remove = prepareWide(database, 'DELETE FROM flight WHERE id IN (', '?', ')')
  const removeNotes = prepareWide(database, 'DELETE FROM landed WHERE flight IN (', '?', ')')
  const one = database.prepare('SELECT deliveries, sealed FROM flight WHERE id = ?')
  const insertOut = database.prepare(INSERT_OUT)
  const all = database.prepare(
    `SELECT id, json_array_length(deliveries) AS size, which FROM flight LEFT JOIN landed ON landed.flight = id ORDER BY id`,
  )
  const flights = new Map<number, Flight>()
  const touched = new Set<number>()
  /** Read in this transaction. */
  const read = new Map<number, Read>()
  let last = 0
  let emptyPlaces = 0

  const place = (id: number): string => `flight ${id}`

  const readOnce = (id: number): Read => {
    const known = read.get(id)
    if (known !== undefined) return known
    const [row] = one.rows<{ deliveries: string; sealed: Blob | null }>([id])
    if (row === undefined) throw new Error(`flight ${id} is not there`)
    const texts = row.sealed === null ? '[]' : cipher.open(new Uint8Array(row.sealed), place(id))
    const found = { rows: JSON.parse(row.deliveries) as AloftRow[], texts: JSON.parse(texts) as (string | null)[] }
    read.set(id, found)
    return found
  }

  const land = (id: number, at: number): void => {
    const flight = flights.get(id)
    if (flight === undefined || flight.landed[at] !== IS_OUT) return
    flight.landed[at] = IS_NOT
    flight.left--
    emptyPlaces++
    touched.add(id)
  }

  const leave = (id: number, at: number, notes: string | null): void => {
    const { rows, texts } = readOnce(id)
    const row = rows[at]
    if (row === undefined) throw new Error(`flight ${id} has no place ${at}`)
    const text = texts[at] ?? null
    insertOut.run(outValues(row, notes, text === null ? null : cipher.seal(text, `delivery ${row[0]}`)))
    land(id, at)
  }

  /** All of it that are out get rows of their own. */
  const breakUp = (id: number, { landed }: Flight): void => {
    for (const [at, is] of landed.entries()) if (is === IS_OUT) leave(id, at, readOnce(id).rows[at]?.[8] ?? null)
  }

  /** One slow answer must not keep a hundred that have ended on the disk. */
  const makeRoom = (): void => {
    if (emptyPlaces <= MOST_EMPTY) return
    let kept = emptyPlaces
    for (const [id, flight] of flights) {
      if (kept <= MOST_EMPTY / 2) return
      if (flight.left === flight.landed.length) continue
      kept -= flight.landed.length - flight.left
      breakUp(id, flight)
    }
  }

  const write = (): void => {
    if (touched.size === 0) return
    makeRoom()
    read.clear()
    const empty: number[] = []
    const noted: number[] = []
    for (const id of touched) {
      const flight = flights.get(id)
      if (flight === undefined) continue
      if (flight.left > 0) {
        note.run([id, flight.landed.toString('latin1')])
        flight.isNoted = true
        continue
      }
      empty.push(id)
      if (flight.isNoted) noted.push(id)
      flights.delete(id)
      emptyPlaces -= flight.landed.length
    }
    touched.clear()
    remove.run(empty)
    removeNotes.run(noted)
  }

  return Object.freeze<Flights>({
    begin(rows, texts) {
      for (const [id, , , , , , expires, accepted] of rows) {
        // JSON would write it as null, and the next start could not read it.
        if (!Number.isFinite(expires + accepted)) throw new Error(`delivery ${id} has a time that is no number`)
      }
      const id = ++last
      const sealed = texts.some((text) => text !== null) ? cipher.seal(JSON.stringify(texts), place(id)) : null
      insert.run([id, JSON.stringify(rows), sealed])
      flights.set(id, { left: rows.length, landed: Buffer.alloc(rows.length, OUT), isNoted: false })
      return id
    },
    land,
    leave,
    leaveAll() {
      for (const [id, flight] of flights) breakUp(id, flight)
      write()
    },
    write,
    recall() {
      flights.clear()
      touched.clear()
      read.clear()
      last = emptyPlaces = 0
      for (const { id, size, which } of all.rows<{ id: number; size: number; which: string | null }>([])) {
        const landed = Buffer.from(which ?? OUT.repeat(size), 'latin1')
        const left = landed.reduce((sum, is) => sum + (is === IS_OUT ? 1 : 0), 0)
        flights.set(id, { left, landed, isNoted: which !== null })
        emptyPlaces += landed.length - left
        last = Math.max(last, id)
      }
    },
  })
}
