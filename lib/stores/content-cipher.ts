/**
 * Content at rest: AES-256-GCM (NIST SP 800-38D) under a key that is not in the store. Knows nothing of where the key
 * lies or what is sealed.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'

const IV_BYTES = 12
const TAG_BYTES = 16
const FIXED_BYTES = 6

export const KEY_BYTES = 32

export interface ContentCipher {
  /** Seals a text; `place` (table and row) is authenticated, so that a sealed text can't be moved to another row. */
  seal(text: string, place: string): Buffer
  /** Opens what `seal` made. Throws if key or place is another, or a byte was changed. */
  open(sealed: Uint8Array, place: string): string
  /** A keyed hash: the same for the same text, and says nothing about it without the key. */
  hash(text: string): string
  /** Tells one key from another without revealing either. */
  readonly fingerprint: string
}

/**
 * `key`: 32 bytes. The initialisation vector is a random field per start and a counter (SP 800-38D §8.2.1), so that a
 * key is good for far more than the 2^32 texts of random vectors (§8.3).
 */
export function makeContentCipher(key: Buffer): ContentCipher {
  const derive = (purpose: string) => Buffer.from(hkdfSync('sha256', key, '', `xmpp-push ${purpose}`, KEY_BYTES))
  const sealKey = derive('seal')
  const hashKey = derive('hash')
  const start = randomBytes(FIXED_BYTES)
  let counter = 0
  return Object.freeze({
    seal(text: string, place: string) {
      const iv = Buffer.alloc(IV_BYTES)
      start.copy(iv)
      iv.writeUIntBE(++counter, FIXED_BYTES, IV_BYTES - FIXED_BYTES)
      const cipher = createCipheriv('aes-256-gcm', sealKey, iv, { authTagLength: TAG_BYTES })
      cipher.setAAD(Buffer.from(place))
      const body = cipher.update(text, 'utf8')
      return Buffer.concat([iv, body, cipher.final(), cipher.getAuthTag()])
    },
    open(sealed: Uint8Array, place: string) {
      const decipher = createDecipheriv('aes-256-gcm', sealKey, sealed.subarray(0, IV_BYTES), {
        authTagLength: TAG_BYTES,
      })
      decipher.setAAD(Buffer.from(place))
      decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES))
      const body = decipher.update(sealed.subarray(IV_BYTES, sealed.length - TAG_BYTES))
      return Buffer.concat([body, decipher.final()]).toString('utf8')
    },
    hash: (text: string) => createHmac('sha256', hashKey).update(text).digest('base64url').slice(0, 32),
    fingerprint: derive('fingerprint').toString('base64url').slice(0, 22),
  })
}
