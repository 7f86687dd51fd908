/** The embedded store's registry, main side: tokens become opaque here, and nodes that were asked for lately are remembered. */
import { type Registration } from '../model/registration'
import { Opaque } from '../model/opaque'
import { type NodeCache } from './node-cache'
import { type PlainRegistration, type Question, type Questions } from './sqlite-protocol'
import { type Registry } from './store'

/** Asks the store's thread; `seen` is told the answer at once, in the order in which the answers were given. */
export type Ask = <Q extends Question>(
  what: Q,
  ask: Questions[Q]['ask'],
  seen?: (answer: Questions[Q]['answer']) => void,
) => Promise<Questions[Q]['answer']>

/**
 * A registration as the rest of the program sees it. Field by field: V8 gives each object that is spread from another one and added to a
 * hidden class of its own, which costs more than the registration, here and wherever it is read.
 */
export function opaque(plain: PlainRegistration): Registration {
  const { id, service, node, owner, dialect, device, app, hints, registeredAt, seenAt } = plain
  const its: { -readonly [K in keyof Registration]: Registration[K] } = {
    id,
    service,
    node,
    owner,
    dialect,
    device,
    app,
    hints,
    registeredAt,
    seenAt,
  }
  if (plain.address !== undefined) its.address = new Opaque(plain.address)
  if (plain.callAddress !== undefined) its.callAddress = new Opaque(plain.callAddress)
  if (plain.secret !== undefined) its.secret = new Opaque(plain.secret)
  if (plain.environment !== undefined) its.environment = plain.environment
  return Object.freeze(its)
}

/** `now`: milliseconds since 1970, for tombstones. */
export function makeSqliteRegistry(ask: Ask, now: () => number, cache: NodeCache): Registry {
  const drop = ({ service, node }: { readonly service: string; readonly node: string }) => cache.drop(service, node)

  const findOne = async (service: string, node: string): Promise<readonly Registration[]> => {
    const cached = cache.find(service, node)
    if (cached !== undefined) return cached
    let found: readonly Registration[] = []
    await ask('find', [{ service, node }], (answer) => {
      found = (answer[0] ?? []).map(opaque)
      cache.keep(service, node, found)
    })
    return found
  }

  return Object.freeze({
    async register({ secret, address, callAddress, ...rest }) {
      const plain = {
        ...rest,
        secret: secret?.reveal(),
        address: address?.reveal(),
        callAddress: callAddress?.reveal(),
      }
      return opaque(await ask('register', plain, drop))
    },
    find(queries) {
      // A publish asks for one, and nearly always for one that is remembered.
      const [only] = queries
      const cached = only === undefined || queries.length > 1 ? undefined : cache.find(only.service, only.node)
      if (cached !== undefined) return Promise.resolve([cached])
      return Promise.all(queries.map(({ service, node }) => findOne(service, node)))
    },
    async get(ids) {
      const cached = ids.map((id) => cache.get(id))
      const missing = ids.filter((_, index) => cached[index] === undefined)
      if (missing.length === 0) return cached
      const rows = (await ask('get', missing)).values()
      return cached.map((known) => {
        if (known !== undefined) return known
        const row = rows.next().value
        return row === undefined ? undefined : opaque(row)
      })
    },
    ownedBy: async (service, owner) => (await ask('ownedBy', { service, owner })).map(opaque),
    async unregister(
      { service, owner, dialect, app, device, node, address },
      { remoteDisable } = { remoteDisable: false },
    ) {
      const match = { service, owner, dialect, app, device, node, address: address?.reveal() }
      const asked = { match, at: now(), remoteDisable }
      return (await ask('unregister', asked, (removed) => removed.forEach(drop))).map(opaque)
    },
    async forget({ app, address, registeredBefore, why, at }) {
      const dead = { app, address: address.reveal(), registeredBefore, why, at }
      const concerned = await ask('forget', dead, (answer) => answer.forEach(({ registration }) => drop(registration)))
      return concerned.map(({ registration, slot }) => ({ registration: opaque(registration), slot }))
    },
    async markDead({ address, ...rest }) {
      await ask('markDead', { ...rest, address: address.reveal() })
    },
    deadAmong: (addresses) =>
      ask(
        'deadAmong',
        addresses.map(({ app, address }) => ({ app, address: address.reveal() })),
      ),
    async readdress(id, { app, address, at }) {
      const row = await ask('readdress', { id, app, address: address.reveal(), at }, () => cache.dropNodeOf(id))
      return row === undefined ? undefined : opaque(row)
    },
    async prove(id, environment, address) {
      await ask('prove', { id, environment, address: address.reveal() }, () => cache.dropNodeOf(id))
    },
    async seen(ids, at) {
      await ask('seen', { ids, at }, () => ids.forEach((id) => cache.dropNodeOf(id)))
    },
    count: () => ask('count', undefined),
  } satisfies Registry)
}
