/**
 * Content at rest: AES-256-GCM (NIST SP 800-38D) under a key that is not in the store. Knows nothing of where the key
 * lies or what is sealed.
 */
import { createDecipheriv, createHmac, hkdfSync } from 'node:crypto'
import { IV_BYTES, makeGcm, type Message, TAG_BYTES } from './gcm'

export const KEY_BYTES = 32

export interface ContentCipher {
  /** Seals a text; `place` (table and row) is authenticated, so that a sealed text can't be moved to another row. */
  seal(text: string, place: string): Buffer
  /** The same of many, in their order, for a fraction of the price. */
  sealAll(messages: readonly Message[]): readonly Buffer[]
  /** Opens what `seal` made. Throws if key or place is another, or a byte was changed. */
  open(sealed: Uint8Array, place: string): string
  /** A keyed hash: the same for the same text, and says nothing about it without the key. */
  hash(text: string): string
  /** Tells one key from another without revealing either. */
  readonly fingerprint: string
}

/** `key`: 32 bytes. */
export function makeContentCipher(key: Buffer): ContentCipher {
  const derive = (purpose: string) => Buffer.from(hkdfSync('sha256', key, '', `xmpp-push ${purpose}`, KEY_BYTES))
  const sealKey = derive('seal')
  const hashKey = derive('hash')
  const sealAll = makeGcm(sealKey)
  return Object.freeze({
    sealAll,
    seal(text: string, place: string) {
      const [sealed] = sealAll([{ text, place }])
      if (sealed === undefined) throw new Error('nothing was sealed')
      return sealed
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
