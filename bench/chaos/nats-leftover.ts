/** What a NATS outbox has left: by its streams and journals, by the consumers that follow, and by whoever lives and has it. */
import { jetstreamManager } from '@nats-io/jetstream'
import { type NatsConnection } from '@nats-io/transport-node'
import { type Trace } from '../../lib/model/trace'
import { type Folded } from '../../lib/outbox/nats-journal'
import { readPartition } from '../../lib/outbox/nats-partition'
import { openStreams } from '../../lib/outbox/nats-streams'
import { away, type Leftover } from './leftover'
import { type NatsBooks } from './nats-books'

/** What every instance is asked, in milliseconds at most. */
const ASK_MS = 2_000

interface Message {
  readonly i: string
  readonly a: string
  readonly t: string
  readonly c: string
  readonly k?: string
  readonly x: number
  readonly m: number
  readonly w?: number
}

/** Undefined of one that listens no more. */
async function ask<T>(connection: NatsConnection, subject: string, what: string, question: object) {
  try {
    const reply = await connection.request(subject, JSON.stringify({ what, question }), { timeout: ASK_MS })
    return (JSON.parse(reply.string()) as { readonly answer?: T }).answer
  } catch {
    return undefined
  }
}

function standingIn(folded: Folded, seq: number, { m, w }: Message, now: number): string {
  if (seq > folded.took) return `not taken in: the journal is at ${folded.took}`
  const [, due = w ?? m, attempts = 0, ambiguous = 0] = folded.changed.get(seq) ?? []
  const state = folded.ended.has(seq) ? 'ended' : folded.out.has(seq) ? 'out' : 'waits'
  return `${state}, due ${away(due, now)}, ${attempts} attempts${ambiguous === 1 ? ', in doubt' : ''}`
}

/** `name`: of the stream; `replicas`: of both. `books`: what they say it is that did not end. */
export async function natsLeftovers(
  connection: NatsConnection,
  { name, replicas, books }: { readonly name: string; readonly replicas: number; readonly books: NatsBooks },
): Promise<readonly Leftover[]> {
  const manager = await jetstreamManager(connection, { timeout: ASK_MS, checkAPI: false })
  const streams = await openStreams(connection, name, replicas)
  const now = Date.now()
  const owners: string[] = []
  for (const id of books.lastWords.keys()) {
    const its = await ask<{ partitions: readonly number[] }>(connection, `${name}.ask.${id}`, 'accounts', {})
    if (its !== undefined) owners.push(`${id.slice(0, 8)} has ${its.partitions.join(' ')}`)
  }
  const of = async (seq: number, partition: number): Promise<Leftover | undefined> => {
    const message = await manager.streams.getMessage(name, { seq })
    if (message === null) return undefined
    const its = JSON.parse(Buffer.from(message.data).toString()) as Message
    const folded = await readPartition(streams, partition)
    const consumers = await manager.consumers.list(name).next()
    const following = consumers
      .filter((each) => each.name.startsWith(`p${partition}_`))
      .map((each) => {
        const { delivered, ack_floor: floor, num_pending: pending, num_ack_pending: unheard } = each
        const asleep = `${each.num_waiting} pulls wait`
        return `${each.name} of ${each.created}: delivered ${delivered.consumer_seq} up to message ${delivered.stream_seq}, acknowledged up to ${floor.stream_seq}, ${unheard} more open, ${pending} to come, ${asleep}`
      })
    const living: string[] = []
    for (const id of books.lastWords.keys()) {
      const question = { deliveries: [its.i] }
      const said = await ask<readonly Trace[]>(connection, `${name}.ask.${id}`, 'living', question)
      if (said === undefined) continue
      const words = said.map(({ state, dueAt, steps }) => {
        return `${state}, due ${away(dueAt ?? undefined, now)}: ${JSON.stringify(steps.slice(-4))}`
      })
      living.push(`${id.slice(0, 8)} says ${words.length === 0 ? 'nothing of it' : words.join(' and ')}`)
    }
    const words = [
      `${its.c} of ${its.a} to ${its.t}${its.k === undefined ? '' : ` (${its.k})`}, message ${seq} of partition ${partition}`,
      `accepted ${away(its.m, now)}, expires ${away(its.x, now)}`,
      `journal (message ${folded.through}, ${away(folded.at, now)}, by ${folded.by?.slice(0, 8) ?? 'nobody'}): ${standingIn(folded, seq, its, now)}`,
      `followed by ${following.length === 0 ? 'nobody' : following.join(' and ')}`,
      living.length === 0 ? 'nobody lives who can be asked' : living.join('; '),
      `of all: ${owners.join('; ')}`,
    ]
    return { id: its.i, words: words.join('\n      ') }
  }
  const left: Leftover[] = []
  for (const [seq, partition] of books.left) {
    const its = await of(seq, partition)
    if (its !== undefined) left.push(its)
  }
  return left
}
