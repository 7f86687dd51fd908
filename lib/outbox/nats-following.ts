/** What comes of a partition that is ours: new deliveries, known ones again, and old ones that the servers learnt of late. */
import { lives } from './nats-journal'
import { Overtaken } from './nats-overtaken'
import { type Own } from './nats-partition'
import { type Arrived } from './nats-pulling'
import { type Row, read } from './nats-row'
import { type Streams } from './nats-streams'

export interface FollowOptions {
  readonly streams: Streams
  /** The row of a delivery that was taken in, until its end is written down. */
  readonly row: (seq: number) => Row | undefined
  readonly arrived: (own: Own, seq: number) => void
  /** It was taken in before the partition became ours, has not ended, and comes now. */
  readonly late: (own: Own, row: Row) => void
  readonly broken: (own: Own) => void
  readonly doubted: (own: Own) => void
  readonly trouble: (text: string) => void
}

/** A consumer's name must be another each time, and grow: it is followed by the number of the message that says whose it is. */
const FOLLOWINGS = 1_000_000
/** So many of each may have been left behind on a server. */
const LEFT = 3

/** Names that whoever had it before may have followed by, the newest first. */
function earlierOf({ takeovers }: Own['before'], epoch: number): readonly number[] {
  const all = takeovers.flatMap((at) => Array.from({ length: LEFT }, (_, index) => at * FOLLOWINGS + index + 1))
  return all.filter((each) => each < epoch).reverse()
}

function opened({ partition }: Own, { seq, text, ack }: Arrived, trouble: FollowOptions['trouble']): Row | undefined {
  try {
    return read(text, { seq, partition, ack })
  } catch {
    trouble(`message ${seq} of partition ${partition} is no delivery of ours; it was taken out`)
    ack()
    return undefined
  }
}

/** A delivery that has come, and whose end is not written down yet. */
export function inHand({ parked, arrivals }: Own, seq: number, { row }: Pick<FollowOptions, 'row'>): Row | undefined {
  return row(seq) ?? parked?.get(seq) ?? arrivals.get(seq)
}

/** Whatever way a message came: puts it where it belongs. True of a delivery that was not in hand, and has not ended. */
export function arrive(own: Own, message: Arrived, options: FollowOptions): boolean {
  const { arrived, late, trouble } = options
  const { before, arrivals } = own
  const { seq, ack } = message
  // Whoever has it now is to see it.
  if (own.isOver) return false
  own.received?.add(seq)
  own.arrived = Math.max(own.arrived, seq)
  const known = inHand(own, seq, options)
  const isLate = lives(before, seq)
  let its: Row | undefined
  if (known !== undefined) known.ack = ack
  else if (!isLate && seq <= own.took) ack()
  else its = opened(own, message, trouble)
  if (its !== undefined && isLate) late(own, its)
  else if (its !== undefined) arrivals.set(seq, its)
  arrived(own, seq)
  return its !== undefined
}

/** Follows the deliveries of a partition that is ours. Rejects with `Overtaken` where it is not any more. */
export async function follow(own: Own, options: FollowOptions): Promise<void> {
  const { streams, broken, doubted } = options
  const { partition, before } = own
  if (own.isOver) throw new Overtaken(`partition ${partition}`)
  own.following?.stop()
  Object.assign(own, { received: new Set(), isCut: false })
  const epoch = (before.takeovers.at(-1) ?? own.journal) * FOLLOWINGS + ++own.followings
  own.following = await streams.follow(
    { partition, epoch, earlier: earlierOf(before, epoch), of: own.of },
    (message) => void arrive(own, message, options),
    {
      broken() {
        own.isCut = true
        broken(own)
      },
      doubted: () => doubted(own),
    },
  )
  if (!own.isOver) return
  own.following.stop()
  throw new Overtaken(`partition ${partition}`)
}
