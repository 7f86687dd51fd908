/**
 * Devices that are known by their node alone: for a caller who is nobody's account, and who has the node's secret, or has made the node
 * itself without one (`stand-in`). Knows no interface's spelling.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { type Clock } from '../clock'
import { type Opaque } from '../model/opaque'
import { type Registration } from '../model/registration'
import { type Observe } from '../observe'
import { type Heard, type Outbox } from '../outbox/outbox'
import { type Registry } from '../stores/store'
import { type DoorApp, type DoorApps } from './app'
import { type Limits } from './limits'
import { deliveryOf } from './made'

/** A device that a stand-in owns. */
export interface NodeOf {
  readonly service: string
  readonly dialect: string
  /** The stand-in. */
  readonly owner: string
  readonly node: string
  /** The push service of the app that it was registered with. */
  readonly speaks: DoorApp['speaks']
}

export interface NodePush {
  readonly service: string
  readonly dialect: string
  readonly node: string
  readonly secret: string
  /** Who asks, for the trace. */
  readonly caller: string
  /** Milliseconds to wait for the first outcome. */
  readonly listen: number
}

export type NodeAnswer =
  /** It is durably ours. `heard`: what came of the first attempt, if that was known in time. */
  | { readonly is: 'accepted'; readonly heard?: Heard }
  /** No such node, or not with this secret: nobody is told which. */
  | { readonly is: 'unknown' }
  | { readonly is: 'trouble'; readonly why: string }

export interface ByNode {
  /** Rejects only where the store is broken; undefined: there is none. */
  unregister(asked: NodeOf): Promise<Registration | undefined>
  /** A wake-up without any content. Rejects only where the store is broken. */
  push(asked: NodePush): Promise<NodeAnswer>
}

export interface ByNodeOptions {
  readonly registry: Registry
  readonly outbox: Outbox
  readonly apps: () => DoorApps
  readonly limits: Limits
  readonly clock: Clock
  readonly observe: Observe
  /** Why nothing is accepted at the moment; undefined: all is well. */
  readonly closed: () => string | undefined
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
const isSame = (secret: Opaque | undefined, given: string): boolean =>
  secret !== undefined && timingSafeEqual(digest(secret.reveal()), digest(given))

export function makeByNode(options: ByNodeOptions): ByNode {
  const { registry, outbox, clock, observe } = options

  async function push({ service, dialect, node, secret, caller, listen }: NodePush): Promise<NodeAnswer> {
    const closed = options.closed()
    if (closed !== undefined) return { is: 'trouble', why: closed }
    const [found = []] = await registry.find([{ service, node }])
    const its = found.filter((each) => each.dialect === dialect).find((each) => isSame(each.secret, secret))
    if (its === undefined) return { is: 'unknown' }
    const app = options.apps().get(its.app)
    if (app === undefined) return { is: 'trouble', why: `its app ${its.app} is no longer in the configuration` }
    const now = clock.now()
    const made = { ...deliveryOf(its, app, { accountRemoved: false }, now), publisher: caller }
    const { notification } = made
    const wait = options.limits({ app: its.app, target: its.id, owner: its.owner, domain: caller, notification })
    const isSoon = wait < listen
    // Listened to before it is put: its outcome may be known before we hear that it is durable.
    const hearing = isSoon ? outbox.heard(made.id, listen) : undefined
    const [put] = await outbox.put([wait === 0 ? made : { ...made, dueAt: now + Math.ceil(wait) }])
    if (put !== 'kept') return { is: 'trouble', why: 'the outbox is full' }
    observe({
      ...{ at: 'answered', answer: 'result', why: `${notification.class} kept as delivery ${made.id}` },
      ...{ publisher: caller, over: 'http', delivery: made.id, app: its.app, class: notification.class },
    })
    const heard = await hearing
    return { is: 'accepted', ...(heard === undefined ? {} : { heard }) }
  }

  async function unregister({ service, dialect, owner, node, speaks }: NodeOf): Promise<Registration | undefined> {
    const apps = options.apps()
    const owned = await registry.ownedBy(service, owner)
    const its = owned.find(
      (each) => each.dialect === dialect && each.device === node && apps.get(each.app)?.speaks === speaks,
    )
    if (its === undefined) return undefined
    const { id, app } = its
    await registry.unregister({ service, owner, node: its.node })
    observe({ at: 'unregistered', dialect, app, owner, registration: id })
    return its
  }

  return Object.freeze({ unregister, push })
}
