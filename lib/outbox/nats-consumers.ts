/** Who follows a partition, as the servers know it: one consumer each, in whose name is how new it is. */
import { AckPolicy, DeliverPolicy, JetStreamApiError, type JetStreamManager } from '@nats-io/jetstream'
import { type NatsConnection } from '@nats-io/transport-node'
import { Overtaken } from './nats-overtaken'

/** What the server itself sends again where an acknowledgement was lost: known deliveries are told by their numbers. */
const ACK_WAIT_NS = 300_000_000_000
const NAMES_MS = 5_000
const NOT_UNIQUE = 10100
const MOST_TRIES = 3

/** Of those who follow. The list with all their details waits for each of them, and for seconds where one is just ending. */
async function namesOf(connection: NatsConnection, stream: string): Promise<readonly string[]> {
  const names: string[] = []
  for (let total = 1; names.length < total;) {
    const request = JSON.stringify({ offset: names.length })
    const reply = await connection.request(`$JS.API.CONSUMER.NAMES.${stream}`, request, { timeout: NAMES_MS })
    const page = JSON.parse(reply.string()) as {
      readonly total?: number
      readonly consumers?: readonly string[] | null
    }
    if (page.consumers === undefined || page.consumers === null || page.consumers.length === 0) break
    names.push(...page.consumers)
    total = page.total ?? 0
  }
  return names
}

interface Followed {
  readonly connection: NatsConnection
  readonly manager: JetStreamManager
  readonly stream: string
  readonly partition: number
  readonly epoch: number
  /** Epochs that may have been before, the newest first. */
  readonly earlier: readonly number[]
}

const isTaken = (error: unknown): boolean => error instanceof JetStreamApiError && error.code === NOT_UNIQUE

/** A work queue has one consumer of a subject, so whoever follows from now on ends those before. */
export async function addConsumer({ connection, manager, stream, partition, epoch, earlier }: Followed) {
  const prefix = `p${partition}_`
  const add = (its: number) =>
    manager.consumers.add(stream, {
      ...{ durable_name: `${prefix}${its}`, filter_subject: `${stream}.delivery.${partition}` },
      ...{ ack_policy: AckPolicy.Explicit, deliver_policy: DeliverPolicy.All },
      ...{ ack_wait: ACK_WAIT_NS, max_ack_pending: -1, max_deliver: -1 },
    })
  const end = (name: string) => manager.consumers.delete(stream, name).catch(() => false)
  /**
   * COMPAT(nats-server ≤ 2.9): one that was deleted while a server of its cluster was down is still there on that server, which
   * then lets no other one in, and lists none. Under its own name it is let in, and can be deleted.
   */
  const endForgotten = async (): Promise<void> => {
    for (const its of earlier) {
      try {
        await add(its)
      } catch (error) {
        if (isTaken(error)) continue
        throw error
      }
      await end(`${prefix}${its}`)
      return
    }
  }
  for (let tries = 0; ; tries++) {
    try {
      return await add(epoch)
    } catch (error) {
      if (!isTaken(error) || tries > MOST_TRIES) throw error
    }
    const others = (await namesOf(connection, stream)).filter((name) => name.startsWith(prefix))
    if (others.some((name) => Number(name.slice(prefix.length)) > epoch)) {
      throw new Overtaken(`${stream}.delivery.${partition}`)
    }
    for (const name of others) await end(name)
    if (others.length === 0) await endForgotten()
  }
}
