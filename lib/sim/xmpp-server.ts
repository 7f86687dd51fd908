/**
 * An XMPP server for one domain with its users' clients, on loopback, to which a component attaches (XEP-0114 v1.6).
 * Strict: what a component does wrong is kept as a violation. Shares no code with the component it checks.
 */
import { after, systemNow, type Now } from './time'
import { type ClientHost, makeClient, type SimulatedClient } from './xmpp-server-client'
import { bareJid, complaintsOf, domainOf } from './xmpp-server-conduct'
import { ejabberd } from './xmpp-server-ejabberd'
import { type Faults } from './xmpp-server-faults'
import { type JournalEntry, makeJournal, type Violation } from './xmpp-server-journal'
import { openLinks } from './xmpp-server-links'
import { type Message, type Occasion, type Personality, type PushRegistration } from './xmpp-server-personality'
import { prosody } from './xmpp-server-prosody'
import { type Ask, makePushTable, type Published } from './xmpp-server-push'
import { makeQuestions, type Question } from './xmpp-server-questions'
import { parseXml } from './xmpp-server-reader'
import { answerItself, errorTo } from './xmpp-server-self'
import { type ComponentStream } from './xmpp-server-stream'
import { escapeXml, withAttrs, type XmlElement } from './xmpp-server-xml'

export type { Faults, Greeting } from './xmpp-server-faults'
export type { JournalEntry, Violation } from './xmpp-server-journal'
export type { Message, Personality, PushRegistration } from './xmpp-server-personality'
export type { EnableOptions, SimulatedClient } from './xmpp-server-client'
export type { Published } from './xmpp-server-push'
export type { Question } from './xmpp-server-questions'
export { formValues, type XmlElement } from './xmpp-server-xml'

/** The servers that can be played, by name. */
const PERSONALITIES = { prosody, ejabberd } satisfies Record<string, Personality>
export type PersonalityName = keyof typeof PERSONALITIES

export interface XmppServerOptions {
  /** The users' domain; `localhost` if left out. */
  readonly domain?: string
  readonly components: readonly { readonly domain: string; readonly secret: string }[]
  /** Which server is played; `prosody` if left out. Another one may be handed in. */
  readonly personality?: PersonalityName | Personality
  /** Direct TLS: key and certificate as PEM. */
  readonly tls?: { readonly key: string | Buffer; readonly cert: string | Buffer }
  readonly now?: Now
}

export interface XmppServerSimulator {
  readonly domain: string
  readonly port: number
  /** `xmpp://127.0.0.1:<port>`, or `xmpps://` with TLS. */
  readonly service: string
  readonly journal: readonly JournalEntry[]
  readonly violations: readonly Violation[]
  readonly faults: Faults
  /** The iqs that the component has not answered yet. */
  readonly unanswered: readonly Question[]
  /** Calls back for each stanza from now on; the function returned ends that. */
  onStanza(listener: (entry: JournalEntry) => void): () => void
  /** The first stanza, past or to come, that the predicate holds for; rejects after `withinMs` (20 s) with the last ones. */
  waitFor(predicate: (entry: JournalEntry) => boolean, withinMs?: number): Promise<JournalEntry>
  /** How many connections of a component are through with their handshake. */
  connections(component?: string): number
  /** Resolves when a connection of the component (the first one, if none is named) is through with its handshake. */
  attached(component?: string): Promise<void>
  /** A client of the user; the same one for the same full JID. Online until it goes. */
  client(jid: string): SimulatedClient
  registrations(user: string): readonly PushRegistration[]
  /** Takes a message for a user: to the clients that are online, else into the store and to the push services. */
  deliverMessage(message: Message): readonly Published[]
  /** Sends an iq from whatever `from` it has (the server's domain if none) and resolves with the answer. */
  request(xml: string | XmlElement): Promise<XmlElement>
  /** Sends a stanza as it stands to the component that its `to` names. */
  send(xml: string): void
  close(): Promise<void>
}

const ANSWER_WITHIN = 20_000

