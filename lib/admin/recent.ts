/** What happened of late, in memory: pushes second by second, how long they took, what failed. Bounded, and cheap to count with every event; knows no words for people. */
import { type Clock } from '../clock'
import { type Event } from '../observe'
import { type OutcomeWord } from '../model/outcome'

/** Seconds that are remembered one by one, and over which times are told. */
export const SECONDS = 120
const SPAN = 60
const MOST_FAILURES = 40
/** Of a text that may hold what a stranger wrote. */
const LONGEST = 400

/** What was counted in a second: `accepted`, and attempts by what the push service said. */
export type Second = { readonly at: number } & Readonly<Partial<Record<'accepted' | OutcomeWord, number>>>

/** Milliseconds; of how many. */
export interface Times {
  readonly count: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
}

/** The same trouble told once, however often it came. Times are ms since 1970. */
export interface Failure {
  readonly is: Exclude<OutcomeWord, 'delivered'> | 'held' | 'link' | 'refused-publish' | 'notice' | 'trouble'
  /** The app, the component's domain or what it is about. */
  readonly about: string
  readonly why: string
  readonly mend?: string
  readonly count: number
  readonly first: number
  readonly last: number
  /** The push that it happened to last. */
  readonly delivery?: string
}

export interface Recent {
  see(event: Event): void
  /** The last whole seconds, oldest first, of this many. */
  seconds(most: number): readonly Second[]
  /** Over the last minute: from acceptance to the push service, and from a publish to its answer; undefined where there was none. */
  times(): { readonly delivered?: Times; readonly answered?: Times }
  /** The last one first. */
  failures(): readonly Failure[]
}

/** Each bound a quarter above the one before: 1 ms to a day. */
const BOUNDS = Array.from({ length: 84 }, (_, at) => 1.25 ** at)

function bucketOf(ms: number): number {
  return ms <= 1 ? 0 : Math.min(BOUNDS.length - 1, Math.ceil(Math.log(ms) / Math.log(1.25)))
}

/** One cell a second, each emptied when its second comes round again. */
function makeRing<T>(length: number, make: () => T) {
  const cells = Array.from({ length }, () => ({ second: -1, of: make() }))
  return {
    /** The cell of this second. */
    at(second: number): T {
      const cell = cells[second % length] ?? { second: -1, of: make() }
      if (cell.second !== second) {
        cell.second = second
        cell.of = make()
      }
      return cell.of
    },
    /** What was put into this second; undefined where nothing was. */
    of(second: number): T | undefined {
      const cell = cells[second % length]
      return cell?.second === second ? cell.of : undefined
    },
  }
}

function quantile(counts: readonly number[], total: number, part: number): number {
  let left = total * part
  const at = counts.findIndex((count) => (left -= count) <= 0)
  return Math.round(BOUNDS[at < 0 ? BOUNDS.length - 1 : at] ?? 0)
}

function timesOf(cells: readonly Uint32Array[]): Times | undefined {
  const counts = BOUNDS.map((_, at) => cells.reduce((sum, cell) => sum + (cell[at] ?? 0), 0))
  const count = counts.reduce((sum, each) => sum + each, 0)
  if (count === 0) return undefined
  const of = (part: number): number => quantile(counts, count, part)
  return { count, p50: of(0.5), p95: of(0.95), p99: of(0.99) }
}

function failureIn(event: Event): Omit<Failure, 'count' | 'first' | 'last'> | undefined {
  switch (event.at) {
    case 'settled': {
      const { outcome, app, delivery } = event
      if (outcome === undefined || outcome.is === 'delivered') return undefined
      const mend = outcome.is === 'misconfigured' ? outcome.mend : undefined
      return { is: outcome.is, about: app, why: outcome.why, delivery, ...(mend === undefined ? {} : { mend }) }
    }
    case 'held':
      return { is: 'held', about: event.app, why: event.why, ...(event.mend === undefined ? {} : { mend: event.mend }) }
    case 'link': {
      if (event.is === 'online') return undefined
      const { domain, service, why, mend } = event
      const text = `${event.is} at ${service}${why === undefined ? '' : `: ${why}`}`
      return { is: 'link', about: domain, why: text, ...(mend === undefined ? {} : { mend }) }
    }
    case 'answered':
      return event.answer === 'result' ? undefined : { is: 'refused-publish', about: event.publisher, why: event.why }
    case 'notice':
    case 'trouble':
      return { is: event.at, about: event.about, why: event.text }
    default:
      return undefined
  }
}

export function makeRecent(clock: Clock): Recent {
  const seconds = makeRing(SECONDS + 2, (): Partial<Record<'accepted' | OutcomeWord, number>> => ({}))
  const delivered = makeRing(SPAN + 2, () => new Uint32Array(BOUNDS.length))
  const answered = makeRing(SPAN + 2, () => new Uint32Array(BOUNDS.length))
  const failures = new Map<string, Failure>()
  const second = (): number => Math.floor(clock.elapsed() / 1000)

  function add(what: 'accepted' | OutcomeWord, at: number): void {
    const cell = seconds.at(at)
    cell[what] = (cell[what] ?? 0) + 1
  }

  function took(ring: typeof delivered, at: number, ms: number): void {
    const cell = ring.at(at)
    const bucket = bucketOf(ms)
    cell[bucket] = (cell[bucket] ?? 0) + 1
  }

  function note(event: Event): void {
    const failure = failureIn(event)
    if (failure === undefined) return
    const why = failure.why.slice(0, LONGEST)
    const key = `${failure.is} ${failure.about} ${why}`
    const before = failures.get(key)
    const now = clock.now()
    failures.delete(key)
    failures.set(key, { ...failure, why, count: (before?.count ?? 0) + 1, first: before?.first ?? now, last: now })
    const [oldest] = failures.keys()
    if (failures.size > MOST_FAILURES && oldest !== undefined) failures.delete(oldest)
  }

  const past = <T>(ring: { of(second: number): T | undefined }, span: number): readonly (T | undefined)[] => {
    const now = second()
    return Array.from({ length: span }, (_, at) => ring.of(now - span + at))
  }

  return Object.freeze({
    see(event: Event) {
      if (event.at === 'answered') {
        const at = second()
        if (event.answer === 'result') add('accepted', at)
        if (event.took !== undefined) took(answered, at, event.took)
      } else if (event.at === 'settled') {
        const at = second()
        if (event.outcome !== undefined) add(event.outcome.is, at)
        if (event.end === 'delivered') took(delivered, at, event.age)
      }
      note(event)
    },
    seconds(most: number) {
      const span = Math.min(most, SECONDS)
      const begun = Math.round(clock.now() - clock.elapsed()) + (second() - span) * 1000
      return past(seconds, span).map((cell, at): Second => ({ at: begun + at * 1000, ...cell }))
    },
    times() {
      const of = (ring: typeof delivered) => timesOf(past(ring, SPAN).flatMap((cell) => cell ?? []))
      const [pushes, answers] = [of(delivered), of(answered)]
      return {
        ...(pushes === undefined ? {} : { delivered: pushes }),
        ...(answers === undefined ? {} : { answered: answers }),
      }
    },
    failures: () => [...failures.values()].reverse(),
  })
}
