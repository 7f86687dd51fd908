/** How an outbox lets the newest wake-up stand for those before it. */
import { type Target } from '../../lib/model/notification'
import { Opaque } from '../../lib/model/opaque'
import { type OutboxScene, delivery, ended, fresh, ids, two, uuid } from './outbox-scene'

export function outboxCoalesces(scene: OutboxScene): void {
  describe('coalescing', () => {
    let target: Target
    beforeEach(() => {
      target = { to: 'registration', registration: uuid() }
    })

    it('replaces what waits by the newest of the same target and key', async () => {
      const wake = () => delivery(scene.app, scene.now(), { target, collapseKey: 'wake' })
      const [old, middle, newest] = [wake(), wake(), wake()]
      expect(await scene.outbox().put([old, middle])).toEqual(['kept', 'kept'])
      expect(await scene.outbox().put([newest])).toEqual(['kept'])
      expect(await scene.account()).toMatchObject({ accepted: 3, coalesced: 2, waiting: 1 })
      expect(ids(await scene.takeAll())).toEqual([newest.id])
    })

    it('leaves alone what has another key, another target, or no key', async () => {
      const puts = [
        delivery(scene.app, scene.now(), { target, collapseKey: 'a' }),
        delivery(scene.app, scene.now(), { target, collapseKey: 'b' }),
        delivery(scene.app, scene.now(), { collapseKey: 'a' }),
        delivery(scene.app, scene.now(), { target }),
        delivery(scene.app, scene.now(), { target }),
      ]
      for (const put of puts) await scene.outbox().put([put])
      expect(await scene.account()).toMatchObject({ accepted: 5, coalesced: 0, waiting: 5 })
      expect(await scene.takeAll()).toHaveLength(5)
    })

    it('keys a bare address by app and address', async () => {
      const to = (name: string): Target => ({ to: 'address', address: new Opaque(name) })
      const other = fresh('app')
      await scene
        .outbox()
        .put([
          delivery(scene.app, scene.now(), { target: to('token-1'), collapseKey: 'a' }),
          delivery(scene.app, scene.now(), { target: to('token-2'), collapseKey: 'a' }),
          delivery(other, scene.now(), { target: to('token-1'), collapseKey: 'a' }),
        ])
      await scene.outbox().put([delivery(scene.app, scene.now(), { target: to('token-1'), collapseKey: 'a' })])
      expect(await scene.account()).toMatchObject({ accepted: 3, coalesced: 1, waiting: 2 })
      expect(await scene.account(other)).toMatchObject({ accepted: 1, coalesced: 0, waiting: 1 })
    })

    it('does not touch what is out; the new one waits until that is settled', async () => {
      const [out, next] = two(() => delivery(scene.app, scene.now(), { target, collapseKey: 'wake' }))
      await scene.outbox().put([out])
      const claimed = await scene.takeOne()
      await scene.outbox().put([next])
      expect(await scene.takeAll()).toEqual([])
      expect(await scene.account()).toMatchObject({ coalesced: 0, inFlight: 1, waiting: 1 })
      await scene.outbox().settle([ended(claimed)])
      expect(ids(await scene.takeAll())).toEqual([next.id])
    })

    it('sends the first of a burst at once, and the last', async () => {
      const burst = Array.from({ length: 10 }, () => delivery(scene.app, scene.now(), { target, collapseKey: 'wake' }))
      const claim = scene.outbox().claim(new Map([[scene.app, 100]]))
      await Promise.all(burst.map((one) => scene.outbox().put([one])))
      const first = await claim
      expect(ids(first)).toEqual([burst[0]?.id])
      await scene.outbox().settle(first.map((one) => ended(one)))
      expect(ids(await scene.takeAll())).toEqual([burst[9]?.id])
      expect(await scene.account()).toMatchObject({ accepted: 10, coalesced: 8, delivered: 1, inFlight: 1 })
    })

    it('lets the newer one take the place of one that must be tried again, pause and all', async () => {
      const [out, next] = two(() => delivery(scene.app, scene.now(), { target, collapseKey: 'wake' }))
      await scene.outbox().put([out])
      await scene.takeAll()
      await scene.outbox().put([next])
      const dueAt = scene.now() + 10_000
      await scene.outbox().settle([{ id: out.id, app: scene.app, dueAt, attempts: 1, ambiguous: true, resent: false }])
      expect(await scene.account()).toMatchObject({ accepted: 2, coalesced: 1, waiting: 1, inFlight: 0 })
      expect(await scene.takeAll()).toEqual([])
      await scene.tested.clock.advance(10_000)
      expect(await scene.takeAll()).toEqual([{ delivery: next, attempts: 1, ambiguous: false }])
    })

    it('keeps the pause when a newer one replaces one that waits for its next attempt', async () => {
      const [out, next] = two(() => delivery(scene.app, scene.now(), { target, collapseKey: 'wake' }))
      await scene.outbox().put([out])
      await scene.takeAll()
      await scene
        .outbox()
        .settle([
          { id: out.id, app: scene.app, dueAt: scene.now() + 5000, attempts: 3, ambiguous: false, resent: false },
        ])
      await scene.outbox().put([next])
      expect(await scene.takeAll()).toEqual([])
      await scene.tested.clock.advance(5000)
      expect(await scene.takeAll()).toEqual([{ delivery: next, attempts: 3, ambiguous: false }])
    })
  })
}
