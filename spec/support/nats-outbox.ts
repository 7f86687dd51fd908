/** What a NATS outbox is opened with in specs; each has a stream of its own. */
import { type NatsOptions } from '../../lib/outbox/nats-opening'
import { Credential } from '../../lib/model/opaque'
import { type NatsCluster } from './nats-cluster'

let made = 0

export const NATS_KEY = new Credential(Buffer.from(Buffer.alloc(32, 9).toString('base64')), 'outbox.contentKey')

export function natsOptions({ servers }: Pick<NatsCluster, 'servers'>, more: Partial<NatsOptions> = {}): NatsOptions {
  return {
    ...{ servers, stream: `SPEC_${++made}`, replicas: servers.length, partitions: 8, contentKey: NATS_KEY },
    ...{ maxDeliveries: 1000, ...more },
  }
}
