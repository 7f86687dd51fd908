/**
 * The registrations of the nodes that were asked for lately. True only where every change of the registry passes through
 * this process, and is told here in the order in which it happened.
 */
import { type Registration } from '../model/registration'

const MAX_NODES = 10_000

export interface NodeCache {
  find(service: string, node: string): readonly Registration[] | undefined
  /** By the registration's own id, if its node is remembered. */
  get(id: string): Registration | undefined
  keep(service: string, node: string, registrations: readonly Registration[]): void
  drop(service: string, node: string): void
  dropNodeOf(id: string): void
}

/** The node that was found longest ago leaves first. Nodes without registrations are not remembered. */
export function makeNodeCache(max = MAX_NODES): NodeCache {
  const nodes = new Map<string, readonly Registration[]>()
  const nodeOf = new Map<string, string>()
  const name = (service: string, node: string): string => `${service}\n${node}`

  const forget = (key: string): void => {
    for (const { id } of nodes.get(key) ?? []) nodeOf.delete(id)
    nodes.delete(key)
  }

  return Object.freeze({
    find: (service: string, node: string) => nodes.get(name(service, node)),
    get(id: string) {
      const key = nodeOf.get(id)
      return key === undefined ? undefined : nodes.get(key)?.find((registration) => registration.id === id)
    },
    keep(service: string, node: string, registrations: readonly Registration[]) {
      const key = name(service, node)
      forget(key)
      if (registrations.length === 0) return
      nodes.set(key, registrations)
      for (const { id } of registrations) nodeOf.set(id, key)
      const [oldest] = nodes.keys()
      if (nodes.size > max && oldest !== undefined) forget(oldest)
    },
    drop: (service: string, node: string) => forget(name(service, node)),
    dropNodeOf(id: string) {
      const key = nodeOf.get(id)
      if (key !== undefined) forget(key)
    },
  })
}
