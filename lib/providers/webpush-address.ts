/**
 * A subscription as an address: the JSON text `{"endpoint","p256dh","auth"}`, in this order and without spaces, keys in base64url without
 * padding. Push API §8 and RFC 8291 §2; the same three are what a UnifiedPush connector hands out.
 */
import { ECDH } from 'node:crypto'
import { z } from 'zod'
import { type Guard } from '../wire/guard'

export interface Subscription {
  readonly endpoint: string
  /** The user agent's public key, an uncompressed point of P-256. */
  readonly p256dh: Buffer
  /** Its authentication secret, 16 bytes. */
  readonly auth: Buffer
}

/** No subscription is longer: an endpoint's 1000 bytes, the keys, and room for what else a browser says. */
const LONGEST = 4096

const keys = { p256dh: z.string(), auth: z.string() }
/** As fields of a form give it, and as `JSON.stringify(subscription)` does in a browser. */
const spelt = z.union([
  z.object({ endpoint: z.string(), ...keys }),
  z
    .object({ endpoint: z.string(), keys: z.object(keys) })
    .transform((raw) => ({ endpoint: raw.endpoint, ...raw.keys })),
])

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** The bytes of base64url or base64, with its padding or without; undefined if they are not so many. */
function bytesOf(text: string, length: number): Buffer | undefined {
  if (!/^(?:[\w-]+|[A-Za-z0-9+/]+)={0,2}$/.test(text)) return undefined
  const bytes = Buffer.from(text, 'base64')
  return bytes.length === length && text.replace(/=+$/, '').length === Math.ceil((length * 4) / 3) ? bytes : undefined
}

function isPoint(bytes: Buffer): boolean {
  try {
    ECDH.convertKey(bytes, 'prime256v1')
    return bytes[0] === 4
  } catch {
    return false
  }
}

/** Marks an endpoint without keys, of publishers that encrypt by themselves (Push 2.0). */
const SEALED = 'sealed '

/** The address as it is stored and compared, or undefined for what can't be one, or names an endpoint that the guard refuses. */
export function normalise(raw: string, guard: Guard): string | undefined {
  if (raw.startsWith(SEALED)) {
    const endpoint = guard.endpoint(raw.slice(SEALED.length))
    return endpoint.is === 'refused' ? undefined : SEALED + endpoint.href
  }
  const found = raw.length > LONGEST ? undefined : spelt.safeParse(jsonOf(raw)).data
  if (found === undefined) return undefined
  const endpoint = guard.endpoint(found.endpoint)
  const p256dh = bytesOf(found.p256dh, 65)
  const auth = bytesOf(found.auth, 16)
  if (endpoint.is === 'refused' || p256dh === undefined || auth === undefined || !isPoint(p256dh)) return undefined
  const [key, secret] = [p256dh.toString('base64url'), auth.toString('base64url')]
  return JSON.stringify({ endpoint: endpoint.href, p256dh: key, auth: secret })
}

/** The endpoint of any address; undefined for what `normalise` has not made. */
export function endpointOf(address: string): string | undefined {
  return address.startsWith(SEALED) ? address.slice(SEALED.length) : subscriptionOf(address)?.endpoint
}

/** The bytes of base64url without padding, as `normalise` leaves it; undefined if they are not so many. */
function keyOf(text: unknown, length: number): Buffer | undefined {
  if (typeof text !== 'string' || text.length !== Math.ceil((length * 4) / 3)) return undefined
  const bytes = Buffer.from(text, 'base64url')
  return bytes.length === length ? bytes : undefined
}

/** Reads an address back; undefined for what `normalise` has not made. With every push: without a schema. */
export function subscriptionOf(address: string): Subscription | undefined {
  const found = address.startsWith(SEALED) ? undefined : jsonOf(address)
  if (typeof found !== 'object' || found === null) return undefined
  const { endpoint, p256dh, auth } = found as Readonly<Record<string, unknown>>
  const key = keyOf(p256dh, 65)
  const secret = keyOf(auth, 16)
  if (typeof endpoint !== 'string' || key === undefined || secret === undefined) return undefined
  return { endpoint, p256dh: key, auth: secret }
}
