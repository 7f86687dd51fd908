/** What a store tells its operator: a trouble once, however often it is met, and its end. */
import { type Clock } from '../clock'
import { type StoreSurroundings } from './store'

/** Who is told. */
export type Told = Omit<StoreSurroundings, 'clock'>

export interface Telling {
  /** What ails it; told if nothing else is told to ail it. */
  ails(text: string): void
  /** It takes what it is given: told if it was told not to. */
  isWell(): void
}

/** `shown`: what the store is called. */
export function makeTelling(shown: string, clock: Clock, { trouble, notice }: Told): Telling {
  let since: number | undefined
  return Object.freeze({
    ails(text: string) {
      if (since !== undefined) return
      since = clock.elapsed()
      trouble(text)
    },
    isWell() {
      if (since === undefined) return
      const lasted = Math.max(1, Math.round((clock.elapsed() - since) / 1000))
      since = undefined
      notice?.(`store ${shown} takes again what it is given; it took nothing for ${lasted} s`)
    },
  })
}
