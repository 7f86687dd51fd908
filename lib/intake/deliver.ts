/**
 * Decides about a notification whose caller brings the device's address along (design §1.3, §2 «target»): HTTP interfaces, and
 * publishes of clients that register nothing. Durable before it is answered; knows no interface's spelling.
 */
import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { type Clock } from '../clock'
import { lifeOf, type Content, type Delivery, type NotificationClass } from '../model/notification'
import { Opaque } from '../model/opaque'
import { type Environment } from '../model/registration'
import { type Observe } from '../observe'
import { type Heard, type Outbox } from '../outbox/outbox'
import { type Registry } from '../stores/store'
import { type DoorApps } from './app'
import { type Limits } from './limits'

export interface DeliverRequest {
  /** Who brought it: an authenticated caller's name, an address, a domain. Limits are kept by it, and the trace names it. */
  readonly caller: string
  readonly app: string
  /** As the caller spelt it. */
  readonly address: string
  readonly environment?: Environment
  readonly class: NotificationClass
  /** What the class implies by default: low for `dismiss` and `quiet`. */
  readonly urgency?: 'high' | 'low'
  /** Milliseconds that it is worth delivering; as long as its class lives by default, at most four weeks. */
  readonly life?: number
  readonly content: Content
  /** Only of a wake-up: what carries content is never replaced. */
  readonly collapseKey?: string
  /** Milliseconds that the caller waits for the first outcome; not at all if it is left out. */
  readonly listen?: number
}

export type DeliverAnswer =
  /** It is durably ours. `heard`: what came of the first attempt, if that was known in time. */
  | { readonly is: 'accepted'; readonly delivery: string; readonly heard?: Heard }
  /** The push service called this address dead, and nothing was sent. */
  | { readonly is: 'dead'; readonly why: string }
  | { readonly is: 'unknown-app'; readonly why: string }
  | { readonly is: 'not-an-address'; readonly why: string }
  /** Nothing was accepted; later it may be. */
  | { readonly is: 'trouble'; readonly why: string }

export type Deliver = (request: DeliverRequest) => Promise<DeliverAnswer>

export interface DeliverOptions {
  readonly registry: Pick<Registry, 'deadAmong'>
  readonly outbox: Outbox
  readonly apps: () => DoorApps
  readonly limits: Limits
  readonly clock: Clock
  /** Why nothing is accepted at the moment (starting, stopping); undefined: all is well. */
  readonly closed: () => string | undefined
}

/**
 * Milliseconds for which a push service's word about a bare address is believed. Nobody registers it anew here, so after that it is
 * tried once more: a device that is back must not stay silent for ever.
 */
const BELIEVED = 7 * 24 * 3600_000

/** Never rejects: trouble is an answer. */
export function makeDeliver(options: DeliverOptions): Deliver {
  const { registry, outbox, clock } = options
  const key = randomBytes(32)

  /** Limits are kept in memory only, by what says nothing of the address. */
  const hashOf = (app: string, address: string): string =>
    createHmac('sha256', key).update(`${app}\n${address}`).digest('base64url')

  async function answer(request: DeliverRequest): Promise<DeliverAnswer> {
    const closed = options.closed()
    if (closed !== undefined) return { is: 'trouble', why: closed }
    const app = options.apps().get(request.app)
    if (app === undefined) return { is: 'unknown-app', why: `there is no app "${request.app}"` }
    const spelt = app.address(request.address)
    if (spelt === undefined)
      return { is: 'not-an-address', why: `this is no address of the push service of ${app.name}` }
    const whyNot = await app.whyNot?.(spelt)
    if (whyNot !== undefined) return { is: 'not-an-address', why: whyNot }
    const address = new Opaque(spelt)
    const [dead] = await registry.deadAmong([{ app: app.name, address }])
    const now = clock.now()
    if (dead !== undefined && now - dead.at < BELIEVED) return { is: 'dead', why: dead.why }
    const delivery = deliveryOf(request, address, now)
    const wait = options.limits({
      ...{ app: app.name, target: hashOf(app.name, spelt), domain: request.caller },
      notification: delivery.notification,
    })
    return keep(wait === 0 ? delivery : { ...delivery, dueAt: now + Math.ceil(wait) }, request.listen ?? 0)
  }

  async function keep(delivery: Delivery, listen: number): Promise<DeliverAnswer> {
    const isSoon = delivery.dueAt === undefined || delivery.dueAt - delivery.acceptedAt < listen
    // Listened to before it is put: its outcome may be known before we hear that it is durable.
    const hearing = listen > 0 && isSoon ? outbox.heard(delivery.id, listen) : undefined
    const [put] = await outbox.put([delivery])
    if (put !== 'kept') return { is: 'trouble', why: 'the outbox is full' }
    const heard = await hearing
    return { is: 'accepted', delivery: delivery.id, ...(heard === undefined ? {} : { heard }) }
  }

  return async (request) => {
    try {
      return await answer(request)
    } catch (error) {
      return { is: 'trouble', why: error instanceof Error ? error.message : String(error) }
    }
  }
}

/** The same, each answer told: for what comes over HTTP. */
export function tellingDeliver(deliver: Deliver, observe: Observe): Deliver {
  return async (request) => {
    const answered = await deliver(request)
    observe({
      at: 'answered',
      answer: answered.is === 'accepted' ? 'result' : answered.is,
      why: answered.is === 'accepted' ? `${request.class} kept as delivery ${answered.delivery}` : answered.why,
      publisher: request.caller,
      over: 'http',
      ...(answered.is === 'accepted' ? { delivery: answered.delivery, app: request.app, class: request.class } : {}),
    })
    return answered
  }
}

function deliveryOf(request: DeliverRequest, address: Opaque, now: number): Delivery {
  const { app, environment, content, collapseKey, caller } = request
  const life = Math.min(request.life ?? lifeOf[request.class], lifeOf.message)
  const isLow = request.class === 'dismiss' || request.class === 'quiet'
  return {
    id: randomUUID(),
    app,
    target: { to: 'address', address, ...(environment === undefined ? {} : { environment }) },
    notification: {
      class: request.class,
      urgency: request.urgency ?? (isLow ? 'low' : 'high'),
      expiresAt: now + life,
      content,
      ...(collapseKey === undefined ? {} : { collapseKey }),
    },
    acceptedAt: now,
    publisher: caller,
  }
}
