/**
 * XEP-0357 v0.4.1 §7: the message by which a push service withdraws a node, and the question (XEP-0092 v1.1) that tells whether
 * a server reads it. Refuses to know when either is sent.
 */
import { type Element } from 'ltx'
import xml from '@xmpp/xml'
import { type Clock } from '../clock'
import { type ServerLine } from '../intake/remote-disable'
import { type Software } from '../intake/software'
import { attribute } from './element'
import { makeQuestions } from './questions'

const PUBSUB = 'http://jabber.org/protocol/pubsub'
const VERSION = 'jabber:iq:version'
const STANZAS = 'urn:ietf:params:xml:ns:xmpp-stanzas'
/** What our own server says in place of one that it can't reach. */
const UNREACHED = ['remote-server-not-found', 'remote-server-timeout']

/**
 * COMPAT(Tigase ≤ 8.4): reads the affiliation as XEP-0357 writes it, beside nothing and without XEP-0060's wrapper; the bare
 * address in it must be the account's. A headline is neither stored nor kept in an archive (RFC 6121 §8.5.2.2, XEP-0334 v0.4).
 */
export function remoteDisable(service: string, owner: string, node: string): Element {
  return xml(
    'message',
    { type: 'headline', from: service, to: owner },
    xml('pubsub', { xmlns: PUBSUB, node }, xml('affiliation', { jid: owner, affiliation: 'none' })),
    xml('no-store', { xmlns: 'urn:xmpp:hints' }),
  )
}

function softwareIn(answer: Element | undefined): Software {
  if (answer === undefined) return { is: 'silent' }
  if (attribute(answer, 'type') === 'result') {
    const name = answer.getChild('query', VERSION)?.getChildText('name')?.trim() ?? ''
    return name === '' ? { is: 'untold' } : { is: 'named', name }
  }
  const error = answer.getChild('error')
  const isUnreached = UNREACHED.some((condition) => error?.getChild(condition, STANZAS) !== undefined)
  const isLater = error !== undefined && attribute(error, 'type') === 'wait'
  return { is: isUnreached || isLater ? 'silent' : 'untold' }
}

/** What this needs of a component's link. */
interface Link {
  send(stanza: Element): Promise<boolean>
  readonly isOnline: boolean
}

/** The way to servers from a component's domain; `heard` takes the answers, and is false for every other stanza. */
export function makeServerLine(
  service: string,
  link: () => Link,
  clock: Clock,
): ServerLine & { heard(stanza: Element): boolean } {
  const questions = makeQuestions((stanza) => link().send(stanza), clock)
  return Object.freeze({
    isOnline: () => link().isOnline,
    softwareOf: async (domain: string) => softwareIn(await questions.ask(domain, xml('query', { xmlns: VERSION }))),
    disable: (owner: string, node: string) => link().send(remoteDisable(service, owner, node)),
    heard: (stanza: Element) => questions.heard(stanza),
  })
}
