/** How the log tells of a request that failed: a floor that is broken in one plain line, a defect of ours with its stack. */
import { type Clock } from '../clock'
import { Unavailable } from '../model/unavailable'
import { type Observe } from '../observe'

/** `what`: the request, and what became of it. */
export type TellFailed = (what: string, error: unknown) => void

/** Milliseconds for which the same cause is not told again: in an outage each request meets it, and its end is told by what broke. */
const SILENT_FOR = 60_000

/** `about`: whose requests they are, for the head of the line. */
export function makeTellFailed(about: string, clock: Clock, observe: Observe): TellFailed {
  let told: { readonly why: string; readonly at: number } | undefined
  return (what, error) => {
    if (error instanceof Unavailable) {
      const [why, at] = [error.message, clock.elapsed()]
      if (told?.why === why && at - told.at < SILENT_FOR) return
      told = { why, at }
      observe({ at: 'trouble', about, text: `${what}, and so is each until this is mended: ${why}` })
      return
    }
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error)
    observe({ at: 'trouble', about, text: `${what}: ${why}` })
  }
}
