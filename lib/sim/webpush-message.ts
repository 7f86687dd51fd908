// Message encryption for Web Push (RFC 8291) from the receiving end: a user agent's keys, and what it finds in a body.
// It knows no HTTP. A push service could not look inside; that this one does is what makes it a simulator of both ends.

import { createECDH, randomBytes, type ECDH } from 'node:crypto'
import { hkdf, openCoded, readCoded } from './webpush-coding'
import { violation, type Finding } from './webpush-findings'

const POINT = 65

/** What a user agent keeps of a subscription. */
export interface Receiver {
  readonly ecdh: ECDH
  /** The uncompressed point that goes out as `p256dh`. */
  readonly publicKey: Buffer
  readonly auth: Buffer
}

/** What a push brought. */
export type WebPushMessage =
  /** No body: a push without a message (RFC 8030 §5). */
  | { readonly is: 'empty' }
  | { readonly is: 'opened'; readonly plaintext: Buffer; readonly padding: number }
  /** The user agent would throw it away; `findings` say why. */
  | { readonly is: 'sealed' }

/** A message, and what is wrong with the way it was encrypted. */
export interface Examined {
  readonly message: WebPushMessage
  readonly findings: readonly Finding[]
  /** For the memory of what was used before. */
  readonly used?: { readonly salt: string; readonly senderKey: string }
}

/** Fresh keys, or those that are given (raw octets). */
export const makeReceiver = (given: { readonly privateKey?: Buffer; readonly auth?: Buffer } = {}): Receiver => {
  const ecdh = createECDH('prime256v1')
  if (given.privateKey === undefined) ecdh.generateKeys()
  else ecdh.setPrivateKey(given.privateKey)
  return { ecdh, publicKey: ecdh.getPublicKey(), auth: given.auth ?? randomBytes(16) }
}

/** RFC 8291 §3.4; undefined if the sender's key is no point of the curve. */
const secretOf = ({ ecdh, publicKey, auth }: Receiver, senderKey: Buffer): Buffer | undefined => {
  try {
    const shared = ecdh.computeSecret(senderKey)
    return hkdf(auth, shared, Buffer.concat([Buffer.from('WebPush: info\0'), publicKey, senderKey]), 32)
  } catch {
    return undefined
  }
}

/** Opens a body as the subscription's user agent does (RFC 8291 §4: one record, its size greater than what it holds). */
export const examine = (receiver: Receiver, body: Buffer): Examined => {
  if (body.length === 0) return { message: { is: 'empty' }, findings: [] }
  const sealed = (rule: string, text: string): Examined => ({
    message: { is: 'sealed' },
    findings: [violation(rule, text)],
  })
  const coded = readCoded(body)
  if (coded === undefined) return sealed('coding-header', `${body.length} octets are no header and a record`)
  const { keyId, salt, recordSize, ciphertext } = coded
  if (keyId.length !== POINT || keyId[0] !== 4)
    return sealed('sender-key-form', `the key id has ${keyId.length} octets; it must be an uncompressed P-256 point`)
  const secret = secretOf(receiver, keyId)
  if (secret === undefined) return sealed('sender-key', 'the key id is no point of P-256')
  const opened = openCoded(coded, secret)
  if (opened.is === 'sealed') return sealed(opened.rule, opened.text)
  if (opened.records > 1) return sealed('single-record', `${opened.records} records, and only one is allowed`)
  const tight = `a record size of ${recordSize} for ${ciphertext.length} octets: it must be greater (RFC 8291 §4)`
  return {
    message: { is: 'opened', plaintext: opened.plaintext, padding: opened.padding },
    findings: recordSize > ciphertext.length ? [] : [violation('record-size', tight)],
    used: { salt: salt.toString('base64url'), senderKey: keyId.toString('base64url') },
  }
}
