// Judges one push: the endpoint, who sends, the head, the body, the subscription's state. Every rule is applied, whatever the first one
// finds; the first finding that the vendor has an answer for decides. Not verified: in which order a vendor looks.

import { type Exchange } from './webpush-door'
import { state, violation, warning, type Finding } from './webpush-findings'
import { headerRules } from './webpush-headers'
import { type Memory } from './webpush-memory'
import { examine, type WebPushMessage } from './webpush-message'
import { type Personality } from './webpush-personalities'
import { type WebPushRowName } from './webpush-rows'
import { type KnownSubscription, type Subscriptions } from './webpush-subscriptions'
import { claimRules, readVapid, type VapidClaims, type VapidVerdict } from './webpush-vapid'

/** What the judge is told of the world. */
export interface Circumstances {
  readonly personality: Personality
  readonly subscriptions: Subscriptions
  readonly memory: Memory
  readonly origin: string
  /** Whether the path is where a redirect pointed to. */
  readonly isTrap: (path: string) => boolean
  readonly nowMs: number
}

/** What was found, and what it comes to. */
export interface Judgement {
  readonly findings: readonly Finding[]
  /** Undefined if the push is taken. */
  readonly row?: WebPushRowName
  readonly subscription?: KnownSubscription
  readonly message: WebPushMessage
  readonly claims?: VapidClaims
  /** The proven key, for what comes later. */
  readonly sender?: string
}

const senderRules = (
  vapid: VapidVerdict,
  bound: string | undefined,
  { personality, memory, origin, nowMs }: Circumstances,
): readonly Finding[] => {
  if (vapid.is === 'refused') return vapid.findings
  if (vapid.is === 'none')
    return personality.needsVapid || bound !== undefined
      ? [violation('vapid-missing', 'no “authorization: vapid …”, and the subscription needs it', 'no VAPID')]
      : []
  return [
    ...(bound === undefined || bound === vapid.key
      ? []
      : [state('vapid-other-key', 'the subscription was made with another applicationServerKey', 'other key')]),
    ...claimRules(vapid.claims, { nowMs, origin }),
    ...memory.token(vapid.key, vapid.jwt, nowMs),
  ]
}

const stateRules = ({ given, isToldDead }: KnownSubscription): readonly Finding[] => {
  const now = given.state()
  return [
    ...(isToldDead ? [warning('told-dead', 'the client was told before that the subscription is dead')] : []),
    ...(now === 'live' ? [] : [state('subscription', `the subscription is ${now}`, now)]),
  ]
}

/** A warning that the vendor refuses is a client's fault there. */
const hardened =
  (refusals: Personality['refusals']) =>
  (found: Finding): Finding =>
    found.severity === 'warning' && found.refusal !== undefined && refusals[found.refusal] !== undefined
      ? { ...found, severity: 'violation' }
      : found

/** Judges; changes nothing but the memory. */
export const judge = (exchange: Exchange, circumstances: Circumstances): Judgement => {
  const { personality, subscriptions, memory, origin } = circumstances
  const { method, path, authority, headers, headerNames, body } = exchange
  const empty: WebPushMessage = { is: 'empty' }
  if (circumstances.isTrap(path)) {
    const text = `${method} ${path}: a redirect was followed`
    return {
      findings: [violation('redirect-followed', text, 'unknown subscription')],
      row: 'not found',
      message: empty,
    }
  }
  const subscription = subscriptions.at(path)
  const vapid = readVapid(headers['authorization'])
  const examined = subscription === undefined ? undefined : examine(subscription.receiver, body)
  const findings = [
    ...(method === 'POST' ? [] : [violation('method', `${method}, not POST`, 'method')]),
    ...(origin === `https://${authority}`
      ? []
      : [violation('authority', `the request is for ${authority}, not ${origin}`)]),
    ...(subscription === undefined ? [state('endpoint', 'no such subscription', 'unknown subscription')] : []),
    ...senderRules(vapid, subscription?.applicationServerKey, circumstances),
    ...headerRules(headers, headerNames, body, personality),
    ...(personality.isUnifiedPush && body.length === 0
      ? [violation('unifiedpush-empty', 'a push without a message; UnifiedPush wants 1 to 4096 octets')]
      : []),
    ...(subscription === undefined ? [] : stateRules(subscription)),
    ...(examined?.findings ?? []),
    ...(examined?.used === undefined ? [] : memory.encryption(examined.used)),
  ].map(hardened(personality.refusals))
  const row = findings.map(({ refusal }) => refusal && personality.refusals[refusal]).find((one) => one !== undefined)
  return {
    findings,
    ...(row === undefined ? {} : { row }),
    ...(subscription === undefined ? {} : { subscription }),
    message: examined?.message ?? empty,
    ...(vapid.is === 'proven' ? { claims: vapid.claims, sender: vapid.key } : {}),
  }
}

/** Whether an answer with this status tells that the subscription is dead (RFC 8030 §7.3). */
export const tellsDead = (status: number): boolean => status === 404 || status === 410

/** Whether an answer with this status is to a bad token, so that a new one is called for. */
export const blamesToken = (status: number): boolean => status === 401 || status === 403
