/** A publish made into what is sent: classified, stripped of what may not be kept. Pure but for the id; knows neither limits nor stores. */
import { randomUUID } from 'node:crypto'
import { type Brought } from '../dialects/dialect'
import { lifeOf, type Content, type Delivery, type Notification } from '../model/notification'
import { type Registration } from '../model/registration'
import { type Summary } from '../model/request'
import { type DoorApp } from './app'
import { classify, contentOf } from './classify'

/** While it is being made. */
export type Draft<T> = { -readonly [K in keyof T]: T[K] }

/** The publish as a delivery: classified, stripped of what may not be kept. */
export function deliveryOf(
  registration: Registration,
  app: DoorApp,
  summary: Summary,
  now: number,
  brought?: Brought,
): Delivery {
  return {
    id: randomUUID(),
    app: registration.app,
    target: { to: 'registration', registration: registration.id },
    notification: notificationOf(app, summary, brought, now, registration.callAddress !== undefined),
    acceptedAt: now,
  }
}

/** What a publish says, as it is to be sent; `expiresAt` counts from `now` (ms since 1970). */
export function notificationOf(
  app: DoorApp,
  summary: Summary,
  brought: Brought | undefined,
  now: number,
  hasCallAddress: boolean,
): Notification {
  const content: Draft<Content> = contentOf(summary, app.keeps)
  if (brought?.given !== undefined) content.given = brought.given
  const judged = classify(summary)
  const isCall = judged.class === 'call'
  const kind = isCall && !app.rings(content, hasCallAddress) ? 'message' : judged.class
  if (isCall && kind === 'message') content.isCall = true
  const life = Math.min(brought?.life ?? lifeOf[kind], lifeOf[kind])
  const notification: Draft<Notification> = {
    class: kind,
    urgency: judged.urgency,
    expiresAt: now + life,
    content,
  }
  const collapseKey = app.collapseKey(notification)
  if (collapseKey !== undefined) notification.collapseKey = collapseKey
  return notification
}
