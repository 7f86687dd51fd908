/**
 * Nodes that are asked for one by one, looked up together: a publish asks for one node, and those that one read of a socket brought
 * share a question. What was asked for lately is remembered.
 */
import { type Registration } from '../model/registration'
import { type NodeCache } from './node-cache'
import { type Ask, type ToldRegistrations } from './sqlite-protocol'
import { readAllTold, readToldOfOne } from './sqlite-told'

interface Asked {
  readonly service: string
  readonly node: string
  readonly resolve: (found: readonly Registration[]) => void
  readonly reject: (error: unknown) => void
}

/** Questions in one message; it is answered within a transaction, and others wait. */
const MOST = 500

/** Resolves with the registrations of a node, by owner. */
export function makeFinding(
  ask: Ask,
  cache: NodeCache,
): (service: string, node: string) => Promise<readonly Registration[]> {
  let gathered: Asked[] = []

  function answerOne(one: Asked | undefined, its: readonly Registration[]): void {
    if (one === undefined) return
    cache.keep(one.service, one.node, its)
    one.resolve(its)
  }

  function answered(asked: readonly Asked[], told: ToldRegistrations): void {
    if (asked.length === 1) return answerOne(asked[0], readToldOfOne(String(told[0])))
    const found: Registration[][] = asked.map(() => [])
    for (const { at, registration } of readAllTold(told)) found[at]?.push(registration)
    found.forEach((its, index) => answerOne(asked[index], its))
  }

  function send(asked: readonly Asked[]): void {
    const nodes: string[] = []
    for (const { service, node } of asked) nodes.push(service, node)
    ask('find', nodes, (told) => answered(asked, told)).catch((error: unknown) => {
      // Where part of the file is damaged, only who needs that part is to be turned away.
      for (const one of asked)
        if (asked.length === 1) one.reject(error)
        else send([one])
    })
  }

  function depart(): void {
    const all = gathered
    gathered = []
    for (let from = 0; from < all.length; from += MOST) send(all.slice(from, from + MOST))
  }

  return (service, node) => {
    const cached = cache.find(service, node)
    if (cached !== undefined) return Promise.resolve(cached)
    return new Promise((resolve, reject) => {
      if (gathered.push({ service, node, resolve, reject }) === 1) queueMicrotask(depart)
    })
  }
}
