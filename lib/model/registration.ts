/** What a device told us about itself, and the node its server publishes to. */
import { type Opaque } from './opaque'

export type Environment = 'production' | 'sandbox'

/** Small facts a dialect wants to hear again when it answers or when a profile writes a push. */
export type Hints = Readonly<Record<string, string>>

export interface Registration {
  /** Ours alone: names the registration in the outbox; never shown to a client. */
  readonly id: string
  /** The JID of ours at which it was made. */
  readonly service: string
  /** The PubSub node; unique per (service, owner). Unguessable when we chose it. */
  readonly node: string
  /** Bare JID of the account. */
  readonly owner: string
  readonly dialect: string
  /** The dialect's stable id of the device: (service, owner, dialect, app, device) registers only once. */
  readonly device: string
  /** Present if the dialect hands out a secret that every publish must carry. */
  readonly secret?: Opaque
  readonly app: string
  /** The device token. Absent where the address only comes with a publish. */
  readonly address?: Opaque
  /** A second address for calls (PushKit). */
  readonly callAddress?: Opaque
  /** The APNs environment in which the address was proven to live. */
  readonly environment?: Environment
  readonly hints: Hints
  /** Milliseconds since 1970: when this address was last registered. A vendor's word about an older one is not believed. */
  readonly registeredAt: number
  /** Milliseconds since 1970: the last sign of life (registered or published). */
  readonly seenAt: number
}

/** What a registration may be without. */
type Held = { readonly [K in 'address' | 'callAddress' | 'secret' | 'environment']?: Registration[K] | undefined }

/**
 * A registration of these parts. Field by field: V8 gives each object that is spread from another one and added to a hidden class of its
 * own, which costs more than the registration, here and wherever it is read.
 */
export function registrationOf(
  its: Omit<Registration, keyof Held | 'seenAt'>,
  seenAt: number,
  { address, callAddress, secret, environment }: Held,
): Registration {
  const { id, service, node, owner, dialect, device, app, hints, registeredAt } = its
  const made: { -readonly [K in keyof Registration]: Registration[K] } = {
    id,
    service,
    node,
    owner,
    dialect,
    device,
    app,
    hints,
    registeredAt,
    seenAt,
  }
  if (address !== undefined) made.address = address
  if (callAddress !== undefined) made.callAddress = callAddress
  if (secret !== undefined) made.secret = secret
  if (environment !== undefined) made.environment = environment
  return Object.freeze(made)
}

/** The dialect of nodes that clients make themselves (XEP-0060 §8.1): the address, and the app, come with each publish. */
export const CLIENTS_OWN = 'pubsub'

/** Which of a registration's two addresses is meant. */
export type AddressSlot = 'address' | 'callAddress'
