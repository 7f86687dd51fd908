/** What a store hands over of what ended, and takes over from another store, as it stands. */
import { Opaque } from '../../lib/model/opaque'
import { type Grave } from '../../lib/model/past'
import { fresh } from './outbox-scene'
import { type StoreScene } from './store-scene'

export function storeMovesItsPast(scene: StoreScene): void {
  describe('tombstones that are taken over', () => {
    const grave = (node: string, its: Partial<Grave> = {}): Grave => ({
      ...{ service: scene.service, node, owner: 'juliet@example.com', registration: `id of ${node}` },
      ...{ diedAt: 2000, why: 'Unregistered', ...its },
    })
    /** Of this test's service, in order. */
    const all = async () =>
      (await scene.store.past.graves({ limit: 10_000 })).filter(({ service }) => service === scene.service)

    it('are told as they were handed in, also after the store is opened again', async () => {
      await scene.store.past.bury([grave('two'), grave('one', { why: 'erased by an operator' })])
      await scene.reopen()
      expect(await all()).toEqual([grave('one', { why: 'erased by an operator' }), grave('two')])
      expect(await scene.store.records.tombstones({ node: 'two', limit: 100 })).toContainEqual(grave('two'))
    })

    it('are those of the store itself, too', async () => {
      const made = await scene.register()
      await scene.registry.unregister({ service: made.service, owner: made.owner })
      const { service, node, owner, id: registration } = made
      expect(await all()).toEqual([{ service, node, owner, registration, diedAt: scene.now(), why: 'unregistered' }])
    })

    it('come a page at a time, in the order of service, node and owner', async () => {
      const graves = ['a', 'b'].flatMap((node) =>
        ['x@example.com', 'y@example.com'].map((owner) => grave(node, { owner })),
      )
      await scene.store.past.bury([...graves].reverse())
      const before = grave('', { owner: '' })
      const first = await scene.store.past.graves({ after: before, limit: 3 })
      expect(first).toEqual(graves.slice(0, 3))
      const rest = await scene.store.past.graves({ after: first[2] ?? before, limit: 1 })
      expect(rest).toEqual(graves.slice(3))
    })

    it('are left out where the node is registered, and only there', async () => {
      const made = await scene.register()
      const other = grave(made.node, { owner: 'romeo@example.net' })
      await scene.store.past.bury([grave(made.node), other])
      expect(await all()).toEqual([other])
      expect(await scene.find(made.node)).toHaveLength(1)
    })

    it('give way to a later one of another registration, and to no other', async () => {
      const later = { diedAt: 3000, registration: 'another', why: 'later' }
      await scene.store.past.bury([
        grave('one', later),
        grave('two', { diedAt: 3000 }),
        grave('three', { diedAt: 1000 }),
      ])
      await scene.store.past.bury(['one', 'two', 'three'].map((node) => grave(node)))
      expect(await all()).toEqual([grave('one', later), grave('three'), grave('two')])
    })

    it('are lifted when the node is registered again', async () => {
      await scene.store.past.bury([grave('one')])
      await scene.register({ node: 'one' })
      expect(await all()).toEqual([])
    })
  })

  describe('dead addresses that are taken over', () => {
    const known = async (app: string, name: string) =>
      (await scene.registry.deadAmong([{ app, address: new Opaque(name) }]))[0]
    /** The only one that is not among those of before. */
    async function marked(app: string) {
      const before = new Set((await scene.store.past.deadTargets({ limit: 10_000 })).map(({ target }) => target))
      await scene.registry.markDead({ app, address: new Opaque('token'), why: 'Unregistered', at: 2000 })
      const now = await scene.store.past.deadTargets({ limit: 10_000 })
      const [one, ...more] = now.filter(({ target }) => !before.has(target))
      if (one === undefined || more.length > 0) throw new Error('one more was to be known')
      return one
    }

    it('are known by a hash, and found again by it', async () => {
      const app = fresh('app')
      const one = await marked(app)
      expect(one).toMatchObject({ at: 2000, why: 'Unregistered' })
      expect(one.target).not.toContain('token')
      expect(await scene.store.past.deadTargets({ targets: [one.target, 'address:unknown'] })).toEqual([one])
    })

    it('count with the newest word', async () => {
      const app = fresh('app')
      const { target } = await marked(app)
      await scene.store.past.keepDead([{ target, at: 1000, why: 'older' }])
      expect(await known(app, 'token')).toEqual({ at: 2000, why: 'Unregistered' })
      await scene.store.past.keepDead([{ target, at: 3000, why: 'newer' }])
      await scene.reopen()
      expect(await known(app, 'token')).toEqual({ at: 3000, why: 'newer' })
    })

    it('come a page at a time, in the order of their targets', async () => {
      const targets = ['address:!1', 'address:!2', 'address:!3']
      await scene.store.past.keepDead(targets.map((target) => ({ target, at: 1, why: 'x' })).reverse())
      const first = await scene.store.past.deadTargets({ after: 'address:!', limit: 2 })
      expect(first.map(({ target }) => target)).toEqual(targets.slice(0, 2))
      const [third] = await scene.store.past.deadTargets({ after: targets[1] ?? '', limit: 1 })
      expect(third?.target).toBe(targets[2])
    })

    it('are those of one content key, which the store tells from another', async () => {
      const key = await scene.store.past.addressKey()
      expect(key).not.toBe('')
      await scene.reopen()
      expect(await scene.store.past.addressKey()).toBe(key)
    })
  })

  it('past: what is kept is named, that too which was emptied', async () => {
    const before = await scene.store.past.keptNames()
    await scene.store.keep.put('zz second', 'value', 2)
    await scene.store.keep.put('zz first', '', 1)
    await scene.reopen()
    expect(await scene.store.past.keptNames()).toEqual([...before, 'zz first', 'zz second'])
  })
}
