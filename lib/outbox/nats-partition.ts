/** One partition of the deliveries: how it is taken over, followed, and written down. Only one instance has it at a time. */
import { randomUUID } from 'node:crypto'
import { type Folded, type Commit, type Counts, fold, nothing, readState, saidAlso, spellState } from './nats-journal'
import { type Row } from './nats-row'
import { Overtaken } from './nats-overtaken'
import { type Following } from './nats-pulling'
import { type Streams } from './nats-streams'

/** A partition that is ours. */
export interface Own {
  readonly partition: number
  /** The number of our last message in its journal; whoever writes after another one has lost it. */
  journal: number
  /** The ids of our last messages there. */
  said: readonly string[]
  /** The stream that its deliveries are in. */
  readonly of: string
  /** What the journal said when it became ours, of what has not come since: who leads may learn of old deliveries late. */
  readonly before: Folded
  /** What the wall clock showed when it was written to last (ms since 1970). */
  at: number
  /** Deliveries up to this number were taken in. */
  took: number
  /** The highest number that has come. */
  arrived: number
  /** What came and is not taken in, by number. */
  readonly arrivals: Map<number, Row>
  readonly counts: Map<string, Counts>
  /** The journal up to this message is in the saved state, and is not its last. */
  saved: number
  /** Messages of the journal since the state was saved. */
  unsaved: number
  following: Following | undefined
  /** How often it was followed since it is ours. */
  followings: number
  /** What comes of it does not reach us any more: it is to be followed anew. */
  isCut: boolean
  /**
   * Numbers of what came since it is followed, until all that lies there is known to have come: nothing is taken in before, for
   * nothing older can be taken in after it.
   */
  received: Set<number> | undefined
  /** Another instance is to have it: these wait for that, and nothing more is taken in or handed out. */
  parked: ReadonlyMap<number, Row> | undefined
  /** It is ours no more, or about to be: what still comes of it is not ours to acknowledge. */
  isOver: boolean
}

/** Room for what JSON and headers add. */
const SPARE_BYTES = 65_536

/** The newest state of a partition. Whoever lost it may have saved an older one after that. */
async function savedState(streams: Streams, partition: number): Promise<Folded | undefined> {
  const subject = streams.subjects.state(partition)
  let pieces: Uint8Array[] = []
  let of: number | undefined
  let found: Folded | undefined
  for (let from = 1; ;) {
    const piece = await streams.next(subject, from)
    if (piece === undefined) return found
    from = piece.seq + 1
    const end = piece.data.indexOf(10)
    const [index = 0, count = 0, through] = Buffer.from(piece.data.subarray(0, end)).toString().split(' ').map(Number)
    if (index === 0) [pieces, of] = [[], through]
    if (index !== pieces.length || through !== of) continue
    pieces.push(piece.data.subarray(end + 1))
    if (pieces.length !== count) continue
    const folded = readState(pieces)
    if (found === undefined || folded.through >= found.through) found = folded
  }
}

/** A partition as state and journal tell it. */
export async function readPartition(streams: Streams, partition: number): Promise<Folded> {
  const folded = (await savedState(streams, partition)) ?? nothing()
  const subject = streams.subjects.journal(partition)
  for (;;) {
    const message = await streams.next(subject, folded.through + 1)
    if (message === undefined) return folded
    fold(folded, JSON.parse(Buffer.from(message.data).toString()) as Commit, message.seq)
  }
}

/**
 * Saves the whole state, so that a restart need not read the journal from its beginning. Resolves with what lets go of
 * older ones: to be called only once the journal has shown that the partition still is ours.
 */
export async function saveState(streams: Streams, own: Own, rows: Iterable<Row>, by: string) {
  const { partition, journal: through, at, took, counts, of, said } = own
  const { takeovers } = own.before
  const subject = streams.subjects.state(partition)
  const pieces = spellState(
    { through, at, took, by, of, said, takeovers, counts },
    rows,
    streams.maxBytes - SPARE_BYTES,
  )
  let first = 0
  for (const [index, piece] of pieces.entries()) {
    const header = Buffer.from(`${index} ${pieces.length} ${through}\n`)
    const seq = await streams.write(subject, Buffer.concat([header, piece]))
    if (index === 0) first = seq
  }
  return () => streams.forget(subject, first)
}

/** A message that changes nothing. */
export function emptyCommit({ at, took }: Pick<Own, 'at' | 'took'>): Commit {
  return { at, took, counts: {}, waits: [], out: [], ended: [], lines: '' }
}

/** Writes a turn's changes; resolves false where another instance has the partition now. Goes on trying until it can be said. */
export async function writeCommit(
  own: Own,
  commit: Commit,
  { streams, untilWell }: { readonly streams: Streams; readonly untilWell: <T>(work: () => Promise<T>) => Promise<T> },
): Promise<boolean> {
  const subject = streams.subjects.journal(own.partition)
  for (const message of split(commit, streams.maxBytes - SPARE_BYTES)) {
    const id = randomUUID()
    const text = JSON.stringify({ id, ...message } satisfies Commit)
    const seq = await untilWell(() => writeOnce(own, { streams, subject, id, text }))
    if (seq === undefined) return false
    own.journal = seq
    own.said = saidAlso(own.said, id)
    own.unsaved++
  }
  return true
}

interface Message {
  readonly streams: Streams
  readonly subject: string
  readonly id: string
  readonly text: string
}

/** The number under which it stands there; undefined where another instance wrote in between. */
async function writeOnce(own: Own, { streams, subject, id, text }: Message): Promise<number | undefined> {
  for (;;) {
    try {
      return await streams.write(subject, text, own.journal, id)
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error
    }
    const last = await streams.last(subject)
    if (last === undefined) return undefined
    const { id: its } = JSON.parse(Buffer.from(last.data).toString()) as Commit
    // Our own message, whose acknowledgement was lost.
    if (its === id) return last.seq
    // The one before, twice.
    if (its === undefined || !own.said.includes(its) || last.seq <= own.journal) return undefined
    own.journal = last.seq
  }
}

/** Stories travel ahead where they are too long to go along. */
function split(commit: Commit, most: number): readonly Commit[] {
  if (Buffer.byteLength(JSON.stringify(commit)) <= most) return [commit]
  const { at, lines } = commit
  const nothingElse = emptyCommit({ at, took: 0 })
  const pieces: Commit[] = []
  for (let piece = '', rest = lines.match(/.*\n/g) ?? [], index = 0; index <= rest.length; index++) {
    const line = rest[index]
    if (piece !== '' && (line === undefined || piece.length + line.length > most / 4)) {
      pieces.push({ ...nothingElse, lines: piece })
      piece = ''
    }
    piece += line ?? ''
  }
  return [...pieces, { ...commit, lines: '' }]
}
