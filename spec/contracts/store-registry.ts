/** How a store registers devices and finds them again. */
import { Opaque } from '../../lib/model/opaque'
import { fresh, uuid } from './outbox-scene'
import { type StoreScene, shown } from './store-scene'

export function storeRegisters(scene: StoreScene): void {
  describe('registering', () => {
    it('returns and finds what was registered, whole', async () => {
      const id = uuid()
      const node = fresh('node')
      const made = await scene.register({
        ...{ id, node, secret: new Opaque('s3cret'), callAddress: new Opaque('voip-token') },
        hints: { account: 'juliet@example.com', 'tigase:push:away:0': 'true' },
      })
      const whole = {
        ...{ id, node, service: scene.service, owner: 'juliet@example.com', dialect: 'tigase', device: 'phone' },
        ...{ app: 'org.example.ios', secret: 's3cret', address: 'token-of-her-phone', callAddress: 'voip-token' },
        hints: { account: 'juliet@example.com', 'tigase:push:away:0': 'true' },
        ...{ registeredAt: 1000, seenAt: 1000 },
      }
      expect(shown(made)).toEqual(whole)
      expect((await scene.find(node)).map(shown)).toEqual([whole])
      expect((await scene.registry.get([id])).map(shown)).toEqual([whole])
    })

    it('keeps id, node and secret of a device that registers again, and takes its new addresses', async () => {
      const first = await scene.register({ secret: new Opaque('first'), callAddress: new Opaque('voip-1') })
      await scene.find(first.node)
      const again = await scene.register({
        ...{ secret: new Opaque('second'), address: new Opaque('renewed'), hints: { a: 'b' }, at: 2000 },
      })
      expect(shown(again)).toEqual({
        ...shown(first),
        ...{ address: 'renewed', callAddress: undefined, hints: { a: 'b' }, registeredAt: 2000, seenAt: 2000 },
      })
      expect((await scene.find(first.node)).map(shown)).toEqual([shown(again)])
      expect(await scene.registry.ownedBy(scene.service, 'juliet@example.com')).toHaveLength(1)
    })

    it.each([
      ['service', { service: 'push.example.net' }],
      ['owner', { owner: 'romeo@example.net' }],
      ['dialect', { dialect: 'conversations' }],
      ['app', { app: 'org.example.android' }],
      ['device', { device: 'tablet' }],
    ])('takes another %s for another device', async (_, other) => {
      const [one, two] = [await scene.register(), await scene.register(other)]
      expect(two.id).not.toBe(one.id)
      expect(two.node).not.toBe(one.node)
      expect((await scene.registry.get([one.id, two.id])).map((each) => each?.id)).toEqual([one.id, two.id])
    })

    it('gives the node that two devices of one owner name to the newer one', async () => {
      const older = await scene.register({ node: 'named-by-client', secret: new Opaque('old') })
      const newer = await scene.register({ node: 'named-by-client', device: 'tablet', secret: new Opaque('new') })
      expect((await scene.find('named-by-client')).map(shown)).toEqual([shown(newer)])
      expect(newer.secret?.reveal()).toBe('new')
      expect(await scene.registry.get([older.id])).toEqual([undefined])
    })

    it('finds every owner of a node that several owners name', async () => {
      for (const owner of ['juliet@example.com', 'romeo@example.net']) await scene.register({ node: 'same', owner })
      expect((await scene.find('same')).map(({ owner }) => owner).sort()).toEqual([
        'juliet@example.com',
        'romeo@example.net',
      ])
    })

    it('keeps a proven environment as long as the address is the same', async () => {
      const { id, node } = await scene.register()
      await scene.find(node)
      await scene.registry.prove(id, 'sandbox', new Opaque('an earlier one'))
      expect((await scene.find(node))[0]?.environment).toBeUndefined()
      await scene.registry.prove(id, 'sandbox', new Opaque('token-of-her-phone'))
      expect((await scene.find(node))[0]?.environment).toBe('sandbox')
      expect((await scene.register({ at: 2000 })).environment).toBe('sandbox')
      expect((await scene.register({ address: new Opaque('another') })).environment).toBeUndefined()
    })
  })

  describe('looking up', () => {
    it('answers each query in order, with nothing where there is nothing', async () => {
      const [one, two] = [await scene.register(), await scene.register({ device: 'tablet' })]
      const { service } = scene
      const queries = [
        { service, node: two.node },
        { service, node: 'unknown' },
        { service: 'push.example.org', node: one.node },
        { service, node: one.node },
      ]
      const found = await scene.registry.find(queries)
      expect(found.map((each) => each.map(({ id }) => id))).toEqual([[two.id], [], [], [one.id]])
      const got = await scene.registry.get([one.id, uuid(), two.id])
      expect(got.map((each) => each?.id)).toEqual([one.id, undefined, two.id])
    })

    it('lists what an account owns at a service, oldest first', async () => {
      const late = await scene.register({ at: 3000 })
      const early = await scene.register({ device: 'tablet', at: 2000 })
      await scene.register({ owner: 'romeo@example.net' })
      await scene.register({ service: 'push.example.net' })
      const owned = await scene.registry.ownedBy(scene.service, 'juliet@example.com')
      expect(owned.map(({ id }) => id)).toEqual([early.id, late.id])
    })

    it('counts registrations by app', async () => {
      const [app, other] = [fresh('app'), fresh('app')]
      await scene.register({ app })
      await scene.register({ app, device: 'tablet' })
      await scene.register({ app: other })
      const counted = await scene.registry.count()
      expect([counted.get(app), counted.get(other), counted.get(fresh('app'))]).toEqual([2, 1, undefined])
    })

    it('remembers when opened again', async () => {
      const made = await scene.register({ callAddress: new Opaque('voip') })
      await scene.reopen()
      expect((await scene.find(made.node)).map(shown)).toEqual([shown(made)])
    })

    it('gives no token away when it is printed', async () => {
      const made = await scene.register({ secret: new Opaque('not-to-be-seen') })
      expect(JSON.stringify([made, await scene.find(made.node)])).not.toMatch(/token-of-her-phone|not-to-be-seen/)
    })
  })
}
