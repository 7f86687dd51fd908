/** How a store keeps small values. */
import { fresh } from './outbox-scene'
import { type StoreScene } from './store-scene'

export function storeKeeps(scene: StoreScene): void {
  describe('keeping small values', () => {
    it('gives back the last value put under a name, and its time', async () => {
      const name = fresh('token')
      await scene.store.keep.put(name, 'one', 1)
      await scene.store.keep.put(name, 'two', 2)
      expect(await scene.store.keep.get(name)).toEqual({ value: 'two', at: 2 })
    })

    it('knows nothing of a name under which nothing was put', async () => {
      expect(await scene.store.keep.get(fresh('token'))).toBeUndefined()
    })

    it('keeps it when opened again', async () => {
      const name = fresh('token')
      await scene.store.keep.put(name, 'signed', 7)
      await scene.reopen()
      expect(await scene.store.keep.get(name)).toEqual({ value: 'signed', at: 7 })
    })
  })
}
