/** The frame around every request: finds its route, gives exactly one answer, and turns an exception into `wait`. */
import { type Element } from 'ltx'
import { type Clock } from '../clock'
import { makeTellFailed } from '../intake/failed'
import { type Observe } from '../observe'
import { parseJid, type Jid } from '../model/jid'
import {
  badRequest,
  done,
  emptyResult,
  headOf,
  notImplemented,
  ourTrouble,
  serviceUnavailable,
  stanzaOf,
  type Answer,
  type Head,
} from './answers'
import { isAlike, stanzaOf as alikeOf, type AlikeStanza } from './alike'
import { type Pattern } from './alike-pattern'
import { attribute } from './element'

/** An iq of type get or set, taken apart. */
export interface Asked {
  readonly type: 'get' | 'set'
  readonly from: Jid
  /** The JID of ours that was addressed, bare. */
  readonly service: string
  /** The one child of the iq. */
  readonly child: Element
  /** Language of the request (RFC 6120 §4.7.4), if it says so. */
  readonly lang?: string
}

export interface Route {
  readonly ns: string
  /** Names of the child elements that are handled. */
  readonly names: readonly string[]
  readonly types: readonly ('get' | 'set')[]
  /** What disco says of it; what is offered is derived from what is handled. */
  readonly features: readonly string[]
  /** Throwing or rejecting is a bug or a broken floor: the frame answers `wait`. */
  readonly answer: (asked: Asked) => Answer | Promise<Answer>
  /**
   * How stanzas are answered that are spelled as this one, but for their values: by `placeOf` it is told which of these a text of this one is.
   * Undefined, or left out: each as if it came alone.
   */
  readonly repeated?: (asked: Asked, placeOf: (text: string) => number | undefined) => Repeated | undefined
}

/** Answers from the values of a stanza what its route would answer from its tree. */
export type Repeated = (from: Jid, values: readonly string[]) => Answer | Promise<Answer>

/**
 * Servers end the stream over a stanza that is too large, Prosody's limit of 512 KiB being the least; what a user can make us repeat or list
 * must not cost the link. Bytes of what an answer carries.
 */
const LARGEST_PAYLOAD = 384 * 1024
/** Characters; six bytes each when they are written. */
const LONGEST_ID = 16_384
const LONGEST_LANG = 64

export interface RouterOptions {
  /** The component's own domain. */
  readonly domain: string
  readonly routes: readonly Route[]
  /** Hands an answer to the link. */
  readonly send: (stanza: Element | string) => void
  readonly clock: Clock
  readonly observe: Observe
}

/**
 * Takes every stanza of the link; resolves when its answer was sent, so that the link can pace itself. Presence, messages, results and errors are dropped; one answer per iq, always,
 * unless its sender or its id is such that there can be none.
 * Throws at start if two routes claim the same element.
 */
