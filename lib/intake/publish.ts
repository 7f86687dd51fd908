/** Decides about a publish, in the order of design §4, from durable state only; no push service is asked. */
import { type Clock } from '../clock'
import { type Brought, type Dialect } from '../dialects/dialect'
import { bareOf, isServer, type Jid } from '../model/jid'
import { type Delivery } from '../model/notification'
import { CLIENTS_OWN, type Environment, type Registration } from '../model/registration'
import { ANY_DOMAIN } from '../model/stand-in'
import { type PublishAnswer, type PublishRequest, type Summary } from '../model/request'
import { type Observe } from '../observe'
import { type Outbox } from '../outbox/outbox'
import { type Registry } from '../stores/store'
import { type DoorApps } from './app'
import { carriedBy, readdressed, type Carried } from './brought'
import { type Deliver } from './deliver'
import { deliveryOf, notificationOf, type Draft } from './made'
import { affiliationsOf } from './nodes'
import { type Limits } from './limits'
import { type Noting } from './noting'

export interface PublishOptions {
  readonly registry: Registry
  readonly outbox: Outbox
  readonly apps: () => DoorApps
  /** Domains that may publish to any node, such as MUC services. */
  readonly publishers: () => readonly string[]
  readonly limits: Limits
  /** Domains whose accounts may register, by the JID of ours: only their servers may bring addresses along. */
  readonly domains: (service: string) => readonly string[]
  readonly dialects: readonly Dialect[]
  readonly deliver: Deliver
  /** That a registration is published to. */
  readonly noteLife: Noting['note']
  readonly clock: Clock
  readonly observe: Observe
  /** Why nothing is accepted at the moment (starting, stopping); undefined: all is well. */
  readonly closed: () => string | undefined
}

