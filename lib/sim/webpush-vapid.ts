// Voluntary application server identification (RFC 8292): the `vapid` scheme and its JWT (RFC 7519, ES256), verified with node:crypto.
// Not verified against a vendor: which of several faults each names first.

import { createPublicKey, verify, type KeyObject } from 'node:crypto'
import { violation, warning, type Finding } from './webpush-findings'

const DAY_S = 86_400

/** What a request says of its sender. */
export interface VapidClaims {
  readonly aud?: unknown
  readonly exp?: unknown
  readonly sub?: unknown
}

/** A sender: proven, or not. */
export type VapidVerdict =
  | { readonly is: 'none' }
  | { readonly is: 'proven'; readonly key: string; readonly jwt: string; readonly claims: VapidClaims }
  | { readonly is: 'refused'; readonly findings: readonly Finding[] }

const bad = (rule: string, text: string): VapidVerdict => ({
  is: 'refused',
  findings: [violation(rule, text, 'bad VAPID')],
})

const object = (part: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}

/** An uncompressed P-256 point as a key; undefined if it is none. */
export const publicKeyFrom = (point: Buffer): KeyObject | undefined => {
  if (point.length !== 65 || point[0] !== 4) return undefined
  const x = point.subarray(1, 33).toString('base64url')
  const y = point.subarray(33).toString('base64url')
  try {
    return createPublicKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', x, y } })
  } catch {
    return undefined
  }
}

/** The parameters of `vapid t=…, k=…` (RFC 8292 §3), in whichever order. */
const parametersOf = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    text.split(',').map((one) => {
      const [, name = '', value = ''] = /^\s*([a-z]+)\s*=\s*"?([^"\s]*)"?\s*$/i.exec(one) ?? []
      return [name.toLowerCase(), value]
    }),
  )

/** Reads and verifies an `authorization` header; what the claims say is not judged yet. */
export const readVapid = (authorization: string | undefined): VapidVerdict => {
  if (authorization === undefined) return { is: 'none' }
  const [scheme = '', ...rest] = authorization.split(' ')
  if (scheme.toLowerCase() !== 'vapid') return bad('vapid-scheme', `the scheme is ${scheme}, not vapid`)
  const { t: jwt = '', k: key = '' } = parametersOf(rest.join(' '))
  const [header = '', claims = '', signature = '', ...more] = jwt.split('.')
  if (more.length > 0 || !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(jwt))
    return bad('vapid-jwt', 't is no header.claims.signature in base64url')
  const head = object(header)
  const said = object(claims)
  if (head === undefined || said === undefined) return bad('vapid-jwt', 'header or claims are no JSON object')
  if (head['alg'] !== 'ES256') return bad('vapid-alg', `alg is ${String(head['alg'])}, not ES256`)
  const publicKey = /^[\w-]+$/.test(key) ? publicKeyFrom(Buffer.from(key, 'base64url')) : undefined
  if (publicKey === undefined) return bad('vapid-key', 'k is no uncompressed P-256 point in base64url')
  const octets = Buffer.from(signature, 'base64url')
  if (octets.length !== 64) return bad('vapid-signature-form', `${octets.length} octets of signature; r‖s has 64`)
  const signed = Buffer.from(`${header}.${claims}`)
  if (!verify('sha256', signed, { key: publicKey, dsaEncoding: 'ieee-p1363' }, octets))
    return bad('vapid-signature', 't is not signed with k')
  return { is: 'proven', key, jwt, claims: said }
}

const contact = (sub: unknown): URL | undefined =>
  typeof sub === 'string' && URL.canParse(sub) && /^(https|mailto):$/.test(new URL(sub).protocol)
    ? new URL(sub)
    : undefined

const isLocal = ({ protocol, hostname, pathname }: URL): boolean =>
  /^localhost\.?$/i.test(protocol === 'mailto:' ? (pathname.split('@')[1] ?? '') : hostname)

/** What is wrong with the claims (RFC 8292 §2) at `nowMs`, at the push service `origin`. */
export const claimRules = (
  { aud, exp, sub }: VapidClaims,
  { nowMs, origin }: { readonly nowMs: number; readonly origin: string },
): readonly Finding[] => {
  const found: Finding[] = []
  if (aud !== origin)
    found.push(violation('vapid-aud', `aud is ${JSON.stringify(aud)}, not ${origin}`, 'VAPID audience'))
  const ahead = typeof exp === 'number' ? exp - nowMs / 1000 : undefined
  if (ahead === undefined) found.push(violation('vapid-exp', 'exp is no number', 'bad VAPID'))
  else if (ahead <= 0) found.push(violation('vapid-exp-past', `exp was ${Math.ceil(-ahead)} s ago`, 'VAPID expired'))
  else if (ahead > DAY_S)
    found.push(violation('vapid-exp-far', `exp is ${Math.floor(ahead)} s ahead, more than 24 h`, 'VAPID too long'))
  const who = contact(sub)
  if (sub === undefined) found.push(warning('vapid-sub-missing', 'no sub: nobody can be told', 'VAPID subject'))
  else if (who === undefined)
    found.push(violation('vapid-sub', `sub is ${JSON.stringify(sub)}, neither mailto: nor https:`, 'VAPID subject'))
  else if (isLocal(who)) found.push(warning('vapid-sub-local', 'sub is at localhost', 'VAPID subject'))
  return found
}
