/**
 * One message as FCM wants it: https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages/send. Pure.
 */
import { type FcmContent } from '../model/content'
import { jsonText } from '../model/json-text'
import { type Opaque } from '../model/opaque'
import { type WireRequest } from '../wire/wire'

const LONGEST_TTL_S = 2_419_200

const SECRET: readonly string[] = Object.freeze(['authorization'])

/** The last one: every message of nearly an hour has the same. */
let bearer = { token: '', field: '' }

function bearerOf(token: string): string {
  if (bearer.token !== token) bearer = { token, field: `Bearer ${token}` }
  return bearer.field
}

/** Likewise: where all messages of a project go. */
let place = { project: '', path: '' }

function pathOf(project: string): string {
  if (place.project !== project) place = { project, path: `/v1/projects/${project}/messages:send` }
  return place.path
}

/** The same that `JSON.stringify` makes of it. */
function dataOf(data: FcmContent['data']): string {
  let text = ''
  for (const [key, value] of Object.entries(data))
    text += `${text === '' ? '' : ','}${jsonText(key)}:${jsonText(value)}`
  return `{${text}}`
}

/** What Android is told, spelt directly: with every message, in a third of the time that an object takes which is only made to be spelt. */
function androidOf({ priority, collapseKey, notification }: FcmContent, ttl: number): string {
  const collapse = collapseKey === undefined ? '' : `,"collapse_key":${jsonText(collapseKey)}`
  const shown = notification === undefined ? '' : `,"notification":${JSON.stringify(notification)}`
  return `{"priority":"${priority}","ttl":"${ttl}s"${collapse}${shown}}`
}

export interface FcmMessage {
  readonly address: Opaque
  readonly content: FcmContent
  /** Milliseconds since 1970. */
  readonly expiresAt: number
  /** A call goes ahead of what else waits for a stream. */
  readonly isCall?: true | undefined
}

/** The request; `notAfter` as in `WireRequest`. `isTrial`: FCM looks at it and delivers nothing (`validate_only`). Expiry becomes the whole seconds that are left, 0 («now or never») up to four weeks. */
export function requestFor(
  { address, content, expiresAt, isCall }: FcmMessage,
  sender: { readonly project: string; readonly bearer: string },
  now: number,
  isTrial = false,
  notAfter = Infinity,
): WireRequest {
  const ttl = Math.min(LONGEST_TTL_S, Math.max(0, Math.floor((expiresAt - now) / 1000)))
  const token = jsonText(address.reveal())
  const message = `{"token":${token},"data":${dataOf(content.data)},"android":${androidOf(content, ttl)}}`
  return {
    method: 'POST',
    path: pathOf(sender.project),
    headers: { authorization: bearerOf(sender.bearer), 'content-type': 'application/json' },
    sensitive: SECRET,
    body: isTrial ? `{"validate_only":true,"message":${message}}` : `{"message":${message}}`,
    notAfter,
    isUrgent: isCall === true,
  }
}
