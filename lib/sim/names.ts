// The names of this process, as a resolver might give them that is broken, hostile or changes its mind: stands in for `dns.lookup`, which
// node's own sockets ask too. A name that it was told nothing of is asked of the real one. It knows nobody who connects.

import dns, { type LookupAddress, type LookupOptions } from 'node:dns'
import { isIP } from 'node:net'

/** What a name resolves to: addresses, or the code of an error such as `ENOTFOUND`. */
export type NameAnswer = readonly string[] | string

/** One question and what it was answered. */
export interface NameQuestion {
  readonly name: string
  readonly answer: NameAnswer
}

/** The names of the process, until `restore`. */
export interface Names {
  /** Each question takes the next answer; the last one stays. No answers: the real resolver again. */
  readonly set: (name: string, ...answers: readonly NameAnswer[]) => void
  /** Every question for a name that was set, oldest first. */
  readonly asked: readonly NameQuestion[]
  /** Puts the real resolver back. */
  readonly restore: () => void
}

type Done = (error: Error | null, address?: string | readonly LookupAddress[], family?: number) => void

const wanted = (options: unknown): LookupOptions =>
  typeof options === 'number' ? { family: options } : typeof options === 'object' && options !== null ? options : {}

const familyOf = ({ family }: LookupOptions): number =>
  family === 'IPv4' ? 4 : family === 'IPv6' ? 6 : typeof family === 'number' ? family : 0

const failure = (code: string, name: string): Error =>
  Object.assign(new Error(`getaddrinfo ${code} ${name}`), { code, syscall: 'getaddrinfo', hostname: name })

const reply = (answer: NameAnswer, name: string, options: LookupOptions, done: Done): void => {
  if (typeof answer === 'string') return done(failure(answer, name))
  const family = familyOf(options)
  const all = answer
    .map((address) => ({ address, family: isIP(address) }))
    .filter((one) => family === 0 || one.family === family)
  const [first] = all
  if (first === undefined) done(failure('ENOTFOUND', name))
  else if (options.all === true) done(null, all)
  else done(null, first.address, first.family)
}

/** Takes the place of the resolver. Only one at a time: the later one asks the earlier. */
export const takeOverNames = (): Names => {
  const real = dns.lookup
  const told = new Map<string, readonly NameAnswer[]>()
  const asked: NameQuestion[] = []

  const lookup = (name: string, ...rest: readonly unknown[]): void => {
    const [answer, ...later] = told.get(name.toLowerCase()) ?? []
    if (answer === undefined) {
      Reflect.apply(real, dns, [name, ...rest])
      return
    }
    if (later.length > 0) told.set(name.toLowerCase(), later)
    asked.push({ name, answer })
    const options = wanted(rest[0])
    const done = rest.at(-1) as Done
    // As with the real one, the answer never comes before the question has returned.
    setImmediate(() => reply(answer, name, options, done))
  }
  Reflect.set(dns, 'lookup', lookup)
  return Object.freeze({
    set: (name: string, ...answers: readonly NameAnswer[]) => {
      told.set(name.toLowerCase(), answers)
    },
    asked,
    restore: () => {
      Reflect.set(dns, 'lookup', real)
    },
  })
}
