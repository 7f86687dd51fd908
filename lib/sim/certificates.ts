// Throw-away X.509 v3 certificates (RFC 5280) and keys for the simulators and their specs: no openssl, no network, nothing kept.
// Servers and what signs them have P-256 keys, which cost microseconds; clients and what signs them have RSA, as Apple's do:
// node-forge, by which many clients read a .p12, cannot open a certificate with an ECDSA signature.
// Not verified against a certificate of Apple's: the order of its extensions, and which markers a universal certificate carries.

import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'
import { isIPv4, isIPv6 } from 'node:net'
import { der, pem } from './der'
import { makePkcs12, type Pkcs12Encryption } from './pkcs12'
import { systemNow } from './time'

const DAY_MS = 24 * 3_600_000

/** AlgorithmIdentifier of what an authority's key signs: ECDSA (RFC 5758 §3.2) or RSA (RFC 4055 §5), with SHA-256. */
const SIGNED_BY = {
  ec: der.sequence(der.oid('1.2.840.10045.4.3.2')),
  rsa: der.sequence(der.oid('1.2.840.113549.1.1.11'), der.none()),
} as const

/** From when until when a certificate holds. By default since yesterday, for a year. An expired one is made by `validUntil` in the past. */
export interface Validity {
  readonly validFrom?: Date
  readonly validUntil?: Date
}

/** A certificate and its private key, both PEM; the key is PKCS#8. */
export interface Certified {
  readonly certPem: string
  readonly keyPem: string
}

/** A client's certificate, its key, and both of them as PKCS#12. */
export interface ClientCertificate extends Certified {
  /**
   * The pair as a `.p12`: `old` is RC2-40 and 3DES with SHA-1, as macOS exports; `new` is AES-256 with SHA-256, as OpenSSL 3 does. Both take
   * 2048 rounds to open, if `rounds` says nothing else.
   */
  readonly p12: (password: string, encryption: Pkcs12Encryption, rounds?: number) => Buffer
}

/** What Apple writes into a push certificate. */
export interface ClientCertificateOptions extends Validity {
  /** The app's bundle id: becomes the subject's UID, hence the default topic. */
  readonly bundleId: string
  /** Topics of extension 1.2.840.113635.100.6.3.6; `none` leaves the extension out, as in old single-topic certificates. Default: bundle, `.voip`, `.complication`. */
  readonly topics?: readonly string[] | 'none'
  /** Markers 6.3.1 (sandbox) and 6.3.2 (production). Default: both, a universal certificate. */
  readonly environments?: readonly ('sandbox' | 'production')[]
  readonly teamId?: string
}

/** A certificate authority of one process. */
export interface Authority {
  /** Its own certificate, for the `ca` of a client that shall trust its servers. */
  readonly caPem: string
  /** The certificate behind its clients' certificates, for the `ca` of a server. It is RSA, so the first call takes 100 ms or more. */
  readonly clientCaPem: () => string
  /** A server's certificate for the given DNS names and IP addresses; by default `localhost`, `127.0.0.1` and `::1`. */
  readonly issueServer: (options?: Validity & { readonly names?: readonly string[] }) => Certified
  /** A push certificate such as Apple issues. */
  readonly issueClient: (options: ClientCertificateOptions) => ClientCertificate
}

type Attribute = readonly [oid: string, text: string]

const COMMON_NAME = '2.5.4.3'
const ORGANIZATIONAL_UNIT = '2.5.4.11'
const USER_ID = '0.9.2342.19200300.100.1.1'

const name = (attributes: readonly Attribute[]): Buffer =>
  der.sequence(...attributes.map(([oid, text]) => der.set(der.sequence(der.oid(oid), der.utf8(text)))))

const extension = (oid: string, content: Buffer, critical = false): Buffer =>
  der.sequence(der.oid(oid), ...(critical ? [der.boolean(true)] : []), der.octets(content))

