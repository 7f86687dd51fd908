/**
 * What an instance writes down of a partition, and how it is read again: each turn's changes as one message, and now and
 * then the whole state. A message counts as a whole or not at all, so counters and deliveries can't disagree. Knows no NATS.
 */
import { deflateSync, inflateSync } from 'node:zlib'
import { type Account, type End, ends } from '../model/accounting'
import { type Row } from './nats-row'

/** What is counted. */
export type Counted = 'accepted' | 'resent' | End
export type Counts = Partial<Record<Counted, number>>

/** Message number, due, attempts, ambiguous, notes, expires. */
export type Changed = readonly [number, number, number, 0 | 1, string | null, number]

/** One turn of one partition. */
export interface Commit {
  /**
   * Each message has its own: one whose acknowledgement was lost is written again, and servers whose leader is new may keep both.
   * The second counts for nothing.
   */
  readonly id?: string
  /** When it was written (ms since 1970). */
  readonly at: number
  /** Who takes the partition over with it. */
  readonly by?: string
  /** Along with that: which stream the deliveries are in. */
  readonly of?: string
  /** Nothing that was known of is in it: it was made anew. */
  readonly isAnew?: true
  /** Whoever had it has it no more. */
  readonly isReleased?: true
  /** Deliveries up to this message are taken in. */
  readonly took: number
  readonly counts: Readonly<Record<string, Counts>>
  readonly waits: readonly Changed[]
  readonly out: readonly number[]
  readonly ended: readonly number[]
  /** Stories of what ended. */
  readonly lines: string
}

/** A partition as the journal tells it. */
export interface Folded {
  /** The number of the last message that went in. */
  through: number
  at: number
  took: number
  by: string | undefined
  of: string | undefined
  /** Ids of the last messages, the newest last. */
  said: readonly string[]
  /** Numbers of the last messages by which it was taken over, the newest last. */
  takeovers: readonly number[]
  /** Up to this delivery, `live` says which there are; above it all, but for `ended`. */
  listed: number
  live: Set<number>
  readonly ended: Set<number>
  readonly changed: Map<number, Changed>
  readonly out: Set<number>
  readonly counts: Map<string, Counts>
}

export function nothing(): Folded {
  return {
    ...{ through: 0, at: 0, took: 0, by: undefined, of: undefined, said: [], takeovers: [], listed: 0 },
    ...{ live: new Set(), ended: new Set(), changed: new Map(), out: new Set(), counts: new Map() },
  }
}

export function addCounts(to: Map<string, Counts>, app: string, counts: Counts): void {
  const sum = to.get(app) ?? {}
  for (const [what, by] of Object.entries(counts) as [Counted, number][]) sum[what] = (sum[what] ?? 0) + by
  to.set(app, sum)
}

/** So many messages can be under way at once, and come in twice. */
const REMEMBERED = 8

/** With one message more. */
export function saidAlso(said: readonly string[], id: string): readonly string[] {
  return [...said.slice(1 - REMEMBERED), id]
}

function startAnew(folded: Folded): void {
  Object.assign(folded, { took: 0, listed: 0 })
  for (const known of [folded.live, folded.ended, folded.changed, folded.out]) known.clear()
}

/** Adds the message of this number to what is known. */
export function fold(folded: Folded, commit: Commit, seq: number): void {
  folded.through = seq
  if (commit.id !== undefined && folded.said.includes(commit.id)) return
  if (commit.id !== undefined) folded.said = saidAlso(folded.said, commit.id)
  if (commit.isAnew === true) startAnew(folded)
  folded.of = commit.of ?? folded.of
  folded.at = Math.max(folded.at, commit.at)
  folded.took = Math.max(folded.took, commit.took)
  if (commit.by !== undefined) {
    folded.by = commit.by
    folded.takeovers = [...folded.takeovers.slice(1 - REMEMBERED), seq]
  }
  if (commit.isReleased === true) folded.by = undefined
  for (const [app, counts] of Object.entries(commit.counts)) addCounts(folded.counts, app, counts)
  for (const changed of commit.waits) {
    folded.changed.set(changed[0], changed)
    folded.out.delete(changed[0])
  }
  for (const number of commit.out) folded.out.add(number)
  for (const number of commit.ended) {
    folded.out.delete(number)
    folded.changed.delete(number)
    folded.live.delete(number)
    if (number > folded.listed) folded.ended.add(number)
  }
}