/** Starts the simulator on a free port of 127.0.0.1. */
export async function startXmppServerSimulator(options: XmppServerOptions): Promise<XmppServerSimulator> {
  const domain = options.domain ?? 'localhost'
  const chosen = options.personality ?? 'prosody'
  const personality = typeof chosen === 'string' ? PERSONALITIES[chosen] : chosen
  const now = options.now ?? systemNow
  const secrets = new Map(options.components.map((component) => [component.domain, component.secret]))
  const first = options.components[0]?.domain ?? ''
  const journal = makeJournal(now)
  const questions = makeQuestions(now)
  const violations: Violation[] = []
  const clients = new Map<string, ReturnType<typeof makeClient>>()
  const stored = new Map<string, number>()
  const waiting = new Map<() => void, string>()
  const arrivals = new Set<(component: string) => void>()
  let ids = 0

  const violation = (what: string, xml: string): void => void violations.push({ at: now(), what, xml })

  const links = await openLinks(
    personality,
    {
      serverDomain: domain,
      secretOf: (component) => secrets.get(component),
      online: (stream) => [...arrivals].forEach((arrived) => arrived(stream.domain)),
      stanza: fromComponent,
      violation,
      closed: (stream) => {
        if (links.online(stream.domain).length > 0) return
        for (const [tell, component] of [...waiting]) if (component === stream.domain) tell()
      },
    },
    options.tls,
  )

  /** Hands a stanza to a component; false if none of its connections is up. */
  function hand(stanza: XmlElement, text = stanza.toString()): boolean {
    const component = domainOf(stanza.attrs['to'] ?? '') ?? ''
    const stream = links.next(component)
    if (stream === undefined) return false
    journal.add({ by: 'server', component, xml: text, stanza })
    stream.send(text)
    return true
  }

  const ask: Ask = (stanza, heard) =>
    new Promise((answered, failed) => {
      const fail = (why: string): void => {
        waiting.delete(tell)
        giveUp()
        failed(new Error(`${why} before the answer to ${stanza.toString().slice(0, 300)}`))
      }
      const tell = (): void => fail('the connection was lost')
      const giveUp = after(ANSWER_WITHIN, () => fail(`${ANSWER_WITHIN} ms passed`))
      const listen = (answer: Parameters<typeof heard>[0]): void => {
        waiting.delete(tell)
        giveUp()
        answered(answer.stanza)
        heard(answer)
      }
      const component = domainOf(stanza.attrs['to'] ?? '') ?? ''
      waiting.set(tell, component)
      if (hand(stanza)) {
        questions.ask(stanza, listen)
      } else {
        const bounce = parseXml(errorTo(stanza, personality.bounce.type, personality.bounce.condition))
        listen({ stanza: bounce, exactSender: true, nth: 1, after: 0 })
      }
    })

  const push = makePushTable(personality, domain, ask)

  const isOwn = (jid: string | undefined): boolean => domainOf(jid ?? domain) === domain

  async function request(stanza: XmlElement): Promise<XmlElement> {
    if (!isOwn(stanza.attrs['to'])) return ask(stanza, () => undefined)
    return parseXml(answerItself(stanza, domain, [...secrets.keys()], push))
  }

  function fromComponent(stream: ComponentStream, stanza: XmlElement, text: string): void {
    journal.add({ by: 'component', component: stream.domain, xml: text, stanza })
    complaintsOf(stanza, stream.domain).forEach((what) => violation(what, text))
    const { from, to, type } = stanza.attrs
    const rules = personality.connection
    if (from === undefined && rules.withoutFrom === 'improper-addressing') return stream.fail('improper-addressing')
    if (from !== undefined && domainOf(from) !== stream.domain) return stream.fail('invalid-from')
    if (to === undefined && rules.withoutTo === 'improper-addressing') return stream.fail('improper-addressing')
    const addressed = from === undefined ? withAttrs(stanza, { from: stream.domain }) : stanza
    const isQuestion = stanza.name === 'iq' && (type === 'get' || type === 'set')
    if (stanza.name === 'iq' && !isQuestion) {
      const complaint = questions.answer(addressed)
      if (complaint !== undefined) violation(complaint, text)
      return
    }
    if (to === undefined) return stream.send(errorTo(addressed, 'modify', 'bad-request'))
    if (!isOwn(to)) {
      if (!hand(addressed) && isQuestion) answer(stream, errorTo(addressed, 'cancel', 'remote-server-not-found'))
    } else if (isQuestion) answer(stream, answerItself(addressed, domain, [...secrets.keys()], push))
    else if (stanza.name === 'message') toUser(addressed)
  }

  function answer(stream: ComponentStream, xml: string): void {
    journal.add({ by: 'server', component: stream.domain, xml, stanza: parseXml(xml) })
    stream.send(xml)
  }

  const onlineClients = (user: string): readonly ReturnType<typeof makeClient>[] =>
    [...clients.values()].filter((each) => bareJid(each.jid) === user && each.isOnline)

  function toUser(message: XmlElement): void {
    const { from = '', to = '' } = message.attrs
    const pubsub = message.child('pubsub', 'http://jabber.org/protocol/pubsub')
    const isRemoteDisable = pubsub?.child('affiliation')?.attrs['affiliation'] === 'none'
    if (isRemoteDisable && personality.honoursRemoteDisable) push.disable(bareJid(to), from, pubsub?.attrs['node'])
    onlineClients(bareJid(to)).forEach((each) => each.deliver(message))
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
    violations,
    faults: links.faults,
    get unanswered() {
      return questions.open()
    },
    onStanza: (listener: (entry: JournalEntry) => void) => journal.onStanza(listener),
    waitFor: (predicate: (entry: JournalEntry) => boolean, withinMs?: number) => journal.waitFor(predicate, withinMs),
    connections: (component = first) => links.online(component).length,
    attached: (component = first) =>
      new Promise<void>((done) => {
        if (links.online(component).length > 0) return done()
        const arrived = (which: string): void => {
          if (which !== component) return
          arrivals.delete(arrived)
          done()
        }
        arrivals.add(arrived)
      }),
    client(jid: string) {
      const known = clients.get(jid)
      if (known !== undefined) return known
      const made = makeClient(jid, host)
      clients.set(jid, made)
      return made
    },
    registrations: (user: string) => push.of(user),
    deliverMessage(message: Message) {
      const user = bareJid(message.to)
      const online = onlineClients(user)
      if (online.length === 0) stored.set(user, (stored.get(user) ?? 0) + 1)
      const { from, to, body = '' } = message
      const text = `<message type='chat' from='${escapeXml(from)}' to='${escapeXml(to)}'><body>${escapeXml(body)}</body></message>`
      online.forEach((each) => each.deliver(parseXml(text)))
      const occasion: Occasion = { is: 'message', message, online: online.length > 0, stored: stored.get(user) ?? 0 }
      return push.notify(user, occasion)
    },
    request(xml: string | XmlElement) {
      const stanza = typeof xml === 'string' ? parseXml(xml) : xml
      const { from = domain, id = host.nextId() } = stanza.attrs
      return request(withAttrs(stanza, { from, id }))
    },
    send(xml: string) {
      if (!hand(parseXml(xml), xml)) throw new Error(`no connection of the component that ${xml.slice(0, 200)} is for`)
    },
    close: () => links.close(),
  })
}
