/**
 * The application server's key (RFC 8292 §2, §3.2), in the spellings in which people keep it. Reads and checks; signs nothing.
 */
import { createECDH, createPrivateKey, type KeyObject } from 'node:crypto'
import { type Credential } from '../model/opaque'

/** Who sends. */
export interface Vapid {
  readonly key: KeyObject
  /** The uncompressed point, base64url: what a browser subscribes with, and the `k` of a request. */
  readonly publicKey: string
  /** `mailto:` or `https:`, where a push service finds whom to talk to. */
  readonly subject: string
}

/** Something wrong in the configuration, and what to do about it. */
export interface WebPushFault {
  readonly text: string
  readonly mend: string
}

/** The keys of an app's `vapid`. */
export interface VapidOptions {
  readonly subject: string
  readonly privateKey: Credential
}

const MAKE_ONE =
  'Make a key once, and keep it for ever: openssl ecparam -name prime256v1 -genkey -noout -out vapid.pem; then write "privateKey": {"file": "vapid.pem"}'
const SUBJECT = 'Write an address that reaches you: "mailto:push@your.domain", or an https: address'

/** The 32 bytes of a private key as a key. Throws for what is none. */
function keyFrom(scalar: Buffer): KeyObject {
  const ecdh = createECDH('prime256v1')
  ecdh.setPrivateKey(scalar)
  const point = ecdh.getPublicKey()
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((half) => half.toString('base64url'))
  const jwk = { kty: 'EC', crv: 'P-256', d: scalar.toString('base64url'), ...(x && y ? { x, y } : {}) }
  return createPrivateKey({ format: 'jwk', key: jwk })
}

function readKey(credential: Credential): KeyObject | WebPushFault {
  const text = credential.text().trim()
  const fault = (what: string): WebPushFault => ({
    text: `vapid.privateKey ${credential.toString()} ${what}`,
    mend: MAKE_ONE,
  })
  if (/^-----BEGIN (CERTIFICATE|PUBLIC KEY)/.test(text)) return fault('is not a private key')
  try {
    if (!text.startsWith('-----')) {
      const scalar = Buffer.from(text, 'base64')
      if (!/^[\w+/-]+=*$/.test(text) || scalar.length !== 32) {
        const isPublic = scalar.length === 65 && scalar[0] === 4
        return fault(isPublic ? 'is the public key' : 'is neither PEM nor the 32 bytes of a key in base64url')
      }
      return keyFrom(scalar)
    }
    const key = createPrivateKey(text)
    return key.asymmetricKeyDetails?.namedCurve === 'prime256v1'
      ? key
      : fault(`is a key of type ${key.asymmetricKeyDetails?.namedCurve ?? key.asymmetricKeyType ?? '?'}, not P-256`)
  } catch {
    return fault('can’t be read; it may have been cut, or it has a password')
  }
}

function subjectFault(subject: string): string | undefined {
  if (/[\s<>]/.test(subject)) return 'has a space or a bracket in it'
  if (!URL.canParse(subject)) return 'is no address'
  const { protocol, pathname } = new URL(subject)
  if (protocol === 'mailto:') return /^[^@]+@[^@]+$/.test(pathname) ? undefined : 'is no mail address'
  return protocol === 'https:' ? undefined : 'begins with neither mailto: nor https:'
}

/** Who `vapid` says we are, or what is wrong with it. */
export function readVapid({ subject, privateKey }: VapidOptions): Vapid | WebPushFault {
  const wrong = subjectFault(subject)
  if (wrong !== undefined) return { text: `vapid.subject ${JSON.stringify(subject)} ${wrong}`, mend: SUBJECT }
  const key = readKey(privateKey)
  if ('text' in key) return key
  const { x = '', y = '' } = key.export({ format: 'jwk' })
  const point = Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
  return { key, publicKey: point.toString('base64url'), subject }
}

/** True for a subject that Apple refuses with `BadJwtToken`. */
export function isLocalSubject(subject: string): boolean {
  return /^(mailto:[^@]*@|https:\/\/)(localhost|127\.|\[::1\])/i.test(subject)
}
