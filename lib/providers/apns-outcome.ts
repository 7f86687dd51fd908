/** What APNs answered, as an outcome. Pure: the table is `apns-reasons.ts`, acting on `once` and `reconnect` is the provider's. */
import { type Outcome } from '../model/outcome'
import { type WireReply } from '../wire/wire'
import { reasons, type Reason } from './apns-reasons'
import { retryAfter } from './retry-after'

export interface Judgement {
  /** What it is if nothing more is tried within this attempt. */
  readonly outcome: Outcome
  /** What is to be tried once before that. */
  readonly once?: 'new token' | 'fresh connection'
  /** The connection is of no more use. */
  readonly reconnect?: true
}

/** Apple's timestamps are milliseconds; a number this small is none, and a date we can't read is no reason to keep a dead token. */
const FIRST_SENSIBLE = Date.UTC(2008, 0, 1)

function sinceOf(timestamp: unknown): { readonly since?: number } {
  const since = typeof timestamp === 'string' && /^\d{13}$/.test(timestamp) ? Number(timestamp) : timestamp
  return typeof since === 'number' && Number.isFinite(since) && since >= FIRST_SENSIBLE ? { since } : {}
}

function read(body: string): { readonly reason?: string; readonly timestamp?: unknown } {
  try {
    const value: unknown = JSON.parse(body)
    if (typeof value !== 'object' || value === null) return {}
    const { reason, timestamp } = value as Readonly<Record<string, unknown>>
    return { ...(typeof reason === 'string' ? { reason } : {}), timestamp }
  } catch {
    return {}
  }
}

function react(reason: Reason, why: string, timestamp: unknown, later: { readonly notBefore?: number }): Judgement {
  const { reaction, mend, whom } = reason
  const misconfigured: Outcome = {
    ...{ is: 'misconfigured', why },
    ...(mend === undefined ? {} : { mend }),
    ...(whom === undefined ? {} : { whom }),
  }
  switch (reaction) {
    case 'gone':
      return { outcome: { is: 'gone', why, ...sinceOf(timestamp) } }
    case 'suspect':
    case 'refused':
      return { outcome: { is: reaction, why } }
    case 'busy target':
      return { outcome: { is: 'busy', whom: 'target', why, ...later } }
    case 'busy credential':
      return { outcome: { is: 'busy', whom: 'credential', why, ...later } }
    case 'down':
      return { outcome: { is: 'down', why, ambiguous: false, ...later } }
    case 'reconnect':
      return { outcome: { is: 'down', why, ambiguous: false, ...later }, reconnect: true }
    case 'new token':
    case 'fresh connection':
      return { outcome: misconfigured, once: reaction }
    case 'misconfigured':
      return { outcome: misconfigured }
  }
}

/** `now`: milliseconds since 1970. A reason that isn't in the table, or comes with another's status, counts by the class of its status. */
export function judge({ status, headers, body }: WireReply, now: number): Judgement {
  if (status === 200) return { outcome: { is: 'delivered' } }
  const notBefore = retryAfter(headers['retry-after'], now, headers['date'])
  const later = notBefore === undefined ? {} : { notBefore }
  const { reason, timestamp } = read(body)
  const known = reason === undefined ? undefined : reasons.get(reason)
  if (known?.status === status) return react(known, `${status} ${reason ?? ''}: ${known.says}`, timestamp, later)
  const why = `${status} ${reason ?? `without a reason${body === '' ? '' : `: ${body.slice(0, 80)}`}`}`
  if (status >= 500) return { outcome: { is: 'down', why, ambiguous: false, ...later } }
  if (status === 429) return { outcome: { is: 'busy', whom: 'target', why, ...later } }
  return { outcome: { is: 'refused', why } }
}
