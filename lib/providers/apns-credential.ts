/** How an app proves to APNs who it is: a provider token's key or a TLS client certificate. Reads and checks; connects to nothing. */
import { X509Certificate, type KeyObject } from 'node:crypto'
import { readCertificate, type ApnsCertificate } from './apns-certificate'
import { readKey } from './apns-key'
import { type ApnsFault, type ApnsSettings } from './apns-options'
import { caExpiry } from './ca-expiry'
import { type Expiry, type Finding } from './provider'

/** Token authentication: https://developer.apple.com/documentation/usernotifications/establishing-a-token-based-connection-to-apns */
export interface TokenCredential {
  readonly by: 'token'
  readonly key: KeyObject
  readonly keyId: string
  readonly teamId: string
  /** The key that it takes the place of: good as long as Apple says so. */
  readonly previous?: TokenCredential
}

/** Certificate authentication: https://developer.apple.com/documentation/usernotifications/establishing-a-certificate-based-connection-to-apns */
export interface CertificateCredential extends ApnsCertificate {
  readonly by: 'certificate'
}

export type ApnsCredential = TokenCredential | CertificateCredential

/** What was read, and everything found out on the way; `credential` is absent if a finding is a fault. */
export interface ReadCredential {
  readonly credential?: ApnsCredential
  readonly ca?: Buffer
  readonly expiries?: readonly Expiry[]
  readonly findings: readonly Finding[]
}

const TEN = /^[A-Z0-9]{10}$/
const BY_TOKEN = 'key, keyId and teamId (a .p8 key)'
const BY_CERTIFICATE = 'certificate (a .p12 or PEM file)'

const RENEW =
  'Make a new one in Certificates, Identifiers & Profiles → Certificates of the Apple Developer account and put it in its place; it is used without a restart'

const HANDED_IN: Finding = {
  is: 'fact',
  text: 'the certificate is the one that an administrator hands in over XMPP ("Set APNS certificate")',
}

const fault = ({ text, mend }: ApnsFault): ReadCredential => ({ findings: [{ is: 'fault', text, mend }] })

/** The endpoint's further authorities, where it has some. */
function readCa(settings: ApnsSettings): ReadCredential {
  if (settings.ca === undefined) return { findings: [] }
  try {
    new X509Certificate(settings.ca.bytes())
    return { ca: settings.ca.bytes(), findings: [] }
  } catch {
    const mend = 'Name a PEM file with the certificate of the authority (-----BEGIN CERTIFICATE-----)'
    return fault({ text: `ca ${settings.ca.toString()} is no readable certificate`, mend })
  }
}

/** One that can't be used stops nobody: it is the other that counts. */
function readPrevious({ previousKey, keyId }: ApnsSettings): TokenCredential['key'] | Finding | undefined {
  if (previousKey === undefined) return undefined
  const mend = 'Name the key that Apple still takes, with its own Key ID, or remove previousKey'
  if (previousKey.keyId === keyId) return { is: 'warning', text: `previousKey is key ${keyId ?? ''} itself`, mend }
  if (!TEN.test(previousKey.keyId)) {
    return {
      is: 'warning',
      text: `keyId "${previousKey.keyId}" of previousKey is not 10 capital letters and digits`,
      mend,
    }
  }
  const read = readKey(previousKey.key)
  return 'text' in read ? { is: 'warning', text: `previousKey: ${read.text}`, mend: read.mend } : read
}

