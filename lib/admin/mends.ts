/** What is to be done about each app that was held, as it was told when that began. Whether it still is, the dispatcher knows. */
import { type Event } from '../observe'

export interface Mends {
  see(event: Event): void
  /** By app; nothing of one that was held last for what mends itself. */
  readonly of: (app: string) => string | undefined
}

export function makeMends(): Mends {
  const mends = new Map<string, string>()
  return Object.freeze({
    see(event: Event) {
      if (event.at !== 'held') return
      if (event.mend === undefined) mends.delete(event.app)
      else mends.set(event.app, event.mend)
    },
    of: (app: string) => mends.get(app),
  })
}
