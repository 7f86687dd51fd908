/** What a component must not send: RFC 6120 §8 and XEP-0114 v1.6, as strictly as the strictest server takes them. */
import { type XmlElement } from './xmpp-server-xml'

const STANZAS = 'urn:ietf:params:xml:ns:xmpp-stanzas'
const NAMESPACE = 'jabber:component:accept'
const CONDITIONS = new Set(
  `bad-request conflict feature-not-implemented forbidden gone internal-server-error item-not-found jid-malformed
   not-acceptable not-allowed not-authorized policy-violation recipient-unavailable redirect registration-required
   remote-server-not-found remote-server-timeout resource-constraint service-unavailable subscription-required
   undefined-condition unexpected-request`.split(/\s+/),
)
const TYPES: Readonly<Record<string, readonly string[]>> = {
  iq: ['get', 'set', 'result', 'error'],
  message: ['chat', 'error', 'groupchat', 'headline', 'normal'],
  presence: ['error', 'probe', 'subscribe', 'subscribed', 'unavailable', 'unsubscribe', 'unsubscribed'],
}

/** The domain of an address, or undefined where the text is none (RFC 7622 §3.1). */
export function domainOf(jid: string): string | undefined {
  const parts = /^(?:([^@/\s"&':<>]+)@)?([^@/\s"&':<>]+)(?:\/(.+))?$/su.exec(jid)
  if (parts === null || parts.slice(1).some((part) => Buffer.byteLength(part ?? '') > 1023)) return undefined
  return parts[2]
}

/** The JID without its resource. */
export function bareJid(jid: string): string {
  return jid.includes('/') ? jid.slice(0, jid.indexOf('/')) : jid
}

/** The defined condition of an error stanza, or undefined where it has none. */
export function conditionOf(stanza: XmlElement): string | undefined {
  const conditions = stanza.child('error')?.elements(undefined, STANZAS) ?? []
  return conditions.find((each) => each.name !== 'text')?.name
}

function complainOfError(stanza: XmlElement): readonly string[] {
  const errors = stanza.elements('error')
  const [error] = errors
  if (error === undefined || errors.length > 1) return [`has ${errors.length} <error/> where there must be one`]
  const complaints: string[] = []
  if (error.ns !== stanza.ns) complaints.push(`has its <error/> in the namespace ${JSON.stringify(error.ns)}`)
  if (!['auth', 'cancel', 'continue', 'modify', 'wait'].includes(error.attrs['type'] ?? '')) {
    complaints.push(`has an error of type ${error.attrs['type'] ?? '(none)'}`)
  }
  const conditions = error.elements(undefined, STANZAS).filter((each) => each.name !== 'text')
  if (conditions.length !== 1 || !CONDITIONS.has(conditions[0]?.name ?? '')) {
    complaints.push(`has the conditions (${conditions.map((each) => each.name).join(' ')}), not one that is defined`)
  }
  return complaints
}

function complainOfIq(stanza: XmlElement): readonly string[] {
  const complaints: string[] = []
  const { type, id } = stanza.attrs
  const children = stanza.elements()
  if (id === undefined || id === '') complaints.push('is an iq without id')
  if ((type === 'get' || type === 'set') && children.length !== 1)
    complaints.push(`asks with ${children.length} children`)
  if (type === 'result' && children.length > 1) complaints.push(`is a result with ${children.length} children`)
  if (type === undefined) complaints.push('is an iq without type')
  return complaints
}

/** Everything that is wrong with a stanza of the component for `domain`, each in words; empty if all is well. */
export function complaintsOf(stanza: XmlElement, domain: string): readonly string[] {
  const complaints: string[] = []
  const types = TYPES[stanza.name]
  if (types === undefined) return [`<${stanza.name}/> is no stanza`]
  if (stanza.ns !== NAMESPACE) complaints.push(`is in the namespace ${JSON.stringify(stanza.ns)}, not ${NAMESPACE}`)
  const { from, to, type } = stanza.attrs
  if (from === undefined) complaints.push('has no from')
  else if (domainOf(from) === undefined) complaints.push(`has a malformed from: ${from}`)
  else if (domainOf(from) !== domain) complaints.push(`has a foreign from: ${from}`)
  if (to === undefined) complaints.push('has no to')
  else if (domainOf(to) === undefined) complaints.push(`has a malformed to: ${to}`)
  if (type !== undefined && !types.includes(type)) complaints.push(`has the type ${type}`)
  if (stanza.name === 'iq') complaints.push(...complainOfIq(stanza))
  if (type === 'error') complaints.push(...complainOfError(stanza))
  if (/\S/.test(stanza.text()))
    complaints.push(`has text of its own: ${JSON.stringify(stanza.text().trim().slice(0, 40))}`)
  return complaints
}
