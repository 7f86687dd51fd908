/** Nouns of copying a store's own file and putting a copy back. Knows no database. */

/** What is under way, in the order in which it comes. */
export type BackupStep = 'copying' | 'checking' | 'keeping' | 'replacing' | 'replaced'

/** Told as it goes on; `of`: bytes as a rule, and 0 where nobody can say how much there is. */
export type BackupProgress = (step: BackupStep, done: number, of: number) => void

export interface BackupOrder {
  /** The copy, absolute. */
  readonly to: string
  /** An older one is replaced. */
  readonly force: boolean
  /** The content key is written beside it, `<to>.key`. */
  readonly withKey: boolean
  /**
   * Given where a service has the store open and holds its file still: asked when that need not be any longer, and resolves with why the
   * copy is no good all the same; never rejects. Without it the store must be at rest.
   */
  readonly wasStill?: () => Promise<string | undefined>
}

/** A copy as it lies there. Times are ms since 1970. */
export interface BackedUp {
  readonly from: string
  readonly to: string
  readonly bytes: number
  readonly at: number
  readonly registrations: number
  /** Pushes that waited or were out. */
  readonly waiting: number
  /** The key beside it; absent where none was asked for. */
  readonly key?: string
  /** Where the content key is that opens what the copy holds encrypted. */
  readonly keyIn: string
  /** False: it holds nothing that only the key opens. */
  readonly needsKey: boolean
}

export interface RestoreOrder {
  /** The copy, absolute. */
  readonly from: string
  /** What waited when it was made is not sent any more. */
  readonly withoutOutbox: boolean
  /** What only the content key opens is left out, for the key is lost. */
  readonly withoutKey: boolean
}

/** A copy that was checked and lies ready beside the store. Times are ms since 1970. */
export interface Prepared {
  readonly from: string
  /** When the copy was made; absent where it was not made by a backup. */
  readonly madeAt?: number
  readonly registrations: number
  /** Pushes that wait in it and will be sent. */
  readonly waiting: number
  /** Pushes that waited in the copy and are counted as abandoned. */
  readonly abandoned: number
}

/** What a store holds, and how much of that came after a moment. */
export interface Holding {
  readonly registrations: number
  /** Pushes that wait or are out. */
  readonly waiting: number
  readonly laterRegistrations: number
  readonly laterWaiting: number
}

/** What became of a store that another took the place of. */
export interface Exchanged {
  /** Where it is kept; absent where there was none. */
  readonly former?: string
  /** What it held; absent where that can't be told. */
  readonly before?: Pick<Holding, 'registrations' | 'waiting'>
  /** Its registrations that were made after the copy; absent where that can't be told. */
  readonly lost?: number
  /** Its pushes that were accepted after the copy and still waited; absent where that can't be told. */
  readonly lostWaiting?: number
  /** The key that was put in place with it; absent where the right one was there. */
  readonly key?: string
}

/** A store as it was put back. */
export interface Restored extends Prepared, Exchanged {
  readonly to: string
}

/** How a copy is put in the place of a store. What rejects does so with `StoreRefused` where the fault is the operator's to mend. */
export interface Restoring {
  /** All at once, while no process has the store open; where it rejects, the store is as it was. */
  atOnce(order: RestoreOrder, progress: BackupProgress): Promise<Restored>
  /** Puts a checked copy beside the store, which may be open. What an earlier one left there is overwritten. */
  prepare(order: RestoreOrder, progress: BackupProgress): Promise<Prepared>
  /** Removes what was prepared. Idempotent. */
  discard(): void
  /** Puts what was prepared in the place of the store, which nobody has open. Where it rejects, the store is as it was. `madeAt`: as it was prepared. */
  exchange(madeAt: number | undefined): Promise<Exchanged>
  /** Puts the former store and its key back in their place, which nobody has open; what is there is removed. */
  putBack(exchanged: Exchanged): void
}
