/**
 * The traces of deliveries that ended: one row per transaction holds the lines of all of them, so that a push costs a
 * line of text and no index. They are found by reading from the newest on, a stretch at a time.
 */
import { type Blob, type Database } from './sqlite-database'
import { type Answers } from './sqlite-protocol'
import { isAbout } from './trace-lines'

export interface TraceLog {
  /** Adds a line to this transaction. */
  add(line: string): void
  /** Writes what was added; inside the transaction. */
  write(now: number): void
  /** Forgets what a rollback undid. */
  recall(): void
}

export function makeTraceLog(database: Database): TraceLog {
  const last = database.prepare('SELECT total FROM trace ORDER BY seq DESC LIMIT 1')
  const insert = database.prepare('INSERT INTO trace (at, total, lines) VALUES (?, ?, ?)')
  let lines = ''
  let total: number | undefined
  return Object.freeze({
    add(line: string) {
      lines += line
    },
    write(now: number) {
      if (lines === '') return
      const bytes = Buffer.from(lines)
      total = (total ?? last.rows<{ total: number }>([])[0]?.total ?? 0) + bytes.length
      insert.run([now, total, bytes])
      lines = ''
    },
    recall() {
      lines = ''
      total = undefined
    },
  })
}

interface Row {
  readonly seq: number
  readonly lines: Blob
}

function linesOf({ lines }: Row): Buffer {
  return lines instanceof ArrayBuffer ? Buffer.from(lines) : Buffer.from(lines.buffer, lines.byteOffset, lines.length)
}

/** Reading: usable on a database that is open for reading only. */
export function makeTraceReading(database: Database): Answers<'traceLines'> {
  const newest = database.prepare('SELECT seq, lines FROM trace ORDER BY seq DESC LIMIT ?')
  const older = database.prepare('SELECT seq, lines FROM trace WHERE seq < ? ORDER BY seq DESC LIMIT ?')
  return {
    traceLines({ before, needles, rows }) {
      const read = before === undefined ? newest.rows<Row>([rows]) : older.rows<Row>([before, rows])
      const found: string[] = []
      let bytes = 0
      for (const row of read) {
        const text = linesOf(row)
        bytes += text.length
        if (!needles.some((needle) => text.includes(needle))) continue
        const lines = text.toString().split('\n').reverse()
        found.push(...lines.filter((line) => line !== '' && isAbout(line, needles)))
      }
      return { found, bytes, next: read.length < rows ? undefined : read.at(-1)?.seq }
    },
  }
}

/** Rows that one step of a sweep looks at. */
const STEP = 200
const DAY = 24 * 3600_000

/** Removing: everything of some registrations, or what is too old or too much. */
export function makeTraceRemoval(database: Database): Answers<'traceErase' | 'traceSweep'> {
  const older = database.prepare('SELECT seq, lines FROM trace WHERE seq < ? ORDER BY seq DESC LIMIT ?')
  const rewrite = database.prepare('UPDATE trace SET lines = ? WHERE seq = ?')
  const oldest = database.prepare('SELECT seq, at, total FROM trace ORDER BY seq LIMIT ?')
  const last = database.prepare('SELECT total FROM trace ORDER BY seq DESC LIMIT 1')
  const remove = database.prepare('DELETE FROM trace WHERE seq <= ?')
  return {
    traceErase({ before, needles, rows }) {
      const read = older.rows<Row>([before ?? Number.MAX_SAFE_INTEGER, rows])
      let removed = 0
      let bytes = 0
      for (const row of read) {
        const text = linesOf(row)
        bytes += text.length
        if (!needles.some((needle) => text.includes(needle))) continue
        const lines = text.toString().split(/(?<=\n)/)
        const kept = lines.filter((line) => !isAbout(line, needles))
        removed += lines.length - kept.length
        if (kept.length < lines.length) rewrite.run([Buffer.from(kept.join('')), row.seq])
      }
      return { removed, bytes, next: read.length < rows ? undefined : read.at(-1)?.seq }
    },
    traceSweep({ before, bytes, now }) {
      const total = last.rows<{ total: number }>([])[0]?.total ?? 0
      const read = oldest.rows<{ seq: number; at: number; total: number }>([STEP])
      // What the future wrote comes from a clock that has been set back: its time would never come.
      const isDue = (row: { at: number; total: number }) =>
        row.at < before || row.at > now + DAY || total - row.total >= bytes
      const keep = read.findIndex((row) => !isDue(row))
      const due = keep < 0 ? read.at(-1) : read[keep - 1]
      if (due !== undefined) remove.run([due.seq])
      return { isDone: keep >= 0 || read.length < STEP }
    },
  }
}
