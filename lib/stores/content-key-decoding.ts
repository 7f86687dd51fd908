/** The spelling of a content key: 32 bytes in base64. Knows nothing of where it lies. */
import { type z } from 'zod'
import { type Credential } from '../model/opaque'
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

/** Tells the configuration's reader where a key can't be used. */
export function checkContentKey(key: Credential, context: z.RefinementCtx): void {
  try {
    decodeKey(key.text(), key.where)
  } catch (error) {
    if (!(error instanceof KeyRefusal)) throw error
    const mend = `Make one with: openssl rand -base64 ${KEY_BYTES}`
    context.addIssue({ code: 'custom', message: `must be ${KEY_BYTES} random bytes in base64`, params: { mend } })
  }
}
