/**
 * One message as FCM wants it: https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages/send. Pure.
 */
import { type FcmContent } from '../model/content'
import { type Opaque } from '../model/opaque'
import { type WireRequest } from '../wire/wire'

const LONGEST_TTL_S = 2_419_200

/** The request. `isTrial`: FCM looks at it and delivers nothing (`validate_only`). Expiry becomes the whole seconds that are left, 0 («now or never») up to four weeks. */
export function requestFor(
  message: { readonly address: Opaque; readonly content: FcmContent; readonly expiresAt: number },
  sender: { readonly project: string; readonly bearer: string },
  now: number,
  isTrial = false,
): WireRequest {
  const { data, priority, collapseKey, notification } = message.content
  const ttl = Math.min(LONGEST_TTL_S, Math.max(0, Math.floor((message.expiresAt - now) / 1000)))
  const android = {
    priority,
    ttl: `${ttl}s`,
    ...(collapseKey === undefined ? {} : { collapse_key: collapseKey }),
    ...(notification === undefined ? {} : { notification }),
  }
  return {
    method: 'POST',
    path: `/v1/projects/${sender.project}/messages:send`,
    headers: { authorization: `Bearer ${sender.bearer}`, 'content-type': 'application/json' },
    sensitive: ['authorization'],
    body: JSON.stringify({
      ...(isTrial ? { validate_only: true } : {}),
      message: { token: message.address.reveal(), data, android },
    }),
  }
}
