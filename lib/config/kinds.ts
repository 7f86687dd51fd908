/**
 * Kinds bound to their own options: what a kind declared with its own type of options leaves here as plain functions
 * with the options inside, so that nobody downstream holds options of a type it can't name.
 */
import { type z } from 'zod'
import { type Written, type Speech } from '../model/content'
import { type Content, type Notification } from '../model/notification'
import { type OptionWords } from '../model/options'
import { type Fault, type Path } from './fault'
import { readPart } from './faults'
import { once } from './once'
import { shapeOf, type Shape } from './shape'
import { type Profile, type Subject } from '../profiles/profile'
import {
  type Expiry,
  type Finding,
  type HandedIn,
  type Provider,
  type ProviderKind,
  type ProviderSurroundings,
} from '../providers/provider'
import { type Backup, type Inspection, type Store, type StoreKind, type StoreSurroundings } from '../stores/store'

/** The tables of what exists; each kind has options of its own type. */
export interface Kinds<P, F, S> {
  readonly providers: { readonly [K in keyof P]: ProviderKind<P[K]> }
  readonly profiles: { readonly [K in keyof F]: Profile<F[K]> }
  readonly stores: { readonly [K in keyof S]: StoreKind<S[K]> }
}

/** An app's provider with its options applied. */
export interface AppProvider {
  readonly kind: string
  readonly speaks: Speech
  /** See `ProviderKind`. */
  readonly maxEncryptedSize: number
  readonly offers: Readonly<Record<string, string>>
  readonly pace: ProviderKind['pace']
  address(raw: string): string | undefined
  check(now: number): Promise<readonly Finding[]>
  /** Absent where no certificate may be handed in. */
  readonly checkHandedIn: ((handedIn: HandedIn, now: number) => readonly Finding[]) | undefined
  readonly needsHandedIn: boolean
  expiries(handedIn: HandedIn | undefined): readonly Expiry[]
  /** Throws an `Error` with cause and mend where `check` finds a fault. */
  open(surroundings: ProviderSurroundings): Provider
}

/** An app's profile with its options applied, for the family of push services that the app's provider speaks. */
export interface AppProfile {
  readonly name: string
  /** What the push service gets to see, one sentence for the operator. */
  readonly reveals: string
  readonly passesEncrypted: boolean
  readonly keeps: { readonly sender: boolean; readonly body: boolean; readonly extras?: boolean }
  /** Whether a call can be sent as one. */
  rings(content: Content, hasCallAddress: boolean): boolean
  collapseKey(notification: Omit<Notification, 'collapseKey'>): string | undefined
  write(subject: Subject): Written
}

/** The store with its options applied. */
export interface ConfiguredStore {
  readonly kind: string
  /** Several processes may be at work on it at once. */
  readonly isShared: boolean
  /** The path of the store's own file, where it is one: what belongs to the running service is put beside it. */
  readonly place: string | undefined
  /** Rejects with `StoreRefused` where the fault is the operator's to mend. */
  open(surroundings: StoreSurroundings): Promise<Store>
  /** Opens it for reading only while no process has it; rejects with `StoreRefused` where that can't be done. Not every store can. */
  readonly inspect: (() => Promise<Inspection>) | undefined
  /** The same of the store alone, whatever stands in the place of its outbox: of what waits it knows nothing then. */
  readonly inspectAlone: (() => Promise<Inspection>) | undefined
  /** See `StoreKind`. */
  readonly backup: BoundBackup | undefined
  readonly tools: ((file: string) => { readonly backup: string; readonly restore: string }) | undefined
}

type Without<F> = F extends (options: never, ...rest: infer Rest) => infer Answer ? (...rest: Rest) => Answer : never
type BoundBackup = { readonly [K in keyof Backup<never>]: Without<Backup<never>[K]> }

/** Reads the keys of one kind; undefined with its faults added where they are not right. */
type Read<T> = (raw: unknown, at: Path, faults: Fault[]) => T | undefined

export interface BoundProvider {
  readonly speaks: Speech
  readonly shape: Shape
  readonly read: Read<AppProvider>
  /** The same where credentials can't be read from where they are said to be: it may be looked at, and not opened. */
  readonly readUnread: Read<AppProvider>
}
export interface BoundProfile {
  readonly shape: Shape
  readonly writesFor: readonly Speech[]
  /** The profile as it writes for one family; undefined and no fault of its own where it can't. */
  read(raw: unknown, at: Path, faults: Fault[], speaks: Speech): AppProfile | undefined
}
export interface BoundStore {
  readonly shape: Shape
  /** Its options tell where its own file is. */
  readonly isPlaced: boolean
  readonly read: Read<ConfiguredStore>
}

