// The simulators' own time: they share no clock with what they check. Nothing else in lib/sim asks the machine for it.

/** Milliseconds since 1970, as a simulator sees them; a test hands in its own to move a simulator's time by hand. */
export type Now = () => number

/** The machine's time. */
export const systemNow: Now = () => Date.now()

/** Calls back after so many milliseconds, and answers with what calls it off; a test may hand in its own. */
export type After = (ms: number, call: () => void) => () => void

/** In real milliseconds, at least so many. Never keeps a process alive. */
export const after: After = (ms, call) => {
  const timer = setTimeout(call, ms)
  timer.unref()
  return () => {
    clearTimeout(timer)
  }
}
