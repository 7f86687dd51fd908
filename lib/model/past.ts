/** What a store remembers of what ended, as another store takes it over: rows as they stand. Knows no store. */
import { type Tombstone } from './trace'

/** An address that a caller brought along, and that its push service called dead: nobody registered it, so nobody is removed. */
export interface DeadAddress {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly why: string
}

/** A tombstone that names its registration. */
export type Grave = Required<Tombstone>

/** A dead address as it is kept. */
export interface DeadTarget extends DeadAddress {
  /** `address:` and a keyed hash. */
  readonly target: string
}

/** Every call takes a page; every write is idempotent and durable when it resolves. */
export interface Past {
  /** Tombstones after this one, in the order of service, node and owner. */
  graves(query: { readonly after?: Tombstone; readonly limit: number }): Promise<readonly Tombstone[]>
  /** Keeps tombstones as they are. One whose node is registered is left out; so is one where another registration of the node ended later. */
  bury(graves: readonly Grave[]): Promise<void>
  /** The names of all that is kept besides (`Keep`). */
  keptNames(): Promise<readonly string[]>
  /** Tells one content key from another without revealing either: a dead address is known by a hash that this key makes. */
  addressKey(): Promise<string>
  /** Dead addresses after this one, in the order of their targets; or those of these targets that are known. */
  deadTargets(
    query: { readonly after?: string; readonly limit: number } | { readonly targets: readonly string[] },
  ): Promise<readonly DeadTarget[]>
  /** Keeps dead addresses as they are, where no newer word is known. */
  keepDead(targets: readonly DeadTarget[]): Promise<void>
}
