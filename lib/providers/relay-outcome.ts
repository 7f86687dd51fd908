/**
 * What the answer of a push gateway of Mattermost's interface means: 200 with `status` OK, REMOVE or FAIL, all values texts. Pure: no clock, no
 * network. Any other status in a 200 is a success, as Mattermost's server takes it.
 */
import { type Outcome } from '../model/outcome'
import { type WireReply } from '../wire/wire'
import { retryAfter } from './retry-after'

const LONGEST_WORDS = 120

function statusIn(body: string): { readonly status: string; readonly error: string } | undefined {
  try {
    const json = JSON.parse(body) as unknown
    if (typeof json !== 'object' || json === null || Array.isArray(json)) return undefined
    const { status, error } = json as { readonly status?: unknown; readonly error?: unknown }
    return {
      status: typeof status === 'string' ? status : '',
      error: typeof error === 'string' ? error.slice(0, LONGEST_WORDS) : '',
    }
  } catch {
    return undefined
  }
}

/** `now`: milliseconds since 1970. */
export function judgeRelayed({ status, headers, body }: WireReply, now: number): Outcome {
  const notBefore = retryAfter(headers['retry-after'], now, headers['date'])
  const later = notBefore === undefined ? {} : { notBefore }
  if (status === 200) {
    const said = statusIn(body)
    switch (said?.status) {
      case undefined:
        return { is: 'down', why: 'the upstream gateway answered 200 without JSON', ambiguous: true, ...later }
      case 'REMOVE':
        return { is: 'gone', why: 'REMOVE, says the upstream gateway' }
      case 'FAIL':
        return { is: 'refused', why: `FAIL, says the upstream gateway: ${said?.error ?? ''}` }
      default:
        return { is: 'delivered' }
    }
  }
  const why = `the upstream gateway answered ${status}`
  if (status === 401 || status === 403) {
    const mend = 'Look at the token of the app and at what the upstream gateway allows: a licence, a list of servers'
    return { is: 'misconfigured', whom: 'credential', why, mend }
  }
  if (status === 404 || (status >= 300 && status < 400)) {
    const mend = 'Look at upstream: it is the origin of a gateway that serves /api/v1/send_push itself'
    return { is: 'misconfigured', whom: 'credential', why, mend }
  }
  if (status === 429) return { is: 'busy', whom: 'credential', why, ...later }
  if (status === 408 || status >= 500) return { is: 'down', why, ambiguous: false, ...later }
  return { is: 'refused', why }
}
