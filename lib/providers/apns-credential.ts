/** How an app proves to APNs who it is: a provider token's key or a TLS client certificate. Reads and checks; connects to nothing. */
import { X509Certificate, type KeyObject } from 'node:crypto'
import { readCertificate, type ApnsCertificate } from './apns-certificate'
import { readKey } from './apns-key'
import { type ApnsFault, type ApnsSettings } from './apns-options'
import { type Finding } from './provider'

/** Token authentication: https://developer.apple.com/documentation/usernotifications/establishing-a-token-based-connection-to-apns */
export interface TokenCredential {
  readonly by: 'token'
  readonly key: KeyObject
  readonly keyId: string
  readonly teamId: string
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
  readonly findings: readonly Finding[]
}

const TEN = /^[A-Z0-9]{10}$/
const BY_TOKEN = 'key, keyId and teamId (a .p8 key)'
const BY_CERTIFICATE = 'certificate (a .p12 or PEM file)'

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

function byToken({ key, keyId, teamId }: ApnsSettings): ReadCredential {
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
  return { credential: { by: 'token', key: read, keyId, teamId }, findings }
}

function byCertificate(settings: ApnsSettings, now: number): ReadCredential {
  const { certificate, certificateKey, passphrase } = settings
  if (certificate === undefined) {
    return fault({ text: 'there is a certificateKey and no certificate', mend: `Name the ${BY_CERTIFICATE}` })
  }
  const read = readCertificate({ certificate, certificateKey, passphrase })
  if ('text' in read) return fault(read)
  const { findings, sound } = read.about(settings, now)
  return sound ? { credential: { by: 'certificate', ...read }, findings } : { findings }
}

/** Reads what the settings name. `now`: milliseconds since 1970, for expiry. */
export function readCredential(settings: ApnsSettings, now: number): ReadCredential {
  const token = settings.key ?? settings.keyId ?? settings.teamId
  const certificate = settings.certificate ?? settings.certificateKey
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
  if (read.credential === undefined || trust.findings.length > 0) return { findings }
  return { credential: read.credential, findings, ...(trust.ca === undefined ? {} : { ca: trust.ca }) }
}
