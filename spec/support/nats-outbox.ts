/** What a NATS outbox is opened with in specs; each has a stream of its own. */
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream'
import { type NatsConnection, connect } from '@nats-io/transport-node'
import { type NatsOptions, openNats } from '../../lib/outbox/nats-opening'
import { type NatsOutbox } from '../../lib/outbox/nats-outbox'
import { Credential } from '../../lib/model/opaque'
import { type HandClock } from './hand-clock'
import { type NatsCluster } from './nats-cluster'

let made = 0

export const NATS_KEY = new Credential(Buffer.from(Buffer.alloc(32, 9).toString('base64')), 'outbox.contentKey')

export function natsOptions({ servers }: Pick<NatsCluster, 'servers'>, more: Partial<NatsOptions> = {}): NatsOptions {
  return {
    ...{ servers, stream: `SPEC_${++made}`, replicas: servers.length, partitions: 8, contentKey: NATS_KEY },
    ...{ maxDeliveries: 1000, ...more },
  }
}

/** Outboxes of a describe, closed after each spec, with what they told; and an operator who works on their streams beside them. */
export function outboxesOn(server: () => Pick<NatsCluster, 'servers'>) {
  const opened: NatsOutbox[] = []
  const told: string[] = []
  let operator: NatsConnection
  let manager: JetStreamManager
  beforeAll(async () => {
    operator = await connect({ servers: [...server().servers] })
    manager = await jetstreamManager(operator)
  })
  afterAll(() => operator.close())
  afterEach(async () => {
    for (const its of opened.splice(0)) await its.close()
    told.length = 0
  })
  const open = async (clock: HandClock, options: NatsOptions, sends = true): Promise<NatsOutbox> => {
    const its = await openNats(options, { clock, trouble: (text) => void told.push(text), sends })
    opened.push(its)
    return its
  }
  return { opened, told, open, operator: () => operator, manager: () => manager }
}
