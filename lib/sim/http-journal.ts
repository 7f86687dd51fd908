// What an HTTP simulator remembers of every request it got, in the order in which it decided the answers.
import { after } from './time'

/** What became of a request: an answer, or a deliberate fault instead of one. */
export type Answer =
  | {
      readonly is: 'answer'
      readonly status: number
      readonly headers: Readonly<Record<string, string>>
      readonly body: string
    }
  | { readonly is: 'fault'; readonly fault: string }

/** One request as it arrived, and what was answered. */
export interface Journalled {
  /** Milliseconds since 1970 by the simulator's clock. */
  readonly at: number
  readonly method: string
  readonly path: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly answer: Answer
  /** What a correct client would never have done. */
  readonly violations: readonly string[]
}

/** A journal under way. */
export interface Journal<Entry extends Journalled> {
  readonly entries: readonly Entry[]
  readonly add: (entry: Entry) => void
  /** Calls back for each entry from now on; the function returned ends that. */
  readonly onRequest: (listener: (entry: Entry) => void) => () => void
  /** The first entry that matches, past or future; rejects after so many real milliseconds (10 s by default). */
  readonly waitFor: (predicate: (entry: Entry) => boolean, withinMs?: number) => Promise<Entry>
}

/** Makes an empty journal. */
export const makeJournal = <Entry extends Journalled>(whose: string): Journal<Entry> => {
  const entries: Entry[] = []
  const listeners = new Set<(entry: Entry) => void>()
  const onRequest = (listener: (entry: Entry) => void): (() => void) => {
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
    }
  }
  return Object.freeze({
    entries,
    add: (entry: Entry) => {
      entries.push(entry)
      for (const listener of [...listeners]) listener(entry)
    },
    onRequest,
    waitFor: (predicate: (entry: Entry) => boolean, withinMs = 10_000) => {
      const past = entries.find(predicate)
      if (past !== undefined) return Promise.resolve(past)
      return new Promise<Entry>((found, missed) => {
        const giveUp = after(withinMs, () => {
          stop()
          missed(new Error(`${whose} got no such request in ${withinMs} ms, but ${entries.length} others`))
        })
        const stop = onRequest((entry) => {
          if (!predicate(entry)) return
          stop()
          giveUp()
          found(entry)
        })
      })
    },
  })
}

/** Headers with lower-case names and one text each; pseudo-headers of HTTP/2 are left out. */
export const flatHeaders = (headers: NodeJS.Dict<string | string[]>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => !name.startsWith(':'))
      .map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]),
  )

/** The whole body, cut at so many bytes (1 MiB by default). */
export const readBody = async (stream: AsyncIterable<unknown>, limit = 1 << 20): Promise<Buffer> => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk))
    if (size < limit) chunks.push(bytes.subarray(0, limit - size))
    size += bytes.length
  }
  return Buffer.concat(chunks)
}
