/** One partition of the deliveries: how it is taken over, followed, and written down. Only one instance has it at a time. */
import { type Clock } from '../clock'
import { type Folded, type Commit, type Counts, fold, nothing, readState, spellState } from './nats-journal'
import { type Row, read } from './nats-row'
import { Overtaken } from './nats-overtaken'
import { type Following, type Streams } from './nats-streams'

/** A partition that is ours. */
export interface Own {
  readonly partition: number
  /** The number of our last message in its journal; whoever writes after another one has lost it. */
  journal: number
  /** What the wall clock showed when it was written to last (ms since 1970). */
  at: number
  /** Deliveries up to this number were taken in. */
  took: number
  /** Deliveries up to this number have come. */
  arrived: number
  /** What came and is not taken in, by number. */
  readonly arrivals: Map<number, Row>
  readonly counts: Map<string, Counts>
  /** The journal up to this message is in the saved state, and is not its last. */
  saved: number
  /** Messages of the journal since the state was saved. */
  unsaved: number
  following: Following | undefined
  /** Messages that came since it is followed. */
  received: number
  /** Another instance is to have it: these wait for that, and nothing more is taken in or handed out. */
  parked: readonly Row[] | undefined
}

/** Room for what JSON and headers add. */
const SPARE_BYTES = 65_536

/** The state of a partition as it was saved last, and the number of its first piece. */
async function savedState(streams: Streams, partition: number): Promise<{ folded: Folded; first: number } | undefined> {
  const subject = streams.subjects.state(partition)
  let pieces: Uint8Array[] = []
  let first = 0
  let found: { folded: Folded; first: number } | undefined
  for (let from = 1; ;) {
    const piece = await streams.next(subject, from)
    if (piece === undefined) return found
    from = piece.seq + 1
    const end = piece.data.indexOf(10)
    const [index = 0, count = 0] = Buffer.from(piece.data.subarray(0, end)).toString().split(' ').map(Number)
    if (index === 0) {
      pieces = []
      first = piece.seq
    }
    if (index !== pieces.length) continue
    pieces.push(piece.data.subarray(end + 1))
    if (pieces.length === count) found = { folded: readState(pieces), first }
  }
}

/** A partition as state and journal tell it. */
export async function readPartition(streams: Streams, partition: number): Promise<Folded> {
  const folded = (await savedState(streams, partition))?.folded ?? nothing()
  const subject = streams.subjects.journal(partition)
  for (;;) {
    const message = await streams.next(subject, folded.through + 1)
    if (message === undefined) return folded
    fold(folded, JSON.parse(Buffer.from(message.data).toString()) as Commit, message.seq)
  }
}

/** Saves the whole state, so that a restart need not read the journal from its beginning. */
export async function saveState(streams: Streams, own: Own, rows: Iterable<Row>, by: string) {
  const { partition, journal, at, took, counts } = own
  const subject = streams.subjects.state(partition)
  const pieces = spellState({ through: journal, at, took, by, counts }, rows, streams.maxBytes - SPARE_BYTES)
  let first = 0
  for (const [index, piece] of pieces.entries()) {
    const header = Buffer.from(`${index} ${pieces.length}\n`)
    const seq = await streams.write(subject, Buffer.concat([header, piece]))
    if (index === 0) first = seq
  }
  own.unsaved = 0
  await streams.forget(subject, first)
}

/** A message that changes nothing. */
export function emptyCommit({ at, took }: Pick<Own, 'at' | 'took'>): Commit {
  return { at, took, counts: {}, waits: [], out: [], ended: [], lines: '' }
}

export interface FollowOptions {
  readonly streams: Streams
  readonly clock: Clock
  /** The row of a delivery that was taken in and is not ended. */
  readonly row: (seq: number) => Row | undefined
  readonly arrived: (own: Own) => void
  readonly broken: (own: Own) => void
  readonly doubted: (own: Own) => void
  readonly trouble: (text: string) => void
}

/** A consumer's name must be another each time, and grow. */
const FOLLOWINGS = 1000
let followings = 0

/** Follows the deliveries of a partition that is ours. Rejects with `Overtaken` where it is not any more. */
export async function follow(
  own: Own,
  { streams, row, arrived, broken, doubted, trouble }: FollowOptions,
): Promise<void> {
  await own.following?.stop()
  own.received = 0
  const epoch = own.journal * FOLLOWINGS + (++followings % FOLLOWINGS)
  own.following = await streams.follow(
    own.partition,
    epoch,
    ({ seq, text, ack }) => {
      own.received++
      const known = row(seq) ?? own.arrivals.get(seq)
      if (known !== undefined) known.ack = ack
      else if (seq <= own.arrived) ack()
      else {
        own.arrived = seq
        try {
          own.arrivals.set(seq, read(text, { seq, partition: own.partition, ack }))
        } catch {
          trouble(`message ${seq} of partition ${own.partition} is no delivery of ours; it was taken out`)
          ack()
        }
      }
      arrived(own)
    },
    { broken: () => broken(own), doubted: () => doubted(own) },
  )
}

/** Writes a turn's changes; resolves false where another instance has the partition now. Goes on trying until it can be said. */
export async function writeCommit(
  own: Own,
  commit: Commit,
  { streams, untilWell }: { readonly streams: Streams; readonly untilWell: <T>(work: () => Promise<T>) => Promise<T> },
): Promise<boolean> {
  const subject = streams.subjects.journal(own.partition)
  const messages = split(commit, streams.maxBytes - SPARE_BYTES)
  for (const text of messages) {
    const seq = await untilWell(async () => {
      try {
        return await streams.write(subject, text, own.journal)
      } catch (error) {
        if (!(error instanceof Overtaken)) throw error
        // It may be our own message, whose acknowledgement was lost.
        const last = await streams.last(subject)
        return last !== undefined && Buffer.from(last.data).toString() === text ? last.seq : undefined
      }
    })
    if (seq === undefined) return false
    own.journal = seq
    own.unsaved++
  }
  return true
}

/** Stories travel ahead where they are too long to go along. */
function split(commit: Commit, most: number): readonly string[] {
  const whole = JSON.stringify(commit)
  if (Buffer.byteLength(whole) <= most) return [whole]
  const { at, lines } = commit
  const nothingElse = emptyCommit({ at, took: 0 })
  const pieces: string[] = []
  for (let piece = '', rest = lines.match(/.*\n/g) ?? [], index = 0; index <= rest.length; index++) {
    const line = rest[index]
    if (piece !== '' && (line === undefined || piece.length + line.length > most / 4)) {
      pieces.push(JSON.stringify({ ...nothingElse, lines: piece } satisfies Commit))
      piece = ''
    }
    piece += line ?? ''
  }
  return [...pieces, JSON.stringify({ ...commit, lines: '' } satisfies Commit)]
}
