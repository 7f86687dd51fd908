/** What is to be sent, in our own words: no XML, no vendor's key. And a delivery: a notification on its way. */
import { type Opaque } from './opaque'

/** design: account removed, count 0, call, explicit priority, encrypted or body, else quiet: in this order. */
export type NotificationClass = 'message' | 'call' | 'dismiss' | 'quiet'

export const classes: readonly NotificationClass[] = ['message', 'call', 'dismiss', 'quiet']

/** How long a notification of each class is worth delivering, in milliseconds. */
export const lifeOf: Readonly<Record<NotificationClass, number>> = {
  message: 28 * 24 * 3600_000,
  call: 30_000,
  dismiss: 24 * 3600_000,
  quiet: 24 * 3600_000,
}

/** Content passed through end to end encrypted (tigase:push:encrypt:0): opaque to us. */
export interface Encrypted {
  /** Base64 of the 12-byte initialisation vector. */
  readonly iv: string
  /** Base64 of ciphertext and tag. */
  readonly data: string
}

/** A Jingle Message element beside the notification (tigase:push:jingle:0). */
export interface Call {
  readonly action: string
  readonly sid?: string
  readonly media: readonly string[]
}

/** What the publisher said, stripped to what the app's settings allow to be kept. Encrypted at rest. */
export interface Content {
  readonly count?: number
  readonly sender?: string
  readonly body?: string
  readonly nickname?: string
  readonly encrypted?: Encrypted
  readonly call?: Call
  /** Texts that the app wants to see under their own names, where its settings allow that. */
  readonly extras?: Readonly<Record<string, string>>
  /** A call that cannot ring, sent as a message. */
  readonly isCall?: true
  /** What a caller put into its request, in the words of its interface; the profile of that interface reads it. */
  readonly given?: Given
}

/** A JSON object. */
export type Given = Readonly<Record<string, unknown>>

export interface Notification {
  readonly class: NotificationClass
  /** Explicit priority of the publisher where it gave one, else what the class implies. */
  readonly urgency: 'high' | 'low'
  /** Only wake-ups have one: the newest waiting one of the same target and key wins. */
  readonly collapseKey?: string
  /** Milliseconds since 1970; not sent after this moment. */
  readonly expiresAt: number
  readonly content: Content
}

/** Where a delivery goes: a registration, looked up at send time, or an address that the caller brought along. */
export type Target =
  | { readonly to: 'registration'; readonly registration: string }
  | { readonly to: 'address'; readonly address: Opaque; readonly environment?: 'production' | 'sandbox' }

export interface Delivery {
  /** Lower-case UUID; also the apns-id; the same on every attempt. */
  readonly id: string
  readonly app: string
  readonly target: Target
  readonly notification: Notification
  /** Milliseconds since 1970. */
  readonly acceptedAt: number
  /** Who published it, a domain or a bare JID; for its trace alone. */
  readonly publisher?: string
  /** Milliseconds since 1970: not sent before, because a limit wants it so. At once if left out. */
  readonly dueAt?: number
}