/** The tables again, every type of options inside. */
export interface BoundKinds {
  readonly providers: ReadonlyMap<string, BoundProvider>
  readonly profiles: ReadonlyMap<string, BoundProfile>
  readonly stores: ReadonlyMap<string, BoundStore>
}

function bindProvider<O>(kind: ProviderKind<O>, words: OptionWords, forgiving: OptionWords): BoundProvider {
  const schema = once(() => kind.options(words))
  const shape = once(() => shapeOf(schema()))
  const reading =
    (schema: () => z.ZodType<O>): Read<AppProvider> =>
    (raw, at, faults) => {
      const options = readPart<O>(schema(), raw, at, faults)
      if (options === undefined) return undefined
      return Object.freeze({
        kind: kind.kind,
        speaks: kind.speaks,
        maxEncryptedSize: kind.maxEncryptedSize,
        offers: Object.freeze({ ...kind.offers?.(options) }),
        pace: kind.pace,
        address: (raw: string) => kind.address(raw, options),
        check: (now: number) => kind.check(options, now),
        checkHandedIn: kind.checkHandedIn?.bind(kind, options),
        needsHandedIn: kind.needsHandedIn?.(options) === true,
        expiries: (handedIn: HandedIn | undefined) => kind.expiries?.(options, handedIn) ?? [],
        open: (surroundings: ProviderSurroundings) => kind.open(options, surroundings),
      })
    }
  return {
    speaks: kind.speaks,
    get shape() {
      return shape()
    },
    ...{ read: reading(schema), readUnread: reading(once(() => kind.options(forgiving))) },
  }
}

function bindProfile<O>(profile: Profile<O>): BoundProfile {
  const shape = once(() => shapeOf(profile.options))
  return {
    get shape() {
      return shape()
    },
    writesFor: Object.keys(profile.write) as Speech[],
    read(raw, at, faults, speaks) {
      const write = profile.write[speaks]
      const options = readPart<O>(profile.options, raw, at, faults)
      if (options === undefined || write === undefined) return undefined
      return Object.freeze({
        name: profile.name,
        reveals: profile.reveals(options),
        passesEncrypted: profile.passesEncrypted,
        keeps: Object.freeze(profile.keeps(options)),
        rings: (content: Content, hasCallAddress: boolean) => profile.rings(content, hasCallAddress),
        collapseKey: (notification: Omit<Notification, 'collapseKey'>) => profile.collapseKey(notification, options),
        write: (subject: Subject) => write(subject, options),
      })
    },
  }
}

function bindStore<O>(kind: StoreKind<O>, words: OptionWords): BoundStore {
  const schema = once(() => kind.options(words))
  const shape = once(() => shapeOf(schema()))
  return {
    get shape() {
      return shape()
    },
    isPlaced: kind.place !== undefined,
    read(raw, at, faults) {
      const options = readPart<O>(schema(), raw, at, faults)
      if (options === undefined) return undefined
      return Object.freeze({
        kind: kind.kind,
        isShared: kind.isShared === true,
        place: kind.place?.(options),
        open: (surroundings: StoreSurroundings) => kind.open(options, surroundings),
        inspect: kind.inspect?.bind(kind, options),
        inspectAlone: kind.inspect?.bind(kind, options),
        backup: kind.backup && {
          copy: kind.backup.copy.bind(kind.backup, options),
          restoring: kind.backup.restoring.bind(kind.backup, options),
        },
        tools: kind.tools?.bind(kind, options),
      })
    },
  }
}

/** Binds every kind of the tables; secrets are read through `words` when an app or a store is. */
export function bindKinds<P, F, S>(
  kinds: Kinds<P, F, S>,
  words: OptionWords,
  /** For providers that answer nobody with what their credential says. */
  sparing: OptionWords = words,
  /** They take a credential that can't be read for one that is there. */
  forgiving: OptionWords = words,
): BoundKinds {
  const providers = new Map<string, BoundProvider>()
  const profiles = new Map<string, BoundProfile>()
  const stores = new Map<string, BoundStore>()
  for (const name in kinds.providers) {
    const kind = kinds.providers[name]
    providers.set(name, bindProvider(kind, kind.offers === undefined ? sparing : words, forgiving))
  }
  for (const name in kinds.profiles) profiles.set(name, bindProfile(kinds.profiles[name]))
  for (const name in kinds.stores) stores.set(name, bindStore(kinds.stores[name], words))
  return { providers, profiles, stores }
}
