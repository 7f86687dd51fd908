/** How much this thread makes that the collector has to look at. Knows Node's notes of collections, and nothing of what is done about it. */
import { constants, performance, PerformanceObserver, type PerformanceEntry } from 'node:perf_hooks'
import { getHeapSpaceStatistics } from 'node:v8'

/** Bytes that the young objects of this thread have. */
export function youngRoom(): number {
  return getHeapSpaceStatistics().find((space) => space.space_name === 'new_space')?.space_size ?? 0
}

function isOfYoung(entry: PerformanceEntry): boolean {
  const { detail } = entry as PerformanceEntry & { readonly detail?: { readonly kind?: number } }
  return detail?.kind === constants.NODE_PERFORMANCE_GC_MINOR
}

export interface Allocating {
  /** Bytes of young objects made in a second, since it was last asked. */
  readonly perSecond: () => number
  readonly stop: () => void
}

/**
 * As many as were collected: half of their room each time, for V8 keeps the other half to move into what lives. Unlike the processor's time, this is
 * the same on a slow machine as on a fast one, and for pushes that come one by one as for those in a crowd.
 */
export function makeAllocating(room: () => number = youngRoom): Allocating {
  let [collected, at] = [0, performance.now()]
  const observer = new PerformanceObserver((list) => {
    collected += list.getEntries().filter(isOfYoung).length * (room() / 2)
  })
  observer.observe({ entryTypes: ['gc'] })
  return Object.freeze({
    perSecond() {
      const now = performance.now()
      const rate = (collected * 1000) / (now - at)
      ;[collected, at] = [0, now]
      return rate
    },
    stop: () => observer.disconnect(),
  })
}
