/**
 * What Google's token endpoint answered to an assertion, judged: RFC 6749 §5, RFC 7523 §3.1.
 * https://developers.google.com/identity/protocols/oauth2/service-account#error-codes
 */
import { z } from 'zod'
import { type Outcome } from '../model/outcome'
import { type Heard } from './fcm-fetch'
import { retryAfter } from './retry-after'

/** No access token, and what that means for whoever wanted to send. */
export type NoGrant = Extract<Outcome, { readonly is: 'down' | 'misconfigured' }>
/** A bearer token and for how many milliseconds it is good. */
export type Grant = { readonly is: 'granted'; readonly token: string; readonly life: number }

/** Where the answer doesn't say: RFC 6749 §5.1 leaves it to documentation, and Google's speaks of an hour at most. */
const UNSAID_LIFE = 600_000
const LONGEST_LIFE = 3600_000

const granted = z.object({
  access_token: z.string().regex(/^[\x21-\x7e]+$/),
  expires_in: z.coerce.number().positive().optional().catch(undefined),
})
const refused = z.object({ error: z.string(), error_description: z.string().optional().catch(undefined) })

const NEW_KEY =
  'make a new key in the Firebase console (Project settings → Service accounts) and put its file in this one’s place'

/** Google's own words, and what the operator is to do about them. The first that matches counts. */
const mends: readonly (readonly [error: string, words: RegExp, mend: string])[] = [
  ['invalid_grant', /Invalid JWT Signature/i, `The key was deleted or replaced: ${NEW_KEY}`],
  [
    'invalid_grant',
    /timeframe|short-lived/i,
    'Set the clock of this machine (NTP): it differs from Google’s by minutes',
  ],
  ['invalid_grant', /account not found/i, `The service account was deleted or disabled: ${NEW_KEY}`],
  [
    'invalid_grant',
    /audience/i,
    'The key file’s token_uri is not the address that Google knows: take the file as Google made it',
  ],
  ['invalid_grant', /./, `Google takes this key no longer: ${NEW_KEY}`],
  ['invalid_scope', /^/, 'The service account may not use Firebase Cloud Messaging: enable the API for its project'],
  ['invalid_client', /^/, `Google does not know this service account: ${NEW_KEY}`],
  ['unauthorized_client', /^/, `Google does not let this service account ask for tokens: ${NEW_KEY}`],
]
/** Refusals in form, troubles of the moment in fact. */
const passing = ['temporarily_unavailable', 'server_error', 'internal_failure', 'rate_limit_exceeded', 'slow_down']

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** Judges an answer. `now`: milliseconds since 1970, for Retry-After. */
export function judgeGrant(heard: Heard, now: number): Grant | NoGrant {
  if (heard.is === 'nothing') return { is: 'down', why: `no access token: ${heard.why}`, ambiguous: false }
  const json = jsonOf(heard.body)
  if (heard.status === 200) {
    const grant = granted.safeParse(json)
    if (grant.success) {
      const { access_token, expires_in } = grant.data
      const life = expires_in === undefined ? UNSAID_LIFE : Math.min(expires_in * 1000, LONGEST_LIFE)
      return { is: 'granted', token: access_token, life }
    }
  }
  const refusal = refused.safeParse(json)
  const { error, error_description = '' } = refusal.success ? refusal.data : { error: '' }
  const said = `${error} ${error_description}`.trim().slice(0, 300)
  const why = `no access token: Google answered ${heard.status} ${said === '' ? 'with what is no answer' : said}`
  if (error !== '' && [400, 401, 403].includes(heard.status) && !passing.includes(error)) {
    const mend = mends.find(([name, words]) => name === error && words.test(error_description))?.[2]
    return { is: 'misconfigured', whom: 'credential', why, mend: mend ?? `Google refuses this key file: ${NEW_KEY}` }
  }
  const notBefore = retryAfter(heard.retryAfter, now, heard.date)
  return { is: 'down', why, ambiguous: false, ...(notBefore === undefined ? {} : { notBefore }) }
}
