/** A push message shown to an operator: where it goes, and what it says before it is encrypted. Of endpoint and keys the last characters alone. Pure. */
import { type WebPushContent } from '../model/content'
import { Opaque } from '../model/opaque'
import { type Attempt, type Preview } from './provider'
import { endpointOf, subscriptionOf } from './webpush-address'
import { LARGEST_PLAINTEXT } from './webpush-encrypt'
import { requestFor, sealedRequestFor } from './webpush-request'

const masked = (text: string): string => new Opaque(text).toString()

/** `publicKey`: absent where there is no VAPID key. `now`: milliseconds since 1970. Undefined for an address that is none. */
export function previewWebPush(
  { address, expiresAt }: Pick<Attempt, 'address' | 'expiresAt'>,
  content: WebPushContent,
  publicKey: string | undefined,
  now: number,
): Preview | undefined {
  const { sealed, payload } = content
  const endpoint = endpointOf(address.reveal())
  const to = subscriptionOf(address.reveal())
  if (endpoint === undefined || !URL.canParse(endpoint)) return undefined
  const isBare = Buffer.byteLength(payload) > LARGEST_PLAINTEXT
  const authorization = publicKey === undefined ? {} : { authorization: `vapid t=…, k=${masked(publicKey)}` }
  const request =
    sealed !== undefined
      ? sealedRequestFor(
          { ...sealed, ...(sealed.authorization === undefined ? {} : { authorization: '…' }) },
          content,
          expiresAt,
          now,
        )
      : to === undefined
        ? undefined
        : requestFor({ to, content, expiresAt, isBare, ...authorization }, now)
  if (request === undefined) return undefined
  const { method, headers, body } = request
  const plain = isBare ? '' : payload
  const size = `${body.length} bytes encrypted`
  const told =
    sealed === undefined ? `${plain}\n(${Buffer.byteLength(plain)} bytes; ${size})` : `(${size} by its publisher)`
  return { method, url: `${new URL(endpoint).origin}/${masked(endpoint)}`, headers, body: told }
}
