/** How a store remembers addresses that came along with a request, and takes over those that came along with a publish. */
import { Opaque } from '../../lib/model/opaque'
import { fresh } from './outbox-scene'
import { type StoreScene, shown } from './store-scene'

export function storeKnowsBareAddresses(scene: StoreScene): void {
  describe('an address that a caller brought along', () => {
    const ask = (app: string, ...names: readonly string[]) =>
      scene.registry.deadAmong(names.map((name) => ({ app, address: new Opaque(name) })))

    it('is dead once it was marked, for its app alone, also after a restart', async () => {
      const [app, other] = [fresh('app'), fresh('app')]
      expect(await ask(app, 'token')).toEqual([undefined])
      await scene.registry.markDead({ app, address: new Opaque('token'), why: 'Unregistered', at: 2000 })
      await scene.reopen()
      expect(await ask(app, 'living', 'token')).toEqual([undefined, { at: 2000, why: 'Unregistered' }])
      expect(await ask(other, 'token')).toEqual([undefined])
    })

    it('is marked with the newest word', async () => {
      const app = fresh('app')
      for (const at of [2000, 3000]) {
        await scene.registry.markDead({ app, address: new Opaque('token'), why: `said at ${at}`, at })
      }
      expect(await ask(app, 'token')).toEqual([{ at: 3000, why: 'said at 3000' }])
    })

    it('is swept with the tombstones', async () => {
      const app = fresh('app')
      await scene.registry.markDead({ app, address: new Opaque('old'), why: 'Unregistered', at: 2000 })
      await scene.registry.markDead({ app, address: new Opaque('new'), why: 'Unregistered', at: 4000 })
      const never = { tracesBefore: 0, tracesBytes: Number.MAX_SAFE_INTEGER, at: 5000 }
      await scene.store.upkeep.sweep({ tombstonesBefore: 3000, ...never }, () => undefined)
      expect(await ask(app, 'old', 'new')).toEqual([undefined, { at: 4000, why: 'Unregistered' }])
    })
  })

  describe('an address that a publish brought along for a registration', () => {
    it('takes the place of the one before, at the same node, and nothing is proven of it yet', async () => {
      const made = await scene.register()
      await scene.registry.prove(made.id, 'sandbox', new Opaque('token-of-her-phone'))
      await scene.find(made.node)
      const to = { app: 'org.example.android', address: new Opaque('newer'), at: 5000 }
      const now = await scene.registry.readdress(made.id, to)
      const { environment: _, ...rest } = shown(made) ?? {}
      const expected = { ...rest, app: 'org.example.android', address: 'newer', registeredAt: 5000, seenAt: 5000 }
      expect(shown(now)).toEqual(expected)
      expect((await scene.find(made.node)).map(shown)).toEqual([expected])
      expect((await scene.registry.get([made.id])).map(shown)).toEqual([expected])
    })

    it('changes nothing where it is the same, and is of no use where the registration is gone', async () => {
      const made = await scene.register()
      await scene.registry.prove(made.id, 'sandbox', new Opaque('token-of-her-phone'))
      const same = { app: made.app, address: new Opaque('token-of-her-phone'), at: 5000 }
      expect(shown(await scene.registry.readdress(made.id, same))).toEqual({ ...shown(made), environment: 'sandbox' })
      await scene.registry.unregister({ service: made.service, owner: made.owner })
      expect(await scene.registry.readdress(made.id, same)).toBeUndefined()
    })
  })
}
