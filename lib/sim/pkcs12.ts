// Writes PKCS#12 (RFC 7292) as the two generations of exporters do. It reads nothing and knows nothing of what a certificate says.
// node-forge is used for RC2 alone: OpenSSL 3, hence node:crypto, no longer has it without its legacy provider.

import { createCipheriv, createHash, createHmac, pbkdf2Sync, randomBytes, type KeyObject } from 'node:crypto'
import { rc2, util } from 'node-forge'
import { der } from './der'

/** `old`: pbeWithSHA1And40BitRC2-CBC and 3DES, SHA-1 MAC. `new`: PBES2 with AES-256-CBC and HMAC-SHA-256, SHA-256 MAC. */
export type Pkcs12Encryption = 'old' | 'new'

const ROUNDS = 2048
const PKCS7_DATA = '1.2.840.113549.1.7.1'
const PKCS7_ENCRYPTED = '1.2.840.113549.1.7.6'
const BAG = '1.2.840.113549.1.12.10.1'
const PBE = '1.2.840.113549.1.12.1'

/** The password as a BMPString with its terminator (RFC 7292 §B.1). */
const bmp = (password: string): Buffer => Buffer.from(`${password}\0`, 'utf16le').swap16()

const repeatTo = (length: number, bytes: Buffer): Buffer => Buffer.alloc(length, bytes)

interface Protection {
  readonly password: string
  readonly rounds: number
}

/** RFC 7292 §B.2, for hashes with blocks of 64 bytes; `id` 1 derives a key, 2 an IV, 3 a MAC key. */
const derive = (
  hash: 'sha1' | 'sha256',
  { password, rounds }: Protection,
  salt: Buffer,
  id: 1 | 2 | 3,
  length: number,
): Buffer => {
  const word = bmp(password)
  const input = Buffer.concat([repeatTo(64, salt), repeatTo(Math.ceil(word.length / 64) * 64, word)])
  const out: Buffer[] = []
  for (let have = 0; have < length;) {
    let block = createHash(hash).update(Buffer.alloc(64, id)).update(input).digest()
    for (let round = 1; round < rounds; round++) block = createHash(hash).update(block).digest()
    out.push(block)
    have += block.length
    const increment = BigInt(`0x${repeatTo(64, block).toString('hex')}`) + 1n
    for (let at = 0; at < input.length; at += 64) {
      const sum = BigInt.asUintN(512, BigInt(`0x${input.subarray(at, at + 64).toString('hex')}`) + increment)
      input.write(sum.toString(16).padStart(128, '0'), at, 'hex')
    }
  }
  return Buffer.concat(out).subarray(0, length)
}

interface Encrypted {
  readonly algorithm: Buffer
  readonly bytes: Buffer
}

const pbeParameters = (arc: number, salt: Buffer, { rounds }: Protection): Buffer =>
  der.sequence(der.oid(`${PBE}.${String(arc)}`), der.sequence(der.octets(salt), der.integer(rounds)))

const withRc2 = (by: Protection, plain: Buffer): Encrypted => {
  const salt = randomBytes(8)
  const cipher = rc2.createEncryptionCipher(derive('sha1', by, salt, 1, 5).toString('latin1'), 40)
  cipher.start(derive('sha1', by, salt, 2, 8).toString('latin1'))
  cipher.update(util.createBuffer(plain.toString('latin1')))
  cipher.finish()
  return { algorithm: pbeParameters(6, salt, by), bytes: Buffer.from(cipher.output.getBytes(), 'latin1') }
}

const with3Des = (by: Protection, plain: Buffer): Encrypted => {
  const salt = randomBytes(8)
  const cipher = createCipheriv('des-ede3-cbc', derive('sha1', by, salt, 1, 24), derive('sha1', by, salt, 2, 8))
  return { algorithm: pbeParameters(3, salt, by), bytes: Buffer.concat([cipher.update(plain), cipher.final()]) }
}

/** RFC 8018 §6.2. */
const withAes = (by: Protection, plain: Buffer): Encrypted => {
  const salt = randomBytes(8)
  const iv = randomBytes(16)
  const cipher = createCipheriv('aes-256-cbc', pbkdf2Sync(by.password, salt, by.rounds, 32, 'sha256'), iv)
  const hmacWithSha256 = der.sequence(der.oid('1.2.840.113549.2.9'), der.none())
  return {
    algorithm: der.sequence(
      der.oid('1.2.840.113549.1.5.13'),
      der.sequence(
        der.sequence(
          der.oid('1.2.840.113549.1.5.12'),
          der.sequence(der.octets(salt), der.integer(by.rounds), hmacWithSha256),
        ),
        der.sequence(der.oid('2.16.840.1.101.3.4.1.42'), der.octets(iv)),
      ),
    ),
    bytes: Buffer.concat([cipher.update(plain), cipher.final()]),
  }
}

const HASH_OID = { sha1: '1.3.14.3.2.26', sha256: '2.16.840.1.101.3.4.2.1' } as const

const mac = (hash: 'sha1' | 'sha256', by: Protection, content: Buffer): Buffer => {
  const salt = randomBytes(8)
  const key = derive(hash, by, salt, 3, hash === 'sha1' ? 20 : 32)
  const digest = createHmac(hash, key).update(content).digest()
  const digestInfo = der.sequence(der.sequence(der.oid(HASH_OID[hash]), der.none()), der.octets(digest))
  return der.sequence(digestInfo, der.octets(salt), der.integer(by.rounds))
}

/** A certificate (DER) and its key under one password, certificate first, as Keychain and OpenSSL write them. */
export const makePkcs12 = (what: {
  readonly cert: Buffer
  readonly privateKey: KeyObject
  readonly password: string
  readonly encryption: Pkcs12Encryption
  /** Whoever opens it works for each; 2048 if left out, as exporters have it. */
  readonly rounds?: number
}): Buffer => {
  const { cert, privateKey, password, encryption, rounds = ROUNDS } = what
  const by = { password, rounds }
  const certBag = der.sequence(
    der.oid(`${BAG}.3`),
    der.context(0, der.sequence(der.oid('1.2.840.113549.1.9.22.1'), der.context(0, der.octets(cert)))),
  )
  const certs = (encryption === 'old' ? withRc2 : withAes)(by, der.sequence(certBag))
  const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'der' })
  const key = (encryption === 'old' ? with3Des : withAes)(by, pkcs8)
  const keyBag = der.sequence(der.oid(`${BAG}.2`), der.context(0, der.sequence(key.algorithm, der.octets(key.bytes))))
  const safe = der.sequence(
    der.sequence(
      der.oid(PKCS7_ENCRYPTED),
      der.context(
        0,
        der.sequence(
          der.integer(0),
          der.sequence(der.oid(PKCS7_DATA), certs.algorithm, der.contextPrimitive(0, certs.bytes)),
        ),
      ),
    ),
    der.sequence(der.oid(PKCS7_DATA), der.context(0, der.octets(der.sequence(keyBag)))),
  )
  return der.sequence(
    der.integer(3),
    der.sequence(der.oid(PKCS7_DATA), der.context(0, der.octets(safe))),
    mac(encryption === 'old' ? 'sha1' : 'sha256', by, safe),
  )
}
