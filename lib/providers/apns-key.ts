/** A provider key as Apple hands it out once: `AuthKey_….p8`, PKCS#8 PEM of a P-256 key. Knows nothing of tokens. */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { type Credential } from '../model/opaque'
import { type ApnsFault } from './apns-options'

const MEND = 'Name the AuthKey_….p8 file as downloaded from Certificates, Identifiers & Profiles → Keys'

/** The key, or what the file contains instead of one. */
export function readKey(credential: Credential): KeyObject | ApnsFault {
  const text = credential.text()
  if (text.includes('-----BEGIN CERTIFICATE-----') && !text.includes('PRIVATE KEY')) {
    return { text: `key ${credential.toString()} is a certificate, not a key`, mend: MEND }
  }
  let key: KeyObject
  try {
    key = createPrivateKey(text)
  } catch {
    return { text: `key ${credential.toString()} is no readable private key`, mend: MEND }
  }
  const curve = key.asymmetricKeyDetails?.namedCurve
  if (key.asymmetricKeyType !== 'ec' || curve !== 'prime256v1') {
    const what = key.asymmetricKeyType === 'ec' ? `on the curve ${curve ?? 'unknown'}` : key.asymmetricKeyType
    return { text: `key ${credential.toString()} is ${what ?? 'of an unknown type'}, not ECDSA P-256`, mend: MEND }
  }
  return key
}
