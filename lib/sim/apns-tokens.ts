// Provider authentication tokens: JWT (RFC 7519) with ES256 (RFC 7518 §3.4), Apple Developer Documentation, “Establishing a token-based
// connection to APNs”. Verified with node:crypto alone. Two tokens with the same claims count as one, as field reports say of Apple.
// Not verified against Apple: that an `iat` in the future is InvalidProviderToken, and TopicDisallowed for a topic-specific key.

import { createPublicKey, verify, type KeyObject } from 'node:crypto'
import { state, violation, warning, type ApnsEnvironment, type Finding } from './apns-findings'

const HOUR_MS = 3_600_000

/** A key that a team made in Apple's developer portal. */
export interface ProviderKey {
  readonly keyId: string
  readonly teamId: string
  /** Either half: a KeyObject or PEM, such as the text of an `AuthKey_….p8`. */
  readonly key: KeyObject | string
  /** Where the key may be used. Default: both. */
  readonly environments?: readonly ApnsEnvironment[]
  /** The bundle ids that the key is for. Default: all of its team. */
  readonly topics?: readonly string[]
  /** Ids of keys that may share a connection with this one. */
  readonly relatedTo?: readonly string[]
}

/** What a connection has been bound to by the requests that it carried. */
export interface ConnectionAuthority {
  /** The key whose valid token came first. */
  key: ProviderKey | undefined
  /** Set by an expired token: Apple then refuses all that follows on this connection. */
  isWedged: boolean
}

/** Who sent a request, or why Apple would not believe it; the latter always with a reason. */
export type TokenVerdict =
  | { readonly kind: 'valid'; readonly key: ProviderKey; readonly issuedAt: number; readonly jwt: string }
  | { readonly kind: 'refused'; readonly findings: readonly Finding[] }

/** How often a key may come with a new token: `count` times in `withinMs`. */
export interface TokenUpdates {
  readonly count: number
  readonly withinMs: number
}

interface Parsed {
  readonly keyId: string
  readonly issuer: unknown
  readonly issuedAt: unknown
  readonly signed: Buffer
  readonly signature: Buffer
}

const fields = (part: string): Readonly<Record<string, unknown>> => {
  const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
  if (typeof value !== 'object' || value === null) throw new Error('no object')
  return { ...value }
}

const invalid = (rule: string, text: string): Finding => violation(rule, text, 'InvalidProviderToken')

const parse = (jwt: string): Parsed | Finding => {
  const [header = '', claims = '', signature = '', ...more] = jwt.split('.')
  if (signature === '' || more.length > 0 || !/^[\w.-]+$/.test(jwt))
    return invalid('jwt-form', 'not header.claims.signature in base64url')
  try {
    const { alg, kid } = fields(header)
    const { iss, iat } = fields(claims)
    if (alg !== 'ES256') return invalid('jwt-alg', `alg is ${String(alg)}, not ES256`)
    if (typeof kid !== 'string') return invalid('jwt-kid', 'the header has no kid')
    const bytes = Buffer.from(signature, 'base64url')
    if (bytes.length !== 64)
      return invalid(
        'jwt-signature-form',
        `${String(bytes.length)} bytes of signature; r‖s has 64 (DER is not accepted)`,
      )
    const signed = Buffer.from(`${header}.${claims}`)
    return { keyId: kid, issuer: iss, issuedAt: iat, signed, signature: bytes }
  } catch {
    return invalid('jwt-form', 'header or claims are no JSON object')
  }
}

interface KnownKey extends ProviderKey {
  readonly publicKey: KeyObject
  /** When each `iat` was first seen, newest last. */
  readonly updates: { readonly issuedAt: number; readonly seenAt: number }[]
}

/** The keys that a simulator knows, and its memory of their tokens. */
export interface ProviderTokens {
  readonly add: (key: ProviderKey) => void
  /** As when a key is revoked in the portal: its tokens are invalid from now on. */
  readonly remove: (keyId: string) => void
  /** Judges an `authorization` header at `now` and binds the connection when it is the first valid one. */
  readonly check: (authorization: string | undefined, connection: ConnectionAuthority, now: number) => TokenVerdict
}

const refused = (...findings: readonly Finding[]): TokenVerdict => ({ kind: 'refused', findings })