const spki = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' })
const pkcs8 = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString()
const keyIdentifier = (key: KeyObject): Buffer => createHash('sha1').update(spki(key)).digest()

const addressBytes = (address: string): Buffer => {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number))
  const [head = '', tail = ''] = address.split('::')
  const groups = (text: string) => text.split(':').filter(Boolean)
  const zeros = 8 - groups(head).length - groups(tail).length
  const all = [...groups(head), ...Array.from({ length: zeros }, () => '0'), ...groups(tail)]
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex')
}

/** RFC 5280 §4.2.1.6: dNSName [2], iPAddress [7]. */
const alternativeName = (text: string): Buffer =>
  isIPv4(text) || isIPv6(text)
    ? der.contextPrimitive(7, addressBytes(text))
    : der.contextPrimitive(2, Buffer.from(text, 'ascii'))

interface Request {
  readonly subject: Buffer
  readonly publicKey: KeyObject
  readonly extensions: readonly Buffer[]
  readonly validity: Validity
}

interface Issuer {
  readonly name: Buffer
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

const issue = (issuer: Issuer, { subject, publicKey, extensions, validity }: Request): Buffer => {
  const from =
    validity.validFrom ?? new Date(Math.min(systemNow(), validity.validUntil?.getTime() ?? Infinity) - DAY_MS)
  const until = validity.validUntil ?? new Date(from.getTime() + 366 * DAY_MS)
  const algorithm = SIGNED_BY[issuer.privateKey.asymmetricKeyType === 'rsa' ? 'rsa' : 'ec']
  const body = der.sequence(
    der.context(0, der.integer(2)),
    der.integer(Buffer.concat([Buffer.from([0x01]), randomBytes(15)])),
    algorithm,
    issuer.name,
    der.sequence(der.time(from), der.time(until)),
    subject,
    spki(publicKey),
    der.context(
      3,
      der.sequence(
        ...extensions,
        extension('2.5.29.14', der.octets(keyIdentifier(publicKey))),
        extension('2.5.29.35', der.sequence(der.contextPrimitive(0, keyIdentifier(issuer.publicKey)))),
      ),
    ),
  )
  return der.sequence(body, algorithm, der.bits(sign('sha256', body, issuer.privateKey)))
}

const KEY_USAGE = '2.5.29.15'
const CERT_SIGN = der.bits(Buffer.from([0x06]), 1)
const DIGITAL_SIGNATURE = der.bits(Buffer.from([0x80]), 7)
const EXTENDED_KEY_USAGE = '2.5.29.37'
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'

const leaf = (usage: string): readonly Buffer[] => [
  extension('2.5.29.19', der.sequence(), true),
  extension(KEY_USAGE, DIGITAL_SIGNATURE, true),
  extension(EXTENDED_KEY_USAGE, der.sequence(der.oid(usage))),
]

const APPLE_PUSH = '1.2.840.113635.100.6.3'
const ENVIRONMENT_MARKER = { sandbox: `${APPLE_PUSH}.1`, production: `${APPLE_PUSH}.2` } as const

const topicKind = (topic: string): string =>
  topic.endsWith('.voip') ? 'voip' : topic.endsWith('.complication') ? 'complication' : 'app'

const pushExtensions = ({ bundleId, topics, environments }: ClientCertificateOptions): readonly Buffer[] => [
  ...(environments ?? ['sandbox', 'production']).map((one) => extension(ENVIRONMENT_MARKER[one], der.none())),
  ...(topics === 'none'
    ? []
    : [
        extension(
          `${APPLE_PUSH}.6`,
          der.sequence(
            ...(topics ?? [bundleId, `${bundleId}.voip`, `${bundleId}.complication`]).flatMap((topic) => [
              der.utf8(topic),
              der.sequence(der.utf8(topicKind(topic))),
            ]),
          ),
        ),
      ]),
]

interface SelfSigned extends Issuer {
  readonly pem: string
}

const selfSigned = (commonName: string, keys: { publicKey: KeyObject; privateKey: KeyObject }): SelfSigned => {
  const issuer: Issuer = { name: name([[COMMON_NAME, commonName]]), ...keys }
  const cert = issue(issuer, {
    subject: issuer.name,
    publicKey: keys.publicKey,
    extensions: [extension('2.5.29.19', der.sequence(der.boolean(true)), true), extension(KEY_USAGE, CERT_SIGN, true)],
    // Older than what it issues: an expired leaf must be refused for its own sake, not for its authority's.
    validity: { validFrom: new Date(systemNow() - 3650 * DAY_MS), validUntil: new Date(systemNow() + 3650 * DAY_MS) },
  })
  return { ...issuer, pem: pem('CERTIFICATE', cert) }
}

/** Makes an authority. Two of them trust nothing of each other's. */
export const makeAuthority = (commonName = 'xmpp-push simulator authority'): Authority => {
  const forServers = selfSigned(commonName, generateKeyPairSync('ec', { namedCurve: 'P-256' }))
  let made: SelfSigned | undefined
  const forClients = () =>
    (made ??= selfSigned(`${commonName} for clients`, generateKeyPairSync('rsa', { modulusLength: 2048 })))
  return Object.freeze({
    caPem: forServers.pem,
    clientCaPem: () => forClients().pem,
    issueServer: ({ names = ['localhost', '127.0.0.1', '::1'], ...validity } = {}) => {
      const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const cert = issue(forServers, {
        subject: name([[COMMON_NAME, names[0] ?? 'localhost']]),
        publicKey: keys.publicKey,
        extensions: [...leaf(SERVER_AUTH), extension('2.5.29.17', der.sequence(...names.map(alternativeName)))],
        validity,
      })
      return { certPem: pem('CERTIFICATE', cert), keyPem: pkcs8(keys.privateKey) }
    },
    issueClient: (options) => {
      const keys = rsaKeyPair('client certificate')
      const cert = issue(forClients(), {
        subject: name([
          [USER_ID, options.bundleId],
          [COMMON_NAME, `Apple Push Services: ${options.bundleId}`],
          [ORGANIZATIONAL_UNIT, options.teamId ?? 'DEF123GHIJ'],
        ]),
        publicKey: keys.publicKey,
        extensions: [...leaf(CLIENT_AUTH), ...pushExtensions(options)],
        validity: options,
      })
      return {
        certPem: pem('CERTIFICATE', cert),
        keyPem: pkcs8(keys.privateKey),
        p12: (password, encryption, rounds) =>
          makePkcs12({
            cert,
            privateKey: keys.privateKey,
            password,
            encryption,
            ...(rounds === undefined ? {} : { rounds }),
          }),
      }
    },
  } satisfies Authority)
}

/** A pair of keys as objects of node:crypto and as PEM: PKCS#8 and SPKI. */
export interface KeyPair {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
  readonly privatePem: string
  readonly publicPem: string
}

const spell = ({ publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject }): KeyPair => ({
  publicKey,
  privateKey,
  privatePem: pkcs8(privateKey),
  publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
})

/** A fresh ECDSA P-256 pair; its `privatePem` is what Apple's `AuthKey_….p8` contains, and a VAPID key too. */
export const makeProviderKey = (): KeyPair => spell(generateKeyPairSync('ec', { namedCurve: 'P-256' }))

const rsaPairs = new Map<string, KeyPair>()

/** An RSA-2048 pair, e.g. of a Google service account. It costs 100 ms, therefore a name gives the same pair for the life of the process. */
export const rsaKeyPair = (pairName: string): KeyPair => {
  const known = rsaPairs.get(pairName)
  if (known !== undefined) return known
  const made = spell(generateKeyPairSync('rsa', { modulusLength: 2048 }))
  rsaPairs.set(pairName, made)
  return made
}

let shared: Authority | undefined

/** The authority that all simulators of one process share, so that a test trusts one certificate. */
export const processAuthority = (): Authority => (shared ??= makeAuthority())
