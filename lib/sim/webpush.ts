// A strict fake of a Web Push service (RFC 8030) and of the user agents behind it, to be run in place of one vendor's: it gives out
// subscriptions, takes pushes to them over TLS, and opens what it takes (RFC 8188, 8291) by their keys.
//
// Strict: head and body, VAPID (RFC 8292), the state of each subscription, salts and keys used twice, tokens renewed in haste, cookies and
// redirects followed. What a correct client never does is listed in `violations`, whether the vendor would refuse it or not.
// Not imitated: delivery, storing and replacing of messages, receipts (RFC 8030 §5.1), quotas. It shares no code with what it checks.

import { randomUUID } from 'node:crypto'
import { processAuthority, type Certified } from './certificates'
import { type Answer, type Journalled, type Watched } from './http-journal'
import { makeJournal } from './journal'
import { systemNow, type Now } from './time'
import { openDoor, type Exchange, type Protocols } from './webpush-door'
import { answerUnder, carryOut, spell, type WebPushFault } from './webpush-faults'
import { type Finding } from './webpush-findings'
import { type TopicLengths } from './webpush-headers'
import { blamesToken, judge, tellsDead, type Judgement } from './webpush-judge'
import { makeMemory } from './webpush-memory'
import { type WebPushMessage } from './webpush-message'
import { personalities, type PersonalityName } from './webpush-personalities'
import { webPushRows } from './webpush-rows'
import { makeSubscriptions, type SubscribeOptions, type WebPushSubscription } from './webpush-subscriptions'
import { type VapidClaims } from './webpush-vapid'

export type { WebPushFault } from './webpush-faults'
export type { WebPushRowName } from './webpush-rows'
export type { WebPushSubscription } from './webpush-subscriptions'

/** One client that errs all day must not fill the memory; the first errors tell most. */
const MOST_NOTED = 10_000

/** Who and where to be. */
export interface WebPushSimulatorOptions {
  /** Default: `rfc`. */
  readonly personality?: PersonalityName
  readonly now?: Now
  /** The address to listen on; default 127.0.0.1. */
  readonly host?: string
  /** Default: any that is free. */
  readonly port?: number
  /** The host in its endpoints, hence in its origin and certificate; default `localhost`. Nobody resolves it here. */
  readonly name?: string
  /** Default: `both`. */
  readonly protocol?: Protocols
  /** In place of one from the authority that all simulators of the process share. */
  readonly certificate?: Certified
  /** In place of the personality's. */
  readonly topicLengths?: TopicLengths
}

/** One push as it arrived, what it brought, and what was answered. */
export interface WebPushRequest extends Omit<Journalled, 'body' | 'violations'> {
  readonly protocol: 'h2' | 'http/1.1'
  /** Counts connections from 1. */
  readonly connection: number
  /** What the client sent as SNI. */
  readonly servername: string | undefined
  readonly body: Buffer
  /** Undefined if no subscription has this endpoint. */
  readonly subscription?: WebPushSubscription
  readonly message: WebPushMessage
  /** Of a VAPID token that proved its sender. */
  readonly claims?: VapidClaims
  readonly findings: readonly Finding[]
  /** The findings that no correct client causes, in words. */
  readonly violations: readonly string[]
}

export interface WebPushSimulator extends Watched<WebPushRequest> {
  /** `https://name:port`: the audience of its VAPID tokens. */
  readonly origin: string
  readonly port: number
  /** PEM of the authority that vouches for it. */
  readonly ca: string
  /** Makes a subscription, as a browser does. Throws when the vendor needs an applicationServerKey and none is given. */
  readonly subscribe: (options?: SubscribeOptions) => WebPushSubscription
  /** What the subscription's user agent could open, of all pushes that were taken, oldest first. */
  readonly received: (subscription: WebPushSubscription) => readonly Buffer[]
  /** What correct clients would never have done, in words. */
  readonly violations: readonly string[]
  /** What is allowed and unwise. */
  readonly warnings: readonly string[]
  /** Does this to the next request, or to so many; `Infinity` until `heal`. With a subscription: to requests for that one only. */
  readonly inject: (
    fault: WebPushFault,
    scope?: { readonly times?: number; readonly subscription?: WebPushSubscription },
  ) => void
  readonly heal: () => void
  /** Whether connections are closed before TLS begins. */
  readonly refuseConnections: (refuse: boolean) => void
  readonly close: () => Promise<void>
}

interface Order {
  readonly fault: WebPushFault
  readonly endpoint: string | undefined
  left: number
}

