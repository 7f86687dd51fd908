/** One push message as a push service wants it (RFC 8030 §5, RFC 8291, RFC 8292), but for its path. Pure, except for the fresh keys. */
import { type WebPushContent } from '../model/content'
import { type WireRequest } from '../wire/wire'
import { type Subscription } from './webpush-address'
import { encrypt } from './webpush-encrypt'
import { hmac } from './webpush-hmac'

export interface Message {
  readonly to: Subscription
  readonly content: WebPushContent
  /** Milliseconds since 1970. */
  readonly expiresAt: number
  /** The `authorization` field; absent where there is no VAPID key. */
  readonly authorization?: string
  /** As in `WireRequest`. */
  readonly notAfter?: number
  /** A call goes ahead of what else waits for a stream. */
  readonly isCall?: true | undefined
  /** Without the payload, and as short as can be: for a push service that takes no larger ones. */
  readonly isBare: boolean
}

const LONGEST_TTL_S = 2_419_200

/**
 * 32 characters that tell nothing, the same for the same topic of the same subscription. Never another length: Apple decodes topics as
 * base64url, and refuses lengths that don't fit.
 */
export function topicOf(topic: string, { auth }: Pick<Subscription, 'auth'>): string {
  return hmac(auth, `topic ${topic}`).toString('base64url', 0, 24)
}

/** True for Microsoft's push service, which has a header of its own. */
function isWindows(endpoint: string): boolean {
  return endpoint.includes('notify.windows.com') && /(^|\.)notify\.windows\.com$/.test(new URL(endpoint).hostname)
}

/** The request for what its publisher encrypted and signed by itself. */
export function sealedRequestFor(
  { body, authorization }: NonNullable<WebPushContent['sealed']>,
  { urgency }: Pick<WebPushContent, 'urgency'>,
  expiresAt: number,
  now: number,
  { notAfter = Infinity, isCall }: Pick<Message, 'notAfter' | 'isCall'> = {},
): Omit<WireRequest, 'path'> {
  const ttl = Math.min(LONGEST_TTL_S, Math.max(0, Math.floor((expiresAt - now) / 1000)))
  const bytes = Buffer.from(body, 'base64')
  return {
    method: 'POST',
    headers: {
      ...{ ttl: String(ttl), urgency, 'content-type': 'application/octet-stream', 'content-encoding': 'aes128gcm' },
      'content-length': String(bytes.length),
      ...(authorization === undefined ? {} : { authorization }),
    },
    ...(authorization === undefined ? {} : { sensitive: ['authorization'] }),
    body: bytes,
    notAfter,
    isUrgent: isCall === true,
  }
}

const SECRET: readonly string[] = Object.freeze(['authorization'])

/** The request. Expiry becomes the whole seconds that are left, 0 («now or never») up to four weeks. */
export function requestFor(message: Message, now: number): Omit<WireRequest, 'path'> {
  const { to, content, expiresAt, authorization, isBare, notAfter = Infinity, isCall } = message
  const ttl = Math.min(LONGEST_TTL_S, Math.max(0, Math.floor((expiresAt - now) / 1000)))
  const body = isBare ? encrypt(Buffer.alloc(0), to, { padTo: 1 }) : encrypt(Buffer.from(content.payload), to)
  const headers: Record<string, string> = {
    ttl: String(ttl),
    urgency: content.urgency,
    'content-type': 'application/octet-stream',
    'content-encoding': 'aes128gcm',
    'content-length': String(body.length),
  }
  if (content.topic !== undefined) headers['topic'] = topicOf(content.topic, to)
  if (authorization !== undefined) headers['authorization'] = authorization
  if (isWindows(to.endpoint)) {
    headers['x-wns-type'] = 'wns/raw'
    // For Microsoft «cache» means a TTL above 0, and it refuses a push in which the two differ.
    headers['x-wns-cache-policy'] = ttl === 0 ? 'no-cache' : 'cache'
  }
  return { method: 'POST', headers, sensitive: SECRET, body, notAfter, isUrgent: isCall === true }
}
