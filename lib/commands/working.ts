/** Whether this process works: for how much of its time its event loop does, and whether that, or another measure, lasts. Knows nothing of what is done about it. */
import { performance } from 'node:perf_hooks'

/** Milliseconds between two looks. */
export const LOOK_EVERY = 500
/** Looks in a row that find it at work: more than a start and its links take on a machine that has much else to do, and than a burst does. */
const LOOKS = 4

/** Share of its time for which the event loop worked since it was last asked. */
export function makeBusy(): () => number {
  let before = performance.eventLoopUtilization()
  return () => {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, before)
    before = now
    return utilization
  }
}

/** To be asked at each look: whether the process did at least so much since the last one, and at those before. */
export function makeWorking(measured: () => number, enough: number): () => boolean {
  let inARow = 0
  return () => {
    inARow = measured() >= enough ? inARow + 1 : 0
    return inARow >= LOOKS
  }
}
