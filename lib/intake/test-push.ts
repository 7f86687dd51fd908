/** A push that an operator sends to a device to see it arrive: a wake-up as a message makes one, without any content. Knows no asker. */
import { type Clock } from '../clock'
import { type Delivery } from '../model/notification'
import { type Registration } from '../model/registration'
import { type Heard, type Outbox } from '../outbox/outbox'
import { type DoorApp, type DoorApps } from './app'
import { deliveryOf } from './made'

export type TestAnswer =
  /** It is durably ours. `heard`: what came of the first attempt, if that was known in time. */
  | { readonly is: 'accepted'; readonly delivery: string; readonly heard?: Heard }
  | { readonly is: 'failed'; readonly why: string }

/** `by`: who asks, for the trace. `listen`: milliseconds to wait for the first outcome. Rejects only where the store is broken. */
export type TestPush = (to: Registration, by: string, listen: number) => Promise<TestAnswer>

/** What is put for a test push to this device. */
export function testDeliveryOf(to: Registration, app: DoorApp, now: number): Delivery {
  const made = deliveryOf(to, app, { count: 1, withheld: true, accountRemoved: false }, now)
  // By itself: nothing that waits takes its place, and it takes the place of nothing.
  const { collapseKey: _collapseKey, ...notification } = made.notification
  return { ...made, notification }
}

export function makeTestPush(options: {
  readonly outbox: Outbox
  readonly apps: () => DoorApps
  readonly clock: Clock
  /** Why nothing is accepted at the moment; undefined: all is well. */
  readonly closed: () => string | undefined
}): TestPush {
  const { outbox, clock } = options
  return async (to, by, listen) => {
    const why = options.closed()
    if (why !== undefined) return { is: 'failed', why }
    if (to.address === undefined) {
      return { is: 'failed', why: 'its client made the node itself, and no publish has named the device yet' }
    }
    const app = options.apps().get(to.app)
    if (app === undefined) return { is: 'failed', why: `its app ${to.app} is no longer in the configuration` }
    const delivery = { ...testDeliveryOf(to, app, clock.now()), publisher: by }
    // Listened to before it is put: its outcome may be known before we hear that it is durable.
    const hearing = listen > 0 ? outbox.heard(delivery.id, listen) : undefined
    const [put] = await outbox.put([delivery])
    if (put !== 'kept') return { is: 'failed', why: 'the outbox is full' }
    const heard = await hearing
    return { is: 'accepted', delivery: delivery.id, ...(heard === undefined ? {} : { heard }) }
  }
}
