/** How a store remembers which servers are to be told that a node is gone, and hands that out to one claimant at a time. */
import { Opaque } from '../../lib/model/opaque'
import { type RemoteDisable } from '../../lib/stores/store'
import { fresh } from './outbox-scene'
import { type StoreScene } from './store-scene'

const FAR = 9e15

export function storeTellsServers(scene: StoreScene): void {
  const juliets = () => ({ service: scene.service, owner: 'juliet@example.com' })
  const told = { remoteDisable: true }
  /** Those of this test's service, whenever they are due. */
  const rows = async (at = FAR): Promise<readonly RemoteDisable[]> =>
    (await scene.store.remoteDisables.due(at, 1000)).filter(({ service }) => service === scene.service)
  const only = async (): Promise<RemoteDisable> => {
    const [row, ...others] = await rows()
    if (row === undefined || others.length > 0) throw new Error(`one row was to be there, and others: ${others.length}`)
    return row
  }

  describe('what servers are to be told', () => {
    const die = async (app: string, its: Parameters<StoreScene['register']>[0] = {}) => {
      const made = await scene.register({ app, address: new Opaque('dead'), ...its })
      const word = { app, address: new Opaque('dead'), registeredBefore: 2000, why: 'Unregistered', at: 3000 }
      await scene.registry.forget(word)
      return made
    }

    it('is written when a token dies, at that moment, and survives that the store is opened again', async () => {
      const made = await die(fresh('app'))
      await scene.reopen()
      expect(await rows()).toEqual([{ ...juliets(), registration: made.id, node: made.node, at: 3000, dueAt: 3000 }])
      expect(await rows(2999)).toEqual([])
      expect(await rows(3000)).toHaveLength(1)
    })

    it('is nothing where only a call address died', async () => {
      await die(fresh('app'), { address: new Opaque('alive'), callAddress: new Opaque('dead') })
      expect(await rows()).toEqual([])
    })

    it('is written when a registration is removed, where the server does not know of it', async () => {
      const made = await scene.register()
      await scene.registry.unregister(juliets(), told)
      expect(await rows()).toMatchObject([{ ...juliets(), registration: made.id, node: made.node, at: scene.now() }])
    })

    it('is nothing where a device unregisters by itself', async () => {
      await scene.register()
      await scene.register({ device: 'tablet' })
      await scene.registry.unregister({ ...juliets(), device: 'phone' })
      await scene.registry.unregister({ ...juliets(), device: 'tablet' }, { remoteDisable: false })
      expect(await rows()).toEqual([])
    })

    it('is nothing where nothing was removed', async () => {
      await scene.registry.unregister(juliets(), told)
      expect(await rows()).toEqual([])
    })

    it('is written for each node of a person that is erased', async () => {
      const owner = `${fresh('juliet')}@example.com`
      const [phone, tablet] = [await scene.register({ owner }), await scene.register({ owner, device: 'tablet' })]
      await scene.store.upkeep.erase(owner, 4000)
      expect(new Set((await rows()).map(({ registration }) => registration))).toEqual(new Set([phone.id, tablet.id]))
      expect(await rows()).toMatchObject([
        { owner, at: 4000 },
        { owner, at: 4000 },
      ])
    })

    it('ends when the node is registered again, and only then', async () => {
      const made = await scene.register({ node: 'named-by-client' })
      await scene.registry.unregister(juliets(), told)
      await scene.register({ device: 'tablet' })
      await scene.register({ node: 'named-by-client', owner: 'romeo@example.net' })
      expect(await only()).toMatchObject({ registration: made.id })
      const row = await only()
      await scene.register({ node: 'named-by-client' })
      expect(await rows()).toEqual([])
      expect(await scene.store.remoteDisables.claim(row, row.dueAt + 1)).toBe(false)
    })

    it('is written anew when a node that was registered again ends again', async () => {
      await scene.register({ node: 'named-by-client' })
      await scene.registry.unregister(juliets(), told)
      const again = await scene.register({ node: 'named-by-client' })
      await scene.registry.unregister(juliets(), told)
      expect(await only()).toMatchObject({ registration: again.id })
    })

    it('is claimed once, is due again at the time that the claim says, and ends', async () => {
      await scene.register()
      await scene.registry.unregister(juliets(), told)
      const row = await only()
      const until = row.dueAt + 1000
      const claims = await Promise.all([1, 2].map(() => scene.store.remoteDisables.claim(row, until)))
      expect(claims).toEqual([true, false])
      expect(await rows(until - 1)).toEqual([])
      await scene.reopen()
      expect(await rows(until)).toEqual([{ ...row, dueAt: until }])
      await scene.store.remoteDisables.end([row.registration, 'unknown'])
      expect(await rows()).toEqual([])
      expect(await scene.store.remoteDisables.claim({ ...row, dueAt: until }, until + 1)).toBe(false)
    })

    it('is handed out the longest due first, and no more than asked for', async () => {
      const app = fresh('app')
      const late = await scene.register({ app, device: 'late', address: new Opaque('late') })
      const early = await scene.register({ app, device: 'early', address: new Opaque('early') })
      for (const [name, at] of [
        ['late', 20],
        ['early', 10],
      ] as const) {
        await scene.registry.forget({ app, address: new Opaque(name), registeredBefore: 2000, why: 'x', at })
      }
      expect((await rows()).map(({ registration }) => registration)).toEqual([early.id, late.id])
      expect(await scene.store.remoteDisables.due(FAR, 1)).toHaveLength(1)
    })
  })
}
