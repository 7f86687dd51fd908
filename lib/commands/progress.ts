/** How far long work is: one line on standard error, drawn over itself, where that is a terminal; silent in a pipe or a file. Knows no work. */
import { type Clock } from '../clock'
import { span } from './spelling'

/** Standard error, as the process has it. */
export interface ProgressStream {
  readonly isTTY?: boolean
  /** How many characters a line has; 0 where the terminal does not know, as one that a program made. */
  readonly columns?: number
  write(text: string): unknown
}

export interface Progress {
  /** So much is done, of so much where that is known. Cheap: may be called for each of a million. */
  at(done: number, of?: number): void
  /** Another part of the work begins, counted from nothing. */
  next(what: string): void
  /** Takes the line away. Idempotent. */
  end(): void
}

/** Milliseconds for which nothing is shown: most work is over by then. */
const SILENT = 500
/** Milliseconds between two drawings. */
const EVERY = 100
const CLEAR = '\r\u001b[K'
const USUAL_WIDTH = 80
const BAR = 20

const spelt = (count: number): string => String(Math.floor(count)).replace(/\B(?=(\d{3})+$)/g, ',')

function bar(share: number): string {
  const full = Math.round(share * BAR)
  return `[${'#'.repeat(full)}${'.'.repeat(BAR - full)}]`
}

/** `devices  [#####...............]  25 %  250,000 of 1,000,000  50,000/s  15 s left`; `took`: milliseconds. */
export function progressLine(what: string, done: number, of: number | undefined, took: number): string {
  const rate = took <= 0 ? 0 : (done * 1_000) / took
  const speed = `${spelt(rate)}/s`
  if (of === undefined || of <= 0) return [what, spelt(done), speed].join('  ')
  const share = Math.min(1, done / of)
  const left = rate > 0 && share < 1 ? [`${span(((of - done) * 1_000) / rate)} left`] : []
  return [...[what, bar(share), `${Math.floor(share * 100)} %`, `${spelt(done)} of ${spelt(of)}`, speed], ...left].join(
    '  ',
  )
}

const silent: Progress = Object.freeze({ at: () => undefined, next: () => undefined, end: () => undefined })

/** `what`: of what the numbers are, such as `devices`. */
export function makeProgress(
  what: string,
  { stream, clock }: { readonly stream: ProgressStream | undefined; readonly clock: Clock },
): Progress {
  if (stream?.isTTY !== true) return silent
  let of = what
  let begun = clock.elapsed()
  let drawnAt = begun + SILENT - EVERY
  let isDrawn = false
  return Object.freeze({
    at(done: number, total?: number) {
      const now = clock.elapsed()
      if (now - drawnAt < EVERY) return
      drawnAt = now
      isDrawn = true
      const { columns = 0 } = stream
      // The last column stays empty: some terminals begin another line there.
      const width = Math.max(1, (columns > 0 ? columns : USUAL_WIDTH) - 1)
      stream.write(`${CLEAR}${progressLine(of, done, total, now - begun).slice(0, width)}`)
    },
    next(then: string) {
      of = then
      begun = clock.elapsed()
    },
    end() {
      if (isDrawn) stream.write(CLEAR)
      isDrawn = false
    },
  })
}
