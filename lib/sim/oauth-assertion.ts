// Judges a token request as strictly as Google does: RFC 7523 §2.1 and §3, RFC 7515 with RS256 only.
// https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests
import { verify, type KeyObject } from 'node:crypto'
import { type OauthRow } from './oauth-rows'

const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const LONGEST_LIFE_S = 3600
const SKEW_S = 300
const SCOPES = [
  'https://www.googleapis.com/auth/firebase.messaging',
  'https://www.googleapis.com/auth/cloud-platform',
  'https://www.googleapis.com/auth/firebase.database',
  'https://www.googleapis.com/auth/identitytoolkit',
  'https://www.googleapis.com/auth/userinfo.email',
]

/** Live public keys of an account by key id; undefined for an account that doesn't exist. */
export type KeysOf = (email: string) => ReadonlyMap<string, KeyObject> | undefined

/** What was asked, as far as it could be read, and whether it is granted. `violation`: a correct client never asks so. */
export interface Judgement {
  readonly form: Readonly<Record<string, string>>
  readonly header?: Readonly<Record<string, unknown>>
  readonly claims?: Readonly<Record<string, unknown>>
  readonly refused?: OauthRow
  readonly violation?: string
}

const decode = (part: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}

const timeFault = ({ iat, exp }: Readonly<Record<string, unknown>>, nowS: number): string | undefined => {
  if (!Number.isInteger(iat) || !Number.isInteger(exp)) return 'iat and exp must be whole seconds'
  const [issued, expires] = [Number(iat), Number(exp)]
  if (expires - issued > LONGEST_LIFE_S) return `the assertion lives ${expires - issued} s`
  if (issued > nowS + SKEW_S) return `iat lies ${issued - nowS} s in the future`
  return expires <= nowS - SKEW_S ? `exp lies ${nowS - expires} s in the past` : undefined
}

/** Judges one request. `nowMs`: the simulator's time; `audiences`: token addresses that an assertion may be meant for. */
export const judgeTokenRequest = (
  request: { readonly contentType: string; readonly body: string },
  circumstances: { readonly nowMs: number; readonly audiences: readonly string[]; readonly keysOf: KeysOf },
): Judgement => {
  const form = Object.fromEntries(new URLSearchParams(request.body))
  const wrong = (refused: OauthRow, violation?: string, more: Partial<Judgement> = {}): Judgement => ({
    form,
    ...more,
    refused,
    ...(violation === undefined ? {} : { violation }),
  })
  if (!/^application\/x-www-form-urlencoded(\s*;|$)/i.test(request.contentType)) {
    return wrong('invalid request', `content-type is '${request.contentType}'`)
  }
  if (form['grant_type'] !== GRANT) return wrong('unsupported grant', `grant_type is '${form['grant_type'] ?? ''}'`)
  const [head = '', body = '', signature = '', ...rest] = (form['assertion'] ?? '').split('.')
  const header = decode(head)
  const claims = decode(body)
  if (header === undefined || claims === undefined || signature === '' || rest.length > 0) {
    return wrong('invalid request', 'assertion is no JWT')
  }
  const read = { header, claims }
  if (header['alg'] !== 'RS256') return wrong('invalid signature', `alg is ${String(header['alg'])}`, read)
  const keys = typeof claims['iss'] === 'string' ? circumstances.keysOf(claims['iss']) : undefined
  if (keys === undefined) return wrong('account not found', undefined, read)
  const { kid } = header
  const named = kid === undefined ? [...keys.values()] : [typeof kid === 'string' ? keys.get(kid) : undefined]
  const signed = named.some(
    (key) =>
      key !== undefined && verify('sha256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url')),
  )
  if (!signed) return wrong('invalid signature', undefined, read)
  if (!circumstances.audiences.includes(String(claims['aud']))) {
    return wrong('failed audience', `aud is ${String(claims['aud'])}`, read)
  }
  const untimely = timeFault(claims, Math.floor(circumstances.nowMs / 1000))
  if (untimely !== undefined) return wrong('unreasonable timeframe', untimely, read)
  const scopes = typeof claims['scope'] === 'string' ? claims['scope'].split(' ').filter(Boolean) : []
  if (scopes.length === 0) return wrong('missing scope', 'no scope', read)
  const strange = scopes.find((scope) => !SCOPES.includes(scope))
  if (strange !== undefined) return wrong('invalid scope', `unknown scope ${strange}`, read)
  return { form, ...read }
}
