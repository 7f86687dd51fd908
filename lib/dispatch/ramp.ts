/**
 * How fast an app that was held comes back: one probe, then two at once, and one more for each that is done with, as TCP
 * starts slowly (RFC 5681 §3.1). A push service that has just recovered is not buried under what waited for it.
 */

export interface Ramp {
  /** How many may be out, of the many that would be allowed. */
  limit(app: string, allowed: number): number
  /** One that was out is done with. */
  settled(app: string): void
}

/** What may be out at once when the probe has come through. */
const FIRST = 2

/** Every app begins without a ramp: a start of the program is not a recovery. */
export function makeRamp(): Ramp {
  /** By app that was held: how many may be out; 1 while it is held or probed. */
  const windows = new Map<string, number>()
  return Object.freeze({
    limit(app: string, allowed: number) {
      if (allowed <= 1) {
        windows.set(app, 1)
        return allowed
      }
      const window = windows.get(app)
      if (window === undefined) return allowed
      if (window === 1) windows.set(app, FIRST)
      if (window < allowed) return Math.max(window, FIRST)
      windows.delete(app)
      return allowed
    },
    settled(app: string) {
      const window = windows.get(app)
      if (window !== undefined && window > 1) windows.set(app, window + 1)
    },
  })
}