function byToken(settings: ApnsSettings): ReadCredential {
  const { key, keyId, teamId, previousKey } = settings
  if (key === undefined || keyId === undefined || teamId === undefined) {
    const missing = Object.entries({ key, keyId, teamId }).flatMap(([name, value]) => (value === undefined ? name : []))
    const text = `${missing.join(' and ')} ${missing.length > 1 ? 'are' : 'is'} missing`
    return fault({ text, mend: `Authenticating by token takes ${BY_TOKEN}` })
  }
  const faults: Finding[] = []
  if (!TEN.test(keyId)) {
    const text = `keyId "${keyId}" is not 10 capital letters and digits`
    faults.push({ is: 'fault', text, mend: 'Copy the Key ID from the list of keys in the Apple Developer account' })
  }
  if (!TEN.test(teamId)) {
    const text = `teamId "${teamId}" is not 10 capital letters and digits`
    faults.push({ is: 'fault', text, mend: 'Copy the Team ID from the membership page of the Apple Developer account' })
  }
  const read = readKey(key)
  if ('text' in read) faults.push({ is: 'fault', ...read })
  if (faults.length > 0 || 'text' in read) return { findings: faults }
  const named = /AuthKey_([A-Z0-9]{10})\.p8/.exec(key.where)?.[1]
  const findings: Finding[] = [
    { is: 'fact', text: `team ${teamId}, key ${keyId} from ${key.where}` },
    ...(named === undefined || named === keyId
      ? []
      : [
          {
            is: 'warning',
            text: `keyId is ${keyId}, but the key file is called AuthKey_${named}.p8`,
            mend: `If the file has not been renamed, keyId is ${named}`,
          } as const,
        ]),
  ]
  const credential = { by: 'token', key: read, keyId, teamId } as const
  const previous = readPrevious(settings)
  if (previous === undefined || previousKey === undefined) return { credential, findings }
  if ('text' in previous) return { credential, findings: [...findings, previous] }
  const until: Finding = { is: 'fact', text: `and, where Apple refuses that one, key ${previousKey.keyId}` }
  return {
    credential: { ...credential, previous: { ...credential, key: previous, keyId: previousKey.keyId } },
    findings: [...findings, until],
  }
}

function byCertificate(settings: ApnsSettings, now: number): ReadCredential {
  const { certificate, certificateKey, passphrase } = settings
  if (certificate === undefined) {
    return fault({ text: 'there is a certificateKey and no certificate', mend: `Name the ${BY_CERTIFICATE}` })
  }
  const read = readCertificate({ certificate, certificateKey, passphrase })
  if ('text' in read) return fault(read)
  const { findings, sound } = read.about(settings, now)
  const what = `certificate ${certificate.toString()}`
  const expiries: readonly Expiry[] = [{ what, of: 'credential', at: read.until, mend: RENEW }]
  return sound ? { credential: { by: 'certificate', ...read }, findings, expiries } : { findings, expiries }
}

/** Reads what the settings name. `now`: milliseconds since 1970, for expiry. */
export function readCredential(settings: ApnsSettings, now: number): ReadCredential {
  const token = settings.key ?? settings.keyId ?? settings.teamId
  const certificate = settings.certificate ?? settings.certificateKey
  if (settings.storedCertificate === true) {
    if (token === undefined && certificate === undefined) return { findings: [HANDED_IN] }
    const text = 'there are two ways of authenticating: what stands here, and a certificate that is handed in'
    return fault({ text, mend: 'Remove storedCertificate: what is handed in counts anyhow' })
  }
  if (token !== undefined && certificate !== undefined) {
    const text = 'there are two ways of authenticating: a key and a certificate'
    return fault({ text, mend: `Keep either ${BY_TOKEN} or ${BY_CERTIFICATE}` })
  }
  if (token === undefined && certificate === undefined) {
    const text = 'there is no way of authenticating'
    return fault({ text, mend: `Give either ${BY_TOKEN} or ${BY_CERTIFICATE}` })
  }
  const read = token === undefined ? byCertificate(settings, now) : byToken(settings)
  const trust = readCa(settings)
  const findings = [...read.findings, ...trust.findings]
  const expiries = [...(read.expiries ?? []), ...caExpiry(settings.ca)]
  if (read.credential === undefined || trust.findings.length > 0) return { findings, expiries }
  return { credential: read.credential, findings, expiries, ...(trust.ca === undefined ? {} : { ca: trust.ca }) }
}
