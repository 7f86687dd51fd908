/**
 * What an XMPP server answers about itself, in a line for `check --live`: whether it does (XEP-0030 v2.5), which software it is
 * (XEP-0092 v1.1) and what time it has (XEP-0202 v2.0). Refuses to know how a stanza reaches it.
 */
import { type Element } from 'ltx'
import xml from '@xmpp/xml'
import { CLOCKS_DIFFER, type Clock } from '../clock'
import { attribute } from './element'
import { type Fault } from './link-faults'
import { makeQuestions, type Questions } from './questions'
import { type Visit } from './try-link'

const INFO = 'http://jabber.org/protocol/disco#info'
const VERSION = 'jabber:iq:version'
const TIME = 'urn:xmpp:time'
const STANZAS = 'urn:ietf:params:xml:ns:xmpp-stanzas'
/** What a server says in place of one that it can't reach. */
const UNREACHED = ['remote-server-not-found', 'remote-server-timeout']

/** Milliseconds for all questions together: they are asked at once. */
const PATIENCE = 5000

/** With `mend` it is a warning. */
export interface Said {
  readonly text: string
  readonly mend?: string
}

/** Who is asked, and as whom. */
export interface Asked {
  /** The server's own domain. */
  readonly server: string
  /** The component's domain. */
  readonly domain: string
}

/** Text that a stranger wrote, made fit for a line. */
function quoted(text: string | null | undefined): string {
  const plain = (text ?? '').replace(/[^\P{C}]+/gu, ' ').trim()
  return plain.length > 60 ? `${plain.slice(0, 60)}…` : plain
}

function resultOf(answer: Element | undefined, name: string, ns: string): Element | undefined {
  return answer !== undefined && attribute(answer, 'type') === 'result' ? answer.getChild(name, ns) : undefined
}

/** `Prosody 0.12.3`; from the identity only its name. */
function softwareIn(version: Element | undefined, info: Element | undefined): string {
  const query = resultOf(version, 'query', VERSION)
  const told = [query?.getChildText('name'), query?.getChildText('version')].map(quoted).filter((text) => text !== '')
  if (told.length > 0) return told.join(' ')
  const identities = resultOf(info, 'query', INFO)?.getChildren('identity') ?? []
  const own = identities.find((identity) => attribute(identity, 'category') === 'server')
  const name = own === undefined ? '' : quoted(attribute(own, 'name'))
  return name === '' ? 'software that does not tell its name' : name
}

/** How far the server's clock is ahead of ours, in milliseconds; undefined where it tells no time (XEP-0082 v1.1). */
function aheadIn(answer: Element | undefined, asked: number, answered: number): number | undefined {
  const utc = resultOf(answer, 'time', TIME)?.getChildText('utc')?.trim() ?? ''
  const form = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.exec(utc)
  const at = form === null ? NaN : Date.parse(utc)
  if (Number.isNaN(at)) return undefined
  // Whole seconds are cut off: the time meant lies, on average, half a second later.
  const theirs = form?.[1] === undefined ? at + 500 : at
  return theirs - (asked + answered) / 2
}

function clockOf(ahead: number | undefined): Said | undefined {
  if (ahead === undefined) return undefined
  const seconds = Math.abs(ahead) / 1000
  if (Math.abs(ahead) <= CLOCKS_DIFFER) return { text: `its clock ${seconds.toFixed(1)} s from ours` }
  return {
    text: `its clock is ${seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`} ${ahead > 0 ? 'ahead of' : 'behind'} ours`,
    mend: 'One of the two is wrong: run timedatectl on both machines, and let NTP set them (timedatectl set-ntp true)',
  }
}

/** The condition by which our own server says that it can't reach the one that was asked. */
function unreachedIn(answer: Element): string | undefined {
  const error = attribute(answer, 'type') === 'error' ? answer.getChild('error') : undefined
  return UNREACHED.find((condition) => error?.getChild(condition, STANZAS) !== undefined)
}

const elsewhere = 'If the users of this server live at another domain, name that one in access.register'

function silence({ server, domain }: Asked): Said {
  return {
    text: `${server} does not answer what ${domain} asks it (nothing came in ${PATIENCE / 1000} s)`,
    mend: `${elsewhere}; else the server is starting, overloaded, or keeps ${domain} from asking: its log tells`,
  }
}

function notThere({ server }: Asked, condition: string): Said {
  return {
    text: `${server} can not be reached by the server that the component is attached to (${condition})`,
    mend: `${elsewhere}; else ${server} is missing or switched off there (Prosody: VirtualHost "${server}"; ejabberd: hosts)`,
  }
}

/** The link ended before the server had answered. */
export function lostBefore({ server }: Asked, { why, mend }: Fault): Said {
  return { text: `the link ended before ${server} had answered: ${why}`, mend }
}

async function askAll(asked: Asked, questions: Questions, clock: Clock): Promise<Said> {
  const { server } = asked
  const begun = clock.now()
  const time = questions.ask(server, xml('time', { xmlns: TIME })).then((answer) => ({ answer, at: clock.now() }))
  const [info, version, told] = await Promise.all([
    questions.ask(server, xml('query', { xmlns: INFO })),
    questions.ask(server, xml('query', { xmlns: VERSION })),
    time,
  ])
  const answers = [info, version, told.answer].flatMap((answer) => answer ?? [])
  const reached = answers.filter((answer) => unreachedIn(answer) === undefined)
  const [first] = answers
  if (first === undefined) return silence(asked)
  if (reached.length === 0) return notThere(asked, unreachedIn(first) ?? '')
  const theirs = clockOf(aheadIn(told.answer, begun, told.at))
  const parts = [softwareIn(version, info), theirs?.text].filter((part) => part !== undefined)
  return {
    text: `${server} answers: ${parts.join(', ')}`,
    ...(theirs?.mend === undefined ? {} : { mend: theirs.mend }),
  }
}

/** Asks within 5 s of the clock what came of it. Even an error is an answer, unless it says that the server was not reached. */
export function askServer(asked: Asked, clock: Clock): Visit<Said> {
  let questions: Questions | undefined
  return {
    ask(send) {
      questions = makeQuestions(send, clock, PATIENCE)
      return askAll(asked, questions, clock)
    },
    heard: (stanza) => void questions?.heard(stanza),
  }
}
