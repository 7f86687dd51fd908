/** A request as the fields of RFC 9113 §8.3.1, and what may not be sent. */
import { type WireRequest } from '../wire'
import { isSoundName, isSoundValue } from './field'
import { type Encoder } from './hpack-encoder'

/** Whether names are sound, remembered: callers use the same few for ever. */
const names = new Map<string, boolean>()
const MOST_NAMES = 1024

function isName(name: string): boolean {
  const known = names.get(name)
  if (known !== undefined) return known
  const isSound = isSoundName(name) && !name.startsWith(':') && name !== 'te' && name !== 'host'
  if (names.size < MOST_NAMES) names.set(name, isSound)
  return isSound
}

/** Why a request can't be sent over HTTP/2; undefined if it can. */
export function whyNotSent({ path, headers }: WireRequest): string | undefined {
  if (path === '' || path.includes(' ') || !isSoundValue(path)) return 'its path is none'
  for (const name in headers) {
    if (!isName(name)) return `HTTP/2 has no header "${name}"`
    if (!isSoundValue(headers[name] ?? '')) return `the header "${name}" holds what no header may`
  }
  return undefined
}

const NONE: readonly string[] = []

/** The header block of a request that can be sent; good until the next one. */
export function blockOf(
  { method, path, headers, sensitive = NONE }: WireRequest,
  authority: string,
  encoder: Encoder,
): Buffer {
  encoder.begin()
  encoder.add(':method', method, false)
  encoder.add(':scheme', 'https', false)
  encoder.add(':authority', authority, false)
  encoder.add(':path', path, sensitive.includes(':path'))
  for (const name in headers) encoder.add(name, headers[name] ?? '', sensitive.includes(name))
  return encoder.end()
}
