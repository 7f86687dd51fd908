/** What had not come to its end when a run gave up waiting: the words that let a failed run tell its cause by itself. Knows no kind of store. */
import { type Life } from '../kill/lives'

/** One delivery that waits, or is out, for longer than it may. */
export interface Leftover {
  readonly id: string
  /** All that the store says of it: its app, since when, when it is due, who has it. */
  readonly words: string
}

/** So many deliveries are told of, and so many lines of the logs for each. */
const [MOST, MOST_LINES] = [10, 20]
/** Of each life, what it warned of last. */
const MOST_TROUBLES = 6
const MOST_TEXT = 400

type Logged = Pick<Life, 'log' | 'isOver'>

/** A moment that is told by how far it is away, in seconds; it may come from a clock that was wrong. */
export function away(at: number | undefined, now: number): string {
  if (at === undefined) return 'at no time'
  const seconds = ((at - now) / 1000).toFixed(1)
  return at >= now ? `in ${seconds} s` : `${seconds.slice(1)} s ago`
}

/** Lines for people: each delivery with what the logs of all lives tell of it, and what the lives that go on warned of last. */
export function tellLeftovers(left: readonly Leftover[], lives: readonly Logged[]): readonly string[] {
  const logs = lives.map((life) => life.log())
  const text = (line: object): string => JSON.stringify(line).slice(0, MOST_TEXT)
  const told = left.slice(0, MOST).flatMap(({ id, words }) => {
    const lines = logs.flatMap((log, life) =>
      log.filter((line) => line['delivery'] === id).map((line) => `    life ${life + 1}: ${text(line)}`),
    )
    return [`  ${id}: ${words}`, ...lines.slice(-MOST_LINES)]
  })
  const troubles = logs.flatMap((log, life) =>
    lives[life]?.isOver() === true
      ? []
      : log
          .filter(({ at }) => ['trouble', 'held', 'released'].includes(String(at)))
          .slice(-MOST_TROUBLES)
          .map((line) => `    life ${life + 1}: ${text(line)}`),
  )
  return [
    `what waits: ${left.length}${left.length > MOST ? `, of which ${MOST}` : ''}`,
    ...told,
    '  what the lives that went on warned of last',
    ...troubles,
  ]
}
