/**
 * The registrations of the nodes that were asked for lately. True only where every change of the registry passes through
 * this process, and is told here in the order in which it happened.
 */
import { registrationOf, type Registration } from '../model/registration'

const MAX_NODES = 10_000

export interface NodeCache {
  find(service: string, node: string): readonly Registration[] | undefined
  /** By the registration's own id, if its node is remembered. */
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
export function makeNodeCache(max = MAX_NODES): NodeCache {
  const services = new Map<string, Map<string, Registrations>>()
  const nodeOf = new Map<string, Registrations>()
  const order = new Set<Registrations>()

  const forget = (its: Registrations | undefined): void => {
    if (its === undefined) return
    const [{ service, node }] = its
    services.get(service)?.delete(node)
    order.delete(its)
    for (const { id } of its) nodeOf.delete(id)
  }

  return Object.freeze({
    find: (service: string, node: string) => services.get(service)?.get(node),
    get(id: string) {
      const its = nodeOf.get(id)
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
      order.add(its)
      for (const { id } of its) nodeOf.set(id, its)
      if (order.size <= max) return
      const [oldest] = order
      forget(oldest)
    },
    seen(id: string, at: number) {
      const its = nodeOf.get(id)
      if (its === undefined) return
      const [first, ...others] = its
      const noted: Registrations = [seenAt(first, id, at), ...others.map((each) => seenAt(each, id, at))]
      services.get(first.service)?.set(first.node, noted)
      order.delete(its)
      order.add(noted)
      for (const each of noted) nodeOf.set(each.id, noted)
    },
    drop: (service: string, node: string) => forget(services.get(service)?.get(node)),
    dropNodeOf: (id: string) => forget(nodeOf.get(id)),
  })
}
