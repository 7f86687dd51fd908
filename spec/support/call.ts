/** A call of the command line, as a person would make it. */
import { main } from '../../lib/cli'
import { type Clock, systemClock } from '../../lib/clock'

export interface Called {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs the words at a given time and returns what was printed. */
export async function callAt(clock: Clock, ...words: readonly string[]): Promise<Called> {
  let out = ''
  let err = ''
  const code = await main(words, { out: (text) => (out += text), err: (text) => (err += text), clock })
  return { code, out, err }
}

export async function call(...words: readonly string[]): Promise<Called> {
  return callAt(systemClock, ...words)
}
