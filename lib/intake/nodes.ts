/**
 * Decides about nodes that clients make themselves (XEP-0060 §8): who may, what becomes of a name that is taken, who may
 * publish. Such a node is a registration without an address, which comes with each publish. Knows no XML.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { bareOf, type Jid } from '../model/jid'
import { CLIENTS_OWN, type Registration } from '../model/registration'
import { type Observe } from '../observe'
import { type Registry } from '../stores/store'

/** What may be said of somebody else at a node. */
export type Affiliation = 'none' | 'publish-only'

/** What an owner may set of a node. */
export interface NodeSettings {
  readonly title?: string
}

export interface NodeRequest {
  readonly service: string
  readonly requester: Jid
  readonly node: string
}

export type NodeAnswer =
  | { readonly is: 'node'; readonly node: NodeView }
  | { readonly is: 'done' }
  | { readonly is: 'exists' }
  | { readonly is: 'unknown' }
  | { readonly is: 'not-allowed'; readonly why: string }

/** A node as its owner sees it. */
export interface NodeView {
  readonly node: string
  readonly settings: NodeSettings
  /** By bare JID or domain; the owner's own is left out. */
  readonly affiliations: ReadonlyMap<string, Affiliation>
}

export interface NodesOptions {
  readonly registry: Registry
  /** Domains whose accounts may register, by the JID of ours; `*`: every domain. */
  readonly domains: (service: string) => readonly string[]
  readonly observe: Observe
}

export interface Nodes {
  /** `node`: of the client's choosing; one of ours where it is left out (instant nodes, §8.1). */
  create(request: Omit<NodeRequest, 'node'> & { readonly node?: string }, settings: NodeSettings): Promise<NodeAnswer>
  remove(request: NodeRequest): Promise<NodeAnswer>
  read(request: NodeRequest): Promise<NodeAnswer>
  configure(request: NodeRequest, settings: NodeSettings): Promise<NodeAnswer>
  affiliate(request: NodeRequest, changes: ReadonlyMap<string, Affiliation>): Promise<NodeAnswer>
  /** The nodes of the requester, whatever they were registered by. */
  own(request: Omit<NodeRequest, 'node'>): Promise<readonly string[]>
}

/** More than an account has devices. */
const MOST_NODES = 64
const MOST_AFFILIATIONS = 32

/** Rejects only where the store is broken. */
export function makeNodes(options: NodesOptions): Nodes {
  const { registry, observe } = options

  async function ownNode({ service, requester, node }: NodeRequest): Promise<Registration | undefined> {
    const [found] = await registry.find([{ service, node }])
    return found?.find(({ owner }) => owner === bareOf(requester))
  }

  /** The same registration with other hints, as old as it was: what is set of a node says nothing of its device. */
  async function rewrite(registration: Registration, hints: Registration['hints']): Promise<NodeAnswer> {
    const { environment: _, registeredAt, seenAt: _seen, ...rest } = registration
    await registry.register({ ...rest, hints, at: registeredAt })
    await registry.seen([registration.id], registry.now())
    return { is: 'done' }
  }

  async function change(
    request: NodeRequest,
    hintsOf: (registration: Registration) => Registration['hints'] | string,
  ): Promise<NodeAnswer> {
    const registration = await ownNode(request)
    if (registration === undefined) return { is: 'unknown' }
    if (registration.dialect !== CLIENTS_OWN) {
      return { is: 'not-allowed', why: 'This node was made by a command; there is nothing to set.' }
    }
    const hints = hintsOf(registration)
    return typeof hints === 'string' ? { is: 'not-allowed', why: hints } : rewrite(registration, hints)
  }

  return Object.freeze({
    async create({ service, requester, node: named }, settings) {
      const { local, domain } = requester
      const served = options.domains(service)
      if (local === undefined) return { is: 'not-allowed', why: 'A node belongs to an account.' }
      if (!served.includes(domain) && !served.includes('*')) {
        return { is: 'not-allowed', why: `Accounts of ${domain} are not served here.` }
      }
      const owner = bareOf(requester)
      const own = await registry.ownedBy(service, owner)
      if (own.some(({ node }) => node === named)) return { is: 'exists' }
      if (own.filter(({ dialect }) => dialect === CLIENTS_OWN).length >= MOST_NODES) {
        return { is: 'not-allowed', why: `This account has ${MOST_NODES} nodes; delete one first.` }
      }
      const node = named ?? randomBytes(18).toString('base64url').replace(/^-/, 'n')
      const made = await registry.register({
        ...{ id: randomUUID(), service, node, owner, dialect: CLIENTS_OWN, device: node, app: '' },
        ...{ hints: hintsFor(settings, {}), at: registry.now() },
      })
      observe({ at: 'registered', dialect: CLIENTS_OWN, app: '', owner, registration: made.id })
      return { is: 'node', node: viewOf(made) }
    },
    async remove(request) {
      const owner = bareOf(request.requester)
      const removed = await registry.unregister({ service: request.service, owner, node: request.node })
      for (const { dialect, app, id } of removed) observe({ at: 'unregistered', dialect, app, owner, registration: id })
      return removed.length === 0 ? { is: 'unknown' } : { is: 'done' }
    },
    async read(request) {
      const registration = await ownNode(request)
      return registration === undefined ? { is: 'unknown' } : { is: 'node', node: viewOf(registration) }
    },
    configure: (request, settings) => change(request, ({ hints }) => hintsFor(settings, hints)),
    affiliate: (request, changes) =>
      change(request, (registration) => {
        const all = new Map([...affiliationsOf(registration), ...changes])
        return all.size > MOST_AFFILIATIONS
          ? `A node has at most ${MOST_AFFILIATIONS} affiliations.`
          : { ...registration.hints, affiliations: JSON.stringify([...all]) }
      }),
    async own({ service, requester }) {
      return (await registry.ownedBy(service, bareOf(requester))).map(({ node }) => node)
    },
  } satisfies Nodes)
}

function hintsFor({ title }: NodeSettings, before: Registration['hints']): Registration['hints'] {
  return title === undefined ? before : { ...before, title }
}

function viewOf(registration: Registration): NodeView {
  const { title } = registration.hints
  return {
    node: registration.node,
    settings: title === undefined ? {} : { title },
    affiliations: affiliationsOf(registration),
  }
}

/**
 * Who may publish, beside what every node allows: XEP-0357 §5 has the owner's server and bare JID as `publish-only`, until
 * the owner says otherwise.
 */
export function affiliationsOf({ owner, hints }: Registration): ReadonlyMap<string, Affiliation> {
  const usual: readonly (readonly [string, Affiliation])[] = [[owner.slice(owner.indexOf('@') + 1), 'publish-only']]
  const { affiliations } = hints
  // We wrote it ourselves.
  const set = affiliations === undefined ? [] : (JSON.parse(affiliations) as (readonly [string, Affiliation])[])
  return new Map([...usual, ...set])
}
