/** How an outbox takes settlements, counts them, and tells who listens. */
import { type OutboxScene, delivery, ended, ids, turn } from './outbox-scene'

export function outboxSettles(scene: OutboxScene): void {
  describe('writing twice', () => {
    it('changes nothing when an id is put that waits, is out, or came in the same call', async () => {
      const put = delivery(scene.app, scene.now(), { collapseKey: 'wake' })
      expect(await scene.outbox().put([put, put])).toEqual(['kept', 'kept'])
      expect(await scene.outbox().put([put])).toEqual(['kept'])
      expect(ids(await scene.takeAll())).toEqual([put.id])
      const other = delivery(scene.app, scene.now())
      expect(await scene.outbox().put([other, put])).toEqual(['kept', 'kept'])
      expect(ids(await scene.takeAll())).toEqual([other.id])
      expect(await scene.account()).toMatchObject({ accepted: 2, coalesced: 0, inFlight: 2, waiting: 0 })
    })

    it('counts a settlement once', async () => {
      await scene.outbox().put([delivery(scene.app, scene.now())])
      const claimed = await scene.takeOne()
      await scene.outbox().settle([ended(claimed), ended(claimed, 'gone')])
      await scene.outbox().settle([ended(claimed, 'refused')])
      expect(await scene.account()).toMatchObject({ accepted: 1, delivered: 1, gone: 0, refused: 0, inFlight: 0 })
    })

    it('does not end what waits again', async () => {
      const put = delivery(scene.app, scene.now())
      await scene.outbox().put([put])
      const claimed = await scene.takeOne()
      await scene
        .outbox()
        .settle([
          { id: put.id, app: scene.app, dueAt: scene.now() + 1000, attempts: 1, ambiguous: false, resent: false },
        ])
      await scene.outbox().settle([ended(claimed)])
      expect(await scene.account()).toMatchObject({ delivered: 0, waiting: 1 })
    })
  })

  describe('settling', () => {
    it('hands out again at its time, with the attempts and the doubt it was settled with', async () => {
      const put = delivery(scene.app, scene.now(), { content: { body: 'but soft' } })
      await scene.outbox().put([put])
      await scene.takeAll()
      const dueAt = scene.now() + 61_000
      await scene.outbox().settle([{ id: put.id, app: scene.app, dueAt, attempts: 4, ambiguous: true, resent: true }])
      const claim = scene.outbox().claim(new Map([[scene.app, 1]]))
      await turn(scene.outbox())
      await scene.tested.clock.advance(60_999)
      expect(await scene.account()).toMatchObject({ waiting: 1, inFlight: 0, resent: 1 })
      await scene.tested.clock.advance(1)
      expect(await claim).toEqual([{ delivery: put, attempts: 4, ambiguous: true }])
    })

    it('counts every end, and what was resent', async () => {
      const ends = ['delivered', 'expired', 'gone', 'refused', 'unregistered', 'quiet', 'abandoned'] as const
      await scene.outbox().put(ends.map(() => delivery(scene.app, scene.now())))
      const claimed = await scene.takeAll()
      await scene.outbox().settle(
        claimed.map(({ delivery: { id } }, index) => ({
          id,
          app: scene.app,
          end: ends[index] ?? 'delivered',
          resent: index < 2,
        })),
      )
      expect(await scene.account()).toEqual({
        ...{ accepted: 7, resent: 2, inFlight: 0, waiting: 0, coalesced: 0 },
        ...{ delivered: 1, expired: 1, gone: 1, refused: 1, unregistered: 1, quiet: 1, abandoned: 1 },
      })
    })

    it('keeps accounts that close at every moment', async () => {
      const work: Promise<unknown>[] = []
      for (let round = 0; round < 20; round++) {
        const claim = scene.outbox().claim(new Map([[scene.app, 3]]))
        work.push(
          scene
            .outbox()
            .put([delivery(scene.app, scene.now()), delivery(scene.app, scene.now(), { collapseKey: 'k' })]),
        )
        const claimed = await claim
        work.push(scene.outbox().settle(claimed.map((one) => ended(one))))
        work.push(scene.account())
      }
      await Promise.all(work)
      expect(await scene.account()).toMatchObject({ accepted: 40 })
    })
  })

  describe('listening', () => {
    const outcome = { is: 'gone', why: 'Unregistered' } as const

    it('tells the first outcome of a delivery to everyone who listens', async () => {
      const put = delivery(scene.app, scene.now())
      await scene.outbox().put([put])
      const heard = [scene.outbox().heard(put.id, 5000), scene.outbox().heard(put.id, 5000)]
      await scene.takeOne()
      await scene.outbox().settle([{ id: put.id, app: scene.app, end: 'gone', outcome, resent: false }])
      const gone = { outcome, end: 'gone' }
      expect(await Promise.all(heard)).toEqual([gone, gone])
    })

    it('tells an attempt that is followed by another as one without an end', async () => {
      const put = delivery(scene.app, scene.now())
      await scene.outbox().put([put])
      const heard = scene.outbox().heard(put.id, 5000)
      await scene.takeOne()
      const down = { is: 'down', why: 'no route', ambiguous: false } as const
      const again = { dueAt: scene.now() + 1000, attempts: 1, ambiguous: false, resent: false, outcome: down }
      await scene.outbox().settle([{ id: put.id, app: scene.app, ...again }])
      expect(await heard).toEqual({ outcome: down })
    })

    it('says of a delivery whether somebody listens', async () => {
      const put = delivery(scene.app, scene.now())
      await scene.outbox().put([put])
      expect(scene.outbox().isListenedTo(put.id)).toBe(false)
      const heard = scene.outbox().heard(put.id, 5000)
      expect(scene.outbox().isListenedTo(put.id)).toBe(true)
      await scene.takeAll()
      await scene.tested.clock.advance(5000)
      await heard
      expect(scene.outbox().isListenedTo(put.id)).toBe(false)
    })

    it('hears nothing of another delivery, nor after its time', async () => {
      const [one, other] = [delivery(scene.app, scene.now()), delivery(scene.app, scene.now())]
      await scene.outbox().put([one, other])
      const heard = scene.outbox().heard(one.id, 5000)
      await scene.takeAll()
      await scene.outbox().settle([{ id: other.id, app: scene.app, end: 'gone', outcome, resent: false }])
      await scene.tested.clock.advance(5000)
      expect(await heard).toBeUndefined()
    })
  })
}