export function makeRouter(options: RouterOptions): (stanza: Element) => void | Promise<void> {
  /** By namespace, then by name. */
  const routes = new Map<string, Map<string, Route>>()
  for (const route of options.routes) {
    const its = routes.get(route.ns) ?? new Map<string, Route>()
    routes.set(route.ns, its)
    for (const name of route.names) {
      if (its.has(name)) throw new Error(`two routes claim <${name} xmlns='${route.ns}'/>`)
      its.set(name, route)
    }
  }

  function routeOf(asked: Asked): Route | Answer {
    const its = routes.get(asked.child.getNS() ?? '')
    const route = its?.get(asked.child.getName())
    if (route === undefined) return its === undefined ? serviceUnavailable : notImplemented()
    if (!route.types.includes(asked.type)) return badRequest(`This request is of type ${route.types.join(' or ')}.`)
    return route
  }

  /** By the spelling; undefined of one that has none. */
  const repeated = new WeakMap<Pattern, { readonly its: Repeated | undefined }>()

  /** Found out once, from a stanza in which each value is one that no stanza can have. */
  function repeatedOf({ pattern, parent }: AlikeStanza): Repeated | undefined {
    const before = repeated.get(pattern)
    if (before !== undefined) return before.its
    const values = Array.from({ length: pattern.count }, (_none, place) => `\u0000${place}`)
    const asked = take(alikeOf(pattern, values, parent), { domain: options.domain }, options.domain)
    const route = 'is' in asked ? asked : routeOf(asked)
    const places = new Map(values.map((value, place) => [value, place]))
    const its = 'is' in asked || 'is' in route ? undefined : route.repeated?.(asked, (text) => places.get(text))
    repeated.set(pattern, { its })
    return its
  }

  function answerTo(stanza: Element, from: Jid): Answer | Promise<Answer> {
    if (isAlike(stanza)) {
      const its = repeatedOf(stanza)
      if (its !== undefined) return its(from, stanza.values)
    }
    const asked = take(stanza, from, options.domain)
    if ('is' in asked) return asked
    const route = routeOf(asked)
    return 'is' in route ? route : route.answer(asked)
  }

  /** The sender that came last, as a text in memory of its own: a server publishes under one name. */
  let last: { readonly text: string; readonly jid: Jid } | undefined

  function senderOf(text: string): Jid | undefined {
    if (last?.text === text) return last.jid
    const own = Buffer.from(text).toString()
    const jid = parseJid(own)
    if (jid !== undefined) last = { text: own, jid }
    return jid
  }

  const about = `component ${options.domain}`
  const tellFailed = makeTellFailed(about, options.clock, options.observe)

  function broken(error: unknown): Answer {
    tellFailed('a request could not be handled and was answered wait', error)
    return ourTrouble
  }

  function reply(head: Head, answer: Answer): void {
    try {
      options.send(answer === done ? emptyResult(head) : stanzaOf(head, fitting(answer)))
    } catch (error) {
      options.observe({ at: 'trouble', about, text: `an answer was lost: ${String(error)}` })
    }
  }

  return (stanza) => {
    if (stanza.getName() !== 'iq') return undefined
    const type = attribute(stanza, 'type')
    if (type === 'result' || type === 'error') return undefined
    const head = headOf(stanza)
    const from = senderOf(head.from ?? '')
    const length = head.id?.length ?? 0
    if (from === undefined || length > LONGEST_ID) {
      const what = from === undefined ? 'without a valid sender' : `with an id of ${length} characters`
      options.observe({
        at: 'notice',
        about,
        text: `an iq ${what} was dropped: it cannot be answered`,
      })
      return undefined
    }
    let answer: Answer | Promise<Answer>
    try {
      answer = answerTo(stanza, from)
    } catch (error) {
      answer = broken(error)
    }
    if ('is' in answer) return reply(head, answer)
    return answer.then(
      (given) => reply(head, given),
      (error: unknown) => reply(head, broken(error)),
    )
  }
}

function fitting(answer: Answer): Answer {
  const payload = answer.is === 'result' ? answer.payload : undefined
  if (payload === undefined || Buffer.byteLength(payload.toString()) <= LARGEST_PAYLOAD) return answer
  return badRequest('The answer would be larger than a server lets pass.')
}

function take(stanza: Element, from: Jid, domain: string): Asked | Answer {
  const type = attribute(stanza, 'type')
  if (type !== 'get' && type !== 'set') return badRequest('An iq is of type get, set, result or error.')
  if (attribute(stanza, 'id') === undefined) return badRequest('An iq needs an id.')
  const to = parseJid(attribute(stanza, 'to') ?? '')
  if (to === undefined || to.domain !== domain || to.local !== undefined) return serviceUnavailable
  const children = stanza.getChildElements()
  const [child] = children
  if (child === undefined || children.length > 1) return badRequest('An iq of type get or set has exactly one child.')
  const lang = attribute(child, 'xml:lang') ?? attribute(stanza, 'xml:lang')
  // Not the part of it that was read, which keeps all that was read with it alive.
  const service = domain
  if (lang === undefined || lang.length > LONGEST_LANG) return { type, from, service, child }
  return { type, from, service, child, lang }
}
