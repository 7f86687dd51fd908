/** What profiles share: when a push is a mere wake-up, and short names for what may replace what. */
import { hash } from 'node:crypto'
import { type Content, type Notification } from '../model/notification'

/** True if nothing would be lost were a newer push of the same kind sent in its place. */
export function isWakeUp(content: Content): boolean {
  return (
    content.encrypted === undefined &&
    content.sender === undefined &&
    content.body === undefined &&
    content.extras === undefined
  )
}

/** Wake-ups of one class replace each other; content and calls never do. */
export function collapseByClass(notification: Omit<Notification, 'collapseKey'>): string | undefined {
  return notification.class !== 'call' && isWakeUp(notification.content) ? notification.class : undefined
}

/** A short name that tells the push service nothing: 16 hex digits of a hash. */
export function opaqueName(...parts: readonly string[]): string {
  return hash('sha256', parts.join('\0')).slice(0, 16)
}
