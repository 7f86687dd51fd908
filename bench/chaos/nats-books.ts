/**
 * The books of a NATS outbox as an administrator reads them: every message of the journals from the first on, added up by
 * itself, and held against what lies in the stream. Of the program it knows only what its messages mean.
 */
import { jetstreamManager } from '@nats-io/jetstream'
import { type NatsConnection } from '@nats-io/transport-node'
import { ends } from '../../lib/model/accounting'
import { type Commit, type Counts, addCounts } from '../../lib/outbox/nats-journal'
import { readLine } from '../../lib/stores/trace-lines'

/** Whoever had a partition, and what was out of it when it was his no more. */
export interface Handover {
  readonly from: string
  /** False: he gave it back himself. */
  readonly isTaken: boolean
  /** The number of the message that says so. */
  readonly at: number
  /** Numbers of deliveries. */
  readonly out: readonly number[]
}

export interface NatsSight {
  readonly closes: boolean
  /** Deliveries that have not come to their end. */
  readonly left: number
}

export interface NatsBooks {
  /** Rejects where it can't be read. */
  see(): Promise<NatsSight>
  /** As far as was seen. */
  readonly counts: ReadonlyMap<string, Counts>
  readonly lines: readonly string[]
  /** Numbers of what had not ended at the last look, and the partition of each. */
  readonly left: ReadonlyMap<number, number>
  readonly handovers: readonly Handover[]
  /** The last message of each instance. */
  readonly lastWords: ReadonlyMap<string, number>
  /** Ids by number, of what lay there at a look or has ended. */
  readonly ids: ReadonlyMap<number, string>
  /** Messages of the journals that the servers kept twice. */
  readonly repeated: readonly number[]
}

interface Partition {
  through: number
  by: string | undefined
  took: number
  /** Taken in and not ended. */
  balance: number
  readonly out: Set<number>
  readonly ended: Set<number>
  /** Ids of its messages: one that stands there twice counts once. */
  readonly said: Set<string>
  /** Stories of which the message that ends them is still to come. */
  ahead: readonly string[]
}

const READ_MS = 2_000
/** A server that comes back may answer with what it knew; what is wrong stays wrong. Milliseconds between looks. */
const [LOOKS, PAUSE] = [4, 250]

const numberOf = (subject: string): number => Number(subject.slice(subject.lastIndexOf('.') + 1))

