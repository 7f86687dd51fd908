/** Header fields: their size in a table (RFC 7541 §4.1) and what RFC 9113 §8.2 allows in them. */

export interface Field {
  readonly name: string
  readonly value: string
  /** Bytes, as header lists and tables count them. */
  readonly size: number
  /** Name and value are what a message may hold. */
  readonly isSound: boolean
}

/** Lower case, for upper case is malformed here; a pseudo-header is for whoever reads it to know. */
const NAME = /^:?[!#$%&'*+\-.^_`|~0-9a-z]+$/
/** No control character but a tab within, nothing beyond a byte, no white space at the ends. */
const VALUE = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/
/** What is said of a connection has other ways of being said (§8.2.2). */
const OF_A_CONNECTION: readonly string[] = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]

export function isSoundName(name: string): boolean {
  return NAME.test(name) && !OF_A_CONNECTION.includes(name)
}

export function isSoundValue(value: string): boolean {
  return VALUE.test(value)
}

/** What an entry of a table costs beyond its characters. */
const OVERHEAD = 32

export function sizeOf(name: string, value: string): number {
  return name.length + value.length + OVERHEAD
}

/** A field that a peer sent, judged once however often a table gives it. */
export function makeField(name: string, value: string): Field {
  return { name, value, size: sizeOf(name, value), isSound: isSoundName(name) && isSoundValue(value) }
}
