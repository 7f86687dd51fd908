/** What MongoosePush's interface answers, by version: one table from what became of a push to status and words. Pure. */
import { type DeliverAnswer } from '../intake/deliver'
import { type Outcome } from '../model/outcome'

export interface MongoosePushAnswer {
  readonly status: 200 | 400 | 410 | 413 | 429 | 500 | 503 | 520
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
  | { readonly status: 520; readonly reason: 'unspecified' }
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

type Verdict = Failed['reason']

/**
 * The vendors' words that MongoosePush's table counts otherwise than our outcomes do: those of Apple about what the caller asked for,
 * about how we ask, and Google's about whose token it is, or about nothing at all.
 */
const byWord: Readonly<Record<string, Verdict>> = {
  ...{ TopicDisallowed: 'invalid_request', Forbidden: 'invalid_request' },
  ...{ BadTopic: 'internal_config', MissingTopic: 'internal_config', BadPriority: 'internal_config' },
  ...{ InvalidPushType: 'internal_config', BadExpirationDate: 'internal_config' },
  ...{ SENDER_ID_MISMATCH: 'service_internal', UNSPECIFIED_ERROR: 'unspecified' },
}

function reasoned(reason: Verdict, details: string): Failed {
  switch (reason) {
    case 'unregistered':
      return { status: 410, reason, details }
    case 'payload_too_large':
      return { status: 413, reason, details }
    case 'too_many_requests':
      return { status: 429, reason, details }
    case 'unspecified':
      return { status: 520, reason, details }
    case 'invalid_request':
    case 'no_matching_pool':
    case 'invalid_notification':
      return { status: 400, reason, details }
    case 'service_internal':
    case 'internal_config':
    case 'unable_to_connect':
    case 'connection_lost':
      return { status: 503, reason, details }
  }
}

/** Whether it was the vendor who said it, and not what became of the connection. */
const isVendorSaying = (why: string): boolean => /^(?:FCM answered )?\d{3}\b/.test(why)

function verdictOn(outcome: Exclude<Outcome, { readonly is: 'delivered' }>): Verdict {
  switch (outcome.is) {
    case 'gone':
      return 'unregistered'
    case 'suspect':
      return 'invalid_request'
    case 'refused':
      if (/too ?(?:large|big)/i.test(outcome.why)) return 'payload_too_large'
      // Nobody was asked: what was to be sent could not be spelled for this push service.
      return isVendorSaying(outcome.why) ? 'invalid_request' : 'invalid_notification'
    case 'misconfigured':
      return 'service_internal'
    case 'busy':
      return 'too_many_requests'
    case 'down':
      if (isVendorSaying(outcome.why)) return 'service_internal'
      return outcome.ambiguous ? 'connection_lost' : 'unable_to_connect'
  }
}

function failedOf(outcome: Outcome, isProvenDead: boolean): Failed | undefined {
  if (outcome.is === 'delivered') return undefined
  const details = wordIn(outcome.why)
  if (outcome.is === 'suspect' && isProvenDead) return reasoned('unregistered', details)
  return reasoned(byWord[details] ?? verdictOn(outcome), details)
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
