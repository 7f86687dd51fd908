/** Contract: what is remembered. Registry, counters, tokens to keep, and the store's own outbox. */
import { type Clock } from '../clock'
import { type Account } from '../model/accounting'
import { type BackedUp, type BackupOrder, type BackupProgress, type Holding, type Restoring } from '../model/backup'
import { type Kept } from '../model/kept'
import { type AddressSlot, type Environment, type Hints, type Registration } from '../model/registration'
import { type Opaque } from '../model/opaque'
import { type DeadAddress, type Past } from '../model/past'
import { type Outbox } from '../outbox/outbox'
import { type OptionWords } from '../model/options'
import { type Tombstone, type Trace } from '../model/trace'
import { type z } from 'zod'

/** A registration to be made. `id`, `node` and `secret` are proposals: an existing registration keeps its own. */
export interface NewRegistration {
  readonly id: string
  readonly service: string
  readonly node: string
  readonly owner: string
  readonly dialect: string
  readonly device: string
  readonly secret?: Opaque
  readonly app: string
  readonly address?: Opaque
  readonly callAddress?: Opaque
  readonly hints: Hints
  /** Milliseconds since 1970. */
  readonly at: number
}

/** Names the registrations to remove; every field given must agree. */
export interface RegistrationMatch {
  readonly service: string
  readonly owner: string
  readonly dialect?: string
  readonly app?: string
  readonly device?: string
  readonly node?: string
  readonly address?: Opaque
}

/** A push service's word that an address is dead. */
export interface Obituary {
  readonly app: string
  readonly address: Opaque
  /** Only registrations made before this moment (ms since 1970) are concerned. */
  readonly registeredBefore: number
  readonly why: string
  readonly at: number
}

/** A node that ended without its server's knowledge, and that its server is to be told of (XEP-0357 v0.4.1 §7). */
export interface RemoteDisable {
  /** The registration that ended. */
  readonly registration: string
  readonly service: string
  readonly node: string
  readonly owner: string
  /** When it ended (ms since 1970). */
  readonly at: number
  /** From when on it may be claimed (ms since 1970). */
  readonly dueAt: number
}

/** What servers are still to be told. One row per node; it ends when its node is registered again, in the same commit. */
export interface RemoteDisables {
  /** Those due at `at` (ms since 1970), the longest due first. */
  due(at: number, limit: number): Promise<readonly RemoteDisable[]>
  /** Puts it off until `until` (ms since 1970), for one claimant alone: false where somebody else did or it is no more. Due again if not ended by then. */
  claim(row: RemoteDisable, until: number): Promise<boolean>
  /** Ends those of these registrations. */
  end(registrations: readonly string[]): Promise<void>
}

export interface Registry {
  /** The clock by which registrations are told (ms since 1970): the one of all who share them. */
  now(): number
  /**
   * Creates or renews the registration of (service, owner, dialect, app, device) and returns it as it now stands:
   * the same node and secret as before, the new addresses, `registeredAt` = `at`. A tombstone of its node is lifted, and
   * nobody is told any more that the node is gone.
   */
  register(registration: NewRegistration): Promise<Registration>
  /** All registrations of a node at a service, whoever owns them, per query, in order. Empty: unknown or dead. */
  find(
    queries: readonly { readonly service: string; readonly node: string }[],
  ): Promise<readonly (readonly Registration[])[]>
  /** By our own id, in order; undefined where there is none (any more). */
  get(ids: readonly string[]): Promise<readonly (Registration | undefined)[]>
  /** All registrations of one account at one service, oldest first. */
  ownedBy(service: string, owner: string): Promise<readonly Registration[]>
  /**
   * Removes what matches and leaves tombstones; returns what was removed. Durable when it resolves. `remoteDisable`: the
   * server does not know of it, and is to be told; without it nobody is, for the client tells its server itself.
   */
  unregister(match: RegistrationMatch, its?: { readonly remoteDisable: boolean }): Promise<readonly Registration[]>
  /**
   * Takes a dead address out of every registration that still holds it and is older than the obituary. A registration
   * whose first address died is removed, leaves a tombstone and a `RemoteDisable`; one that only lost its call address lives on.
   * Returns the registrations concerned. Durable when it resolves: only then may the delivery be settled.
   */
  forget(obituary: Obituary): Promise<readonly { readonly registration: Registration; readonly slot: AddressSlot }[]>
  /** Remembers that an address which a caller brought along is dead; the store keeps a keyed hash of it. Durable when it resolves. */
  markDead(dead: {
    readonly app: string
    readonly address: Opaque
    readonly why: string
    readonly at: number
  }): Promise<void>
  /** What was marked of these addresses, in order. */
  deadAmong(
    addresses: readonly { readonly app: string; readonly address: Opaque }[],
  ): Promise<readonly (DeadAddress | undefined)[]>
  /**
   * Takes over the address that a publish brought along for a registration (a node that its client made): the newest wins. One
   * that was proven dead is dropped with what was proven of it. Resolves with the registration as it now stands, undefined where there is none (any more).
   */
  readdress(
    id: string,
    to: { readonly app: string; readonly address: Opaque; readonly at: number },
  ): Promise<Registration | undefined>
  /** Remembers the APNs environment in which this address was proven to live, if the registration still holds it. */
  prove(id: string, environment: Environment, address: Opaque): Promise<void>
  /**
   * Remembers that registrations showed a sign of life at `at` (ms since 1970). Not awaited by anyone: it becomes durable
   * with what is handed in along with it, or is lost with it.
   */
  seen(ids: readonly string[], at: number): Promise<void>
  /** How many registrations there are, by app; as of a while ago where counting them takes long. */
  count(): Promise<ReadonlyMap<string, number>>
}

