/** A call of the command line, as a person would make it. */
import { main } from '../../lib/cli'
import { type Clock, systemClock } from '../../lib/clock'
import { type Names } from '../../lib/commands/names'

export interface Called {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Names in memory: nothing leaves the machine. */
export function someNames(addresses: Names['addresses'], servers: Names['servers'] = async () => []): Names {
  return { addresses, servers }
}

const everyName = someNames(async () => ['192.0.2.1'])

/** Runs the words at a given time and returns what was printed. Every name leads to 192.0.2.1. */
export async function callAt(clock: Clock, ...words: readonly string[]): Promise<Called> {
  return callWith(clock, everyName, ...words)
}

export async function callWith(clock: Clock, names: Names, ...words: readonly string[]): Promise<Called> {
  let out = ''
  let err = ''
  const code = await main(words, { out: (text) => (out += text), err: (text) => (err += text), clock, names })
  return { code, out, err }
}

export async function call(...words: readonly string[]): Promise<Called> {
  return callAt(systemClock, ...words)
}
