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

    it('swaps a value for one alone, where it is still the one that was read', async () => {
      const name = fresh('token')
      const first = await scene.store.keep.swap(name, 'one', 1, undefined)
      expect(first).toEqual({ value: 'one', at: 1 })
      expect(await scene.store.keep.swap(name, 'late', 2, undefined)).toEqual(first)
      expect(await scene.store.keep.swap(name, 'late', 2, { value: 'other', at: 1 })).toEqual(first)
      expect(await scene.store.keep.swap(name, 'late', 2, { value: 'one', at: 0 })).toEqual(first)
      const swaps = ['a', 'b', 'c', 'd'].map((value, at) => scene.store.keep.swap(name, value, 10 + at, first))
      const stands = await Promise.all(swaps)
      expect(new Set(stands.map(({ value }) => value)).size).toBe(1)
      expect(await scene.store.keep.get(name)).toEqual(stands[0])
      expect(stands[0]).not.toEqual(first)
    })

    it('lets one alone put the first value of a name', async () => {
      const name = fresh('token')
      const swaps = ['a', 'b', 'c', 'd'].map((value, at) => scene.store.keep.swap(name, value, at, undefined))
      const stands = await Promise.all(swaps)
      expect(new Set(stands.map(({ value }) => value)).size).toBe(1)
      expect(await scene.store.keep.get(name)).toEqual(stands[0])
    })

    it('keeps it when opened again', async () => {
      const name = fresh('token')
      await scene.store.keep.put(name, 'signed', 7)
      await scene.reopen()
      expect(await scene.store.keep.get(name)).toEqual({ value: 'signed', at: 7 })
    })
  })
}
