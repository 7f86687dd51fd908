/** Contract: whoever runs the service and can start it again on another store. Knows neither. */
import { type Reply } from './questions'

export interface Exchange {
  /** Begins to exchange the store for what was made ready beside it (made at `madeAt`, ms since 1970), once this was answered. */
  begin(hold: string, madeAt: number | undefined): void
  /** What came of it, by the hold that it was begun with. */
  outcome(hold: string): Reply<'exchanged'>
}
