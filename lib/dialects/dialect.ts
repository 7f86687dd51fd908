/** Contract: how one family of clients spells registering. Fields in, fields out; no XML, no carrier. */
import { type Speech } from '../model/content'
import { type MatchAsked } from '../model/match'
import { type Given } from '../model/notification'
import { type Environment, type Hints, type Registration } from '../model/registration'

/** Fields of a data form (XEP-0004), by `var`; a field without a value is absent. */
export type Fields = ReadonlyMap<string, readonly string[]>

export interface FormField {
  readonly var: string
  readonly type: 'text-single' | 'text-multi' | 'list-single' | 'list-multi' | 'jid-single' | 'hidden'
  readonly label?: string
  readonly required?: boolean
  readonly values?: readonly string[]
  readonly options?: readonly string[]
}

/** An app as a dialect may offer it. */
export interface OfferedApp {
  readonly name: string
  /** The family of push services, which decides what an address of it looks like. */
  readonly speaks: Speech
  /** The profile by which its pushes are written: tells two apps of one push service apart where a client names none. */
  readonly profile?: string
  /** What a client must know of the app before it can get an address, by name: the VAPID public key. */
  readonly offers: Readonly<Record<string, string>>
  /** True if the app's profile passes on content encrypted for the device. */
  readonly passesEncrypted: boolean
  /** Bytes left for encrypted content. */
  readonly maxEncryptedSize: number
}

/** How a device is known that was taken over from another service, until it speaks for itself. */
export interface Formerly {
  /** A stand-in, for the other service kept no account. */
  readonly owner: string
  readonly device: string
  /** Anybody may have chosen this name: only who has the same address, too, is the device. */
  readonly byAddress: boolean
}

/** What a client asks for. */
export type Wish =
  | {
      readonly wants: 'register'
      readonly app: string
      /** Stable for this device, whatever else changes. */
      readonly device: string
      /** As the client spelt it; the app's provider normalises it. */
      readonly address: string
      readonly callAddress?: string
      /** Only where the client names its own node. */
      readonly node?: string
      readonly withSecret: boolean
      readonly hints: Hints
      /** Its node and secret are kept, and it is the account's own from now on. */
      readonly formerly?: Formerly
    }
  | {
      readonly wants: 'unregister'
      readonly app?: string
      readonly device?: string
      readonly address?: string
      /** The dialect in which the device registered, where it is another than the one that unregisters it. */
      readonly dialect?: string
      /** These nodes of the account's, in whatever dialect they were registered; nothing else counts then. */
      readonly nodes?: readonly string[]
      readonly formerly?: Formerly
    }
  /** All that the account has registered here, in whatever dialect. */
  | { readonly wants: 'list' }
  /** Told to the client as it stands. */
  | { readonly wants: 'nothing'; readonly wrong: string }

/** A result that tells of several registrations: a field for all of them, or an item for each (XEP-0004 §3.4). */
export interface Report {
  readonly fields: readonly FormField[]
  readonly items: readonly (readonly FormField[])[]
}

/** Who asks, taken apart. */
export interface Requester {
  readonly bare: string
  readonly resource?: string
}

export interface DialectCommand {
  /** The command's node (XEP-0050). */
  readonly node: string
  readonly name: string
  readonly instructions: string
  /** Whether it can do anything for one of these apps; where it is left out, always. */
  serves?(apps: readonly OfferedApp[]): boolean
  /** The blank form. */
  form(apps: readonly OfferedApp[]): readonly FormField[]
  read(fields: Fields, requester: Requester, apps: readonly OfferedApp[]): Wish
  /** The fields of the result; for `unregister` the registration that was removed. */
  write(registration: Registration, app: OfferedApp | undefined): readonly FormField[]
  /** In place of `write`, where the result tells of all registrations that were removed or listed. */
  report?(registrations: readonly Registration[]): Report
}

/** What a publish says besides its notification. */
export interface PublishFields {
  readonly node?: string
  /** The publish-options. */
  readonly options: Fields
}

/** The device that a publish is for, where it brings the address along. */
export interface Brought {
  readonly app: { readonly by: 'name'; readonly name: string } | { readonly by: 'match'; readonly asked: MatchAsked }
  /** As the publish spelt it. */
  readonly address: string
  readonly environment?: Environment
  /** Milliseconds that the publisher wants it to be worth delivering. */
  readonly life?: number
  /** How it is to be shown, for the profile. */
  readonly given?: Given
}

export interface Dialect {
  readonly name: string
  readonly commands: readonly DialectCommand[]
  /** Disco features that clients of this family look for. */
  features(apps: readonly OfferedApp[]): readonly string[]
  /** Only of clients that need not register: reads the device out of a publish; undefined where it names none. */
  brings?(publish: PublishFields, isApp: (name: string) => boolean): Brought | undefined
  /** What disco tells of the apps beside the features, as fields of a form (XEP-0128). */
  facts?(apps: readonly OfferedApp[]): readonly FormField[]
}