/** The keys of one simulator. `environmentReason` is Apple's word for a key of the other environment, of which two spellings are known. */
export const makeProviderTokens = (options: {
  readonly environment: ApnsEnvironment
  readonly environmentReason: 'BadEnvironmentKeyInToken' | 'BadEnvironmentKeyIdInToken'
  readonly updates: TokenUpdates
}): ProviderTokens => {
  const keys = new Map<string, KnownKey>()
  const verified = new Map<string, KnownKey>()

  const isSigned = (jwt: string, parsed: Parsed, key: KnownKey): boolean => {
    if (verified.get(jwt) === key) return true
    const input = { key: key.publicKey, dsaEncoding: 'ieee-p1363' } as const
    if (!verify('sha256', parsed.signed, input, parsed.signature)) return false
    if (verified.size > 1000) verified.clear()
    verified.set(jwt, key)
    return true
  }

  /** The limit on new tokens; remembers an `iat` that it lets in, and no other, so that patience is rewarded. */
  const updateRule = (key: KnownKey, issuedAt: number, now: number): Finding | undefined => {
    if (key.updates.some((update) => update.issuedAt === issuedAt)) return undefined
    const recent = key.updates.filter(({ seenAt }) => now - seenAt < options.updates.withinMs)
    if (recent.length >= options.updates.count) {
      const text = `key ${key.keyId} renewed its token more than ${String(options.updates.count)} times in ${String(options.updates.withinMs / 60_000)} minutes`
      return violation('token-updates', text, 'TooManyProviderTokenUpdates')
    }
    key.updates.splice(0, key.updates.length - 100)
    key.updates.push({ issuedAt, seenAt: now })
    return undefined
  }

  const bindingRule = (key: KnownKey, { key: first }: ConnectionAuthority): Finding | undefined => {
    if (first === undefined || first.keyId === key.keyId) return undefined
    if (first.teamId !== key.teamId) return invalid('connection-team', 'a second team on one connection')
    if (first.relatedTo?.includes(key.keyId) || key.relatedTo?.includes(first.keyId)) return undefined
    const text = `the connection belongs to key ${first.keyId}; ${key.keyId} needs another`
    return violation('connection-key', text, 'UnrelatedKeyIdInToken')
  }

  const claimsRule = (parsed: Parsed, key: KnownKey, now: number): Finding | undefined => {
    if (parsed.issuer !== key.teamId)
      return state(
        'jwt-iss',
        `key ${key.keyId} belongs to ${key.teamId}, not to ${String(parsed.issuer)}`,
        'InvalidProviderToken',
      )
    if (typeof parsed.issuedAt !== 'number' || !Number.isInteger(parsed.issuedAt))
      return invalid('jwt-iat', 'iat is no whole number of seconds')
    if (parsed.issuedAt > Math.ceil(now / 1000))
      return state('jwt-iat-future', 'iat is in the future', 'InvalidProviderToken')
    if (now - parsed.issuedAt * 1000 > HOUR_MS)
      return state('jwt-iat-age', 'iat is more than an hour ago', 'ExpiredProviderToken')
    return key.environments?.includes(options.environment) === false
      ? state('key-environment', `key ${key.keyId} is not for ${options.environment}`, options.environmentReason)
      : undefined
  }

  return Object.freeze({
    add: (key: ProviderKey) => {
      const publicKey = typeof key.key === 'string' || key.key.type === 'private' ? createPublicKey(key.key) : key.key
      keys.set(key.keyId, { ...key, publicKey, updates: [] })
    },
    remove: (keyId: string) => {
      keys.delete(keyId)
    },
    check: (authorization: string | undefined, connection: ConnectionAuthority, now: number): TokenVerdict => {
      const jwt = /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
      if (jwt === undefined)
        return refused(violation('authorization', 'no “authorization: bearer …”', 'MissingProviderToken'))
      if (connection.isWedged)
        return refused(warning('wedged', 'the connection is of no use since its token expired', 'ExpiredProviderToken'))
      const parsed = parse(jwt)
      if ('severity' in parsed) return refused(parsed)
      const key = keys.get(parsed.keyId)
      if (key === undefined)
        return refused(state('jwt-kid-unknown', `no such key: ${parsed.keyId}`, 'InvalidProviderToken'))
      if (!isSigned(jwt, parsed, key))
        return refused(state('jwt-signature', `not signed with key ${key.keyId}`, 'InvalidProviderToken'))
      const wrong = claimsRule(parsed, key, now) ?? bindingRule(key, connection)
      if (wrong !== undefined) {
        connection.isWedged ||= wrong.reason === 'ExpiredProviderToken'
        return refused(wrong)
      }
      const issuedAt = Number(parsed.issuedAt)
      const tooMany = updateRule(key, issuedAt, now)
      if (tooMany !== undefined) return refused(tooMany)
      connection.key ??= key
      return { kind: 'valid', key, issuedAt, jwt }
    },
  })
}
