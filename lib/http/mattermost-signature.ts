/** The signature of a Mattermost server: a JWT (RFC 7519) by ES256 over the ids of one push. Pure. */
import { createPublicKey, verify, type KeyObject } from 'node:crypto'

/** A public key on P-256, which is what ES256 (RFC 7518 §3.4) takes; undefined for whatever else. */
export function signerOf(pem: string): KeyObject | undefined {
  try {
    const key = createPublicKey(pem)
    return key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? key : undefined
  } catch {
    return undefined
  }
}

/** Whether the key signed for this acknowledgement and this device. False for whatever is no such JWT. */
export function isSignedBy(
  key: KeyObject,
  { signature, ackId, deviceId }: { readonly signature: string; readonly ackId: string; readonly deviceId: string },
): boolean {
  const [head = '', claims = '', mark = ''] = signature.split('.')
  try {
    const { alg } = JSON.parse(Buffer.from(head, 'base64url').toString('utf8')) as { readonly alg?: unknown }
    const said = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')) as Readonly<Record<string, unknown>>
    if (alg !== 'ES256' || said['ack_id'] !== ackId || said['device_id'] !== deviceId) return false
    const signed = Buffer.from(`${head}.${claims}`)
    return verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(mark, 'base64url'))
  } catch {
    return false
  }
}
