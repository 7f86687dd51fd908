/** How a store removes registrations: at the device's wish, or because a push service says that its address is dead. */
import { Opaque } from '../../lib/model/opaque'
import { type Obituary } from '../../lib/stores/store'
import { fresh } from './outbox-scene'
import { type StoreScene, shown } from './store-scene'

export function storeForgets(scene: StoreScene): void {
  const juliets = () => ({ service: scene.service, owner: 'juliet@example.com' })

  describe('unregistering', () => {
    it('removes what matches in every field given, and tells what that was', async () => {
      const [phone, tablet] = [await scene.register(), await scene.register({ device: 'tablet' })]
      await scene.find(phone.node)
      const match = { ...juliets(), app: 'org.example.ios', device: 'phone', address: new Opaque('token-of-her-phone') }
      expect((await scene.registry.unregister(match)).map(shown)).toEqual([shown(phone)])
      expect(await scene.find(phone.node)).toEqual([])
      expect(await scene.registry.get([phone.id, tablet.id])).toMatchObject([undefined, { id: tablet.id }])
      expect(await scene.registry.unregister(match)).toEqual([])
    })

    it.each([
      ['service', { service: 'nobody.example.net' }],
      ['owner', { owner: 'romeo@example.net' }],
      ['dialect', { dialect: 'conversations' }],
      ['app', { app: 'org.example.android' }],
      ['device', { device: 'tablet' }],
      ['node', { node: 'another' }],
      ['address', { address: new Opaque('another') }],
    ])('removes nothing when the %s is another', async (_, other) => {
      const { node } = await scene.register()
      expect(await scene.registry.unregister({ ...juliets(), ...other })).toEqual([])
      expect(await scene.find(node)).toHaveLength(1)
    })

    it('removes all of an account where no more is given', async () => {
      await scene.register()
      await scene.register({ device: 'tablet' })
      const other = await scene.register({ owner: 'romeo@example.net' })
      expect(await scene.registry.unregister(juliets())).toHaveLength(2)
      expect(await scene.find(other.node)).toHaveLength(1)
    })

    it('lets the device register again, under its node where it names it', async () => {
      const { node } = await scene.register({ node: 'named-by-client' })
      await scene.registry.unregister(juliets())
      await scene.register({ node })
      expect(await scene.find(node)).toHaveLength(1)
    })
  })

  describe('forgetting a dead address', () => {
    let app: string
    const dead = (its: Partial<Obituary> = {}) =>
      scene.registry.forget({
        ...{ app, address: new Opaque('dead'), registeredBefore: 2000, why: 'Unregistered', at: 3000, ...its },
      })
    beforeEach(() => {
      app = fresh('app')
    })

    it('removes every registration that holds it, and tells which', async () => {
      const one = await scene.register({ app, address: new Opaque('dead') })
      const two = await scene.register({ app, address: new Opaque('dead'), owner: 'romeo@example.net' })
      await scene.find(one.node)
      const forgotten = await dead()
      expect(forgotten.map(({ slot }) => slot)).toEqual(['address', 'address'])
      expect(new Set(forgotten.map(({ registration }) => registration.id))).toEqual(new Set([one.id, two.id]))
      expect(await scene.find(one.node)).toEqual([])
      expect(await scene.registry.get([one.id, two.id])).toEqual([undefined, undefined])
      expect(await dead()).toEqual([])
    })

    it('spares a registration that is not older than the obituary', async () => {
      const { node } = await scene.register({ app, address: new Opaque('dead'), at: 2000 })
      expect(await dead()).toEqual([])
      expect(await scene.find(node)).toHaveLength(1)
      expect(await dead({ registeredBefore: 2001 })).toHaveLength(1)
    })

    it('spares one whose token was renewed meanwhile, one of another app, and another token', async () => {
      const renewed = await scene.register({ app, address: new Opaque('dead') })
      await scene.register({ app, address: new Opaque('alive') })
      const other = await scene.register({ app: fresh('app'), address: new Opaque('dead') })
      expect(await dead()).toEqual([])
      expect(await scene.find(renewed.node)).toHaveLength(1)
      expect(await scene.find(other.node)).toHaveLength(1)
    })

    it('takes only the call address where that is the dead one', async () => {
      const made = await scene.register({ app, callAddress: new Opaque('dead') })
      await scene.find(made.node)
      expect(await dead({ registeredBefore: 1000 })).toEqual([])
      const forgotten = await dead()
      expect(forgotten.map(({ registration, slot }) => ({ id: registration.id, slot }))).toEqual([
        { id: made.id, slot: 'callAddress' },
      ])
      const [left] = await scene.find(made.node)
      expect(shown(left)).toEqual({ ...shown(made), callAddress: undefined })
    })

    it('does not come back when opened again', async () => {
      const { node } = await scene.register({ app, address: new Opaque('dead') })
      await dead()
      await scene.reopen()
      expect(await scene.find(node)).toEqual([])
    })

    it('lets the device live again under its node with a new token', async () => {
      const { node } = await scene.register({ app, node: 'named-by-client', address: new Opaque('dead') })
      await dead()
      await scene.register({ app, node, address: new Opaque('fresh') })
      expect((await scene.find(node)).map((each) => each.address?.reveal())).toEqual(['fresh'])
    })
  })
}
