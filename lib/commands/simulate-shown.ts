/** What a simulation shows, as lines: JSON, a request to a push service, a stored registration. Knows no order of events. */
import { type Registration } from '../model/registration'
import { type Received } from './simulate-stage'

type Spell = (value: string) => string

const WIDTH = 100

function inOneLine(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[${value.map(inOneLine).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}: ${inOneLine(inner)}`)
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`
}

/** JSON, an object in one line where it fits. */
export function jsonLines(value: unknown, width = WIDTH): readonly string[] {
  const line = inOneLine(value)
  if (line.length <= width || typeof value !== 'object' || value === null) return [line]
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}']
  const entries = Object.entries(value)
  const inner = entries.flatMap(([key, each]: [string, unknown], at) => {
    const [first = '', ...rest] = jsonLines(each, width - 2)
    const head = Array.isArray(value) ? first : `${JSON.stringify(key)}: ${first}`
    const lines = [head, ...rest]
    const comma = at < entries.length - 1 ? ',' : ''
    return lines.map((text, index) => `  ${text}${index === lines.length - 1 ? comma : ''}`)
  })
  return [open, ...inner, close]
}

function spellAll(value: unknown, spell: Spell): unknown {
  if (typeof value === 'string') return spell(value)
  if (Array.isArray(value)) return value.map((each: unknown) => spellAll(each, spell))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]: [string, unknown]) => [key, spellAll(each, spell)]))
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** An authorization in words: what a JWT (RFC 7519) says of its key and issuer, of any other token its end; VAPID's is `t=…, k=…`. */
function authorization(value: string): string {
  const [scheme = '', first = ''] = value.split(' ')
  const token = first.replace(/^t=|,$/g, '')
  const [head, claims] = token.split('.', 2).map((part) => jsonOf(Buffer.from(part, 'base64url').toString('utf8')))
  if (typeof head !== 'object' || head === null || typeof claims !== 'object' || claims === null) {
    return `${scheme} …${token.slice(-4)}`
  }
  const facts = Object.entries({ ...head, ...claims }).map(([name, fact]) => `${name} ${String(fact)}`)
  return `${scheme} (a JWT: ${facts.join(', ')})`
}

/** Request line, headers and body of a request, and its answer; no token in full. */
export function requestLines(request: Received, spell: Spell): readonly string[] {
  const headers = Object.entries(request.headers).map(
    ([name, value]) => `${name}: ${name === 'authorization' ? authorization(value) : spell(value)}`,
  )
  const body = jsonOf(request.body)
  return [
    `${request.method} ${request.path.split('/').map(spell).join('/')}`,
    ...headers,
    '',
    ...(body === undefined ? [spell(request.body)] : jsonLines(spellAll(body, spell))),
  ]
}

/** What a push service answered: `200`, `410 Unregistered`. */
export function verdictOf({ status, reason }: Received): string {
  return [status, reason].filter((word) => word !== undefined).join(' ')
}

/** A row of the registry, a line for each column: its numbers are times, and addresses and secrets print as `…a1b2`. */
export function rowLines(registration: Registration): readonly string[] {
  const entries = Object.entries(registration).filter(([, value]) => value !== undefined)
  const widest = Math.max(...entries.map(([name]) => name.length))
  return entries.map(([name, value]: [string, unknown]) => {
    if (typeof value === 'number') return `${name.padEnd(widest)}  ${new Date(value).toISOString()}`
    const plain: unknown = JSON.parse(JSON.stringify(value))
    const text = typeof plain === 'string' ? plain : inOneLine(plain)
    return `${name.padEnd(widest)}  ${text}`
  })
}
