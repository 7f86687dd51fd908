/**
 * PKCS#12 (RFC 7292) as Apple's Keychain and OpenSSL export it, taken apart by node-forge: OpenSSL 3 itself refuses Keychain's RC2-40.
 * Knows nothing of what a certificate says.
 */
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { type asn1, type pkcs12 } from 'node-forge'
import { forge } from './forge'

/** What was in the file. */
export interface P12 {
  readonly certificates: readonly X509Certificate[]
  readonly keys: readonly KeyObject[]
}

const derOf = (node: asn1.Asn1): Buffer => Buffer.from(forge().asn1.toDer(node).getBytes(), 'binary')

/**
 * Passwords as the two generations of ciphers take them: as BMPString for RC2 and 3DES (RFC 7292 §B.1), as UTF-8 for PBES2. node-forge
 * takes one spelling for the whole file, hence the second try, without the seal that is always of the first spelling.
 */
function open(file: asn1.Asn1, password: string): pkcs12.Pkcs12Pfx {
  const { asn1, pkcs12, util } = forge()
  try {
    return pkcs12.pkcs12FromAsn1(file, false, password)
  } catch (first) {
    const parts = file.value
    if (typeof parts === 'string' || parts.length < 3) throw first
    const unsealed = asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SEQUENCE, true, parts.slice(0, 2))
    try {
      return pkcs12.pkcs12FromAsn1(unsealed, false, util.encodeUtf8(password))
    } catch {
      throw first
    }
  }
}

/** Throws if it is no PKCS#12 file, has another password, or uses what node-forge does not know. */
export function readP12(bytes: Buffer, password: string): P12 {
  const { asn1, pki, util } = forge()
  const file = asn1.fromDer(util.createBuffer(bytes.toString('binary')), false)
  const certificates: X509Certificate[] = []
  const keys: KeyObject[] = []
  for (const { safeBags } of open(file, password).safeContents) {
    for (const bag of safeBags) {
      if (bag.type === pki.oids.certBag) {
        const node = bag.cert === undefined || bag.cert === null ? bag.asn1 : pki.certificateToAsn1(bag.cert)
        certificates.push(new X509Certificate(derOf(node)))
      }
      if (bag.type === pki.oids.pkcs8ShroudedKeyBag || bag.type === pki.oids.keyBag) {
        const node =
          bag.key === undefined || bag.key === null ? bag.asn1 : pki.wrapRsaPrivateKey(pki.privateKeyToAsn1(bag.key))
        keys.push(createPrivateKey({ key: derOf(node), format: 'der', type: 'pkcs8' }))
      }
    }
  }
  return { certificates, keys }
}
