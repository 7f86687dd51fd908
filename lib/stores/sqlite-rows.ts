/** Deliveries and settlements as flat lists of plain values, and back. Knows the order of fields; knows no SQL. */
import { type Delivery, type Notification, type NotificationClass } from '../model/notification'
import { type Claimed, type Settlement } from '../outbox/outbox'
import { readSealed, toBeSealed } from './sealed'
import { type Field } from './sqlite-protocol'
import { firstNotes, toldOf } from './trace-lines'

/** id, app, registration?, class, urgency, collapse key?, expires, accepted, bare address?, what is to be sealed?, due, notes, domain */
export const PUT_FIELDS = 13

/** id, end? (absent: it is due again), resent, due, attempts, ambiguous, what the push service said? */
export const SETTLED_FIELDS = 7

/** id, app, target, class, urgency, collapse key?, expires, accepted, attempts, ambiguous, what was sealed? */
export const HANDED_FIELDS = 11

/** Appends a delivery's `PUT_FIELDS`. */
export function pushPut(fields: Field[], delivery: Delivery): void {
  const { id, app, target, notification, acceptedAt, dueAt, publisher } = delivery
  fields.push(
    id,
    app,
    target.to === 'registration' ? target.registration : null,
    notification.class,
    notification.urgency,
    notification.collapseKey ?? null,
    notification.expiresAt,
    acceptedAt,
    target.to === 'address' ? target.address.reveal() : null,
    toBeSealed(target, notification.content),
    dueAt ?? acceptedAt,
    firstNotes(publisher),
    publisher === undefined ? '' : publisher.slice(publisher.indexOf('@') + 1),
  )
}

/** Whether its id says all of a settlement: it was delivered, and not for the second time. */
export function saysAll(settlement: Settlement): boolean {
  if (!('end' in settlement) || settlement.end !== 'delivered' || settlement.resent) return false
  return settlement.outcome === undefined || settlement.outcome.is === 'delivered'
}

/** Appends a settlement's `SETTLED_FIELDS`. */
export function pushSettled(fields: Field[], settlement: Settlement): void {
  const resent = settlement.resent ? 1 : 0
  const told = toldOf(settlement.outcome)
  if ('end' in settlement) fields.push(settlement.id, settlement.end, resent, 0, 0, 0, told)
  else {
    const { id, dueAt, attempts, ambiguous } = settlement
    fields.push(id, null, resent, dueAt, attempts, ambiguous ? 1 : 0, told)
  }
}

/** The delivery whose `HANDED_FIELDS` begin at `from`. What this program wrote is trusted. */
export function readHanded(fields: readonly Field[], from: number): Claimed {
  const [id, app, target, cls, urgency, key, expiresAt, acceptedAt, attempts, ambiguous, text] = fields.slice(
    from,
    from + HANDED_FIELDS,
  ) as [
    string,
    string,
    string,
    NotificationClass,
    'high' | 'low',
    string | null,
    number,
    number,
    number,
    number,
    string | null,
  ]
  const { target: to, content } = readSealed(text, target)
  const notification: { -readonly [K in keyof Notification]: Notification[K] } = {
    class: cls,
    urgency,
    expiresAt,
    content,
  }
  if (key !== null) notification.collapseKey = key
  const delivery: Delivery = { id, app, target: to, notification, acceptedAt }
  return { delivery, attempts, ambiguous: ambiguous === 1 }
}
