/** What operators ask of the embedded store, put together from questions that are each answered in a moment. */
import { type Trace } from '../model/trace'
import { countAll } from './sqlite-count'
import { type PlainWaiting, type Question, type Questions, type TraceRead } from './sqlite-protocol'
import { opaque } from './sqlite-told'
import { type Records, type TraceQuery } from './store'
import { readLine, readNotes } from './trace-lines'

/** Asks for an answer; how it travels is the caller's. */
export type AskRecords = <Q extends Question>(what: Q, ask: Questions[Q]['ask']) => Promise<Questions[Q]['answer']>

/** Bytes of traces that one question should read, so that pushes pass in between. */
const STRETCH_BYTES = 2_000_000
const FIRST_ROWS = 64
const MOST_ROWS = 5_000

/** How many rows the next stretch takes, judged by the last one. */
export function rowsAfter(rows: number, { bytes }: TraceRead): number {
  const fit = bytes === 0 ? MOST_ROWS : Math.ceil((rows * STRETCH_BYTES) / bytes)
  return Math.max(1, Math.min(fit, MOST_ROWS, rows * 8))
}

function traceOf({ notes, ...waiting }: PlainWaiting): Trace {
  return { ...waiting, ...readNotes(notes) }
}

export function makeSqliteRecords(ask: AskRecords): Records {
  /** Every stretch of the outbox in turn. */
  async function look(
    targets: readonly string[],
    see: (answer: Questions['stretch']['answer']) => void,
  ): Promise<void> {
    for (let after: string | undefined = ''; after !== undefined;) {
      const answer: Questions['stretch']['answer'] = await ask('stretch', { after, targets })
      see(answer)
      after = answer.next
    }
  }

  async function waitingOf(of: TraceQuery): Promise<readonly Trace[]> {
    if ('deliveries' in of) return (await ask('deliveries', of.deliveries)).map(traceOf)
    const found: Trace[] = []
    await look(of.registrations, (answer) => found.push(...answer.found.map(traceOf)))
    return found.sort((a, b) => b.acceptedAt - a.acceptedAt)
  }

  /** From the newest row on, until there is enough. */
  async function endedOf(needles: readonly string[], isEnough: (trace: Trace) => boolean): Promise<readonly Trace[]> {
    const found: Trace[] = []
    let before: number | undefined
    for (let rows = FIRST_ROWS; ;) {
      const answer: Questions['traceLines']['answer'] = await ask('traceLines', { before, needles, rows })
      for (const line of answer.found) {
        const trace = readLine(line)
        found.push(trace)
        if (isEnough(trace)) return found
      }
      if (answer.next === undefined) return found
      before = answer.next
      rows = rowsAfter(rows, answer)
    }
  }

  return Object.freeze({
    devices: async (query) => (await ask('devices', query)).map(opaque),
    tombstones: (query) => ask('tombstones', query),
    count: () => countAll(ask),
    accounts: () => ask('accounts', undefined),
    waiting: async (query) => (await ask('waiting', query)).map(traceOf),
    async oldest() {
      const oldest = new Map<string, number>()
      await look([], (answer) => {
        for (const [app, at] of answer.oldest) oldest.set(app, Math.min(oldest.get(app) ?? Infinity, at))
      })
      return oldest
    },
    async traces(of: TraceQuery) {
      const waiting = await waitingOf(of)
      if ('deliveries' in of) {
        const missing = new Set(of.deliveries)
        for (const { id } of waiting) missing.delete(id)
        if (missing.size === 0) return waiting
        const isLast = ({ id }: Trace) => missing.delete(id) && missing.size === 0
        const ended = await endedOf(of.deliveries, isLast)
        return [...waiting, ...ended.filter(({ id }) => of.deliveries.includes(id))]
      }
      if (of.registrations.length === 0) return []
      const left = new Map(of.registrations.map((id) => [id, of.perTarget]))
      const take = ({ target }: Trace): boolean => {
        const more = left.get(target) ?? 0
        left.set(target, more - 1)
        return more > 0
      }
      const taken = waiting.filter(take)
      const ended = await endedOf(of.registrations, () => [...left.values()].every((more) => more <= 0))
      // Counted anew, for the search itself counts nothing.
      return [...taken, ...ended.filter(take)]
    },
  } satisfies Records)
}
