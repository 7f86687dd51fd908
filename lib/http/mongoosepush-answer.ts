/** What MongoosePush's interface answers, by version: one table from what became of a push to status and words. Pure. */
import { type DeliverAnswer } from '../intake/deliver'
import { type Outcome } from '../model/outcome'

export interface MongoosePushAnswer {
  readonly status: 200 | 400 | 410 | 413 | 429 | 500 | 503
  /** JSON. */
  readonly body: unknown
}

export interface MongoosePushSettings {
  /** `proven`: a token that was proven bad is told as a dead one, and not only one that the vendor calls so. */
  readonly deadTokenPolicy: 'vendor' | 'proven'
}

/** What version 3 says; the words of the older ones follow from it. */
type Reason =
  | { readonly status: 400; readonly reason: 'invalid_request' | 'no_matching_pool' | 'invalid_notification' }
  | { readonly status: 410; readonly reason: 'unregistered' }
  | { readonly status: 413; readonly reason: 'payload_too_large' }
  | { readonly status: 429; readonly reason: 'too_many_requests' }
  | {
      readonly status: 503
      readonly reason: 'service_internal' | 'internal_config' | 'unable_to_connect' | 'connection_lost'
    }

export type Failed = Reason & { readonly details: string }

const SENT: MongoosePushAnswer = Object.freeze({ status: 200, body: null })

/** The vendor's own word in what was said: `400 BadDeviceToken`, `FCM answered 404 UNREGISTERED: …`. */
function wordIn(why: string): string {
  return /^\d{3} ([A-Z]\w+)/.exec(why)?.[1] ?? /\b(?!FCM\b)[A-Z]{3,}(?:_[A-Z]+)*\b/.exec(why)?.[0] ?? why
}

function failedOf(outcome: Outcome, isProvenDead: boolean): Failed | undefined {
  if (outcome.is === 'delivered') return undefined
  const details = wordIn(outcome.why)
  switch (outcome.is) {
    case 'gone':
      return { status: 410, reason: 'unregistered', details }
    case 'suspect':
      return isProvenDead
        ? { status: 410, reason: 'unregistered', details }
        : { status: 400, reason: 'invalid_request', details }
    case 'refused':
      return /too ?large/i.test(outcome.why)
        ? { status: 413, reason: 'payload_too_large', details }
        : { status: 400, reason: 'invalid_request', details }
    case 'misconfigured':
      return /topic|priority|pushtype/i.test(details)
        ? { status: 503, reason: 'internal_config', details }
        : { status: 503, reason: 'service_internal', details }
    case 'busy':
      return { status: 429, reason: 'too_many_requests', details }
    case 'down':
      return outcome.ambiguous
        ? { status: 503, reason: 'connection_lost', details }
        : { status: 503, reason: 'unable_to_connect', details }
  }
}

/** What became of a push; undefined: it is sent, or ours. What is tried again later is ours. */
export function failureOf(answer: DeliverAnswer, { deadTokenPolicy }: MongoosePushSettings): Failed | undefined {
  switch (answer.is) {
    case 'accepted': {
      const { outcome, end } = answer.heard ?? {}
      if (outcome === undefined || end === undefined) return undefined
      return failedOf(outcome, end === 'gone' && deadTokenPolicy === 'proven')
    }
    case 'dead':
      return { status: 410, reason: 'unregistered', details: 'Unregistered' }
    case 'not-an-address':
      return { status: 400, reason: 'invalid_request', details: 'BadDeviceToken' }
    case 'unknown-app':
      return { status: 400, reason: 'no_matching_pool', details: 'no_matching_pool' }
    case 'trouble':
      return { status: 503, reason: 'unable_to_connect', details: answer.why }
  }
}

/** Versions 1 and 2 know sent, and not sent. */
export function spelledAs(version: 1 | 2 | 3, failed: Failed | undefined): MongoosePushAnswer {
  if (failed === undefined) return SENT
  const { status, reason, details } = failed
  if (version === 3) return { status, body: { reason } }
  return reason === 'unable_to_connect'
    ? { status: 503, body: { details: 'Please try again later' } }
    : { status: 500, body: { details: status === 400 && reason !== 'invalid_request' ? reason : details } }
}
