/**
 * One message as FCM wants it: https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages/send. Pure.
 */
import { type FcmContent } from '../model/content'
import { type Opaque } from '../model/opaque'
import { type WireRequest } from '../wire/wire'

const LONGEST_TTL_S = 2_419_200

/** The request; `notAfter` as in `WireRequest`. `isTrial`: FCM looks at it and delivers nothing (`validate_only`). Expiry becomes the whole seconds that are left, 0 («now or never») up to four weeks. */
export function requestFor(
  message: { readonly address: Opaque; readonly content: FcmContent; readonly expiresAt: number },
  sender: { readonly project: string; readonly bearer: string },
  now: number,
  isTrial = false,
  notAfter = Infinity,
): WireRequest {
  const { data, priority, collapseKey, notification } = message.content
  const ttl = Math.min(LONGEST_TTL_S, Math.max(0, Math.floor((message.expiresAt - now) / 1000)))
  const android: Record<string, unknown> = { priority, ttl: `${ttl}s` }
  if (collapseKey !== undefined) android['collapse_key'] = collapseKey
  if (notification !== undefined) android['notification'] = notification
  const asked = { token: message.address.reveal(), data, android }
  return {
    method: 'POST',
    path: `/v1/projects/${sender.project}/messages:send`,
    headers: { authorization: `Bearer ${sender.bearer}`, 'content-type': 'application/json' },
    sensitive: ['authorization'],
    body: JSON.stringify(isTrial ? { validate_only: true, message: asked } : { message: asked }),
    notAfter,
  }
}
