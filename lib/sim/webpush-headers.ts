// The header fields of a push: TTL, Urgency, Topic (RFC 8030 §5), lengths and codings, and what a push must not carry.

import { violation, type Finding } from './webpush-findings'

/** RFC 8030 §7.2: a push service takes this much, and the vendors take no more. */
export const MOST_OCTETS = 4096

const URGENCIES = ['very-low', 'low', 'normal', 'high']
const ONCE = ['ttl', 'urgency', 'topic', 'authorization', 'content-encoding', 'content-length', 'host']
const NEVER = ['cookie', 'referer', 'origin']

/** How long a topic may be: any length that base64url can have, or multiples of four alone, as one report says of Apple. */
export type TopicLengths = 'any' | 'base64url' | 'multiple of 4'

const misfit: Readonly<Record<TopicLengths, (length: number) => boolean>> = {
  any: () => false,
  base64url: (length) => length % 4 === 1,
  'multiple of 4': (length) => length % 4 !== 0,
}

const topicRules = (topic: string, lengths: TopicLengths): readonly Finding[] => {
  if (!/^[\w-]{1,32}$/.test(topic))
    return [violation('topic', `Topic “${topic}” is not 1 to 32 characters of base64url`, 'topic')]
  return misfit[lengths](topic.length)
    ? [violation('topic-length', `a Topic of ${topic.length} characters cannot be decoded`, 'topic')]
    : []
}

/** Microsoft: the policy must fit the TTL, and it is `cache` where nothing is said. */
const cacheRules = (headers: Readonly<Record<string, string>>): readonly Finding[] => {
  const policy = headers['x-wns-cache-policy'] ?? 'cache'
  return (Number(headers['ttl']) === 0) === (policy === 'no-cache')
    ? []
    : [violation('wns-cache-policy', `TTL ${headers['ttl']} with X-WNS-Cache-Policy ${policy}`, 'cache policy')]
}

const codingRules = (headers: Readonly<Record<string, string>>, body: Buffer): readonly Finding[] => {
  if (body.length === 0) return []
  const found: Finding[] = []
  const coding = headers['content-encoding']
  if (coding !== 'aes128gcm')
    found.push(violation('content-encoding', `Content-Encoding is ${coding ?? 'missing'}, not aes128gcm`, 'coding'))
  if (headers['encryption'] !== undefined || headers['crypto-key'] !== undefined)
    found.push(violation('legacy-headers', 'Encryption and Crypto-Key belong to aesgcm', 'coding'))
  const length = headers['content-length']
  if (length !== String(body.length))
    found.push(violation('content-length', `Content-Length is ${length ?? 'missing'} for ${body.length} octets`))
  if (body.length > MOST_OCTETS)
    found.push(violation('too-large', `${body.length} octets; the most is ${MOST_OCTETS}`, 'too large'))
  return found
}

/** What is wrong with the head of a push. `names`: as they came, repeated ones included. */
export const headerRules = (
  headers: Readonly<Record<string, string>>,
  names: readonly string[],
  body: Buffer,
  vendor: { readonly topicLengths: TopicLengths; readonly hasCachePolicy: boolean },
): readonly Finding[] => {
  const { ttl, urgency, topic } = headers
  const isTtl = ttl !== undefined && /^\d{1,10}$/.test(ttl)
  const twice = ONCE.filter((name) => names.filter((one) => one === name).length > 1)
  return [
    ...twice.map((name) => violation('repeated', `${name} is there more than once`)),
    ...NEVER.filter((name) => headers[name] !== undefined).map((name) => violation(name, `a push carries no ${name}`)),
    ...(ttl === undefined ? [violation('ttl-missing', 'no TTL', 'TTL missing')] : []),
    ...(ttl !== undefined && !isTtl ? [violation('ttl', `TTL “${ttl}” is no number of seconds`, 'TTL')] : []),
    ...(urgency === undefined || URGENCIES.includes(urgency)
      ? []
      : [violation('urgency', `Urgency “${urgency}” is none of ${URGENCIES.join(', ')}`, 'urgency')]),
    ...(topic === undefined ? [] : topicRules(topic, vendor.topicLengths)),
    ...(isTtl && vendor.hasCachePolicy ? cacheRules(headers) : []),
    ...codingRules(headers, body),
  ]
}
