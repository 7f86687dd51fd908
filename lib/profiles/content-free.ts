/** What profiles share whose pushes carry nothing of the message: an alert or a silent push on APNs, an empty data message on FCM. */
import { type Written } from '../model/content'
import { type Notification } from '../model/notification'
import { type Subject } from './profile'
import { collapseByClass, opaqueName } from './wake-up'

/** The part of such a profile that is always the same. */
export const contentFree = Object.freeze({
  passesEncrypted: false,
  keeps: () => ({ sender: false, body: false }),
  rings: () => false,
  collapseKey: (notification: Omit<Notification, 'collapseKey'>) => collapseByClass(notification),
})

/** True for what is not worth an alert. */
export function isSilent({ notification }: Subject): boolean {
  return notification.class === 'quiet' || notification.class === 'dismiss'
}

/** A name under which a push replaces the older ones of its device and class. */
export function ownName({ id, registration, notification }: Subject): string {
  return opaqueName(registration?.id ?? id, notification.class)
}

/** An alert that the app's extension may rewrite; `aps`: what is in it besides `mutable-content`. */
export function apnsAlert(aps: Readonly<Record<string, unknown>>, collapseId?: string): Written {
  const payload = { aps: { ...aps, 'mutable-content': 1 } }
  const collapse = collapseId === undefined ? {} : { collapseId }
  const content = { speaks: 'apns', pushType: 'alert', priority: 10, payload, ...collapse } as const
  return { is: 'content', slot: 'address', content }
}

/** A push that wakes the app and shows nothing. */
export function apnsSilence(collapseId?: string): Written {
  const payload = { aps: { 'content-available': 1 } }
  const collapse = collapseId === undefined ? {} : { collapseId }
  const content = { speaks: 'apns', pushType: 'background', priority: 5, payload, ...collapse } as const
  return { is: 'content', slot: 'address', content }
}

/** A data message without data. */
export function fcmWakeUp(subject: Subject): Written {
  const priority = isSilent(subject) ? 'NORMAL' : 'HIGH'
  const content = { speaks: 'fcm', data: {}, priority, collapseKey: ownName(subject) } as const
  return { is: 'content', slot: 'address', content }
}
