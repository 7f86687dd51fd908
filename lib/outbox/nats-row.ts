/** A delivery as it stands in the stream, and in the memory of the instance that has its partition. Knows no NATS. */
import { type Content, type Delivery, type NotificationClass } from '../model/notification'
import { bareTarget } from '../stores/bare-target'
import { type ContentCipher } from '../stores/content-cipher'
import { readSealed, toBeSealed } from '../stores/sealed'
import { firstNotes } from '../stores/trace-lines'
import { type Claimed } from './outbox'

/** Short names: one message per delivery. What is secret of it is sealed. */
interface Message {
  readonly i: string
  readonly a: string
  readonly t: string
  readonly c: NotificationClass
  readonly u: 'high' | 'low'
  readonly k?: string
  /** Expires. */
  readonly x: number
  /** Accepted. */
  readonly m: number
  /** Due, where that is not at once. */
  readonly w?: number
  /** Base64 of what is sealed. */
  readonly s?: string
  readonly n: string
  /** The publisher's domain. */
  readonly d: string
}

/** A delivery that is in hand. Times are ms since 1970, by the clock that instances share. */
export interface Row {
  /** Its message's number in the stream. */
  readonly seq: number
  readonly partition: number
  readonly id: string
  readonly app: string
  readonly target: string
  readonly class: NotificationClass
  readonly urgency: 'high' | 'low'
  readonly key: string | null
  readonly accepted: number
  readonly domain: string
  readonly sealed: Buffer | null
  expires: number
  due: number
  attempts: number
  ambiguous: boolean
  notes: string | null
  /** Otherwise than its message says. */
  isChanged: boolean
  state: 'new' | 'waiting' | 'out' | 'gone'
  /** Grows with each move, so that older entries of the queues are known for what they are. */
  ticket: number
  /** Removes its message from the stream. */
  ack: () => void
}

const place = (id: string): string => `delivery ${id}`

/** What a delivery is keyed by: its registration, or the keyed hash of a bare address. */
export function targetOf({ app, target }: Delivery, cipher: Pick<ContentCipher, 'hash'>): string {
  return target.to === 'registration' ? target.registration : bareTarget(cipher, app, target.address.reveal())
}

/** The same for everything of one device, and for every version of this program: FNV-1a, 32 bits. */
export function partitionOf(target: string, partitions: number): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < target.length; index++) {
    hash = Math.imul(hash ^ target.charCodeAt(index), 0x01000193)
  }
  return (hash >>> 0) % partitions
}

/** The message of a delivery. */
export function spell(delivery: Delivery, target: string, cipher: Pick<ContentCipher, 'seal'>): string {
  const { id, app, notification, acceptedAt, dueAt, publisher } = delivery
  const text = toBeSealed(delivery.target, notification.content)
  const { collapseKey } = notification
  const message: Message = {
    ...{ i: id, a: app, t: target, c: notification.class, u: notification.urgency, x: notification.expiresAt },
    ...{ m: acceptedAt, n: firstNotes(publisher) },
    ...(collapseKey === undefined ? {} : { k: collapseKey }),
    ...(dueAt === undefined ? {} : { w: dueAt }),
    ...(text === null ? {} : { s: cipher.seal(text, place(id)).toString('base64') }),
    d: publisher === undefined ? '' : publisher.slice(publisher.indexOf('@') + 1),
  }
  return JSON.stringify(message)
}

/** The row of a message, as it was put. Throws where the message is not one of ours. */
export function read(text: string, at: { readonly seq: number; readonly partition: number; ack: () => void }): Row {
  const { i, a, t, c, u, k, x, m, w, s, n, d } = JSON.parse(text) as Message
  if (typeof i !== 'string' || typeof a !== 'string' || typeof t !== 'string' || typeof x !== 'number') {
    throw new Error('a message that is no delivery')
  }
  return {
    ...{ ...at, id: i, app: a, target: t, class: c, urgency: u, key: k ?? null, accepted: m, domain: d },
    sealed: s === undefined ? null : Buffer.from(s, 'base64'),
    ...{ expires: x, due: w ?? m, attempts: 0, ambiguous: false, notes: n },
    ...{ isChanged: false, state: 'new', ticket: 0 },
  }
}

/** What the dispatcher is handed; `offset`: of the shared clock from its own. Throws where the content key is another than the one it was sealed with. */
export function handed(row: Row, cipher: Pick<ContentCipher, 'open'>, offset: number): Claimed {
  const text = row.sealed === null ? null : cipher.open(row.sealed, place(row.id))
  const { target, content }: { target: Delivery['target']; content: Content } = readSealed(text, row.target)
  return {
    delivery: {
      ...{ id: row.id, app: row.app, target, acceptedAt: row.accepted - offset },
      notification: {
        ...{ class: row.class, urgency: row.urgency, ...(row.key === null ? {} : { collapseKey: row.key }) },
        ...{ expiresAt: row.expires - offset, content },
      },
    },
    attempts: row.attempts,
    ambiguous: row.ambiguous,
  }
}
