/**
 * Deliveries that lie in the stream and of which its consumer never tells. COMPAT(nats-server ≤ 2.9): a consumer that is made on a server
 * which came back a moment ago begins behind what that one has not got yet, and says that nothing is to come. Asks whoever leads the stream
 * for each; knows nothing of who else is to have the partition.
 */
import { type Own } from './nats-partition'
import { type Arrived } from './nats-pulling'
import { type Identity, type Streams } from './nats-streams'

export interface MissedOptions {
  readonly streams: Pick<Streams, 'identity' | 'delivery' | 'takeOut'>
  /** As if its consumer had told of it; true where it is to be sent. */
  readonly arrive: (message: Arrived) => boolean
  /** Whether a delivery is in hand, or its end is not written down yet. */
  readonly isInHand: (seq: number) => boolean
  /** Waits a moment; what comes and what is acknowledged does meanwhile. */
  readonly pause: () => Promise<void>
  readonly trouble: (text: string) => void
}

/** Whether so much of it has come as lay there. */
function hasCome(
  { received = new Set() }: Own,
  { last, messages }: Identity,
  counts: (seq: number) => boolean,
): boolean {
  return [...received].filter((seq) => seq <= last && counts(seq)).length >= messages
}

type FetchOptions = Pick<MissedOptions, 'streams' | 'arrive' | 'trouble'> & {
  readonly isHere: (seq: number) => boolean
}

/** All up to this message that has not come; tells how many are to be sent. */
async function fetchMissed(own: Own, upTo: number, { streams, arrive, isHere, trouble }: FetchOptions): Promise<void> {
  let count = 0
  for (let from = 1; !own.isOver;) {
    const message = await streams.delivery(own.partition, from)
    if (message === undefined || message.seq > upTo) break
    const { seq, data } = message
    from = seq + 1
    if (isHere(seq)) continue
    const text = Buffer.from(data).toString()
    if (arrive({ seq, text, ack: () => streams.takeOut(seq) })) count++
  }
  if (count === 0) return
  trouble(
    `${count} deliveries of partition ${own.partition} lay in the stream and did not come, as after a server was down: they were fetched`,
  )
}

/**
 * Holds what has come of a partition since it is followed against what lay there then (`lay`), and fetches what is missing. Rejects
 * where the servers can't be asked.
 */
export async function takeInMissed(own: Own, lay: Identity, options: MissedOptions): Promise<void> {
  const { streams, isInHand, pause } = options
  if (hasCome(own, lay, () => true)) return
  // Acknowledgements were on their way.
  await pause()
  const now = await streams.identity(own.partition)
  if (hasCome(own, now, isInHand)) return
  await fetchMissed(own, now.last, { ...options, isHere: (seq) => own.received?.has(seq) === true })
}

/**
 * Fetches what was taken in before the partition became ours and has not come since, where more lies in the stream than is in hand: whoever led
 * it then did not know of that. Rejects where the servers can't be asked.
 */
export async function seekMissed(
  own: Own,
  inHand: number,
  options: Pick<MissedOptions, 'streams' | 'arrive' | 'isInHand' | 'trouble'>,
): Promise<void> {
  const { messages } = await options.streams.identity(own.partition)
  if (messages > inHand) await fetchMissed(own, own.before.took, { ...options, isHere: options.isInHand })
}
