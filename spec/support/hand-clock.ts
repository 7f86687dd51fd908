/** A clock moved by hand: time passes only in `advance`, and everything that fell due has run when it resolves. */
import { type Clock } from '../../lib/clock'

export interface HandClock extends Clock {
  /** Lets so many milliseconds pass, waking each sleeper at its own moment. */
  advance(ms: number): Promise<void>
  /** Sets the time of day without letting any time pass, as an operator or NTP does. */
  jump(ms: number): void
  /** How many sleepers and timers are waiting. */
  readonly waiting: number
  /** Answers of `random`, used up in turn; 0.5 when empty. */
  readonly chances: number[]
}

/** Lets everything that is ready run: promises, and several turns of the event loop for I/O on loopback. */
export async function settle(turns = 5): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((done) => setImmediate(done))
}

export function handClock(start = Date.UTC(2026, 0, 1)): HandClock {
  let elapsed = 0
  let offset = start
  let timers: { at: number; run: () => void }[] = []
  const chances: number[] = []
  const after = (ms: number, then: () => void): (() => void) => {
    const timer = { at: elapsed + Math.max(0, ms), run: then }
    timers.push(timer)
    return () => {
      timers = timers.filter((other) => other !== timer)
    }
  }
  return {
    now: () => offset + elapsed,
    elapsed: () => elapsed,
    after,
    sleep: (ms, signal) =>
      new Promise((done) => {
        if (signal?.aborted) return done()
        const wake = (): void => {
          cancel()
          signal?.removeEventListener('abort', wake)
          done()
        }
        const cancel = after(ms, wake)
        signal?.addEventListener('abort', wake)
      }),
    random: () => chances.shift() ?? 0.5,
    async advance(ms) {
      const end = elapsed + ms
      await settle()
      for (;;) {
        const next = timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0]
        if (next === undefined) break
        timers = timers.filter((other) => other !== next)
        elapsed = Math.max(elapsed, next.at)
        next.run()
        await settle()
      }
      elapsed = end
      await settle()
    },
    jump(ms) {
      offset += ms
    },
    get waiting() {
      return timers.length
    },
    chances,
  }
}
