/** How the service's collector of garbage is set up. Knows V8's flags (Node 20 to 24), and nothing of what makes the garbage. */
import { setFlagsFromString } from 'node:v8'

/**
 * To be called at the start. V8 makes objects old at birth where those that were made at the same place once outlived a burst; a push is over
 * within milliseconds, so they are garbage that waits for a full collection, and keeps what it refers to alive until then: a third of
 * the heap, and of the collector's time.
 */
export function keepYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring')
}

/** Percent by which what is old grows before it is collected again, where no time is to spare. */
export const GROWS = 100

/**
 * To be called at the start. V8 lets the old objects of each thread grow to up to four times what lived the last time, which in an outage is
 * tens of MiB for each 10,000 publishes; what is old here is little, so collecting it twice as often costs nothing that shows.
 */
export function collectOldSooner(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWS}`)
}
