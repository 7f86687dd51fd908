/** The spelling of a content key: 32 bytes in base64. Knows nothing of where it lies. */
import { KEY_BYTES } from './content-cipher'

/** Why a key can't be used: what happened, where, what to do. */
export class KeyRefusal extends Error {}

/** The key that a text spells; `where` it stands is for the error. Throws `KeyRefusal`. */
export function decodeKey(text: string, where: string): Buffer {
  const key = Buffer.from(text.trim(), 'base64')
  if (key.length === KEY_BYTES && /^[A-Za-z0-9+/_-]+={0,2}$/.test(text.trim())) return key
  throw new KeyRefusal(
    `the content key (${where}) must be ${KEY_BYTES} random bytes in base64; make one with: openssl rand -base64 ${KEY_BYTES}`,
  )
}
