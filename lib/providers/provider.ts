/** Contract: one family of push services. A provider makes one attempt; repeating, pacing and forgetting live elsewhere. */
import { type z } from 'zod'
import { type Clock } from '../clock'
import { type VendorContent, type Speech } from '../model/content'
import { type Credential, type Opaque } from '../model/opaque'
import { type OptionWords } from '../model/options'
import { type Outcome } from '../model/outcome'
import { type Environment } from '../model/registration'

/** One push to be attempted once. */
export interface Attempt {
  /** Lower-case UUID, the same on every attempt of a delivery. */
  readonly id: string
  readonly address: Opaque
  /** Only where the app has more than one. */
  readonly environment?: Environment
  readonly content: VendorContent
  /** Milliseconds since 1970. */
  readonly expiresAt: number
  /** It rings: where attempts wait for room on a connection, it goes ahead of those that do not. */
  readonly isCall?: true
}

/** A certificate and its password that an administrator handed in over XMPP, in place of what the configuration names. */
export interface HandedIn {
  readonly certificate: Credential
  readonly passphrase: Credential
}

/** Something that is of no use after a date. `credential`: it proves who we are; `authority`: it vouches for the push service. */
export interface Expiry {
  /** In words that name it. */
  readonly what: string
  readonly of: 'credential' | 'authority'
  /** Milliseconds since 1970. */
  readonly at: number
  /** How the operator gets the next one, and where it belongs. */
  readonly mend: string
}

/** A request as it would be sent: of secrets and tokens only the last characters. */
export interface Preview {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface Provider {
  /** The environments an address may belong to, the usual one first; absent where there is only one. */
  readonly environments?: readonly Environment[]
  /**
   * What the provider proves itself with and the way to its push service, as an opaque name: equal for apps that share them, which are held
   * together where they fail. Absent where nobody else has the same.
   */
  readonly credential?: string
  /** How many attempts may be under way at once, now. */
  readonly concurrency: number
  /**
   * Sends once and says what came of it; never rejects. What belongs to one attempt (renewing an expired bearer token,
   * one more try on a fresh connection where the push service asks for it) happens inside.
   */
  attempt(attempt: Attempt): Promise<Outcome>
  /**
   * Why this normalised address must not be registered after all, in words for the client: for what only the network can tell, within
   * seconds. Undefined if it may be, or if it can't be said now. Never rejects.
   */
  readonly whyNot?: (address: string) => Promise<string | undefined>
  /**
   * Asks the push service about the credential, waking nobody, and tells what that proved and what it could not. Absent where there is
   * nobody to ask. Never rejects.
   */
  readonly prove?: () => Promise<readonly Finding[]>
  /** What `attempt` would send; asks nobody. Absent where it can't be told. */
  readonly preview?: (attempt: Attempt) => Preview | undefined
  /** Lets attempts under way end, then closes every connection. */
  close(): Promise<void>
}

/** A small value, and when it was put (ms since 1970). */
export interface Kept {
  readonly value: string
  readonly at: number
}

/** Small values that outlive a restart and are shared by a deployment; the store happens to offer it. */
export interface Keep {
  get(name: string): Promise<Kept | undefined>
  put(name: string, value: string, at: number): Promise<void>
  /**
   * Puts a value only where `before` still stands (undefined: nothing), for one caller alone of all processes. Resolves with
   * what stands then. Absent where nobody else keeps anything there.
   */
  swap?(name: string, value: string, at: number, before: Kept | undefined): Promise<Kept>
  /** The wall clock of all who keep something there (ms since 1970); absent likewise. */
  now?(): number
}

export interface ProviderSurroundings {
  /** The app's name in the configuration, for messages. */
  readonly app: string
  readonly clock: Clock
  readonly keep: Keep
  /** Told of what an operator should know and no outcome carries, e.g. a peer that refuses HTTP/2. */
  readonly notice: (text: string) => void
  /** Takes the place of the configured credential. Only for a kind that takes one. */
  readonly handedIn?: HandedIn
}

/** What `check` found out about an app without asking the push service. */
export interface Finding {
  readonly is: 'fact' | 'warning' | 'fault'
  /** `fact`: what was read (team, topic, environment, expiry). `fault`: what is wrong. */
  readonly text: string
  /** What to do about a fault or a warning. */
  readonly mend?: string
}

export interface ProviderKind<Options = never> {
  readonly kind: string
  readonly speaks: Speech
  /** Shape of the app's keys that belong to this provider; a closed object. */
  options(words: OptionWords): z.ZodObject & z.ZodType<Options>
  /** The address as it is stored and compared, or undefined for what can't be one, or not with these options. */
  address(raw: string, options?: Options): string | undefined
  /** Bytes a publisher may put into encrypted content so that the whole stays inside the push service's limit. */
  readonly maxEncryptedSize: number
  /** What a client must know before it can get an address, by name: `vapid-public-key`. Nothing where it is left out. */
  offers?(options: Options): Readonly<Record<string, string>>
  /**
   * What the push service bears per device and second; more is held back at the door.
   */
  readonly pace?: {
    /** Of notifications that replace each other. */
    readonly wakeUps?: { readonly burst: number; readonly perSecond: number }
    readonly all?: { readonly burst: number; readonly perSecond: number }
  }
  /** What is to be said of a certificate that is handed in; a fault refuses it. Absent where the kind takes none. */
  checkHandedIn?(options: Options, handedIn: HandedIn, now: number): readonly Finding[]
  /** True where nothing is sent until a certificate is handed in. Absent where it never is. */
  needsHandedIn?(options: Options): boolean
  /** What of the credentials has a date, past or to come; nothing for what can't be read. Absent where nothing ever has. */
  expiries?(options: Options, handedIn?: HandedIn): readonly Expiry[]
  /** Reads credentials without a connection. */
  check(options: Options, now: number): Promise<readonly Finding[]>
  /** Throws an `Error` with cause and mend where `check` finds a fault; whoever tells it names the app. */
  open(options: Options, surroundings: ProviderSurroundings): Provider
}
