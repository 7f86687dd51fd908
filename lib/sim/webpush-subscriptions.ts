// The subscriptions that a simulator of Web Push gave out, with the user agents' keys, and what has become of each.
// It judges no request.

import { type PersonalityName, type Personality } from './webpush-personalities'
import { makeReceiver, type Receiver } from './webpush-message'
import { publicKeyFrom } from './webpush-vapid'

/** `gone`: its user unsubscribed. `expired`: its time was over. `no subscriber` (ntfy): nobody has listened to the topic yet. */
export type SubscriptionState = 'live' | 'gone' | 'expired' | 'no subscriber'

/** What a user agent hands to its application; as JSON, a `PushSubscription` of the Push API. */
export interface WebPushSubscription {
  readonly endpoint: string
  readonly expirationTime: null
  /** Base64url without padding. */
  readonly keys: { readonly p256dh: string; readonly auth: string }
  readonly state: () => SubscriptionState
  readonly become: (state: SubscriptionState) => void
}

/** How to subscribe. */
export interface SubscribeOptions {
  /** The only key that pushes may be signed with, as an uncompressed point: octets, or base64url. */
  readonly applicationServerKey?: string | Uint8Array
  /** The user agent's private key and secret, raw octets, for test vectors; fresh ones otherwise. */
  readonly keys?: { readonly privateKey: Buffer; readonly auth: Buffer }
}

/** A subscription with what only the simulator knows of it. */
export interface KnownSubscription {
  readonly given: WebPushSubscription
  readonly receiver: Receiver
  /** In base64url without padding. */
  readonly applicationServerKey: string | undefined
  /** Whether the client has been told that it is dead. */
  isToldDead: boolean
}

/** All subscriptions of one simulator. */
export interface Subscriptions {
  /** Throws, as a browser's `subscribe()` does, when the key is missing where it must be given, or is no P-256 point. */
  readonly subscribe: (options?: SubscribeOptions) => WebPushSubscription
  /** By path and query. */
  readonly at: (path: string) => KnownSubscription | undefined
}

const pointOf = (key: string | Uint8Array): string => {
  const octets = typeof key === 'string' ? Buffer.from(key, 'base64url') : Buffer.from(key)
  if (publicKeyFrom(octets) === undefined)
    throw new Error('applicationServerKey is no uncompressed point of P-256: give 65 octets, or their base64url')
  return octets.toString('base64url')
}

/** No subscriptions yet. */
export const makeSubscriptions = (
  name: PersonalityName,
  { needsVapid, newPath }: Personality,
  origin: () => string,
): Subscriptions => {
  const known = new Map<string, KnownSubscription>()
  return Object.freeze({
    subscribe: ({ applicationServerKey, keys }: SubscribeOptions = {}) => {
      if (applicationServerKey === undefined && needsVapid)
        throw new Error(`${name}: no subscription without an applicationServerKey`)
      const receiver = makeReceiver(keys)
      const path = newPath()
      let current: SubscriptionState = 'live'
      const given: WebPushSubscription = Object.freeze({
        endpoint: `${origin()}${path}`,
        expirationTime: null,
        keys: Object.freeze({
          p256dh: receiver.publicKey.toString('base64url'),
          auth: receiver.auth.toString('base64url'),
        }),
        state: () => current,
        become: (state: SubscriptionState) => {
          current = state
        },
      })
      const point = applicationServerKey === undefined ? undefined : pointOf(applicationServerKey)
      known.set(path, { given, receiver, applicationServerKey: point, isToldDead: false })
      return given
    },
    at: (path: string) => known.get(path),
  })
}
