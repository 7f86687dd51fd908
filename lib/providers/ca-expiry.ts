/** When the authorities of a setting `ca` can vouch for nobody any more. Judges nothing. */
import { X509Certificate } from 'node:crypto'
import { type Credential } from '../model/opaque'
import { type Expiry } from './provider'

const PEM = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g

/** When the last of them expires, for a file that holds the next one beside the old is in order; nothing for what can't be read. */
export function caExpiry(ca: Credential | undefined): readonly Expiry[] {
  if (ca === undefined) return []
  try {
    const dates = [...ca.text().matchAll(PEM)].map(([pem]) => Date.parse(new X509Certificate(pem).validTo))
    if (dates.length === 0) return []
    const mend = 'Put the next certificate of the authority there, beside the one that is about to expire'
    return [{ what: `authority ${ca.toString()}`, of: 'authority', at: Math.max(...dates), mend }]
  } catch {
    return []
  }
}
