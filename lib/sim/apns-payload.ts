// Rules of an APNs payload and how it must fit its push type, topic and priority; Apple Developer Documentation,
// “Generating a remote notification” and “Sending notification requests to APNs”. Apple documents no reason for a body that is
// no JSON, and says of a push type that does not fit only that APNs “may return an error, delay or drop”: here both are refused.

import { violation, warning, type Finding } from './apns-findings'
import { isPushType, TOPIC_SUFFIX, type PushType } from './apns-headers'

/** What the rules need to know of a request. */
export interface Pushed {
  readonly body: Buffer
  readonly pushType: string | undefined
  readonly topic: string
  readonly priority: string | undefined
  readonly expiration: string | undefined
  readonly encoding: string | undefined
  readonly authenticatedBy: 'token' | 'certificate'
}

/** The body as a JSON object, or undefined. */
export const payloadOf = (body: Buffer): Readonly<Record<string, unknown>> | undefined => {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isText = (value: unknown): boolean => typeof value === 'string'
const isOne = (value: unknown): boolean => value === 1

/** The keys of `aps` whose type Apple fixes; with another type the system ignores the key or drops the push. */
const APS_KEYS = new Map<string, (value: unknown) => boolean>([
  ['alert', (value) => isText(value) || isObject(value)],
  ['badge', (value) => Number.isInteger(value) && Number(value) >= 0],
  ['sound', (value) => isText(value) || isObject(value)],
  ['thread-id', isText],
  ['category', isText],
  ['content-available', isOne],
  ['mutable-content', isOne],
  ['target-content-id', isText],
  ['interruption-level', (value) => ['passive', 'active', 'time-sensitive', 'critical'].some((one) => one === value)],
  ['relevance-score', (value) => typeof value === 'number' && value >= 0],
  ['filter-criteria', isText],
])

const apsRules = (payload: Readonly<Record<string, unknown>>): readonly Finding[] => {
  const { aps } = payload
  if (aps === undefined) return []
  if (!isObject(aps)) return [violation('aps', 'aps is no object')]
  return Object.entries(aps)
    .filter(([key, value]) => APS_KEYS.get(key)?.(value) === false)
    .map(([key]) => violation('aps-key', `aps.${key} has a type or value that the system ignores`))
}

/** The push type, or what a push without one must be by its topic and payload. */
const typeOf = ({ pushType, topic }: Pushed, aps: Readonly<Record<string, unknown>>): PushType => {
  if (pushType !== undefined && isPushType(pushType)) return pushType
  const bySuffix = Object.entries(TOPIC_SUFFIX).find(([, suffix]) => suffix !== '' && topic.endsWith(suffix))?.[0]
  if (bySuffix !== undefined && isPushType(bySuffix)) return bySuffix
  return aps['content-available'] === 1 && !isVisible(aps) ? 'background' : 'alert'
}

const isVisible = (aps: Readonly<Record<string, unknown>>): boolean =>
  aps['alert'] !== undefined || aps['badge'] !== undefined || aps['sound'] !== undefined

const topicRule = (type: PushType, topic: string): readonly Finding[] => {
  const suffix = TOPIC_SUFFIX[type]
  const fits =
    suffix !== ''
      ? topic.endsWith(suffix)
      : !Object.values(TOPIC_SUFFIX).some((other) => other !== '' && topic.endsWith(other))
  return fits
    ? []
    : [violation('push-type-topic', `push type ${type} does not go with topic ${topic}`, 'InvalidPushType')]
}

const typeRules = (type: PushType, pushed: Pushed, payload: Readonly<Record<string, unknown>>): readonly Finding[] => {
  const aps = isObject(payload['aps']) ? payload['aps'] : {}
  const wrongType = (text: string) => [violation('push-type-payload', text, 'InvalidPushType')]
  switch (type) {
    case 'background':
      if (isVisible(aps)) return wrongType('a background push has neither alert, badge nor sound')
      if (aps['content-available'] !== 1) return wrongType('a background push has "content-available": 1')
      // The default is 10, so a background push without the header is refused too.
      return pushed.priority === '5'
        ? []
        : [violation('background-priority', 'a background push has priority 5', 'BadPriority')]
    case 'alert':
      return isVisible(aps) ? [] : wrongType('an alert has an alert, a badge or a sound')
    case 'pushtotalk':
      if (pushed.priority !== undefined && pushed.priority !== '10')
        return [violation('pushtotalk-priority', 'push-to-talk has priority 10', 'BadPriority')]
      return pushed.expiration === '0'
        ? []
        : [violation('pushtotalk-expiration', 'push-to-talk expires at 0', 'BadExpirationDate')]
    case 'location':
      return pushed.authenticatedBy === 'token' ? [] : wrongType('location pushes need a token, no certificate')
    case 'mdm':
      return payload['mdm'] === undefined ? wrongType('an MDM push has "mdm"') : []
    case 'voip':
      return pushed.priority === undefined || pushed.priority === '10'
        ? []
        : [warning('voip-priority', 'a VoIP push that is not sent at once arrives after the call')]
    case 'complication':
    case 'fileprovider':
    case 'liveactivity':
    case 'widgets':
    case 'controls':
      return []
  }
}

/** Size, form and fitness of the payload, in this order. */
export const payloadRules = (pushed: Pushed): readonly Finding[] => {
  if (pushed.body.length === 0) return [violation('payload-empty', 'no body', 'PayloadEmpty')]
  const found: Finding[] = []
  if (pushed.encoding !== undefined && pushed.encoding !== 'identity')
    found.push(violation('content-encoding', 'the payload must not be compressed'))
  const limit = pushed.pushType === 'voip' || pushed.topic.endsWith('.voip') ? 5120 : 4096
  if (pushed.body.length > limit) {
    const text = `${String(pushed.body.length)} bytes, more than ${String(limit)}`
    return [...found, violation('payload-size', text, 'PayloadTooLarge')]
  }
  const payload = payloadOf(pushed.body)
  if (payload === undefined)
    return [...found, violation('payload-json', 'the body is no JSON object in UTF-8', 'PayloadEmpty')]
  const type = typeOf(pushed, isObject(payload['aps']) ? payload['aps'] : {})
  return [...found, ...apsRules(payload), ...topicRule(type, pushed.topic), ...typeRules(type, pushed, payload)]
}
