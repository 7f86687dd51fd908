/**
 * Deliveries that lie in the stream and of which its consumer never tells. COMPAT(nats-server ≤ 2.9): a consumer that is made on a server
 * which came back a moment ago begins behind what that one has not got yet, and says that nothing is to come. Asks whoever leads the stream
 * for each; knows nothing of who else is to have the partition.
 */
import { lives } from './nats-journal'
import { type Own } from './nats-partition'
import { type Row, read } from './nats-row'
import { type Identity, type Streams } from './nats-streams'

export interface MissedOptions {
  readonly streams: Pick<Streams, 'identity' | 'delivery' | 'takeOut'>
  readonly trouble: (text: string) => void
}

/** Those up to this message that have not come, and did not end; what ended is taken out. */
async function fetchMissed(own: Own, upTo: number, { streams, trouble }: MissedOptions): Promise<readonly Row[]> {
  const { partition, before, arrivals } = own
  const found: Row[] = []
  for (let from = 1; ;) {
    const message = await streams.delivery(partition, from)
    if (message === undefined || message.seq > upTo) return found
    const { seq, data } = message
    from = seq + 1
    if (arrivals.has(seq)) continue
    const ack = (): void => streams.takeOut(seq)
    if (seq <= before.took && !lives(before, seq)) ack()
    else {
      try {
        found.push(read(Buffer.from(data).toString(), { seq, partition, ack }))
      } catch {
        trouble(`message ${seq} of partition ${partition} is no delivery of ours; it was taken out`)
        ack()
      }
    }
  }
}

/**
 * Holds what has come of a partition, before it is ours, against what lay there (`lay`, of a moment before it was followed), and fetches
 * what is missing. Rejects where the servers can't be asked.
 */
export async function takeInMissed(own: Own, lay: Identity, options: MissedOptions): Promise<void> {
  const { arrivals, partition } = own
  const later = [...arrivals.keys()].filter((seq) => seq > lay.last).length
  if (own.received - later >= lay.messages) return
  // Whoever had it may have acknowledged some meanwhile.
  if ((await options.streams.identity(partition)).messages <= arrivals.size) return
  const fetched = await fetchMissed(own, lay.last, options)
  const missed = fetched.filter(({ seq }) => !arrivals.has(seq))
  if (missed.length === 0) return
  const all = [...arrivals.values(), ...missed].sort((one, other) => one.seq - other.seq)
  arrivals.clear()
  for (const row of all) arrivals.set(row.seq, row)
  own.arrived = Math.max(own.arrived, all.at(-1)?.seq ?? 0)
  options.trouble(
    `${missed.length} deliveries of partition ${partition} lay in the stream and did not come, as after a server was down: they were fetched`,
  )
}
