/** The only source of time and chance. Everything that waits is handed a `Clock`; a test hands it one moved by hand. */
// Taken from here, for the global of that name is looked up with each call.
import { performance } from 'node:perf_hooks'
import { setTimeout as sleepFor } from 'node:timers/promises'

export interface Clock {
  /** Milliseconds since 1970. May jump when the machine's clock is set. */
  now(): number
  /** Milliseconds from an arbitrary start; never jumps. For time-outs and spans. */
  elapsed(): number
  /** Resolves after so many milliseconds, or at once when the signal is aborted. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Calls back once after so many milliseconds; the function returned cancels it. Does not keep the process alive. */
  after(ms: number, then: () => void): () => void
  /** A number from 0 up to, but not including, 1. */
  random(): number
}

/** Milliseconds from which on another machine's clock and ours are told apart: none that is kept right is so far off. */
export const CLOCKS_DIFFER = 60_000

/** The machine's own clock. */
export const systemClock: Clock = Object.freeze({
  now: () => Date.now(),
  elapsed: () => performance.now(),
  async sleep(ms: number, signal?: AbortSignal) {
    try {
      await sleepFor(Math.min(ms, 0x7fff_ffff), undefined, signal === undefined ? {} : { signal })
    } catch {
      // aborted: waking early is what was asked for
    }
  },
  after(ms: number, then: () => void) {
    const timer = setTimeout(then, Math.min(ms, 0x7fff_ffff))
    timer.unref()
    return () => clearTimeout(timer)
  },
  random: () => Math.random(),
})
