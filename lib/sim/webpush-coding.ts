// The content coding aes128gcm (RFC 8188): header, records, padding. Opened with node:crypto's HMAC and AES alone.
// It knows no keys of Web Push; webpush-message.ts derives them.

import { createDecipheriv, createHmac } from 'node:crypto'

const TAG = 16
const FIXED = 21

/** A body taken apart (RFC 8188 §2.1). */
export interface Coded {
  readonly salt: Buffer
  /** `rs`: the length of every record but the last, tag included. */
  readonly recordSize: number
  readonly keyId: Buffer
  readonly ciphertext: Buffer
}

/** What came of opening: the content, or why it stays shut. */
export type Opened =
  | {
      readonly is: 'opened'
      readonly plaintext: Buffer
      /** Octets of padding over all records, without the delimiters. */
      readonly padding: number
      readonly records: number
    }
  | { readonly is: 'sealed'; readonly rule: 'record-size' | 'tag' | 'delimiter'; readonly text: string }

/** Takes a body apart; undefined if it ends within its header or has no content after it. */
export const readCoded = (body: Buffer): Coded | undefined => {
  if (body.length < FIXED) return undefined
  const end = FIXED + body.readUInt8(20)
  if (body.length <= end) return undefined
  return {
    salt: body.subarray(0, 16),
    recordSize: body.readUInt32BE(16),
    keyId: body.subarray(FIXED, end),
    ciphertext: body.subarray(end),
  }
}

const hmac = (key: Buffer, ...parts: readonly (Buffer | string)[]): Buffer =>
  parts.reduce((mac, part) => mac.update(part), createHmac('sha256', key)).digest()

/** HKDF with SHA-256 (RFC 5869) for up to 32 octets, which is one round. */
export const hkdf = (salt: Buffer, secret: Buffer, info: Buffer | string, length: number): Buffer =>
  hmac(hmac(salt, secret), info, Buffer.from([1])).subarray(0, length)

const nonceOf = (base: Buffer, record: number): Buffer => {
  const nonce = Buffer.from(base)
  nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ record) >>> 0, 8)
  return nonce
}

const decrypt = (key: Buffer, nonce: Buffer, record: Buffer): Buffer | undefined => {
  const decipher = createDecipheriv('aes-128-gcm', key, nonce)
  decipher.setAuthTag(record.subarray(-TAG))
  try {
    return Buffer.concat([decipher.update(record.subarray(0, -TAG)), decipher.final()])
  } catch {
    return undefined
  }
}

const sealed = (rule: 'record-size' | 'tag' | 'delimiter', text: string): Opened => ({ is: 'sealed', rule, text })

/** Opens all records with the input keying material `secret` (RFC 8188 §2.2 and §2.3). */
export const openCoded = ({ salt, recordSize, ciphertext }: Coded, secret: Buffer): Opened => {
  if (recordSize < TAG + 2) return sealed('record-size', `a record size of ${recordSize}; the least is ${TAG + 2}`)
  const key = hkdf(salt, secret, 'Content-Encoding: aes128gcm\0', 16)
  const base = hkdf(salt, secret, 'Content-Encoding: nonce\0', 12)
  const records = Math.ceil(ciphertext.length / recordSize)
  const parts: Buffer[] = []
  let padding = 0
  for (let record = 0; record < records; record++) {
    const part = ciphertext.subarray(record * recordSize, (record + 1) * recordSize)
    const content = part.length > TAG ? decrypt(key, nonceOf(base, record), part) : undefined
    if (content === undefined) return sealed('tag', `record ${record} is not sealed with the subscription's key`)
    const at = content.findLastIndex((octet) => octet !== 0)
    const wanted = record + 1 === records ? 2 : 1
    if (content[at] !== wanted) return sealed('delimiter', `record ${record} ends with ${content[at]}, not ${wanted}`)
    parts.push(content.subarray(0, at))
    padding += content.length - at - 1
  }
  return { is: 'opened', plaintext: Buffer.concat(parts), padding, records }
}