/** `count`: of partitions. */
export async function readBooks(connection: NatsConnection, name: string, count: number): Promise<NatsBooks> {
  const journal = `${name}_JOURNAL`
  const manager = await jetstreamManager(connection, { timeout: READ_MS, checkAPI: false })
  const partitions = new Map<number, Partition>()
  const counts = new Map<string, Counts>()
  const lines: string[] = []
  const handovers: Handover[] = []
  const lastWords = new Map<string, number>()
  const ids = new Map<number, string>()
  const repeated: number[] = []
  const partitionOf = new Map<number, number>()
  const left = new Map<number, number>()

  const of = (partition: number): Partition => {
    const known = partitions.get(partition)
    if (known !== undefined) return known
    const its: Partition = {
      through: 0,
      by: undefined,
      took: 0,
      balance: 0,
      out: new Set(),
      ended: new Set(),
      said: new Set(),
      ahead: [],
    }
    partitions.set(partition, its)
    return its
  }
  const know = (seq: number, id: string, partition: number): void => {
    ids.set(seq, id)
    partitionOf.set(seq, partition)
  }
  /** What comes and goes between two looks is known by its story alone: stories stand in the order of what ended, unless one was known already. */
  const knowEnded = (its: Partition, { ended, lines }: Commit, partition: number): void => {
    const stories = [...its.ahead, ...lines.split('\n').filter((line) => line !== '')]
    its.ahead = ended.length === 0 ? stories : []
    if (stories.length === ended.length)
      ended.forEach((seq, at) => know(seq, readLine(stories[at] ?? '').id, partition))
  }
  const add = (partition: number, commit: Commit, seq: number): void => {
    const its = of(partition)
    its.through = seq
    if (commit.id !== undefined && its.said.has(commit.id)) {
      repeated.push(seq)
      return
    }
    if (commit.id !== undefined) its.said.add(commit.id)
    const isTaken = commit.by !== undefined && its.by !== undefined && its.by !== commit.by
    const wasReleased = commit.isReleased === true
    if (its.by !== undefined && (isTaken || wasReleased)) {
      handovers.push({ from: its.by, isTaken, at: seq, out: [...its.out] })
    }
    its.by = commit.by ?? its.by
    if (its.by !== undefined) lastWords.set(its.by, Math.max(seq, lastWords.get(its.by) ?? 0))
    if (wasReleased) its.by = undefined
    its.took = Math.max(its.took, commit.took)
    for (const [app, each] of Object.entries(commit.counts)) {
      addCounts(counts, app, each)
      its.balance += (each.accepted ?? 0) - ends.reduce((sum, end) => sum + (each[end] ?? 0), 0)
    }
    for (const [number] of commit.waits) its.out.delete(number)
    for (const number of commit.out) its.out.add(number)
    for (const number of commit.ended) {
      its.out.delete(number)
      its.ended.add(number)
    }
    lines.push(...commit.lines.split('\n').filter((line) => line !== ''))
    knowEnded(its, commit, partition)
  }
  /** One by one, of whoever leads: a server that was killed and is not up to date tells consumers of what the others don't know. */
  const readOne = async (partition: number): Promise<void> => {
    for (;;) {
      const query = { seq: of(partition).through + 1, next_by_subj: `${name}.journal.${partition}` }
      const message = await manager.streams.getMessage(journal, query)
      if (message === null) return
      add(partition, JSON.parse(Buffer.from(message.data).toString()) as Commit, message.seq)
    }
  }
  const read = async (): Promise<void> => {
    await Promise.all(Array.from({ length: count }, (_, partition) => readOne(partition)))
  }
  /** Numbers of all that lies in the stream; what it is, is known after that. */
  const list = async (): Promise<readonly number[]> => {
    const { state } = await manager.streams.info(name, { deleted_details: true })
    const gone = new Set(state.deleted ?? [])
    const there: number[] = []
    for (let seq = Math.max(1, state.first_seq); seq <= state.last_seq; seq++) {
      if (gone.has(seq)) continue
      if (!ids.has(seq)) {
        const message = await manager.streams.getMessage(name, { seq })
        if (message === null) continue
        const { i: id } = JSON.parse(Buffer.from(message.data).toString()) as { readonly i: string }
        know(seq, id, numberOf(message.subject))
      }
      there.push(seq)
    }
    return there
  }
  const look = async (): Promise<NatsSight> => {
    await read()
    const before = new Map(
      [...partitions].map(([number, { took, balance, ended }]) => [number, { took, balance, ended: new Set(ended) }]),
    )
    const there = await list()
    await read()
    let closes = true
    for (const [number, { took, balance, ended }] of before) {
      const lay = there.filter((seq) => partitionOf.get(seq) === number)
      const since = [...of(number).ended].filter((seq) => !ended.has(seq))
      const alive = [...new Set([...lay, ...since])].filter((seq) => seq <= took && !ended.has(seq))
      closes &&= alive.length === balance
    }
    left.clear()
    for (const seq of there) {
      const partition = partitionOf.get(seq) ?? 0
      if (!of(partition).ended.has(seq)) left.set(seq, partition)
    }
    return { closes, left: left.size }
  }
  let looking: Promise<unknown> = Promise.resolve()
  const inTurn = (): Promise<NatsSight> => {
    const next = looking.then(async () => {
      let sight = await look()
      for (let looks = 1; looks < LOOKS && !sight.closes; looks++) {
        await new Promise((done) => setTimeout(done, PAUSE))
        sight = await look()
      }
      return sight
    })
    looking = next.catch(() => undefined)
    return next
  }
  return Object.freeze({ see: inTurn, counts, lines, left, handovers, lastWords, ids, repeated })
}