/** Never rejects: trouble is an answer, for a publisher must get one. */
export function makePublish(options: PublishOptions): (request: PublishRequest) => Promise<PublishAnswer> {
  const { registry, outbox, noteLife, clock, observe } = options

  /** What can be said before anything is looked up. */
  function refusalOf({ node }: PublishRequest): PublishAnswer | undefined {
    const closed = options.closed()
    if (closed !== undefined) return { is: 'trouble', why: closed }
    return node === undefined || node === '' ? { is: 'unknown-node' } : undefined
  }

  /** A promise only where something more has to be looked up or written: a publish may cost no chain of them. */
  function answer(request: PublishRequest, found: readonly Registration[]): Answering {
    if (found.length === 0) return stateless(request)
    const known = options.domains(request.service)
    const permitted = found.filter((each) => mayPublish(request.publisher, each, options.publishers(), known))
    if (permitted.length === 0) return { is: 'foreign-publisher' }
    const isClientsOwn = permitted.some(({ dialect }) => dialect === CLIENTS_OWN)
    const carried = isClientsOwn ? carriedBy(request, options.dialects, options.apps()) : undefined
    const registration = openTo(permitted, request.secrets, carried)
    if (registration !== undefined) return taken(request, registration, carried)
    if (request.secrets.length === 0) return { is: 'wrong-secret' }
    return bySibling(permitted, request.secrets).then((its) =>
      its === undefined ? { is: 'wrong-secret' } : taken(request, its, carried),
    )
  }

  /** Of a registration that this publisher may publish to. */
  function taken(request: PublishRequest, registration: Registration, carried: Carried | undefined): Answering {
    const { notification, publisher, environment } = request
    if ('malformed' in notification) return { is: 'malformed', ...notification }
    const go = (): Answering =>
      registration.dialect === CLIENTS_OWN
        ? takenOfClients(registration, notification, publisher, carried)
        : accept(registration, notification, publisher)
    if (environment === undefined || registration.environment !== undefined) return go()
    return proveAsTold(registration, environment).then(go)
  }

  /** Of a node that a client made, to which publishes bring the address along. */
  function takenOfClients(
    registration: Registration,
    notification: Summary,
    publisher: Jid,
    carried: Carried | undefined,
  ): Answering {
    if (notification.accountRemoved || carried === undefined) {
      return notification.accountRemoved || registration.address !== undefined
        ? accept(registration, notification, publisher)
        : { is: 'nowhere', why: 'the node was made by its client, and no publish has named a device yet' }
    }
    if (carried.is === 'answer') return carried.answer
    return readdressed(registration, carried, registry).then((current) =>
      current === undefined ? { is: 'unknown-node' } : accept(current, notification, publisher, carried.brought),
    )
  }

  /** Told by the client with every publish: believed until a push proves another. */
  async function proveAsTold({ id, address }: Registration, environment: Environment): Promise<void> {
    if (address !== undefined) await registry.prove(id, environment, address)
  }

  /** Of a node that nobody registered, the publish itself may name the device. */
  async function stateless(request: PublishRequest): Promise<PublishAnswer> {
    const { service, publisher, notification } = request
    const carried = carriedBy(request, options.dialects, options.apps())
    if (carried === undefined) return { is: 'unknown-node' }
    const known = [...options.domains(service), ...options.publishers()]
    if (!isServer(publisher) || !isAmong(publisher.domain, known)) return { is: 'foreign-publisher' }
    if ('malformed' in notification) return { is: 'malformed', ...notification }
    if (carried.is === 'answer') return carried.answer
    if (notification.accountRemoved) return { is: 'accepted', why: 'nothing is registered that could be removed' }
    const { app, address, brought } = carried
    const now = clock.now()
    const { expiresAt, ...rest } = notificationOf(app, notification, brought, now, false)
    const answer = await options.deliver({
      ...{ ...rest, caller: publisher.domain, app: app.name, address, life: expiresAt - now },
      ...(brought.environment === undefined ? {} : { environment: brought.environment }),
    })
    switch (answer.is) {
      case 'accepted':
        return { is: 'accepted', why: `${rest.class} kept as delivery ${answer.delivery}` }
      case 'dead':
        return { is: 'unknown-node' }
      case 'trouble':
        return answer
      case 'unknown-app':
      case 'not-an-address':
        return { is: 'nowhere', why: answer.why }
    }
  }

  /**
   * COMPAT(Metronome ≤ 4): one secret is kept per account, the last one enabled, so any of the owner's secrets will do.
   */
  async function bySibling(
    permitted: readonly Registration[],
    secrets: readonly string[],
  ): Promise<Registration | undefined> {
    for (const each of permitted) {
      const siblings = await registry.ownedBy(each.service, each.owner)
      if (siblings.some((other) => other.secret !== undefined && secrets.includes(other.secret.reveal()))) return each
    }
    return undefined
  }

  function accept(registration: Registration, summary: Summary, from: Jid, brought?: Brought): Answering {
    const publisher = bareOf(from)
    if (summary.accountRemoved) return remove(registration, publisher)
    const app = options.apps().get(registration.app)
    if (app === undefined) {
      return { is: 'trouble', why: `the device belongs to app ${registration.app}, which is no longer configured` }
    }
    const delivery: Draft<Delivery> = deliveryOf(registration, app, summary, clock.now(), brought)
    delivery.publisher = publisher
    const wait = waitFor(delivery, registration)
    if (wait > 0) delivery.dueAt = delivery.acceptedAt + wait
    const putting = outbox.put([delivery])
    // Along with the put, so that it costs no commit of its own.
    noteLife(registration, delivery.acceptedAt)
    const later = wait > 0 ? `, not before ${wait} ms from now` : ''
    const why = `${delivery.notification.class} kept as delivery ${delivery.id}${later}`
    return putting.then(([put]) => (put === 'kept' ? { is: 'accepted', why } : FULL))
  }

  async function remove(registration: Registration, publisher: string): Promise<PublishAnswer> {
    // Only the account's own server knows that: neither a room's host nor whoever speaks as the owner.
    if (publisher !== homeOf(registration.owner)) return { is: 'accepted', why: 'not its word to give: passed over' }
    const { id, service, owner, node, dialect, app } = registration
    await registry.unregister({ service, owner, node })
    observe({ at: 'unregistered', dialect, app, owner, registration: id, by: publisher })
    return { is: 'accepted', why: 'the account is gone; its node is forgotten' }
  }

  /** Whole milliseconds for which the limits want it held back. */
  function waitFor({ app, target, notification }: Delivery, { owner }: Registration): number {
    const name = target.to === 'registration' ? target.registration : ''
    return Math.ceil(options.limits({ app, target: name, owner, domain: homeOf(owner), notification }))
  }

  return async (request) => {
    const since = clock.elapsed()
    let answered: PublishAnswer
    try {
      const refusal = refusalOf(request)
      const { service, node = '' } = request
      answered = refusal ?? (await answer(request, (await registry.find([{ service, node }]))[0] ?? []))
    } catch (error) {
      answered = { is: 'trouble', why: error instanceof Error ? error.message : String(error) }
    }
    observe({
      at: 'answered',
      answer: answered.is === 'accepted' ? 'result' : answered.is,
      why: whyOf(answered),
      publisher: bareOf(request.publisher),
      took: clock.elapsed() - since,
    })
    return answered
  }
}

