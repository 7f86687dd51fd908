/** The accounting that always closes, per app: accepted = the sum of all ends + in flight + waiting. */

/** How a delivery can end. */
export type End = 'delivered' | 'coalesced' | 'expired' | 'gone' | 'refused' | 'unregistered' | 'quiet' | 'abandoned'

export const ends: readonly End[] = [
  'delivered',
  'coalesced',
  'expired',
  'gone',
  'refused',
  'unregistered',
  'quiet',
  'abandoned',
]

/** Counters of one app since its first push. `resent`: attempts repeated although an earlier one may have arrived. */
export type Account = Readonly<Record<End, number>> & {
  readonly accepted: number
  readonly resent: number
  /** Claimed and not settled. */
  readonly inFlight: number
  readonly waiting: number
}

/** True if nothing is missing and nothing is counted twice. */
export function closes(account: Account): boolean {
  const ended = ends.reduce((sum, end) => sum + account[end], 0)
  return account.accepted === ended + account.inFlight + account.waiting
}
