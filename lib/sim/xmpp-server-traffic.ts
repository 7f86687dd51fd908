/**
 * The stanzas between the simulated server and its components, both ways: handed on, answered, judged, written down.
 * Knows what an iq is owed (RFC 6120 §8.2.3), and nothing of users or of push.
 */
import { type After, after, type Now } from './time'
import { complaintsOf, domainOf } from './xmpp-server-conduct'
import { type Journal, type Violation } from './xmpp-server-journal'
import { type Links, openLinks } from './xmpp-server-links'
import { type Personality } from './xmpp-server-personality'
import { type Heard, makeQuestions, type Question } from './xmpp-server-questions'
import { parseXml } from './xmpp-server-reader'
import { errorTo } from './xmpp-server-self'
import { type ComponentStream } from './xmpp-server-stream'
import { withAttrs, type XmlElement } from './xmpp-server-xml'

export interface Traffic {
  readonly links: Links
  readonly violations: readonly Violation[]
  /** The questions that have had no answer. */
  unanswered(): readonly Question[]
  /** Hands a stanza to the component that its `to` names; false if none of its connections is up. */
  hand(stanza: XmlElement, text?: string): boolean
  /**
   * Asks the component that the `to` of an iq names; `heard` gets every answer, the promise the first one. While it is
   * away the server answers itself. Rejects if the connection that was asked is lost or 20 s pass before the answer.
   */
  ask(stanza: XmlElement, heard: (answer: Heard) => void): Promise<XmlElement>
  /** Resolves when a connection of the component is through with its handshake. */
  attached(component: string): Promise<void>
}

export interface TrafficOptions {
  readonly domain: string
  readonly personality: Personality
  readonly secrets: ReadonlyMap<string, string>
  readonly journal: Journal
  readonly now: Now
  /** Times what the server does by itself. */
  readonly after: After
  /** Whether the component's domain has an address. */
  readonly resolves: boolean
  /** How many questions are remembered. */
  readonly remembers: number | undefined
  readonly tls: { readonly key: string | Buffer; readonly cert: string | Buffer } | undefined
  /** Answers an iq of a component to the server or to one of its users. */
  answer(request: XmlElement): string
  /** Takes a message of a component to one of the users. */
  message(message: XmlElement): void
}

const ANSWER_WITHIN = 20_000

/** One component that errs all day must not fill the memory; the first errors tell most. */
const MOST_VIOLATIONS = 10_000

/** Starts listening. */
export async function openTraffic(options: TrafficOptions): Promise<Traffic> {
  const { domain, personality, secrets, journal, now } = options
  const questions = makeQuestions(now, options.remembers)
  const violations: Violation[] = []
  /** What waits for an answer, and of which connection: what one of several was asked, no other one answers. */
  const waiting = new Map<() => void, ComponentStream>()
  const arrivals = new Set<(component: string) => void>()
  let probes = 0

  function violation(what: string, xml: string): void {
    if (violations.length < MOST_VIOLATIONS) violations.push({ at: now(), what, xml })
  }

  const links = await openLinks(
    personality,
    {
      serverDomain: domain,
      secretOf: (component) => secrets.get(component),
      online(stream) {
        ;[...arrivals].forEach((arrived) => arrived(stream.domain))
        if (personality.connection.probes === true) probe(stream.domain)
      },
      stanza: fromComponent,
      violation,
      closed: (stream) => {
        for (const [tell, asked] of [...waiting]) if (asked === stream) tell()
      },
    },
    options,
  )

  /** Openfire lists a component by what it answers to these. */
  function probe(component: string): void {
    for (const query of ['http://jabber.org/protocol/disco#info', 'jabber:iq:version']) {
      const head = `<iq type='get' from='${domain}' to='${component}' id='probe-${++probes}'>`
      ask(parseXml(`${head}<query xmlns='${query}'/></iq>`), () => undefined).catch(() => undefined)
    }
  }

  /** The connection that got it; undefined where none is up. */
  function hand(stanza: XmlElement, text = stanza.toString()): ComponentStream | undefined {
    const component = domainOf(stanza.attrs['to'] ?? '') ?? ''
    const stream = links.next(component)
    if (stream === undefined) return undefined
    journal.add({ by: 'server', component, xml: text, stanza })
    stream.send(text)
    return stream
  }

  function ask(stanza: XmlElement, heard: (answer: Heard) => void): Promise<XmlElement> {
    return new Promise((answered, failed) => {
      const fail = (why: string): void => {
        waiting.delete(tell)
        giveUp()
        failed(new Error(`${why} before the answer to ${stanza.toString().slice(0, 300)}`))
      }
      const tell = (): void => fail('the connection was lost')
      const giveUp = after(ANSWER_WITHIN, () => fail(`${ANSWER_WITHIN} ms passed`))
      const listen = (answer: Heard): void => {
        waiting.delete(tell)
        giveUp()
        answered(answer.stanza)
        heard(answer)
      }
      const asked = hand(stanza)
      if (asked !== undefined) {
        waiting.set(tell, asked)
        questions.ask(stanza, listen)
      } else {
        const { type, condition } = personality.bounce[options.resolves ? 'resolved' : 'unresolved']
        listen({ stanza: parseXml(errorTo(stanza, type, condition)), exactSender: true, nth: 1, after: 0 })
      }
    })
  }

  function fromComponent(stream: ComponentStream, stanza: XmlElement, text: string): void {
    journal.add({ by: 'component', component: stream.domain, xml: text, stanza })
    complaintsOf(stanza, stream.domain).forEach((what) => violation(what, text))
    const { from, to, type } = stanza.attrs
    const rules = personality.connection
    if (from === undefined && rules.withoutFrom === 'improper-addressing') return stream.fail('improper-addressing')
    const isForeign = from !== undefined && domainOf(from) !== stream.domain
    if (isForeign && rules.foreignFrom === 'invalid-from') return stream.fail('invalid-from')
    if (to === undefined && rules.withoutTo === 'improper-addressing') return stream.fail('improper-addressing')
    const addressed = from === undefined ? withAttrs(stanza, { from: stream.domain }) : stanza
    const isRefused = isForeign || (from === undefined && rules.withoutFrom === 'bad-request')
    if (isRefused) return stream.send(errorTo(addressed, 'modify', 'bad-request'))
    const isQuestion = stanza.name === 'iq' && (type === 'get' || type === 'set')
    if (stanza.name === 'iq' && !isQuestion) {
      const complaint = questions.answer(addressed)
      if (complaint !== undefined) violation(complaint, text)
      return
    }
    if (to === undefined) return stream.send(errorTo(addressed, 'modify', 'bad-request'))
    if (domainOf(to) !== domain) {
      if (hand(addressed) === undefined && isQuestion)
        answer(stream, errorTo(addressed, 'cancel', 'remote-server-not-found'))
    } else if (isQuestion) answer(stream, options.answer(addressed))
    else if (stanza.name === 'message') options.message(addressed)
  }

  function answer(stream: ComponentStream, xml: string): void {
    journal.add({ by: 'server', component: stream.domain, xml, stanza: parseXml(xml) })
    stream.send(xml)
  }

  return Object.freeze({
    links,
    violations,
    unanswered: () => questions.open(),
    hand: (stanza: XmlElement, text?: string) => hand(stanza, text) !== undefined,
    ask,
    attached: (component: string) =>
      new Promise<void>((done) => {
        if (links.online(component).length > 0) return done()
        const arrived = (which: string): void => {
          if (which !== component) return
          arrivals.delete(arrived)
          done()
        }
        arrivals.add(arrived)
      }),
  })
}
