/** The embedded store's registry, main side: tokens become opaque here, and nodes that were asked for lately are remembered. */
import { type Registration } from '../model/registration'
import { type NodeCache } from './node-cache'
import { countAll } from './sqlite-count'
import { makeFinding } from './sqlite-finding'
import { type Ask } from './sqlite-protocol'
import { opaque, readAllTold } from './sqlite-told'
import { type Registry } from './store'

/** `now`: milliseconds since 1970, for tombstones. */
export function makeSqliteRegistry(ask: Ask, now: () => number, cache: NodeCache): Registry {
  const drop = ({ service, node }: { readonly service: string; readonly node: string }) => cache.drop(service, node)

  const findOne = makeFinding(ask, cache)

  return Object.freeze({
    now,
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
      // A publish asks for one.
      const [only] = queries
      if (only !== undefined && queries.length === 1) return findOne(only.service, only.node).then((found) => [found])
      return Promise.all(queries.map(({ service, node }) => findOne(service, node)))
    },
    async get(ids) {
      const cached = ids.map((id) => cache.get(id))
      const missing = ids.filter((_, index) => cached[index] === undefined)
      if (missing.length === 0) return cached
      const found = new Map<string, Registration>()
      for (const each of readAllTold(await ask('get', missing))) found.set(each.registration.id, each.registration)
      return ids.map((id, index) => cached[index] ?? found.get(id))
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
      await ask('seen', { ids, at }, () => ids.forEach((id) => cache.seen(id, at)))
    },
    count: () => countAll((what, asked) => ask(what, asked)),
  } satisfies Registry)
}
