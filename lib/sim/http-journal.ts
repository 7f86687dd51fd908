// What an HTTP simulator writes into its journal of each request, and how it reads one.
import { type Journal } from './journal'

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

/** What a simulator lets others see of its journal. */
export interface Watched<Entry> {
  readonly journal: readonly Entry[]
  /** Calls back for each request from now on; the function returned ends that. */
  readonly onRequest: Journal<Entry>['listen']
  /** The first request that matches, past or to come. */
  readonly waitFor: Journal<Entry>['waitFor']
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