/** Registrations that agree in every field given, in order of their ids, a page at a time. */
export interface DeviceQuery {
  readonly id?: string
  readonly node?: string
  readonly owner?: string
  readonly app?: string
  /** The last id of the page before. */
  readonly after?: string
  readonly limit: number
}

/** What an operator reads: of a running store, or of one that is opened for reading only. Changes nothing. */
export interface Records {
  devices(query: DeviceQuery): Promise<readonly Registration[]>
  /** Of a node or of an owner, newest first. */
  tombstones(query: {
    readonly node?: string
    readonly owner?: string
    readonly limit: number
  }): Promise<readonly Tombstone[]>
  count(): Promise<ReadonlyMap<string, number>>
  accounts(): Promise<ReadonlyMap<string, Account>>
  /** Deliveries that are out, then those that wait, calls first, by due time. */
  waiting(query: { readonly app?: string; readonly limit: number }): Promise<readonly Trace[]>
  /** When the oldest delivery that waits or is out was accepted, by app (ms since 1970). */
  oldest(): Promise<ReadonlyMap<string, number>>
  /** The stories of these deliveries, or the newest of each of these registrations, newest first. */
  traces(of: TraceQuery): Promise<readonly Trace[]>
}

/** A store that is open for reading only. */
export interface Inspection {
  readonly records: Records
  readonly keep: Pick<Keep, 'get'>
  /** What names its data, whatever address it is reached by; absent where it is a file. */
  readonly identity?: () => Promise<string>
  /** Whether a service is at work on it, wherever that runs; absent where it is a file, which no second process opens. */
  readonly isAtWork?: () => Promise<boolean>
  readonly close: () => Promise<void>
}

export type TraceQuery =
  { readonly deliveries: readonly string[] } | { readonly registrations: readonly string[]; readonly perTarget: number }

/** What of the past is no longer kept; times are ms since 1970. */
export interface Sweep {
  readonly registrationsSeenBefore?: number
  readonly tombstonesBefore: number
  readonly tracesBefore: number
  /** Bytes of traces above which the oldest go first. */
  readonly tracesBytes: number
  readonly at: number
}

export interface Erased {
  readonly registrations: readonly Registration[]
  readonly tombstones: number
  /** Deliveries that waited; they end as `unregistered`. One that is out ends by itself and leaves no trace. */
  readonly deliveries: number
  readonly traces: number
}

/** What an operator changes. */
export interface Upkeep {
  /**
   * Removes everything of a person (bare JID) at every service, and leaves a `RemoteDisable` for each node. Durable when it
   * resolves; asked again, it removes the rest.
   */
  erase(owner: string, at: number): Promise<Erased>
  /** Makes what waits due at `at`: one delivery, or all of an app. Returns how many were. */
  hasten(which: { readonly delivery: string } | { readonly app: string }, at: number): Promise<number>
  /** Ends what waits as `abandoned` and never sends it: one delivery, or all of an app. Returns how many. */
  abandon(which: { readonly delivery: string } | { readonly app: string }, at: number): Promise<number>
  /** Sweeps everything once, in steps so small that pushes pass in between. `removed`: told of each step's registrations. */
  sweep(sweep: Sweep, removed: (registrations: readonly Registration[]) => void): Promise<void>
}

