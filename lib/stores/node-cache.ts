/**
 * The registrations of the nodes that were asked for lately. True only where every change of the registry passes through
 * this process, and is told here in the order in which it happened.
 *
 * Once it is full, a node that was not asked for before is let go as soon as the push that it was asked for has its registration: where a hundred thousand
 * nodes are published to in turn, none would be found again, and each would have become an old object that only a full collection removes.
 */
import { registrationOf, type Registration } from '../model/registration'
import { makeAskedBefore } from './asked-before'

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

type Registrations = readonly [Registration, ...Registration[]]

/** The node that was found longest ago leaves first. Nodes without registrations are not remembered. */
export function makeNodeCache(max = MAX_NODES, maxPassing = MAX_PASSING): NodeCache {
  const services = new Map<string, Map<string, Registrations>>()
  const nodeOf = new Map<string, Registrations>()
  const order = new Set<Registrations>()
  const passing = new Set<Registrations>()
  const isAskedBefore = makeAskedBefore()

  const forget = (its: Registrations | undefined): void => {
    if (its === undefined) return
    const [{ service, node }] = its
    services.get(service)?.delete(node)
    order.delete(its)
    passing.delete(its)
    for (const { id } of its) nodeOf.delete(id)
  }
  const remember = (its: Registrations): void => {
    order.add(its)
    if (order.size <= max) return
    const [oldest] = order
    forget(oldest)
  }
  const pass = (its: Registrations): void => {
    passing.add(its)
    if (passing.size <= maxPassing) return
    const [oldest] = passing
    forget(oldest)
  }

  return Object.freeze({
    find(service: string, node: string) {
      const its = services.get(service)?.get(node)
      if (its !== undefined && passing.delete(its)) remember(its)
      return its
    },
    get(id: string) {
      const its = nodeOf.get(id)
      if (its !== undefined && passing.has(its)) forget(its)
      return its?.length === 1 ? its[0] : its?.find((registration) => registration.id === id)
    },
    keep(service: string, node: string, [first, ...others]: readonly Registration[]) {
      let nodes = services.get(service)
      forget(nodes?.get(node))
      if (first === undefined) return
      const its: Registrations = [first, ...others]
      // By the store's own texts: those of who asks are parts of what a socket read, and would keep all of that alive.
      if (nodes === undefined) services.set(first.service, (nodes = new Map<string, Registrations>()))
      nodes.set(first.node, its)
      for (const { id } of its) nodeOf.set(id, its)
      const wasAsked = isAskedBefore(node)
      if (wasAsked || order.size < max) remember(its)
      else pass(its)
    },
    seen(id: string, at: number) {
      const its = nodeOf.get(id)
      if (its === undefined) return
      const [first, ...others] = its
      const noted: Registrations = [seenAt(first, id, at), ...others.map((each) => seenAt(each, id, at))]
      services.get(first.service)?.set(first.node, noted)
      if (order.delete(its)) order.add(noted)
      else if (passing.delete(its)) passing.add(noted)
      for (const each of noted) nodeOf.set(each.id, noted)
    },
    drop: (service: string, node: string) => forget(services.get(service)?.get(node)),
    dropNodeOf: (id: string) => forget(nodeOf.get(id)),
  })
}
