/**
 * Message encryption for Web Push (RFC 8291) in the coding aes128gcm (RFC 8188): one record, a key and a salt of its own for each message,
 * padded so that its length says little. Knows nothing of requests. The older coding aesgcm is not spoken.
 */
import { createCipheriv, createECDH, randomFillSync } from 'node:crypto'
import { type Subscription } from './webpush-address'
import { hmac } from './webpush-hmac'

/** What must be fresh for each message; handed in by test vectors alone. */
export interface Fresh {
  /** The application server's ephemeral key, 32 bytes. */
  readonly privateKey?: Buffer
  /** 16 bytes. */
  readonly salt?: Buffer
  /** Bytes of the record before it is encrypted: plaintext, delimiter and padding. */
  readonly padTo?: number
}

/** What a push service takes (RFC 8030 §7.2), and the size that the record claims. */
const LARGEST_BODY = 4096
const TAG = 16
const SALT = 16
/** Salt, record size, and a key of 65 bytes with its length (RFC 8188 §2.1). */
const HEADER = SALT + 4 + 1 + 65

/** Bytes of plaintext that fit into one message beside header, delimiter and tag: 3993. */
export const LARGEST_PLAINTEXT = LARGEST_BODY - HEADER - TAG - 1

/**
 * Lengths of padded records. Wake-ups all have the first; 2642 is what Mozilla's bridge to Android leaves of a body (2744 bytes), so that
 * what fits there unpadded fits padded too.
 */
const LENGTHS = [512, 1024, 1536, 2048, 2560, 2642, 3072, 3584, LARGEST_PLAINTEXT + 1]

/** HKDF-Extract (RFC 5869 §2.2). By hand, for Node's `hkdfSync` takes twice as long, and extracts anew for each key. */
const extract = (salt: Buffer, ikm: Buffer): Buffer => hmac(salt, ikm)

/** HKDF-Expand (RFC 5869 §2.3) of one block, `info` with its counter of 1 behind it: up to 32 bytes. */
const expand = (prk: Buffer, counted: string | Buffer, length: number): Buffer => hmac(prk, counted).subarray(0, length)

/** Key and nonce of the only record (RFC 8188 §2.2, §2.3). */
export function contentKeys(ikm: Buffer, salt: Buffer): { readonly key: Buffer; readonly nonce: Buffer } {
  const prk = extract(salt, ikm)
  return {
    key: expand(prk, 'Content-Encoding: aes128gcm\0\x01', 16),
    nonce: expand(prk, 'Content-Encoding: nonce\0\x01', 12),
  }
}

/** The one that is being sealed; zeros otherwise. One for all, for each of its own is memory that the collector has to give back. */
const records = Buffer.alloc(LARGEST_PLAINTEXT + 1)
/** Of a last record. */
const DELIMITER = 2

/** The header and one last record (RFC 8188 §2): delimiter 2, then zeros up to `padTo` bytes. */
export function seal(
  plaintext: Buffer,
  {
    ikm,
    salt,
    keyId,
    padTo,
  }: { readonly ikm: Buffer; readonly salt: Buffer; readonly keyId: Buffer; readonly padTo: number },
): Buffer {
  const { key, nonce } = contentKeys(ikm, salt)
  const cipher = createCipheriv('aes-128-gcm', key, nonce)
  const record = records.subarray(0, Math.max(padTo, plaintext.length + 1))
  record.set(plaintext)
  record[plaintext.length] = DELIMITER
  const sealed = cipher.update(record)
  // Zeros again: the next one's padding, and nothing of a message stays.
  record.fill(0, 0, plaintext.length + 1)
  // In this mode nothing is left for the end.
  cipher.final()
  const whole = Buffer.allocUnsafe(SALT + 5 + keyId.length + sealed.length + TAG)
  whole.set(salt, 0)
  whole.writeUInt32BE(LARGEST_BODY, SALT)
  whole.writeUInt8(keyId.length, SALT + 4)
  whole.set(keyId, SALT + 5)
  whole.set(sealed, SALT + 5 + keyId.length)
  whole.set(cipher.getAuthTag(), whole.length - TAG)
  return whole
}

/** Salts that nobody has had yet: asking for many together costs hardly more than asking for one. */
const salts = Buffer.alloc(256 * SALT)
let nextSalt = salts.length

/** Good until some two hundred more were asked for. */
function freshSalt(): Buffer {
  if (nextSalt === salts.length) {
    randomFillSync(salts)
    nextSalt = 0
  }
  return salts.subarray(nextSalt, (nextSalt += SALT))
}

const INFO = Buffer.from('WebPush: info\0')
const KEY = 65
/** What the keys of the message at hand are told in (RFC 8291 §3.3), the receiver's and then ours, and the counter of `expand`. */
const info = Buffer.concat([INFO, Buffer.alloc(2 * KEY), Buffer.from([1])])

/** Holds the key pair of one message at a time; the curve is made ready once. */
const ecdh = createECDH('prime256v1')

/** A fresh key pair (RFC 8291 §3.1), or that of a test vector; its public key. */
function keyPair(privateKey: Buffer | undefined): Buffer {
  if (privateKey === undefined) return ecdh.generateKeys()
  ecdh.setPrivateKey(privateKey)
  return ecdh.getPublicKey()
}

/** The body of a push message. Throws for a plaintext above `LARGEST_PLAINTEXT`, and for a key that is no point of P-256. */
export function encrypt(plaintext: Buffer, to: Pick<Subscription, 'p256dh' | 'auth'>, fresh: Fresh = {}): Buffer {
  if (plaintext.length > LARGEST_PLAINTEXT) throw new Error(`${plaintext.length} bytes are too many for a push message`)
  const keyId = keyPair(fresh.privateKey)
  info.set(to.p256dh, INFO.length)
  info.set(keyId, INFO.length + KEY)
  const ikm = expand(extract(to.auth, ecdh.computeSecret(to.p256dh)), info, 32)
  const padTo = fresh.padTo ?? LENGTHS.find((length) => length > plaintext.length) ?? 0
  return seal(plaintext, { ikm, salt: fresh.salt ?? freshSalt(), keyId, padTo })
}
