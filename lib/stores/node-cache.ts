/**
 * The registrations of the nodes that were asked for lately. True only where every change of the registry passes through
 * this process, and is told here in the order in which it happened.
 *
 * Once it is full, a node that was not asked for before is let go as soon as the push that it was asked for has its registration: where a hundred thousand
 * nodes are published to in turn, none would be found again, and each would have become an old object that only a full collection removes.
 */
import { registrationOf, type Registration } from '../model/registration'
import { makeAskedBefore } from './asked-before'
import { makePassingNodes, type Registrations } from './passing-nodes'

const MAX_NODES = 10_000
/** Nodes on their way: those whose publish was refused are let go when so many others have come. */
const MAX_PASSING = 1_000

export interface NodeCache {
  find(service: string, node: string): readonly Registration[] | undefined
  /** By the registration's own id, if its node is remembered; one that only passes is found once. */
  get(id: string): Registration | undefined
  keep(service: string, node: string, registrations: readonly Registration[]): void
  /** A registration was published to at `at` (milliseconds since 1970). */
  seen(id: string, at: number): void
  drop(service: string, node: string): void
  dropNodeOf(id: string): void
}

function seenAt(its: Registration, seen: string, at: number): Registration {
  return its.id !== seen || its.seenAt >= at ? its : registrationOf(its, at, its)
}

/** The node that was found longest ago leaves first. Nodes without registrations are not remembered. */
export function makeNodeCache(max = MAX_NODES, maxPassing = MAX_PASSING): NodeCache {
  const services = new Map<string, Map<string, Registrations>>()
  const nodeOf = new Map<string, Registrations>()
  const order = new Set<Registrations>()
  const passing = makePassingNodes(maxPassing)
  const isAskedBefore = makeAskedBefore()

  const forget = (its: Registrations | undefined): void => {
    if (its === undefined) return
    const [{ service, node }] = its
    services.get(service)?.delete(node)
    order.delete(its)
    for (const { id } of its) nodeOf.delete(id)
  }
  const put = (its: Registrations): void => {
    const [{ service, node }] = its
    let nodes = services.get(service)
    // By the store's own texts: those of who asks are parts of what a socket read, and would keep all of that alive.
    if (nodes === undefined) services.set(service, (nodes = new Map<string, Registrations>()))
    nodes.set(node, its)
    for (const { id } of its) nodeOf.set(id, its)
  }
  const remember = (its: Registrations): void => {
    put(its)
    order.add(its)
    if (order.size <= max) return
    const [oldest] = order
    forget(oldest)
  }
  /** Of a node, wherever it is. */
  const drop = (service: string, node: string): void => {
    forget(services.get(service)?.get(node))
    const its = passing.find(service, node)
    if (its !== undefined) passing.letGo(its)
  }

  return Object.freeze({
    find(service: string, node: string) {
      const known = services.get(service)?.get(node)
      if (known !== undefined) return known
      const its = passing.find(service, node)
      if (its === undefined) return undefined
      passing.letGo(its)
      remember(its)
      return its
    },
    get(id: string) {
      let its = nodeOf.get(id)
      if (its === undefined) {
        its = passing.get(id)
        if (its !== undefined) passing.letGo(its)
      }
      return its?.length === 1 ? its[0] : its?.find((registration) => registration.id === id)
    },
    keep(service: string, node: string, [first, ...others]: readonly Registration[]) {
      drop(service, node)
      if (first === undefined) return
      const its: Registrations = [first, ...others]
      const wasAsked = isAskedBefore(node)
      if (wasAsked || order.size < max) remember(its)
      else passing.keep(its)
    },
    seen(id: string, at: number) {
      const passed = passing.get(id)
      const its = nodeOf.get(id) ?? passed
      if (its === undefined) return
      const [first, ...others] = its
      const noted: Registrations = [seenAt(first, id, at), ...others.map((each) => seenAt(each, id, at))]
      if (order.delete(its)) {
        order.add(noted)
        put(noted)
      } else if (passed !== undefined) {
        passing.letGo(passed)
        passing.keep(noted)
      }
    },
    drop,
    dropNodeOf(id: string) {
      forget(nodeOf.get(id))
      const its = passing.get(id)
      if (its !== undefined) passing.letGo(its)
    },
  })
}
