/** Whether a run met what a claim is about. */
import { type Arrival } from './arrivals'

export interface Met {
  readonly isMet: boolean
  /** What the line of the claim adds. */
  readonly note: string
}

/**
 * A claim is about something that was met. On a slow machine a short run may meet none of one kind, and its line says so; a run in which no
 * push at all arrived proves nothing, and every such claim of it fails.
 */
export function anyMet(count: number, { arrivals }: { readonly arrivals: readonly Arrival[] }): Met {
  if (count > 0) return { isMet: true, note: '' }
  return { isMet: arrivals.some(({ isTaken }) => isTaken), note: '; none was met' }
}
