/** Whether an instance that is silent is gone: the servers know at once that nobody listens to its subject any more. */
import { type NatsConnection, errors } from '@nats-io/transport-node'

const ASK_MS = 1_000
/** Changes nothing, costs nothing, and every version knows it. */
const NOTHING = JSON.stringify({ what: 'living', question: { deliveries: [] } })

/**
 * Resolves with whether the servers say that it listens no more. One that hangs, or whose machine went dark, still does;
 * so does everyone where the servers can't be asked. `subject`: the instances' own are below it.
 */
export async function isGone(connection: NatsConnection, subject: string, id: string): Promise<boolean> {
  try {
    await connection.request(`${subject}.${id}`, NOTHING, { timeout: ASK_MS })
    return false
  } catch (error) {
    return error instanceof errors.RequestError && error.isNoResponders()
  }
}
