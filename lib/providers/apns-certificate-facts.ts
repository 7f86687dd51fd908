/** What Apple writes into a push certificate: topics, environments, expiry (extensions 1.2.840.113635.100.6.3.*). Judges nothing. */
import { type X509Certificate } from 'node:crypto'
import { type asn1 } from 'node-forge'
import { type Environment } from '../model/registration'
import { forge } from './forge'

export interface PushCertificate {
  readonly subject: string
  /** Empty if it names none and has no UID. */
  readonly topics: readonly string[]
  /** Empty if it does not say. */
  readonly environments: readonly Environment[]
  /** Milliseconds since 1970. */
  readonly until: number
}

const SANDBOX = '1.2.840.113635.100.6.3.1'
const PRODUCTION = '1.2.840.113635.100.6.3.2'
const TOPICS = '1.2.840.113635.100.6.3.6'
const EXTENSIONS = 3

const partsOf = (node: asn1.Asn1 | undefined): readonly asn1.Asn1[] =>
  node === undefined || typeof node.value === 'string' ? [] : node.value

/** Object identifier and content of each extension (RFC 5280 §4.1). */
function extensionsOf(certificate: X509Certificate): ReadonlyMap<string, string> {
  const { asn1, util } = forge()
  const whole = asn1.fromDer(util.createBuffer(certificate.raw.toString('binary')), false)
  const tagged = partsOf(partsOf(whole)[0]).find(
    (part) => part.tagClass === asn1.Class.CONTEXT_SPECIFIC && Number(part.type) === EXTENSIONS,
  )
  const found = new Map<string, string>()
  for (const extension of partsOf(partsOf(tagged)[0])) {
    const parts = partsOf(extension)
    const id = parts[0]?.value
    const content = parts.at(-1)?.value
    if (typeof id === 'string') found.set(asn1.derToOid(id), typeof content === 'string' ? content : '')
  }
  return found
}

/** SEQUENCE of topic, kinds of the topic (a SEQUENCE), topic, kinds, …; only the topics are wanted. */
function topicsOf(content: string): readonly string[] {
  const { asn1, util } = forge()
  try {
    const list = asn1.fromDer(util.createBuffer(content), false)
    return partsOf(list).flatMap(({ value }) => (typeof value === 'string' ? util.decodeUtf8(value) : []))
  } catch {
    return []
  }
}

/** Reads a certificate; what it does not say is left empty. */
export function writtenInto(certificate: X509Certificate): PushCertificate {
  const extensions = extensionsOf(certificate)
  const subject = certificate.subject.split('\n')
  const named = topicsOf(extensions.get(TOPICS) ?? '')
  const uid = subject.find((line) => line.startsWith('UID='))?.slice('UID='.length)
  return {
    subject: subject.find((line) => line.startsWith('CN='))?.slice('CN='.length) ?? subject.join(', '),
    topics: named.length > 0 ? named : uid === undefined ? [] : [uid],
    environments: [
      ...(extensions.has(PRODUCTION) ? (['production'] as const) : []),
      ...(extensions.has(SANDBOX) ? (['sandbox'] as const) : []),
    ],
    until: Date.parse(certificate.validTo),
  }
}
