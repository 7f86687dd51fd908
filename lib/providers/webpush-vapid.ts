/**
 * Voluntary application server identification (RFC 8292): a token for each push service, signed once and used for hours, for signing is what
 * costs most, and Apple asks for no more than one an hour. Knows nothing of requests.
 */
import { sign } from 'node:crypto'
import { type Clock } from '../clock'
import { type Keep } from './provider'
import { type Vapid } from './webpush-key'

export interface VapidTokens {
  /** The `authorization` of a request to this origin. */
  authorization(origin: string): string
  /** A push service has refused its token: true if another one may be tried now. */
  renew(origin: string): boolean
}

const HOUR = 3600_000
/** RFC 8292 §2 allows 24 h; Mozilla measures them by its own clock. */
const LIFE = 12 * HOUR
const USED_FOR = 11 * HOUR
/** Apple: «don't renew more often than once an hour». */
const REPLACED_AFTER = HOUR
/** The time of day has jumped by so much since a token was signed: it was signed with a wrong one. */
const CLOCKS_DIFFER = 60_000
/** Push services remembered; the one that was asked longest ago gives way. */
const MOST = 2000

interface Token {
  /** What a request says, put together once. */
  readonly field: string
  /** Milliseconds since 1970. */
  readonly signedAt: number
  /** Of `clock.elapsed()`. */
  readonly madeAt: number
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Header, claims and the raw r‖s signature of RFC 7518 §3.4; `expiresAt` in milliseconds since 1970. */
export function signVapid(
  { key, subject }: Pick<Vapid, 'key' | 'subject'>,
  audience: string,
  expiresAt: number,
): string {
  const claims = { aud: audience, exp: Math.floor(expiresAt / 1000), sub: subject }
  const signed = `${encode({ typ: 'JWT', alg: 'ES256' })}.${encode(claims)}`
  return `${signed}.${sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

/** No token is signed yet. */
export function makeVapidTokens(vapid: Vapid, clock: Clock): VapidTokens {
  const tokens = new Map<string, Token>()

  const hasJumped = ({ signedAt, madeAt }: Token): boolean =>
    Math.abs(clock.now() - signedAt - (clock.elapsed() - madeAt)) > CLOCKS_DIFFER
  const age = ({ madeAt }: Token): number => clock.elapsed() - madeAt

  const make = (origin: string): Token => {
    const signedAt = clock.now()
    const jwt = signVapid(vapid, origin, signedAt + LIFE)
    const token = { field: `vapid t=${jwt}, k=${vapid.publicKey}`, signedAt, madeAt: clock.elapsed() }
    tokens.delete(origin)
    tokens.set(origin, token)
    const [oldest] = tokens.keys()
    if (tokens.size > MOST && oldest !== undefined) tokens.delete(oldest)
    return token
  }

  return Object.freeze({
    authorization(origin: string) {
      const held = tokens.get(origin)
      return (held === undefined || age(held) >= USED_FOR || hasJumped(held) ? make(origin) : held).field
    },
    renew(origin: string) {
      const held = tokens.get(origin)
      const may = held === undefined || age(held) >= REPLACED_AFTER || hasJumped(held)
      if (may) tokens.delete(origin)
      return may
    },
  })
}

const shared = new WeakMap<Keep, Map<string, VapidTokens>>()

/** The tokens of a key and subject; apps of one deployment with the same ones share them, over a reload too. */
export function vapidTokens(vapid: Vapid, keep: Keep, clock: Clock): VapidTokens {
  const mine = shared.get(keep) ?? new Map<string, VapidTokens>()
  shared.set(keep, mine)
  const name = `${vapid.publicKey} ${vapid.subject}`
  const tokens = mine.get(name) ?? makeVapidTokens(vapid, clock)
  mine.set(name, tokens)
  return tokens
}
