/** What a carrier hands to the intake, and what the intake answers: no XML, no HTTP. */
import { type Jid } from './jid'

/** Facts of one XEP-0357 notification as the publisher spelt them; everything may be missing. */
export interface Summary {
  readonly count?: number
  readonly sender?: string
  readonly body?: string
  /** There is a summary, and it has no place for a text at all: the server withholds the text of what is a message. */
  readonly withheld?: true
  readonly nickname?: string
  readonly priority?: 'high' | 'low'
  readonly encrypted?: { readonly iv: string; readonly data: string; readonly voip: boolean }
  readonly call?: { readonly action: string; readonly sid?: string; readonly media: readonly string[] }
  /** Text of children that belong to no extension known here, by name (Openfire's plugin passes them on to apps). */
  readonly extras?: Readonly<Record<string, string>>
  /** The account is gone for good (Tigase account event). */
  readonly accountRemoved: boolean
}

/** A publish that no known server sends; told to the publisher only after node, publisher and secret are in order. */
export interface Malformed {
  readonly malformed: 'item-required' | 'payload-required' | 'invalid-payload'
  readonly text: string
}

export interface PublishRequest {
  /** The JID of ours that was addressed, bare. */
  readonly service: string
  readonly publisher: Jid
  readonly node?: string
  /** Every value of the publish-options field `secret`. */
  readonly secrets: readonly string[]
  /** All publish-options, by `var`. */
  readonly options: ReadonlyMap<string, readonly string[]>
  readonly notification: Summary | Malformed
  /** The publisher says that the device is one of Apple's sandbox. */
  readonly environment?: 'sandbox'
}

export type PublishAnswer =
  | { readonly is: 'accepted'; readonly why: string }
  /** Taken, and it goes nowhere, because of what only the operator or the client's author can mend: no fault of the publisher. */
  | { readonly is: 'nowhere'; readonly why: string }
  | { readonly is: 'trouble'; readonly why: string }
  | { readonly is: 'unknown-node' }
  | { readonly is: 'foreign-publisher' }
  | { readonly is: 'wrong-secret' }
  | ({ readonly is: 'malformed' } & Malformed)
