/** The components: each its link, who answers on it, and what servers are told of their own. Part of the composition root. */
import { type LinkView } from './admin/questions'
import { type Clock } from './clock'
import { type ComponentConfig, type Config } from './config'
import { makeRemoteDisabling, type ServerLine } from './intake/remote-disable'
import { type Observe } from './observe'
import { type Store, type Turns } from './stores/store'
import { serverOf } from './try-links'
import { type AnsweringOptions, makeAnswering } from './xmpp/answering'
import { type Line } from './xmpp/administrator-message'
import { type Link, makeLink } from './xmpp/component'
import { makeServerLine } from './xmpp/remote-disable'
import { askServer, lostBefore, type Said } from './xmpp/server-answers'
import { type Turn } from './xmpp/turn'

export interface AttachingOptions extends Omit<AnsweringOptions, 'domain' | 'secret' | 'send'> {
  /** Those that this process attaches. */
  readonly components: readonly ComponentConfig[]
  readonly store: Pick<Store, 'registry' | 'remoteDisables' | 'turns'>
  /** Whether servers are told of nodes that are gone. */
  readonly remoteDisable: Config['remoteDisable']
  /** Domains whose users may register. */
  readonly domains: () => readonly string[]
  readonly clock: Clock
  readonly observe: Observe
}

export interface Attaching {
  /** Begins to attach, and to tell servers what they are to be told. */
  start(): void
  /** By which administrators are told something. */
  readonly lines: readonly Line[]
  /** How every link stands. */
  links(): readonly LinkView[]
  /** The same, with what the servers of those that are attached answer now. Never rejects. */
  proveLinks(): Promise<readonly LinkView[]>
  /** Resolves once every component is attached to its server. */
  whenOnline(): Promise<void>
  /** Called when a link is online for the first time. */
  onOnline(call: () => void): void
  /** Detaches, in so many milliseconds at most. */
  stop(graceMs: number): Promise<void>
}

/** What names the turn of one component at one server; every instance spells it alike, for it has the same configuration. */
function turnAt(turns: Turns | undefined, { domain, service }: ComponentConfig): { readonly turn?: Turn } {
  if (turns === undefined) return {}
  const name = `component ${domain} at ${service}`
  return { turn: { take: () => turns.take(name), pass: () => turns.pass(name) } }
}

/** Told of a link that is up again. */
const LOST_TWICE = {
  why: 'twice in a row, and it is up again',
  mend: "The log tells why the link was lost each time, and so does the server's",
}

function whyOf({ fault }: Link): { readonly why?: string; readonly mend?: string } {
  return fault === undefined ? {} : { why: fault.why, mend: fault.mend }
}

/** Nothing happens before `start`. */
export function makeAttaching(options: AttachingOptions): Attaching {
  const { components, store, remoteDisable, domains, clock, observe, ...answering } = options
  const parts = components.map((component) => {
    const { domain, secret } = component
    const line: ServerLine & { heard: ReturnType<typeof makeServerLine>['heard'] } = makeServerLine(
      domain,
      () => link,
      clock,
    )
    const answer = makeAnswering({
      ...{ ...answering, domain, secret, clock, observe },
      send: (stanza) => void link.send(stanza),
    })
    /** Questions that an operator is waiting for. */
    const visits = new Set<ReturnType<typeof askServer>>()
    const onStanza: typeof answer = (stanza) => {
      for (const visit of visits) visit.heard(stanza)
      return line.heard(stanza) ? undefined : answer(stanza)
    }
    const link: Link = makeLink({ ...component, ...turnAt(store.turns, component), clock, observe, onStanza })
    return { ...component, link, line, visits }
  })
  type Part = (typeof parts)[number]

  const viewOf = ({ domain, service, link }: Part): LinkView => ({
    ...{ domain, service, isOnline: link.isOnline },
    ...(link.isStandby ? { isStandby: true as const } : {}),
    ...(link.isOnline || link.isStandby ? {} : whyOf(link)),
  })

  /** Asks the server on the connection that is up now. `isLost`: that one ended before all was answered. */
  async function visit({ domain, link, visits }: Part, server: string): Promise<{ says: Said; isLost: boolean }> {
    const its = askServer({ server, domain }, clock)
    const { connections } = link
    visits.add(its)
    const says = await its.ask((stanza) => link.send(stanza))
    visits.delete(its)
    return { says, isLost: !link.isOnline || link.connections !== connections }
  }

  async function prove(part: Part): Promise<LinkView> {
    const { domain, link } = part
    const server = serverOf(domain, domains())
    if (!link.isOnline || server === undefined) return viewOf(part)
    let { says, isLost } = await visit(part, server)
    // A silence that is the link's own end is no word of the server: over the new one it is asked again.
    if (isLost && link.isOnline) ({ says, isLost } = await visit(part, server))
    if (!link.isOnline) return viewOf(part)
    return { ...viewOf(part), says: isLost ? lostBefore({ server, domain }, LOST_TWICE) : says }
  }

  const remoteDisabling = makeRemoteDisabling({
    rows: store.remoteDisables,
    when: remoteDisable,
    lineOf: (service) => parts.find(({ domain }) => domain === service)?.line,
    ...(store.turns === undefined ? {} : { isAttached: () => parts.some(({ link }) => link.isOnline) }),
    now: () => store.registry.now(),
    clock,
    observe,
  })

  return Object.freeze({
    start() {
      for (const { link } of parts) link.start()
      if (parts.length > 0) remoteDisabling.start()
    },
    lines: parts,
    links: () => parts.map(viewOf),
    proveLinks: () => Promise.all(parts.map(prove)),
    whenOnline: async () => void (await Promise.all(parts.map(({ link }) => link.whenOnline()))),
    onOnline(call: () => void) {
      for (const { link } of parts) void link.whenOnline().then(call)
    },
    async stop(graceMs: number) {
      remoteDisabling.stop()
      await Promise.all(parts.map(({ link }) => link.stop(graceMs)))
    },
  })
}
