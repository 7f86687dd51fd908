/** Deliveries for the stores' benchmarks: wake-ups, each of a registration of its own, so that none replaces another. */
import { randomUUID } from 'node:crypto'
import { systemClock } from '../lib/clock'
import { type Delivery } from '../lib/model/notification'

/** The app of all of them. */
export const APP = 'org.example.app'

export function wakeUps(howMany: number, publisher?: string): readonly Delivery[] {
  const now = systemClock.now()
  return Array.from({ length: howMany }, () => ({
    id: randomUUID(),
    app: APP,
    target: { to: 'registration', registration: randomUUID() },
    notification: { class: 'message', urgency: 'high', collapseKey: 'wake', expiresAt: now + 3600_000, content: {} },
    acceptedAt: now,
    ...(publisher === undefined ? {} : { publisher }),
  }))
}