/** Starts a push service without subscriptions. Rejects when the port is taken. */
export const startWebPushSimulator = async (options: WebPushSimulatorOptions = {}): Promise<WebPushSimulator> => {
  const { personality: name = 'rfc', now = systemNow, host = '127.0.0.1', name: hostname = 'localhost' } = options
  const vendor = personalities[name]
  const personality = { ...vendor, topicLengths: options.topicLengths ?? vendor.topicLengths }
  const subscriptions = makeSubscriptions(name, personality, () => origin)
  const memory = makeMemory(name === 'apple')
  const { journal, record } = makeJournal<WebPushRequest>('a push')
  const violations: string[] = []
  const warnings: string[] = []
  const traps = new Set<string>()
  let orders: readonly Order[] = []
  let origin = ''

  const faultFor = (endpoint: string | undefined): WebPushFault | undefined => {
    const found = orders.find((one) => one.endpoint === undefined || one.endpoint === endpoint)
    if (found === undefined) return undefined
    found.left -= 1
    if (found.left <= 0) orders = orders.filter((one) => one !== found)
    return found.fault
  }
  const newTrap = (): string => {
    const path = `/redirected/${randomUUID()}`
    traps.add(path)
    return `${origin}${path}`
  }
  const discovers = ({ method, path }: Exchange): boolean =>
    personality.isUnifiedPush && method === 'GET' && subscriptions.at(path) !== undefined
  const judgedAnswer = ({ row, subscription }: Judgement, { headers, path }: Exchange, nowMs: number): Answer => {
    if (row !== undefined || subscription === undefined) return spell(webPushRows[row ?? 'not found'])
    const ttl = Math.min(Number(headers['ttl'] ?? 0), personality.longestTtl)
    return personality.accept({ id: randomUUID(), origin, ttl, nowMs, path })
  }
  const note = (findings: readonly Finding[], severity: Finding['severity'], all: string[]): readonly string[] => {
    const texts = findings.flatMap((one) => (one.severity === severity ? [`${one.rule}: ${one.text}`] : []))
    if (all.length < MOST_NOTED) all.push(...texts)
    return texts
  }

  const serve = async (exchange: Exchange): Promise<void> => {
    if (discovers(exchange)) {
      exchange.answer(200, { 'content-type': 'application/json' }, '{"unifiedpush":{"version":1}}\n')
      return
    }
    const nowMs = now()
    const isTrap = (path: string): boolean => traps.has(path)
    const judgement = judge(exchange, { personality, subscriptions, memory, origin, isTrap, nowMs })
    const { subscription, findings, sender } = judgement
    const fault = faultFor(subscription?.given.endpoint)
    const answer = answerUnder(fault, judgedAnswer(judgement, exchange, nowMs), newTrap)
    if (answer.is === 'answer') {
      if (subscription !== undefined && tellsDead(answer.status)) subscription.isToldDead = true
      if (sender !== undefined && blamesToken(answer.status)) memory.refused(sender)
    }
    note(findings, 'warning', warnings)
    const { protocol, connection, servername, method, path, headers, body } = exchange
    record({
      ...{ at: nowMs, protocol, connection, servername, method, path, headers, body },
      ...(subscription === undefined ? {} : { subscription: subscription.given }),
      message: judgement.message,
      ...(judgement.claims === undefined ? {} : { claims: judgement.claims }),
      answer,
      findings,
      violations: note(findings, 'violation', violations),
    })
    carryOut(fault, answer, exchange)
  }

  const authority = processAuthority()
  const names = [...new Set([hostname, 'localhost', '127.0.0.1', '::1'])]
  const door = await openDoor({
    host,
    port: options.port ?? 0,
    protocols: options.protocol ?? 'both',
    certificate: options.certificate ?? authority.issueServer({ names }),
    now,
    onExchange: serve,
  })
  origin = `https://${hostname.includes(':') ? `[${hostname}]` : hostname}${door.port === 443 ? '' : `:${door.port}`}`
  return Object.freeze({
    origin,
    port: door.port,
    ca: authority.caPem,
    journal: journal.entries,
    onRequest: journal.listen,
    waitFor: journal.waitFor,
    subscribe: subscriptions.subscribe,
    received: ({ endpoint }: WebPushSubscription) =>
      journal.entries.flatMap(({ subscription, message, answer }) =>
        subscription?.endpoint === endpoint && message.is === 'opened' && answer.is === 'answer' && answer.status < 300
          ? [message.plaintext]
          : [],
      ),
    violations,
    warnings,
    inject: (
      fault: WebPushFault,
      scope: { readonly times?: number; readonly subscription?: WebPushSubscription } = {},
    ) => {
      orders = [...orders, { fault, endpoint: scope.subscription?.endpoint, left: scope.times ?? 1 }]
    },
    heal: () => {
      orders = []
    },
    refuseConnections: door.refuse,
    close: door.close,
  })
}
