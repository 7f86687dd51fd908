/** Contract: an outbox that stands in for the store's own. Knows that the two become one store; not how. */
import { type OptionWords } from '../model/options'
import { type Store, type StoreSurroundings } from '../stores/store'
import { type z } from 'zod'

export interface OutboxSurroundings extends StoreSurroundings {
  /** False: this process takes in and sends nothing, so that it claims nothing either. */
  readonly sends: boolean
}

export interface OutboxKind<Options = never> {
  readonly kind: string
  options(words: OptionWords): z.ZodType<Options>
  /**
   * The store with this outbox in place of its own: its accounts, what waits, its stories and what operators change of them
   * are this outbox's. Closing it closes both. Rejects with `StoreRefused` where the fault is the operator's to mend; the
   * store is closed then.
   */
  open(options: Options, store: Store, surroundings: OutboxSurroundings): Promise<Store>
}
