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

  describe('what expires while it waits', () => {
    const later = (ms: number) => ({ expiresAt: scene.now() + ms })

    it('ends as expired by itself, of an app that takes nothing too, and makes room', async () => {
      const bounded = await scene.setUp({ bound: 4 })
      const now = bounded.clock.now()
      const call = delivery(scene.app, now, { class: 'call', expiresAt: now + 30_000 })
      const message = delivery(scene.app, now, { expiresAt: now + 3600_000 })
      const kept = delivery(scene.app, now, { expiresAt: now + 9_000_000 })
      await bounded.outbox().put([call, message, kept])
      const claim = bounded.outbox().claim(new Map())
      await turn(bounded.outbox())
      await bounded.clock.advance(30_000)
      await turn(bounded.outbox())
      expect((await bounded.accounts()).get(scene.app)).toMatchObject({ expired: 1, waiting: 2 })
      await bounded.clock.advance(3600_000)
      await turn(bounded.outbox())
      expect((await bounded.accounts()).get(scene.app)).toMatchObject({ expired: 2, waiting: 1 })
      await bounded.close()
      expect(await claim).toEqual([])
    })

    it('lets the next of its target and key go, and is not ended again', async () => {
      const target: Target = { to: 'registration', registration: uuid() }
      const wake = { target, collapseKey: 'wake' }
      const [out, behind] = [
        delivery(scene.app, scene.now(), wake),
        delivery(scene.app, scene.now(), { ...wake, ...later(1000) }),
      ]
      await scene.outbox().put([out])
      const claimed = await scene.takeAll()
      await scene.outbox().put([behind])
      await scene.tested.clock.advance(1000)
      await turn(scene.outbox())
      expect(await scene.account()).toMatchObject({ accepted: 2, inFlight: 1, expired: 1, waiting: 0 })
      await scene.outbox().settle(claimed.map((one) => ended(one)))
      await scene.outbox().put([delivery(scene.app, scene.now(), wake)])
      expect(await scene.takeAll()).toHaveLength(1)
    })

    it('does not end what is out, nor what expires later', async () => {
      await scene.outbox().put([delivery(scene.app, scene.now(), later(1000))])
      const claimed = await scene.takeAll()
      await scene.outbox().put([delivery(scene.app, scene.now(), later(5000))])
      await scene.tested.clock.advance(1000)
      await turn(scene.outbox())
      expect(await scene.account()).toMatchObject({ inFlight: 1, waiting: 1, expired: 0 })
      await scene.outbox().settle(claimed.map((one) => ended(one)))
      await scene.takeAll()
    })
  })

  describe('a wall clock that is set', () => {
    const HOUR = 3600_000
    const again = (id: string, dueAt: number) => ({
      id,
      app: scene.app,
      dueAt,
      attempts: 1,
      ambiguous: false,
      resent: false,
    })

    it.each(['while it runs', 'while it is closed'])('back by hours, %s, delays nothing by hours', async (when) => {
      const [waits, out] = two(() => delivery(scene.app, scene.now()))
      await scene.outbox().put([waits, out])
      await scene.takeAll()
      await scene.outbox().settle([again(waits.id, scene.now() + 10_000)])
      await turn(scene.outbox())
      scene.tested.clock.jump(-3 * HOUR)
      if (when === 'while it is closed') await scene.tested.reopen()
      else await turn(scene.outbox())
      const claim = scene.outbox().claim(new Map([[scene.app, 1]]))
      await scene.tested.clock.advance(when === 'while it runs' ? 9_999 : 0)
      if (when === 'while it runs') {
        await turn(scene.outbox())
        expect((await scene.account()).waiting).toBe(1)
        await scene.tested.clock.advance(1)
        expect(ids(await claim)).toEqual([waits.id])
        await scene.outbox().settle([again(out.id, scene.now())])
        expect(ids(await scene.takeAll())).toEqual([out.id])
      } else {
        expect(await claim).toHaveLength(1)
        await scene.tested.clock.advance(10_000)
        expect(await scene.takeAll()).toHaveLength(1)
      }
      scene.tested.clock.jump(3 * HOUR)
    })

    it('back by hours lets no call live longer than it would', async () => {
      await scene.outbox().put([delivery(scene.app, scene.now(), { class: 'call', expiresAt: scene.now() + 30_000 })])
      scene.tested.clock.jump(-3 * HOUR)
      await turn(scene.outbox())
      await scene.tested.clock.advance(29_999)
      await turn(scene.outbox())
      expect(await scene.account()).toMatchObject({ waiting: 1, expired: 0 })
      await scene.tested.clock.advance(1)
      await turn(scene.outbox())
      expect(await scene.account()).toMatchObject({ waiting: 0, expired: 1 })
      scene.tested.clock.jump(3 * HOUR)
    })

    it('forward by hours ends what has expired by it, and nothing else', async () => {
      await scene.outbox().put([delivery(scene.app, scene.now(), { class: 'call', expiresAt: scene.now() + 30_000 })])
      const message = delivery(scene.app, scene.now(), { expiresAt: scene.now() + 5 * HOUR })
      await scene.outbox().put([message])
      scene.tested.clock.jump(3 * HOUR)
      await turn(scene.outbox())
      expect(await scene.account()).toMatchObject({ waiting: 1, expired: 1 })
      expect(ids(await scene.takeAll())).toEqual([message.id])
    })

    it('back and forth by a second, as NTP draws it, changes nothing', async () => {
      const put = delivery(scene.app, scene.now())
      await scene.outbox().put([{ ...put, dueAt: scene.now() + 1500 }])
      scene.tested.clock.jump(-1000)
      await turn(scene.outbox())
      expect(await scene.takeAll()).toEqual([])
      await scene.tested.clock.advance(2500)
      expect(ids(await scene.takeAll())).toEqual([put.id])
      scene.tested.clock.jump(1000)
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
      // As what is not at hand just now, and no defect: whoever asks is answered `wait`.
      const late = other.outbox().put([delivery(scene.app, other.clock.now())])
      await expect(late).rejects.toMatchObject({ name: 'Unavailable' })
      await expect(late).rejects.toThrow(/^(store|outbox|the store|the outbox)\b.* closed/)
      const settled = other.outbox().settle([{ id: uuid(), app: scene.app, end: 'delivered', resent: false }])
      await expect(settled).rejects.toMatchObject({ name: 'Unavailable' })
      await other.close()
    })
  })
}
