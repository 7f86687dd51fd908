/** What is handed in at the way to the store's thread, and what comes back for the claim that waits. Types only. */
import { type Delivery } from '../model/notification'
import { type Settlement } from '../outbox/outbox'
import { type Asked, type Field } from './sqlite-protocol'

/** What one caller handed in, and how he is answered. */
export type Parcel =
  | {
      readonly of: 'put'
      readonly deliveries: readonly Delivery[]
      /** One letter per delivery, as in `Done.puts`. */
      resolve(letters: string): void
      reject(error: Error): void
    }
  | { readonly of: 'settle'; readonly settlements: readonly Settlement[]; resolve(): void; reject(error: Error): void }
  | {
      readonly of: 'read' | 'change'
      readonly asked: Asked
      resolve(answer: unknown): void
      reject(error: Error): void
    }

/** What a batch brought for the claim that waits. */
export interface Brought {
  /** `HANDED_FIELDS` per delivery, in order. */
  readonly fromDisk: readonly Field[]
  /** Put in this very batch. */
  readonly fresh: readonly Delivery[]
  readonly nextDue: number | undefined
}