/** Small values that outlive a restart, such as a signed token; encrypted at rest. */
export interface Keep {
  get(name: string): Promise<Kept | undefined>
  put(name: string, value: string, at: number): Promise<void>
  /**
   * Puts a value only where `before` still stands (undefined: nothing), for one caller alone of all processes. Resolves with
   * what stands then: this value, or what somebody else put meanwhile.
   */
  swap(name: string, value: string, at: number, before: Kept | undefined): Promise<Kept>
  /** The wall clock of all who share it (ms since 1970); absent where nobody does. */
  now?(): number
}

/**
 * What one process alone of those that share the store may do at a time, by name. A turn ends with its process: nobody waits for a lease.
 */
export interface Turns {
  /** True where this process has the turn now: it had it already, or nobody did. Rejects while the store can't say. */
  take(name: string): Promise<boolean>
  /** Somebody else may have it. Rejects while the store can't say; it is passed all the same. */
  pass(name: string): Promise<void>
}

export interface Store {
  readonly registry: Registry
  readonly remoteDisables: RemoteDisables
  readonly outbox: Outbox
  readonly keep: Keep
  readonly records: Records
  readonly upkeep: Upkeep
  readonly past: Past
  /** Absent where the store is one process's own. */
  readonly turns?: Turns
  /** What a moment of this machine's clock is to be added to be one of the clock that all processes share (ms); absent likewise. */
  readonly clockOffset?: () => number
  /** Where its deliveries wait, where that is in a queue beside it: another one's name is another. */
  readonly queue?: () => Promise<string>
  /** Holds its own file still, to be copied: what becomes durable meanwhile goes into the log beside it. Resolves once it is so, and once it is over. */
  readonly holdStill?: (isStill: boolean) => Promise<void>
  /** What it holds, and what of that came after a moment (ms since 1970). Both are absent where it has no file of its own. */
  readonly holding?: (after: number) => Promise<Holding>
  /** The accounting as of this moment, by app; apps that never had a push are absent. */
  accounts(): Promise<ReadonlyMap<string, Account>>
  /** Ends waiting claims, writes what was handed in, releases the files. Idempotent. */
  close(): Promise<void>
}

/** What a store is opened with besides its options. In words for the operator: `trouble` once for each, `notice` when one that was told is over. */
export interface StoreSurroundings {
  readonly clock: Clock
  readonly trouble: (text: string) => void
  readonly notice?: (text: string) => void
}

/** Why a store can't be opened, in words for the operator: what happened, where, what to do. Nothing was touched. */
export class StoreRefused extends Error {
  override readonly name: string = 'StoreRefused'
}

/** There is no store yet: nothing was ever put there. */
export class NothingStored extends StoreRefused {
  override readonly name = 'NothingStored'
}

/** How a store's own file is copied and put back. Rejects with `StoreRefused` where the fault is the operator's to mend. */
export interface Backup<Options> {
  /** Leaves nothing behind where it fails. */
  copy(options: Options, order: BackupOrder, clock: Clock, progress: BackupProgress): Promise<BackedUp>
  /** What was in the store's place is kept beside it. */
  restoring(options: Options, clock: Clock): Restoring
}

export interface StoreKind<Options = never> {
  readonly kind: string
  /** Several processes may be at work on it at once. */
  readonly isShared?: true
  options(words: OptionWords): z.ZodType<Options>
  /** Rejects with `StoreRefused` where the fault is the operator's to mend. */
  open(options: Options, surroundings: StoreSurroundings): Promise<Store>
  /** The path of the store's own file, absolute, where it is one: what belongs to the running service is put beside it. */
  place?(options: Options): string
  /**
   * Opens what a process left behind for reading only; rejects with `StoreRefused` where that can't be done, also
   * because a process has it open. Absent where a store is no process's own.
   */
  inspect?(options: Options): Promise<Inspection>
  /** Absent where it has no file of its own. */
  readonly backup?: Backup<Options>
  /** Lines of the database's own tools that write a copy into a file and put it back, where it has such tools. */
  tools?(options: Options, file: string): { readonly backup: string; readonly restore: string }
}
