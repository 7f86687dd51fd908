/** What a turn changes, gathered by partition until it is written down. Knows no rule; keeps the sums. */
import { type End } from '../model/accounting'
import { type Storied, coalescedLine, endedLine } from '../stores/trace-lines'
import { type Changed, type Commit, type Counted, type Counts, addCounts, changedOf } from './nats-journal'
import { type Row } from './nats-row'

/** One partition's changes of one turn. */
export interface Gathered {
  readonly counts: Map<string, Counts>
  readonly waits: Map<number, Changed>
  readonly out: Set<number>
  readonly ended: Row[]
  lines: string
}

export interface Changes {
  count(row: Pick<Row, 'partition' | 'app'>, what: Counted): void
  /** It waits otherwise than its message says. */
  waits(row: Row): void
  out(row: Row): void
  /** It ended, and leaves its story. */
  ended(row: Row, now: number, end: Exclude<End, 'coalesced'>, told: string | null): void
  /** A newer one took its place. */
  coalesced(row: Row, now: number, by: string): void
  /** It was known already: it counts for nothing. */
  known(row: Row): void
  /** Takes what was gathered. */
  take(): ReadonlyMap<number, Gathered>
  /** A delivery that ended, as long as that is not written down: it is not to be acknowledged before. */
  ending(seq: number): Row | undefined
  /** These ends are durable. */
  written(rows: readonly Row[]): void
  /** Nothing more of this partition is ours to write. */
  forget(partition: number): void
}

export function makeChanges(): Changes {
  let gathered = new Map<number, Gathered>()
  const ending = new Map<number, Row>()
  const of = (partition: number): Gathered => {
    const known = gathered.get(partition)
    if (known !== undefined) return known
    const its: Gathered = { counts: new Map(), waits: new Map(), out: new Set(), ended: [], lines: '' }
    gathered.set(partition, its)
    return its
  }
  const count = ({ partition, app }: Pick<Row, 'partition' | 'app'>, what: Counted): void =>
    addCounts(of(partition).counts, app, { [what]: 1 })
  const end = (row: Row, line: string): void => {
    ending.set(row.seq, row)
    of(row.partition).ended.push(row)
    of(row.partition).lines += line
  }
  const story = (row: Row): Storied => row
  return Object.freeze({
    count,
    waits(row: Row) {
      row.isChanged = true
      of(row.partition).waits.set(row.seq, changedOf(row))
    },
    out: (row: Row) => void of(row.partition).out.add(row.seq),
    ended(row: Row, now: number, its: Exclude<End, 'coalesced'>, told: string | null) {
      count(row, its)
      end(row, endedLine(row.id, story(row), now, its, told))
    },
    coalesced(row: Row, now: number, by: string) {
      count(row, 'coalesced')
      end(row, coalescedLine(row.id, story(row), now, by))
    },
    known: (row: Row) => end(row, ''),
    take() {
      const taken = gathered
      gathered = new Map()
      return taken
    },
    ending: (seq: number) => ending.get(seq),
    written(rows: readonly Row[]) {
      for (const { seq } of rows) ending.delete(seq)
    },
    forget(partition: number) {
      gathered.delete(partition)
      for (const row of ending.values()) if (row.partition === partition) ending.delete(row.seq)
    },
  })
}

/** The message of a partition's changes. */
export function commitOf(its: Gathered, at: number, took: number): Commit {
  return {
    ...{ at, took, counts: Object.fromEntries(its.counts), waits: [...its.waits.values()], out: [...its.out] },
    ...{ ended: its.ended.map(({ seq }) => seq), lines: its.lines },
  }
}
