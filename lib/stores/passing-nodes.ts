/**
 * The registrations of nodes on their way: looked up for a publish, and needed once more when its push is sent. Holds the last ones of two generations;
 * what was let go of leaves its place empty until its generation goes: a Map that loses keys is made anew again and again, and V8 takes what hangs from
 * the tables that it leaves behind for alive until the next full collection.
 */
import { type Registration } from '../model/registration'

export type Registrations = readonly [Registration, ...Registration[]]

export interface PassingNodes {
  find(service: string, node: string): Registrations | undefined
  /** By the id of any of its registrations. */
  get(id: string): Registrations | undefined
  keep(its: Registrations): void
  letGo(its: Registrations): void
}

interface Generation {
  readonly byNode: Map<string, Registrations | undefined>
  readonly byId: Map<string, Registrations | undefined>
}

const generation = (): Generation => ({ byNode: new Map(), byId: new Map() })

/** Nodes of several services may have one name: the one that came last is found, and another is asked for again. */
export function makePassingNodes(most: number): PassingNodes {
  const ofGeneration = Math.ceil(most / 2)
  let current = generation()
  let former = generation()

  return Object.freeze({
    find(service: string, node: string) {
      const its = current.byNode.get(node) ?? former.byNode.get(node)
      return its?.[0].service === service ? its : undefined
    },
    get: (id: string) => current.byId.get(id) ?? former.byId.get(id),
    keep(its: Registrations) {
      if (current.byNode.size >= ofGeneration) {
        former = current
        current = generation()
      }
      current.byNode.set(its[0].node, its)
      for (const { id } of its) current.byId.set(id, its)
    },
    letGo(its: Registrations) {
      for (const { byNode, byId } of [current, former]) {
        if (byNode.get(its[0].node) === its) byNode.set(its[0].node, undefined)
        for (const { id } of its) if (byId.get(id) === its) byId.set(id, undefined)
      }
    },
  })
}
