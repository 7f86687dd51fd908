/** What comes of a partition that is ours: new deliveries, known ones again, and old ones that the servers learnt of late. */
import { lives } from './nats-journal'
import { Overtaken } from './nats-overtaken'
import { type Own } from './nats-partition'
import { type Row, read } from './nats-row'
import { type Streams } from './nats-streams'

export interface FollowOptions {
  readonly streams: Streams
  /** The row of a delivery that was taken in, until its end is written down. */
  readonly row: (seq: number) => Row | undefined
  readonly arrived: (own: Own) => void
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

/** Follows the deliveries of a partition that is ours. Rejects with `Overtaken` where it is not any more. */
export async function follow(own: Own, options: FollowOptions): Promise<void> {
  const { streams, row, arrived, late, broken, doubted, trouble } = options
  const { partition, before } = own
  if (own.isOver) throw new Overtaken(`partition ${partition}`)
  await own.following?.stop()
  Object.assign(own, { received: 0, isCut: false })
  const epoch = (before.takeovers.at(-1) ?? own.journal) * FOLLOWINGS + ++own.followings
  const opened = (seq: number, text: string, ack: () => void): Row | undefined => {
    try {
      return read(text, { seq, partition, ack })
    } catch {
      trouble(`message ${seq} of partition ${partition} is no delivery of ours; it was taken out`)
      ack()
      return undefined
    }
  }
  own.following = await streams.follow(
    { partition, epoch, earlier: earlierOf(before, epoch), of: own.of },
    ({ seq, text, ack }) => {
      // Whoever has it now is to see it.
      if (own.isOver) return
      own.received++
      const known = row(seq) ?? own.parked?.get(seq) ?? own.arrivals.get(seq)
      if (known !== undefined) known.ack = ack
      else if (lives(before, seq)) {
        const its = opened(seq, text, ack)
        if (its !== undefined) late(own, its)
      } else if (seq <= own.arrived) ack()
      else {
        own.arrived = seq
        const its = opened(seq, text, ack)
        if (its !== undefined) own.arrivals.set(seq, its)
      }
      arrived(own)
    },
    {
      broken() {
        own.isCut = true
        broken(own)
      },
      doubted: () => doubted(own),
    },
  )
  if (!own.isOver) return
  await own.following.stop()
  throw new Overtaken(`partition ${partition}`)
}