/** Whether a delivery that was taken in is still there. */
export function lives({ took, listed, live, ended }: Folded, seq: number): boolean {
  if (seq > took) return false
  return seq <= listed ? live.has(seq) : !ended.has(seq)
}

/** It is no more what it was then. */
export function outlive({ listed, live, ended }: Folded, seq: number): void {
  if (seq <= listed) live.delete(seq)
  else ended.add(seq)
}

/** By app, how many were taken in and did not end. */
export function leftOf({ counts: all }: { readonly counts: ReadonlyMap<string, Counts> }): ReadonlyMap<string, number> {
  const left = [...all].map(([app, counts]) => {
    const { waiting } = accountOf(counts, 0)
    return [app, waiting] as const
  })
  return new Map(left.filter(([, count]) => count > 0))
}

export function changedOf({ seq, due, attempts, ambiguous, notes, expires }: Row): Changed {
  return [seq, due, attempts, ambiguous ? 1 : 0, notes, expires]
}

export function change(row: Row, [, due, attempts, ambiguous, notes, expires]: Changed): void {
  Object.assign(row, { due, attempts, ambiguous: ambiguous === 1, notes, expires, isChanged: true })
}

interface State {
  readonly through: number
  readonly at: number
  readonly took: number
  readonly by?: string
  readonly of?: string
  readonly said?: readonly string[]
  readonly takeovers?: readonly number[]
  readonly counts: Readonly<Record<string, Counts>>
  /** Each less the one before. */
  readonly live: readonly number[]
  readonly changed: readonly Changed[]
  readonly out: readonly number[]
}

/** The whole state, in pieces of at most `most` bytes. */
export function spellState(
  {
    through,
    at,
    took,
    by,
    of,
    said,
    takeovers,
    counts,
  }: Pick<Folded, 'through' | 'at' | 'took' | 'by' | 'of' | 'said' | 'takeovers'> & {
    readonly counts: ReadonlyMap<string, Counts>
  },
  rows: Iterable<Row>,
  most: number,
): readonly Buffer[] {
  const sorted = [...rows].sort((one, other) => one.seq - other.seq)
  const state: State = {
    ...{ through, at, took, said, takeovers, counts: Object.fromEntries(counts) },
    ...{ ...(by === undefined ? {} : { by }), ...(of === undefined ? {} : { of }) },
    live: sorted.map(({ seq }, index) => seq - (sorted[index - 1]?.seq ?? 0)),
    changed: sorted.filter(({ isChanged }) => isChanged).map(changedOf),
    out: sorted.filter(({ state }) => state === 'out').map(({ seq }) => seq),
  }
  const bytes = deflateSync(JSON.stringify(state))
  const pieces: Buffer[] = []
  for (let from = 0; from < bytes.length; from += most) pieces.push(bytes.subarray(from, from + most))
  return pieces
}

export function readState(pieces: readonly Uint8Array[]): Folded {
  const state = JSON.parse(inflateSync(Buffer.concat(pieces)).toString()) as State
  let seq = 0
  return {
    ...{ through: state.through, at: state.at, took: state.took, by: state.by, of: state.of, listed: state.took },
    said: state.said ?? [],
    takeovers: state.takeovers ?? [],
    live: new Set(state.live.map((more) => (seq += more))),
    ended: new Set(),
    changed: new Map(state.changed.map((each) => [each[0], each])),
    out: new Set(state.out),
    counts: new Map(Object.entries(state.counts)),
  }
}

/** The account of an app; closes, for what waits is what was accepted and did neither end nor is out. */
export function accountOf(counts: Counts, inFlight: number): Account {
  const { accepted = 0, resent = 0 } = counts
  const its = Object.fromEntries(ends.map((end) => [end, counts[end] ?? 0])) as Record<End, number>
  const ended = ends.reduce((sum, end) => sum + its[end], 0)
  return { ...its, accepted, resent, inFlight, waiting: accepted - ended - inFlight }
}
