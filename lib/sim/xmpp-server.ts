/**
 * An XMPP server for one domain with its users' clients, on loopback, to which a component attaches (XEP-0114 v1.6).
 * Strict: what a component does wrong is kept as a violation. Shares no code with the component it checks.
 */
import { after as realAfter, systemNow } from './time'
import { type ClientHost, makeClient } from './xmpp-server-client'
import { bareJid, domainOf } from './xmpp-server-conduct'
import { type JournalEntry, makeJournal } from './xmpp-server-journal'
import { PERSONALITIES } from './xmpp-server-personalities'
import { type Message } from './xmpp-server-personality'
import { makePushTable } from './xmpp-server-push'
import { parseXml } from './xmpp-server-reader'
import { answerItself } from './xmpp-server-self'
import { type XmppServerOptions, type XmppServerSimulator } from './xmpp-server-simulator'
import { openTraffic } from './xmpp-server-traffic'
import { escapeXml, withAttrs, type XmlElement } from './xmpp-server-xml'

export type { EnableOptions, SimulatedClient } from './xmpp-server-client'
export type { Faults, Greeting } from './xmpp-server-faults'
export type { JournalEntry, Violation } from './xmpp-server-journal'
export type { PersonalityName } from './xmpp-server-personalities'
export type { Message, Personality, PushRegistration } from './xmpp-server-personality'
export type { Published } from './xmpp-server-push'
export type { Question } from './xmpp-server-questions'
export type { XmppServerOptions, XmppServerSimulator } from './xmpp-server-simulator'
export { formValues, type XmlElement } from './xmpp-server-xml'

/** Starts the simulator on a free port of 127.0.0.1. */
export async function startXmppServerSimulator(options: XmppServerOptions): Promise<XmppServerSimulator> {
  const { domain = 'localhost', personality: chosen = 'prosody', now = systemNow } = options
  const { resolves = false, after = realAfter } = options
  const personality = typeof chosen === 'string' ? PERSONALITIES[chosen] : chosen
  const secrets = new Map(options.components.map((component) => [component.domain, component.secret]))
  const first = options.components[0]?.domain ?? ''
  const journal = makeJournal(now, options.remembers)
  const clients = new Map<string, ReturnType<typeof makeClient>>()
  /** How many messages wait for each user. */
  const stored = new Map<string, number>()
  let ids = 0

  const answer = (request: XmlElement): string =>
    answerItself(request, domain, [...secrets.keys()], push, personality.name, now)
  const traffic = await openTraffic({
    domain,
    personality,
    secrets,
    journal,
    now,
    after,
    resolves,
    remembers: options.remembers,
    tls: options.tls,
    answer,
    message,
  })
  const { links } = traffic
  const push = makePushTable(personality, domain, (stanza, heard) => traffic.ask(stanza, heard), now)

  const onlineClients = (user: string): readonly ReturnType<typeof makeClient>[] =>
    [...clients.values()].filter((each) => bareJid(each.jid) === user && each.isOnline)

  async function request(stanza: XmlElement): Promise<XmlElement> {
    const to = domainOf(stanza.attrs['to'] ?? domain)
    return to === domain ? parseXml(answer(stanza)) : traffic.ask(stanza, () => undefined)
  }

  function message(stanza: XmlElement): void {
    const { from = '', to = '' } = stanza.attrs
    const pubsub = stanza.child('pubsub', 'http://jabber.org/protocol/pubsub')
    const isRemoteDisable = pubsub?.child('affiliation')?.attrs['affiliation'] === 'none'
    if (isRemoteDisable && personality.honoursRemoteDisable) push.disable(bareJid(to), from, pubsub?.attrs['node'])
    onlineClients(bareJid(to)).forEach((each) => each.deliver(stanza))
  }

  const host: ClientHost = {
    push,
    lang: personality.clientLang,
    request,
    nextId: () => `sim-${++ids}`,
    fetched(user) {
      stored.delete(user)
      push.notify(user, { is: 'fetched' })
    },
  }

  return Object.freeze({
    domain,
    get port() {
      return links.port
    },
    get service() {
      return `${options.tls === undefined ? 'xmpp' : 'xmpps'}://127.0.0.1:${links.port}`
    },
    journal: journal.entries,
    violations: traffic.violations,
    faults: links.faults,
    get unanswered() {
      return traffic.unanswered()
    },
    onStanza: (listener: (entry: JournalEntry) => void) => journal.onStanza(listener),
    waitFor: (predicate: (entry: JournalEntry) => boolean, withinMs?: number) => journal.waitFor(predicate, withinMs),
    connections: (component = first) => links.online(component).length,
    attached: (component = first) => traffic.attached(component),
    client(jid: string) {
      const known = clients.get(jid)
      if (known !== undefined) return known
      const made = makeClient(jid, host)
      clients.set(jid, made)
      return made
    },
    registrations: (user: string) => push.of(user),
    deliverMessage(message: Message) {
      const { from, to, body = '' } = message
      const user = bareJid(to)
      const online = onlineClients(user)
      const suspended = [...clients.values()].some((each) => bareJid(each.jid) === user && each.isSuspended)
      if (online.length === 0) stored.set(user, (stored.get(user) ?? 0) + 1)
      const text = `<message type='chat' from='${escapeXml(from)}' to='${escapeXml(to)}'><body>${escapeXml(body)}</body></message>`
      online.forEach((each) => each.deliver(parseXml(text)))
      return push.notify(user, {
        is: 'message',
        message,
        online: online.length > 0,
        suspended,
        stored: stored.get(user) ?? 0,
      })
    },
    removeAccount(user: string) {
      const published = push.notify(user, { is: 'account removed' })
      push.forget(user)
      return published
    },
    request(xml: string | XmlElement) {
      const stanza = typeof xml === 'string' ? parseXml(xml) : xml
      const { from = domain, id = host.nextId() } = stanza.attrs
      return request(withAttrs(stanza, { from, id }))
    },
    send(xml: string) {
      if (!traffic.hand(parseXml(xml), xml))
        throw new Error(`no connection of the component that ${xml.slice(0, 200)} is for`)
    },
    close: () => links.close(),
  })
}
