/** What the consumer of a partition brings, and whether it brings all of it. Knows the client library's traps; knows nothing of what comes. */
import { JetStreamApiError, type JetStreamClient, type JetStreamManager, type JsMsg } from '@nats-io/jetstream'
import { type NatsConnection } from '@nats-io/transport-node'
import { addConsumer } from './nats-consumers'

/** A delivery's message as it came. */
export interface Arrived {
  readonly seq: number
  readonly text: string
  readonly ack: () => void
}

export interface Following {
  /** So many messages were there when it began. */
  readonly pending: number
  /** Whether all that was sent has come. Rejects where nobody can say. */
  isWhole(): Promise<boolean>
  /** Whether all that is there has come, by what the servers say now. Rejects where nobody can say. */
  hasAll(): Promise<boolean>
  /** Whether more was to come when this was asked before, is now, and nothing has come in between. Rejects where nobody can say. */
  hasStalled(): Promise<boolean>
  stop(): void
  /** Nobody follows by it any more, and the next one need not wait to learn that. */
  end(): Promise<void>
}

export interface Followed {
  readonly partition: number
  /** The highest follows, older are ended. */
  readonly epoch: number
  /** Epochs that may have been before, the newest first. */
  readonly earlier: readonly number[]
  /** The stream's identity. */
  readonly of: string
}

export interface Lost {
  /** Told once where a message was missed; follow anew then. */
  readonly broken: () => void
  /** Told where the servers were silent: see whether it `isWhole`. */
  readonly doubted: () => void
}

export interface Pulled extends Omit<Followed, 'of'> {
  readonly connection: NatsConnection
  readonly client: JetStreamClient
  readonly manager: JetStreamManager
  /** Asked to make a consumer, which takes longer. */
  readonly makers: JetStreamManager
  readonly stream: string
}

/** A server that dies takes the order to deliver along; two heartbeats that stay out tell of it. */
const [PULL_MS, HEARTBEAT_MS] = [4_000, 1_000]
/** A stream or a consumer. */
const NOT_THERE = [10014, 10059]

/** Makes the partition's consumer, and hands over what it brings until that is stopped. */
export async function pull(
  { connection, client, manager, makers, stream, ...which }: Pulled,
  arrived: (message: Arrived) => void,
  { broken, doubted }: Lost,
): Promise<Following> {
  const consumer = await addConsumer({ connection, manager: makers, stream, ...which })
  let expected = 1
  let came = 0
  /** So much had come when last not all had. */
  let lacked: number | undefined
  let isOver = false
  const break_ = (): void => {
    if (isOver) return
    isOver = true
    broken()
  }
  const its = await client.consumers.get(stream, consumer.name)
  const messages = await its.consume({
    ...{ max_messages: 1000, expires: PULL_MS, idle_heartbeat: HEARTBEAT_MS },
    callback(message: JsMsg) {
      if (isOver) return
      const { deliverySequence } = message.info
      if (deliverySequence > expected) return break_()
      // Who leads after another one may not know of the last ones, and sends them again.
      expected = deliverySequence + 1
      came++
      arrived({ seq: message.seq, text: message.string(), ack: () => message.ack() })
    },
  })
  void (async () => {
    for await (const { type } of messages.status()) {
      if (['consumer_deleted', 'consumer_not_found', 'stream_not_found'].includes(type)) break_()
      if (type === 'heartbeats_missed' && !isOver) doubted()
    }
  })()
  void messages.closed().then(break_)
  const hasAll = async (): Promise<boolean> => {
    const { delivered, num_pending } = await manager.consumers.info(stream, consumer.name)
    return num_pending === 0 && delivered.consumer_seq < expected
  }
  return {
    pending: consumer.num_pending,
    async isWhole() {
      try {
        const { delivered } = await manager.consumers.info(stream, consumer.name)
        if (delivered.consumer_seq < expected) return true
        // The answer may have overtaken them.
        await manager.consumers.info(stream, consumer.name)
        return delivered.consumer_seq < expected
      } catch (error) {
        if (error instanceof JetStreamApiError && NOT_THERE.includes(error.code)) return false
        throw error
      }
    },
    hasAll,
    async hasStalled() {
      const lacks = !(await hasAll())
      const isSo = lacks && lacked === came && !isOver
      lacked = lacks ? came : undefined
      return isSo
    },
    stop() {
      isOver = true
      // Not waited for: nothing of it is looked at from here on, and who follows anew must not hang on a server that is gone.
      void messages.close().catch(() => undefined)
    },
    async end() {
      // One that is left is ended by whoever follows next.
      await manager.consumers.delete(stream, consumer.name).catch(() => false)
    },
  }
}
