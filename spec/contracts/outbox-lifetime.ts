/** How an outbox fills up, is opened again, and is closed. */
import { type Target } from '../../lib/model/notification'
import { type OutboxScene, delivery, ended, fresh, ids, takeNow, turn, two, uuid } from './outbox-scene'

export function outboxOutlives(scene: OutboxScene): void {
  describe('its bound', () => {
    it('refuses what comes above it, counts it nowhere, and takes again when there is room', async () => {
      const bounded = await scene.setUp({ bound: 3 })
      const put = (count: number) =>
        bounded.outbox().put(Array.from({ length: count }, () => delivery(scene.app, bounded.clock.now())))
      expect(await put(5)).toEqual(['kept', 'kept', 'kept', 'full', 'full'])
      expect((await bounded.accounts()).get(scene.app)).toMatchObject({ accepted: 3, waiting: 3 })
      expect(await takeNow(bounded.outbox(), { [scene.app]: 1 })).toHaveLength(1)
      expect(await put(2)).toEqual(['kept', 'full'])
      await bounded.close()
    })
  })

  describe('opened again', () => {
    it('hands out again, in doubt and one attempt more, what was out; what waits is as it was', async () => {
      const one = (n: number) =>
        delivery(scene.app, scene.now() + n - 4, { content: { body: `body ${n}` }, collapseKey: `key ${n}` })
      const [out, waits, again, done] = [one(1), one(2), one(3), one(4)]
      await scene.outbox().put([done])
      await scene.outbox().settle((await scene.takeAll()).map((one) => ended(one)))
      await scene.outbox().put([again])
      await scene.takeAll()
      await scene
        .outbox()
        .settle([{ id: again.id, app: scene.app, dueAt: scene.now(), attempts: 2, ambiguous: false, resent: false }])
      await takeNow(scene.outbox(), { [scene.app]: 1 })
      await scene.outbox().put([out])
      await takeNow(scene.outbox(), { [scene.app]: 1 })
      await scene.outbox().put([waits])
      const before = await scene.account()
      expect(before).toMatchObject({ accepted: 4, delivered: 1, inFlight: 2, waiting: 1 })
      await scene.tested.reopen()
      expect(await scene.account()).toEqual({ ...before, inFlight: 0, waiting: 3 })
      const claimed = await scene.takeAll()
      expect(claimed).toHaveLength(3)
      expect(claimed).toEqual(
        expect.arrayContaining([
          { delivery: out, attempts: 1, ambiguous: true },
          { delivery: waits, attempts: 0, ambiguous: false },
          { delivery: again, attempts: 3, ambiguous: true },
        ]),
      )
    })

    it('lets the newer one that waited behind take the place of the one that was out', async () => {
      const target: Target = { to: 'registration', registration: uuid() }
      const [out, next] = two(() => delivery(scene.app, scene.now(), { target, collapseKey: 'wake' }))
      await scene.outbox().put([out])
      await scene.takeAll()
      await scene.outbox().put([next])
      await scene.tested.reopen()
      expect(await scene.account()).toMatchObject({ accepted: 2, coalesced: 1, waiting: 1 })
      expect(ids(await scene.takeAll())).toEqual([next.id])
    })

    it('wakes a claim for what falls due later', async () => {
      const put = delivery(scene.app, scene.now())
      await scene.outbox().put([put])
      await scene.takeAll()
      await scene
        .outbox()
        .settle([
          { id: put.id, app: scene.app, dueAt: scene.now() + 9000, attempts: 1, ambiguous: false, resent: false },
        ])
      await scene.tested.reopen()
      const claim = scene.outbox().claim(new Map([[scene.app, 1]]))
      await turn(scene.outbox())
      await scene.tested.clock.advance(9000)
      expect(ids(await claim)).toEqual([put.id])
    })
  })

  describe('closing', () => {
    it('answers the claim that waits with nothing, and takes nothing more', async () => {
      const other = await scene.setUp({ bound: 10 })
      const [claim, heard] = [other.outbox().claim(new Map([[scene.app, 1]])), other.outbox().heard(uuid(), 1000)]
      const put = other.outbox().put([delivery(fresh('app'), other.clock.now())])
      await other.close()
      expect(await claim).toEqual([])
      expect(await heard).toBeUndefined()
      expect(await put).toEqual(['kept'])
      expect(await other.outbox().claim(new Map([[scene.app, 1]]))).toEqual([])
      await expect(other.outbox().put([delivery(scene.app, other.clock.now())])).rejects.toThrow('closed')
      await other.close()
    })
  })
}
