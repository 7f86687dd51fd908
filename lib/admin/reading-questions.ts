/** Takes what came over the socket for a question. Knows the fields of each, and what none may be larger than. */
import { type Asked, type Question } from './questions'
import { isIncoming, MOST_INCOMING } from './take-in'

type Kind = 'text' | 'text?' | 'file' | 'limit' | 'flag' | 'devices' | 'moment' | 'moment?'

const fields: { readonly [A in Asked]: Readonly<Record<string, Kind>> } = {
  status: {},
  devices: { owner: 'text?', app: 'text?', after: 'text?', limit: 'limit' },
  device: { name: 'text' },
  remove: { name: 'text' },
  erase: { owner: 'text' },
  explain: { about: 'text' },
  outbox: { app: 'text?', limit: 'limit' },
  retry: { delivery: 'text?', app: 'text?' },
  drop: { delivery: 'text?', app: 'text?' },
  'fuse-reset': { app: 'text' },
  test: { name: 'text', by: 'text?' },
  preview: { name: 'text' },
  prove: {},
  statistics: {},
  reload: {},
  'set-certificate': { app: 'text', certificate: 'file', password: 'text?', by: 'text' },
  'drop-certificate': { app: 'text', by: 'text' },
  'take-in': { devices: 'devices', commit: 'flag' },
  'hold-still': { hold: 'text?' },
  'hold-place': { hold: 'text?' },
  'let-go': { hold: 'text' },
  holding: { after: 'moment' },
  exchange: { hold: 'text', madeAt: 'moment?' },
  exchanged: { hold: 'text' },
}

const LONGEST_TEXT = 3071
const LONGEST_FILE = 48 * 1024
/** How many rows a page may have. */
export const LARGEST_PAGE = 1000

function isRight(value: unknown, kind: Kind): boolean {
  if (value === undefined) return kind === 'text?' || kind === 'moment?'
  if (kind === 'moment' || kind === 'moment?') return Number.isSafeInteger(value)
  if (kind === 'flag') return typeof value === 'boolean'
  if (kind === 'devices') return Array.isArray(value) && value.length <= MOST_INCOMING && value.every(isIncoming)
  if (kind === 'limit') return Number.isInteger(value) && Number(value) > 0 && Number(value) <= LARGEST_PAGE
  return (
    typeof value === 'string' &&
    value !== '' &&
    Buffer.byteLength(value) <= (kind === 'file' ? LONGEST_FILE : LONGEST_TEXT)
  )
}

/** Takes what came over the socket for a question, or says what is wrong with it. */
export function readQuestion(value: unknown): Question | string {
  if (typeof value !== 'object' || value === null || !('ask' in value)) return 'a question is an object with "ask"'
  const ask = String(value.ask)
  if (!Object.hasOwn(fields, ask)) return `this version of the service knows no question "${ask}"`
  const kinds = fields[ask as Asked]
  const given = value as Readonly<Record<string, unknown>>
  for (const [name, kind] of Object.entries(kinds)) {
    if (!isRight(given[name], kind)) return `"${name}" of "${ask}" is missing or not what it should be`
  }
  const odd = Object.keys(given).find((name) => name !== 'ask' && !Object.hasOwn(kinds, name))
  return odd === undefined ? (given as unknown as Question) : `"${ask}" has no "${odd}"`
}
