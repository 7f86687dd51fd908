/** Whether this process works, by how much of its time its event loop does, or by the processor's time. Knows nothing of what is done about it. */
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

/** Of one core's time, what this process took since it was last asked, all its threads: what else the machine has to do makes it look no busier. */
export function makeSpending(): () => number {
  let [before, at] = [process.cpuUsage(), performance.now()]
  return () => {
    const { user, system } = process.cpuUsage(before)
    const share = (user + system) / 1000 / (performance.now() - at)
    ;[before, at] = [process.cpuUsage(), performance.now()]
    return share
  }
}

/** To be asked at each look: whether the process worked for at least this share of its time, and did so at the looks before. */
export function makeWorking(busy: () => number, share: number): () => boolean {
  let inARow = 0
  return () => {
    inARow = busy() >= share ? inARow + 1 : 0
    return inARow >= LOOKS
  }
}
