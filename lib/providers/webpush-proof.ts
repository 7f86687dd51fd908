/**
 * What of a VAPID key can be proven with nobody to ask: that a token signed with it is one that its own public key verifies (RFC 8292 §2, §3).
 * Whether a push service takes it, only a push to a subscription can show.
 */
import { createPublicKey, verify } from 'node:crypto'
import { type Finding } from './provider'
import { type Vapid, type WebPushFault } from './webpush-key'
import { signVapid } from './webpush-vapid'

/** Any origin does: nobody is asked. */
const AUDIENCE = 'https://push.example.com'
const HOUR = 3600_000

/** The `k` of a request as a push service reads it (RFC 8292 §3.2): 4, x and y. */
function verifies({ publicKey }: Vapid, jwt: string): boolean {
  const point = Buffer.from(publicKey, 'base64url')
  const [x = '', y = ''] = [point.subarray(1, 33), point.subarray(33)].map((half) => half.toString('base64url'))
  const at = jwt.lastIndexOf('.')
  try {
    const key = createPublicKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', x, y } })
    const signature = Buffer.from(jwt.slice(at + 1), 'base64url')
    return verify('sha256', Buffer.from(jwt.slice(0, at)), { key, dsaEncoding: 'ieee-p1363' }, signature)
  } catch {
    return false
  }
}

/** Signs a token as for a push; the fault where its public key does not verify it. `now`: milliseconds since 1970. */
export function unverified(vapid: Vapid, now: number): WebPushFault | undefined {
  if (verifies(vapid, signVapid(vapid, AUDIENCE, now + HOUR))) return undefined
  return {
    text: `the VAPID key signs what its public key ${vapid.publicKey} does not verify: the file holds the halves of two keys`,
    mend: 'Put back the key file from a copy; or write vapid.privateKey as the 32 bytes of the private key in base64url, from which the public key is reckoned',
  }
}

/** What `check --live` says. No push service takes a question that wakes nobody. */
export function proveWebPush(vapid: Vapid | undefined, now: number): readonly Finding[] {
  const unproven: Finding = {
    is: 'fact',
    text: `not proven: that the push services take ${vapid === undefined ? 'pushes without VAPID' : 'the VAPID key and subject'}, until a push to a subscription was taken`,
  }
  if (vapid === undefined) return [unproven]
  const fault = unverified(vapid, now)
  if (fault !== undefined) return [{ is: 'fault', ...fault }]
  return [{ is: 'fact', text: `proven: ${signs(vapid)}` }, unproven]
}

/** For a key that is proven. */
export function signs({ publicKey }: Vapid): string {
  return `VAPID key signs, and its public key ${publicKey} verifies`
}
