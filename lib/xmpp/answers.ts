/**
 * Every answer this component can give to an iq, in one table. No XMPP server repeats a publish, and most drop the
 * user's registration on most errors: only a dead node and a foreign publisher may be told with anything but `wait`.
 */
import xml from '@xmpp/xml'
import { type Element, escapeXML } from 'ltx'
import { type PublishAnswer } from '../model/request'
import { attribute } from './element'

const STANZAS = 'urn:ietf:params:xml:ns:xmpp-stanzas'
const PUBSUB_ERRORS = 'http://jabber.org/protocol/pubsub#errors'
const COMMANDS = 'http://jabber.org/protocol/commands'
/** Characters of an error's text: it may repeat what a stranger wrote. */
const LONGEST_TEXT = 1000

/** Conditions of RFC 6120 §8.3.3 in use here. `resource-constraint`, `policy-violation` and `recipient-unavailable` are left out on purpose: Tigase deletes the device on each. */
export type Condition =
  | 'bad-request'
  | 'conflict'
  | 'feature-not-implemented'
  | 'forbidden'
  | 'internal-server-error'
  | 'item-not-found'
  | 'jid-malformed'
  | 'not-acceptable'
  | 'not-allowed'
  | 'service-unavailable'

export interface Failure {
  readonly is: 'error'
  readonly type: 'auth' | 'cancel' | 'modify' | 'wait'
  readonly condition: Condition
  readonly text?: string
  /** The application's own condition beside the stanza's. */
  readonly specific?: { readonly name: string; readonly ns: string; readonly attrs?: Readonly<Record<string, string>> }
  /** What it is about, beside the error (RFC 6120 §8.3.1). */
  readonly about?: Element
}

export type Answer = { readonly is: 'result'; readonly payload?: Element } | Failure

/** Accepted, coalesced, throttled, quiet, to be sent later. */
export const done: Answer = Object.freeze({ is: 'result' })

/** Starting, stopping, store down, outbox full, a bug: kept by all six servers whatever they do with other errors. */
export const ourTrouble: Failure = Object.freeze({ is: 'error', type: 'wait', condition: 'internal-server-error' })

export const unknownNode: Failure = Object.freeze({ is: 'error', type: 'cancel', condition: 'item-not-found' })

export const serviceUnavailable: Failure = Object.freeze({
  is: 'error',
  type: 'cancel',
  condition: 'service-unavailable',
})

export function forbidden(text?: string): Failure {
  return { is: 'error', type: 'auth', condition: 'forbidden', ...(text === undefined ? {} : { text }) }
}

export function badRequest(text: string): Failure {
  return { is: 'error', type: 'modify', condition: 'bad-request', text }
}

export function notImplemented(text?: string): Failure {
  return { is: 'error', type: 'cancel', condition: 'feature-not-implemented', ...(text === undefined ? {} : { text }) }
}

/** XEP-0060 §12.20: the verb that is not supported is named. */
export function unsupported(feature: string): Failure {
  return { ...notImplemented(), specific: { name: 'unsupported', ns: PUBSUB_ERRORS, attrs: { feature } } }
}

/** XEP-0060 §7.1.3, §8.2.3: the request names no node. */
export const nodeIdRequired: Failure = Object.freeze({
  ...badRequest('The request names no node.'),
  specific: { name: 'nodeid-required', ns: PUBSUB_ERRORS },
})

/** XEP-0060 §8.1: the requester has a node of this name, which stays as it is. */
export const nodeExists: Failure = Object.freeze({ is: 'error', type: 'cancel', condition: 'conflict' })

/** XEP-0060 §8.1.3, §8.2.5, §8.9. */
export function notAcceptable(text: string, specific?: string): Failure {
  return {
    ...{ is: 'error', type: 'modify', condition: 'not-acceptable', text },
    ...(specific === undefined ? {} : { specific: { name: specific, ns: PUBSUB_ERRORS } }),
  }
}

/** XEP-0060 §8.2.3: there is nothing that could be set. */
export function notAllowed(text: string): Failure {
  return { is: 'error', type: 'cancel', condition: 'not-allowed', text }
}

/** XEP-0060 §7.1.3. */
export function badPublish(name: string, text: string): Failure {
  return { ...badRequest(text), specific: { name, ns: PUBSUB_ERRORS } }
}

/** XEP-0050 §4.1. */
export function badCommand(
  name: 'bad-action' | 'bad-locale' | 'bad-payload' | 'bad-sessionid' | 'malformed-action',
  text: string,
): Failure {
  return { ...badRequest(text), specific: { name, ns: COMMANDS } }
}

/** XEP-0050 §4.1: a session that ended or timed out. */
export const sessionExpired: Failure = Object.freeze({
  is: 'error',
  type: 'cancel',
  condition: 'not-allowed',
  text: 'This command session is over; execute the command again.',
  specific: { name: 'session-expired', ns: COMMANDS },
})

/** The answer to a publish. */
export function toPublish(answer: PublishAnswer): Answer {
  switch (answer.is) {
    case 'accepted':
    case 'nowhere':
      return done
    case 'trouble':
      return ourTrouble
    case 'unknown-node':
      return unknownNode
    case 'foreign-publisher':
      return forbidden('Only the server of the account that registered this node may publish to it.')
    case 'wrong-secret':
      return forbidden('The publish-options carry no secret that belongs to this node.')
    case 'malformed':
      return badPublish(answer.malformed, answer.text)
  }
}

/** What of a stanza its answer needs; all else of it may be forgotten meanwhile. */
export interface Head {
  readonly name: string
  readonly from: string | undefined
  readonly to: string | undefined
  readonly id: string | undefined
}

export function headOf(stanza: Element): Head {
  return {
    name: stanza.getName(),
    from: attribute(stanza, 'from'),
    to: attribute(stanza, 'to'),
    id: attribute(stanza, 'id'),
  }
}

/**
 * The empty result, spelled without an element in between: nearly every answer is one. Only of what was addressed to us, for a link does not
 * look at who a text is from.
 */
export function emptyResult({ name, from, to, id }: Head): string {
  return `<${name} type="result" from="${escaped(to)}" to="${escaped(from)}" id="${escaped(id)}"/>`
}

/** Nearly every one of them is fit as it is. */
const escaped = (text = ''): string => (/["&'<>]/.test(text) ? escapeXML(text) : text)

/** The stanza that carries an answer: from the very `to`, to the very `from`, with the id byte for byte. */
export function stanzaOf({ name, from, to, id }: Head, answer: Answer): Element {
  const attrs: Record<string, string> = { type: answer.is === 'result' ? 'result' : 'error' }
  if (to !== undefined) attrs['from'] = to
  if (from !== undefined) attrs['to'] = from
  if (id !== undefined) attrs['id'] = id
  if (answer.is === 'result') return xml(name, attrs, ...(answer.payload === undefined ? [] : [answer.payload]))
  const { condition, type, text, specific, about } = answer
  const error = xml('error', { type }, xml(condition, { xmlns: STANZAS }))
  if (text !== undefined) error.append(xml('text', { xmlns: STANZAS, 'xml:lang': 'en' }, text.slice(0, LONGEST_TEXT)))
  if (specific !== undefined) error.append(xml(specific.name, { xmlns: specific.ns, ...specific.attrs }))
  return xml(name, attrs, ...(about === undefined ? [] : [about]), error)
}
