/** Nouns of copying a store's own file and putting a copy back. Knows no database. */

/** What is under way, in the order in which it comes. */
export type BackupStep = 'copying' | 'checking' | 'keeping' | 'replacing'

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

/** A store as it was put back. Times are ms since 1970. */
export interface Restored {
  readonly from: string
  readonly to: string
  /** When the copy was made; absent where it was not made by a backup. */
  readonly madeAt?: number
  readonly registrations: number
  /** Pushes that wait in it and will be sent. */
  readonly waiting: number
  /** Pushes that waited in the copy and are counted as abandoned. */
  readonly abandoned: number
  /** What was there before, if anything was. */
  readonly former?: string
  /** Registrations of the former store that were made after the copy; absent where that can't be told. */
  readonly lost?: number
  /** The key that was put in place with it; absent where the right one was there. */
  readonly key?: string
}
