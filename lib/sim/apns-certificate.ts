// What a provider's TLS certificate says to APNs: default topic (UID), topics (1.2.840.113635.100.6.3.6) and environments (….6.3.1, ….6.3.2).
// Apple Developer Documentation, “Establishing a certificate-based connection to APNs”. Whether it is trusted, TLS has decided.

import { type X509Certificate } from 'node:crypto'
import { asn1, util } from 'node-forge'
import { state, violation, type ApnsEnvironment, type Finding } from './apns-findings'

/** The content of a push certificate. */
export interface PushCertificate {
  /** The subject's UID: the topic of a request that names none. */
  readonly bundleId: string
  /** Of the extension; without the extension, the bundle id alone. */
  readonly topics: readonly string[]
  readonly environments: readonly ApnsEnvironment[]
}

const APPLE_PUSH = '1.2.840.113635.100.6.3'

const children = (node: asn1.Asn1): readonly asn1.Asn1[] => (Array.isArray(node.value) ? node.value : [])

/** Contents of the extensions below a node, by OID. */
const extensionsOf = (node: asn1.Asn1, found = new Map<string, string>()): ReadonlyMap<string, string> => {
  const [id, ...rest] = children(node)
  const content = rest.at(-1)
  if (id?.type === asn1.Type.OID && typeof id.value === 'string' && content?.type === asn1.Type.OCTETSTRING)
    found.set(asn1.derToOid(id.value), octets(content))
  for (const child of children(node)) extensionsOf(child, found)
  return found
}

/** node-forge looks into strings that hold DER; this gives their bytes all the same. */
const octets = (node: asn1.Asn1): string =>
  typeof node.value === 'string' ? node.value : node.value.map((child) => asn1.toDer(child).getBytes()).join('')

const topicsIn = (content: string): readonly string[] =>
  children(asn1.fromDer(content)).flatMap(({ type, value }) =>
    type === asn1.Type.UTF8 && typeof value === 'string' ? [util.decodeUtf8(value)] : [],
  )

/** Reads a certificate; one without Apple's extensions has no environment, so that every request with it is refused. */
export const readPushCertificate = (certificate: X509Certificate): PushCertificate => {
  const bundleId = /^UID=(.*)$/m.exec(certificate.subject)?.[1] ?? ''
  const extensions = extensionsOf(asn1.fromDer(certificate.raw.toString('latin1')))
  const topics = extensions.get(`${APPLE_PUSH}.6`)
  return {
    bundleId,
    topics: topics === undefined ? [bundleId] : topicsIn(topics),
    environments: [
      ...(extensions.has(`${APPLE_PUSH}.1`) ? (['sandbox'] as const) : []),
      ...(extensions.has(`${APPLE_PUSH}.2`) ? (['production'] as const) : []),
    ],
  }
}

/** Whether a certificate may be used here at all. */
export const certificateRules = (certificate: PushCertificate, environment: ApnsEnvironment): readonly Finding[] =>
  certificate.environments.includes(environment)
    ? []
    : [state('certificate-environment', `the certificate is not for ${environment}`, 'BadCertificateEnvironment')]

/** Which topic a request with this certificate is for, and whether the certificate allows it. */
export const certificateTopic = (
  certificate: PushCertificate,
  asked: string | undefined,
): { readonly topic: string; readonly findings: readonly Finding[] } => {
  if (asked === undefined && certificate.topics.length > 1)
    return { topic: '', findings: [violation('apns-topic', 'the certificate has several topics', 'MissingTopic')] }
  const topic = asked ?? certificate.bundleId
  return certificate.topics.includes(topic)
    ? { topic, findings: [] }
    : { topic, findings: [state('certificate-topic', `the certificate does not have ${topic}`, 'TopicDisallowed')] }
}