type Answering = PublishAnswer | Promise<PublishAnswer>

const FULL: PublishAnswer = Object.freeze({ is: 'trouble', why: 'the outbox is full' })

/** The registration that is open to these secrets by itself. */
function openTo(
  permitted: readonly Registration[],
  secrets: readonly string[],
  carried: Carried | undefined,
): Registration | undefined {
  const exact = permitted.find((each) => each.secret !== undefined && secrets.includes(each.secret.reveal()))
  return exact ?? openAmong(permitted, carried)
}

/** Of several accounts that chose the same name for their nodes, the one whose device it is, or that has none yet. */
function openAmong(permitted: readonly Registration[], carried: Carried | undefined): Registration | undefined {
  const open = permitted.filter(({ secret }) => secret === undefined)
  const address = carried?.is === 'device' ? carried.address : undefined
  const own = address === undefined ? undefined : open.find((each) => each.address?.reveal() === address)
  return own ?? open.find((each) => address !== undefined && each.address === undefined) ?? open[0]
}

function homeOf(owner: string): string {
  return owner.slice(owner.indexOf('@') + 1)
}

/** The registrant's domain, bare or with a resource (COMPAT(Tigase): publishes as domain/hash); the owner's bare JID (COMPAT(Prosody < 2017-08)); a domain of `access.publish`. */
function mayPublish(
  publisher: Jid,
  registration: Registration,
  publishers: readonly string[],
  known: readonly string[],
): boolean {
  if (registration.dialect === CLIENTS_OWN) {
    const affiliation = affiliationsOf(registration).get(bareOf(publisher))
    if (affiliation !== undefined)
      return affiliation === 'publish-only' && (isServer(publisher) || publisher.resource === undefined)
  }
  if (!isServer(publisher)) return publisher.resource === undefined && bareOf(publisher) === registration.owner
  const home = homeOf(registration.owner)
  // Of a device that was taken over nobody may know the server: then its secret must do, and a domain that is served.
  if (home === ANY_DOMAIN && isAmong(publisher.domain, known)) return true
  return publisher.domain === home || publishers.includes(publisher.domain)
}

/** `*`: every domain. */
function isAmong(domain: string, domains: readonly string[]): boolean {
  return domains.includes(domain) || domains.includes('*')
}

function whyOf(answer: PublishAnswer): string {
  switch (answer.is) {
    case 'accepted':
    case 'nowhere':
    case 'trouble':
      return answer.why
    case 'unknown-node':
      return 'no device is registered at this node'
    case 'foreign-publisher':
      return 'the publisher is not the server of the account that registered the node'
    case 'wrong-secret':
      return 'the publish carries no secret of this account'
    case 'malformed':
      return answer.text
  }
}
