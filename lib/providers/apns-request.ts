/**
 * An attempt as a request of APNs. Pure.
 * https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns
 */
import { createHash } from 'node:crypto'
import { type ApnsContent } from '../model/content'
import { type WireRequest } from '../wire/wire'
import { type Attempt } from './provider'

const LONGEST_COLLAPSE_ID = 64

/** What differs with each push, or must not be seen, is of no use in a compression table. */
const UNIQUE = Object.freeze([':path', 'authorization', 'apns-id', 'apns-expiration', 'apns-collapse-id'])

/** Apple counts bytes; a longer id is hashed, so that the same one still collapses. */
export function collapseIdOf(id: string): string {
  if (Buffer.byteLength(id) <= LONGEST_COLLAPSE_ID && /^[\x20-\x7e]*$/.test(id)) return id
  return createHash('sha256').update(id).digest('base64url')
}

/** The last one: every push of some fifty minutes has the same. */
let bearer = { jwt: '', field: '' }

function bearerOf(jwt: string): string {
  if (bearer.jwt !== jwt) bearer = { jwt, field: `bearer ${jwt}` }
  return bearer.field
}

/**
 * `topic`: the bundle id; PushKit's suffix is added here. `jwt` is absent where a certificate speaks for us. `notAfter`: as in
 * `WireRequest`.
 */
export function requestFor(
  { id, address, expiresAt, isCall }: Attempt,
  content: ApnsContent,
  topic: string,
  jwt: string | undefined,
  notAfter = Infinity,
): WireRequest {
  const headers: Record<string, string> = {
    'apns-topic': content.topic ?? (content.pushType === 'voip' ? `${topic}.voip` : topic),
    'apns-push-type': content.pushType,
    // Apple: 10 is an error for a background push.
    'apns-priority': String(content.pushType === 'background' ? Math.min(content.priority, 5) : content.priority),
    // Whole seconds, and never one that has begun: what is already past is not stored for a phone that is off.
    'apns-expiration': String(Math.ceil(expiresAt / 1000)),
    'apns-id': id,
  }
  if (content.collapseId !== undefined) headers['apns-collapse-id'] = collapseIdOf(content.collapseId)
  if (jwt !== undefined) headers['authorization'] = bearerOf(jwt)
  return {
    method: 'POST',
    path: `/3/device/${address.reveal()}`,
    headers,
    sensitive: UNIQUE,
    body: JSON.stringify(content.payload),
    notAfter,
    isUrgent: isCall === true,
  }
}
