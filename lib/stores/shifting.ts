/**
 * Moments of this machine's clock as the clock that instances share tells them: what is handed in is told by ours, what waits by
 * theirs. Knows no clock; `offset` is what a moment of ours is to be added (ms).
 */
import { type Delivery } from '../model/notification'
import { type Settlement } from '../outbox/outbox'

/**
 * By the shared clock. What was accepted while our own was ahead, and is put now that this has been set back, waits for no moment
 * that is to come. `now`: by our own.
 */
export function shifted(delivery: Delivery, now: number, offset: number): Delivery {
  const by = offset - Math.max(0, delivery.acceptedAt - now)
  if (by === 0) return delivery
  const { acceptedAt, dueAt, notification } = delivery
  return {
    ...{ ...delivery, acceptedAt: acceptedAt + by },
    ...(dueAt === undefined ? {} : { dueAt: dueAt + by }),
    notification: { ...notification, expiresAt: notification.expiresAt + by },
  }
}

/** By the shared clock. */
export function shiftedAll(settlements: readonly Settlement[], offset: number): readonly Settlement[] {
  if (offset === 0) return settlements
  return settlements.map((each) => ('end' in each ? each : { ...each, dueAt: each.dueAt + offset }))
}
