// Rules of an APNs request's line and headers; Apple Developer Documentation, “Sending notification requests to APNs”.
// It sees no payload, key or device. Not verified against Apple: the order in which faults are reported, and that an upper-case apns-id is refused.

import { violation, warning, type Finding } from './apns-findings'

/** A request as it came from the wire. */
export interface Asked {
  /** When it was complete, by the simulator's clock. */
  readonly at: number
  readonly method: string
  readonly path: string
  /** Names in lower case, pseudo-headers included; the first value of a repeated one. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** Names of headers that came more than once. */
  readonly repeated: readonly string[]
  readonly body: Buffer
}

/** Every push type that Apple documents, and the suffix that its topic must have. */
export const TOPIC_SUFFIX = {
  alert: '',
  background: '',
  voip: '.voip',
  complication: '.complication',
  fileprovider: '.pushkit.fileprovider',
  location: '.location-query',
  liveactivity: '.push-type.liveactivity',
  pushtotalk: '.voip-ptt',
  widgets: '.push-type.widgets',
  controls: '.push-type.controls',
  mdm: '',
} as const

/** One of Apple's push types. */
export type PushType = keyof typeof TOPIC_SUFFIX

/** Whether this is one of Apple's push types. */
export const isPushType = (text: string): text is PushType => Object.hasOwn(TOPIC_SUFFIX, text)

const DEVICE_PATH = /^\/3\/device(?:\/([^/?#]*))?$/
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const TOPIC = /^[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*$/

/** The device token in the path as it was sent, empty when there is none. */
export const tokenOf = (asked: Asked): string => DEVICE_PATH.exec(asked.path)?.[1] ?? ''

/** Method, path and scheme: what is checked before a client is even known. */
export const lineRules = (asked: Asked): readonly Finding[] => {
  if (asked.method !== 'POST') return [violation('method', `${asked.method} instead of POST`, 'MethodNotAllowed')]
  if (!DEVICE_PATH.test(asked.path)) return [violation('path', `no such path: ${asked.path}`, 'BadPath')]
  if (asked.headers[':authority'] === undefined && asked.headers['host'] === undefined)
    return [violation('authority', 'the request names no :authority (RFC 9113 §8.3.1)')]
  return []
}

const expirationRules = (text: string, at: number): readonly Finding[] => {
  if (!/^\d{1,12}$/.test(text))
    return [violation('apns-expiration', `not a number of seconds: ${text}`, 'BadExpirationDate')]
  const seconds = Number(text)
  return seconds !== 0 && seconds * 1000 <= at
    ? [violation('apns-expiration-past', `${text} is in the past, so the notification is never stored`)]
    : []
}

/** All headers but `authorization`. */
export const headerRules = (asked: Asked): readonly Finding[] => {
  const { headers, repeated } = asked
  const found: Finding[] = []
  const [twice] = repeated
  if (twice !== undefined) found.push(violation('duplicate-headers', `${twice} came twice`, 'DuplicateHeaders'))
  const id = headers['apns-id']
  if (id !== undefined && !UUID.test(id))
    found.push(violation('apns-id', `not a canonical lower-case UUID: ${id}`, 'BadMessageId'))
  const expiration = headers['apns-expiration']
  if (expiration !== undefined) found.push(...expirationRules(expiration, asked.at))
  const priority = headers['apns-priority']
  if (priority !== undefined && !['1', '5', '10'].includes(priority))
    found.push(violation('apns-priority', `neither 1, 5 nor 10: ${priority}`, 'BadPriority'))
  const collapse = headers['apns-collapse-id']
  // Node hands out header values byte for character, so that the length is the number of bytes.
  if (collapse !== undefined && collapse.length > 64)
    found.push(violation('apns-collapse-id', `${String(collapse.length)} bytes, more than 64`, 'BadCollapseId'))
  const type = headers['apns-push-type']
  if (type === undefined) found.push(warning('apns-push-type-missing', 'no apns-push-type; watchOS 6 requires it'))
  else if (!isPushType(type)) found.push(violation('apns-push-type', `no such type: ${type}`, 'InvalidPushType'))
  const topic = headers['apns-topic']
  if (topic !== undefined && !TOPIC.test(topic))
    found.push(violation('apns-topic', `not a bundle id: ${topic}`, 'BadTopic'))
  if (tokenOf(asked) === '') found.push(violation('device-token', 'the path has no token', 'MissingDeviceToken'))
  return found
}
