/** Opens the queue on NATS: its connection, its streams, what its instances agree on; and makes one store of it and of the one beside it. */
import { type Credential } from '../model/opaque'
import { makeContentCipher } from '../stores/content-cipher'
import { decodeKey } from '../stores/content-key-decoding'
import { type Store, StoreRefused } from '../stores/store'
import { type ConnectionOptions, connectTo, makeHealth } from './nats-connection'
import { type NatsOutbox, openNatsOutbox } from './nats-outbox'
import { agree } from './nats-setup'
import { withNats } from './nats-store'
import { openStreams } from './nats-streams'
import { troubleText } from './nats-trouble'
import { type OutboxSurroundings } from './outbox-kind'

export interface NatsOptions extends ConnectionOptions {
  /** The stream of the deliveries; what is written down about them is in `<stream>_JOURNAL`. */
  readonly stream: string
  /** On so many servers every message is kept. */
  readonly replicas: number
  /** Into so many parts deliveries are split when the stream is made: so many instances can send at most. */
  readonly partitions: number
  /** 32 bytes in base64, that encrypt content at rest; the same for every instance. */
  readonly contentKey: Credential
  readonly maxDeliveries: number
  /** Three quarters of it where it is not said. */
  readonly maxDeliveriesPerApp?: number | undefined
}

/** How much of the whole one app may take. */
const SHARE = 0.75

/**
 * Opens the queue alone. `offset`: of the clock that instances share from our own (ms), where there is one. Rejects with `StoreRefused` where it can't be.
 */
export async function openNats(
  options: NatsOptions,
  surroundings: OutboxSurroundings,
  offset = (): number => 0,
): Promise<NatsOutbox> {
  const { stream: name, replicas, contentKey, maxDeliveries } = options
  const { clock, sends } = surroundings
  const shown = `${name} at ${options.servers.map((each) => each.replace(/^.*@/, '')).join(', ')}`
  const cipher = makeContentCipher(decodeKey(contentKey.text(), contentKey.where))
  const connection = await connectTo(options).catch((error: unknown) => {
    throw new StoreRefused(troubleText(shown, error))
  })
  const trouble = (text: string): void => surroundings.trouble(`outbox ${shown}: ${text}`)
  const health = makeHealth({ shown, clock, trouble: surroundings.trouble })
  try {
    const streams = await openStreams(connection, name, replicas)
    const partitions = await agree(streams, { partitions: options.partitions, cipher, shown })
    const most = { maxDeliveries, maxDeliveriesPerApp: options.maxDeliveriesPerApp ?? Math.ceil(maxDeliveries * SHARE) }
    return await openNatsOutbox({
      ...{ streams, connection, name, partitions, cipher, most, sends, clock, offset, health, trouble },
    })
  } catch (error) {
    await connection.close()
    if (error instanceof StoreRefused) throw error
    const isTold = error instanceof Error && error.message.startsWith(`outbox ${shown}`)
    throw new StoreRefused(isTold ? error.message : troubleText(shown, error))
  }
}

/** The queue and the store beside it as one store. Rejects with `StoreRefused` where the queue can't be opened, and then closes the other. */
export async function openBeside(options: NatsOptions, store: Store, surroundings: OutboxSurroundings): Promise<Store> {
  const its = await openNats(options, surroundings, store.clockOffset).catch(async (error: unknown) => {
    await store.close()
    throw error
  })
  return withNats(store, its)
}
