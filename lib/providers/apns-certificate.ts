/** A push certificate as Apple issues it: .p12 or PEM in, certificate and key out, with what Apple wrote into it. Opens no connection. */
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { type Credential } from '../model/opaque'
import { writtenInto, type PushCertificate } from './apns-certificate-facts'
import { type ApnsFault, type ApnsSettings } from './apns-options'
import { readP12, type P12 } from './apns-p12'
import { type Finding } from './provider'

export interface ApnsCertificate {
  /** PEM, the client's own first. */
  readonly cert: Buffer
  /** PEM, not encrypted. */
  readonly key: Buffer
  /** Milliseconds since 1970. */
  readonly until: number
  /** Apple writes into every push certificate for which environments it is. */
  readonly isForPushes: boolean
  /** What is to be said about it; `sound` if nothing of that is a fault. */
  readonly about: (
    settings: ApnsSettings,
    now: number,
  ) => { readonly findings: readonly Finding[]; readonly sound: boolean }
}

interface Files {
  readonly certificate: Credential
  readonly certificateKey?: Credential | undefined
  readonly passphrase?: Credential | undefined
}

const DAY = 24 * 3600_000
const PEM_BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]+?-----END \1-----/g

/** Without the mark at their end, for a sentence goes on. */
function wordsOf(error: unknown): string {
  const text = typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error)
  return text.replace(/[.?!]+$/, '')
}

function readPem(text: string, keyText: string, passphrase: string): P12 {
  const blocks = (from: string, type: RegExp) =>
    [...from.matchAll(PEM_BLOCK)].filter((match) => type.test(match[1] ?? '')).map((match) => match[0])
  return {
    certificates: blocks(text, /CERTIFICATE$/).map((pem) => new X509Certificate(pem)),
    keys: blocks(keyText, /PRIVATE KEY$/).map((key) => createPrivateKey({ key, format: 'pem', passphrase })),
  }
}

/** A .p12 is binary; in an environment variable it stands as base64. */
function binary(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1').trim()
  return /^MI[A-Za-z0-9+/\s]+=*$/.test(text) ? Buffer.from(text, 'base64') : bytes
}

function take({ certificate, certificateKey, passphrase }: Files): P12 | ApnsFault {
  const password = passphrase?.text() ?? ''
  const text = certificate.bytes().toString('latin1')
  const where = certificate.toString()
  if (text.includes('-----BEGIN ')) {
    try {
      return readPem(text, certificateKey?.bytes().toString('latin1') ?? text, password)
    } catch (error) {
      return {
        text: `certificate ${where} or its key can't be read: ${wordsOf(error)}`,
        mend: 'Check the passphrase; `openssl x509 -in … -noout -subject` and `openssl pkey -in … -noout` show which of the two is at fault',
      }
    }
  }
  try {
    return readP12(binary(certificate.bytes()), password)
  } catch (error) {
    return {
      text: `certificate ${where} is neither PEM nor a .p12 that opens with this passphrase: ${wordsOf(error)}`,
      mend: 'Check the passphrase, or convert the file: `openssl pkcs12 -in push.p12 -out push.pem -nodes -legacy`, and use push.pem',
    }
  }
}

/** The certificate that belongs to the key first, as TLS wants it, then those that vouch for it. */
function pair({ certificates, keys }: P12): { readonly leaf: X509Certificate; readonly key: KeyObject } | undefined {
  for (const key of keys) {
    const leaf = certificates.find((certificate) => certificate.checkPrivateKey(key))
    if (leaf !== undefined) return { leaf, key }
  }
  return undefined
}

function judge(
  facts: PushCertificate,
  { topic, environment }: ApnsSettings,
  where: string,
  now: number,
): readonly Finding[] {
  const until = new Date(facts.until).toISOString().slice(0, 10)
  const findings: Finding[] = [
    { is: 'fact', text: `certificate ${where}: ${facts.subject}, valid until ${until}` },
    { is: 'fact', text: `topics of the certificate: ${facts.topics.join(', ') || 'none named'}` },
  ]
  if (facts.environments.length === 0) {
    findings.push({
      is: 'fault',
      text: `certificate ${where} is no push certificate: Apple writes into each of its own for which environment it is`,
      mend: 'Make one in Certificates, Identifiers & Profiles → Certificates → Apple Push Notification service SSL, or use a .p8 key',
    })
  }
  const renew = 'Make a new one in Certificates, Identifiers & Profiles → Certificates'
  if (facts.until <= now) {
    findings.push({ is: 'fault', text: `certificate ${where} has expired on ${until}`, mend: renew })
  } else if (facts.until - now < 30 * DAY) {
    findings.push({ is: 'warning', text: `certificate ${where} expires on ${until}`, mend: renew })
  }
  if (facts.topics.length > 0 && !facts.topics.includes(topic)) {
    const text = `topic ${topic} is not among the certificate's: ${facts.topics.join(', ')}`
    findings.push({ is: 'fault', text, mend: `Write one of those as topic, or name the certificate of ${topic}` })
  }
  if (facts.environments.length > 0 && !facts.environments.includes(environment)) {
    const text = `environment is ${environment}, but the certificate is only for ${facts.environments.join(', ')}`
    findings.push({
      is: 'fault',
      text,
      mend: `Write "environment": "${facts.environments.join()}", or make a certificate for both`,
    })
  }
  return findings
}

/** The certificate and its key, or why they are not to be had. */
export function readCertificate(files: Files): ApnsCertificate | ApnsFault {
  const taken = take(files)
  if ('text' in taken) return taken
  const where = files.certificate.toString()
  if (taken.certificates.length === 0) {
    return { text: `there is no certificate in ${where}`, mend: 'Export the certificate together with its key' }
  }
  if (taken.keys.length === 0) {
    const mend = 'In Keychain export the certificate with its key as .p12, or name the key file as certificateKey'
    return { text: `there is no private key for the certificate ${where}`, mend }
  }
  const paired = pair(taken)
  if (paired === undefined) {
    return { text: `the private key does not belong to the certificate ${where}`, mend: 'Export both together as .p12' }
  }
  const { leaf, key } = paired
  const chain = [leaf, ...taken.certificates.filter((certificate) => certificate !== leaf)]
  const facts = writtenInto(leaf)
  return {
    cert: Buffer.from(chain.map((certificate) => certificate.toString()).join('')),
    key: Buffer.from(key.export({ type: 'pkcs8', format: 'pem' })),
    until: facts.until,
    isForPushes: facts.environments.length > 0,
    about(settings, now) {
      const findings = judge(facts, settings, where, now)
      return { findings, sound: findings.every((finding) => finding.is !== 'fault') }
    },
  }
}
