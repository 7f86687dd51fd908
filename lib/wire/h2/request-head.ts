/** A request as the fields of RFC 9113 §8.3.1, and what may not be sent. */
import { type WireRequest } from '../wire'
import { isSoundName, isSoundValue } from './field'
import { type Encoder } from './hpack-encoder'

/** What is known of a name: callers use the same few for ever, some with the same value. */
interface Known {
  readonly isSound: boolean
  /** A value that was judged and found sound. */
  lastSound: string
}

const names = new Map<string, Known>()
const MOST_NAMES = 1024

function knownOf(name: string): Known {
  const known = names.get(name)
  if (known !== undefined) return known
  const isSound = isSoundName(name) && !name.startsWith(':') && name !== 'te' && name !== 'host'
  const judged: Known = { isSound, lastSound: '' }
  if (names.size < MOST_NAMES) names.set(name, judged)
  return judged
}

/** The last path that was judged and found sound: some push services have one for all. */
let lastSoundPath = '/'

/** Why a request can't be sent over HTTP/2; undefined if it can. */
export function whyNotSent({ path, headers }: WireRequest): string | undefined {
  if (path !== lastSoundPath) {
    if (path === '' || path.includes(' ') || !isSoundValue(path)) return 'its path is none'
    lastSoundPath = path
  }
  for (const name in headers) {
    const value = headers[name] ?? ''
    const known = knownOf(name)
    if (!known.isSound) return `HTTP/2 has no header "${name}"`
    if (value === known.lastSound) continue
    if (!isSoundValue(value)) return `the header "${name}" holds what no header may`
    known.lastSound = value
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
