/** How an outbox hands out: in which order, how much, to whom. */
import { Opaque } from '../../lib/model/opaque'
import { type OutboxScene, delivery, fresh, ids, takeNow, turn, two } from './outbox-scene'

export function outboxHandsOut(scene: OutboxScene, comesApart: boolean): void {
  describe('handing out', () => {
    it('hands out what was put, as it was put', async () => {
      const registration = delivery(scene.app, scene.now(), {
        collapseKey: 'wake',
        urgency: 'low',
        class: 'quiet',
        content: { count: 3, sender: 'juliet@example.com', encrypted: { iv: 'aXY=', data: 'ZGF0YQ==' } },
      })
      const address = delivery(scene.app, scene.now(), {
        target: { to: 'address', address: new Opaque('token-of-a-phone'), environment: 'sandbox' },
      })
      const bare = delivery(scene.app, scene.now(), { target: { to: 'address', address: new Opaque('another-token') } })
      expect(await scene.outbox().put([registration, address, bare])).toEqual(['kept', 'kept', 'kept'])
      const claimed = await scene.outbox().claim(new Map([[scene.app, 9]]))
      expect(claimed).toEqual([
        { delivery: registration, attempts: 0, ambiguous: false },
        { delivery: address, attempts: 0, ambiguous: false },
        { delivery: bare, attempts: 0, ambiguous: false },
      ])
      const targets = claimed.map(({ delivery: { target } }) =>
        target.to === 'address' ? target.address.reveal() : '',
      )
      expect(targets).toEqual(['', 'token-of-a-phone', 'another-token'])
    })

    it('hands to a claim that waits what is put later, as it was put', async () => {
      const claim = scene.outbox().claim(new Map([[scene.app, 5]]))
      await turn(scene.outbox())
      const put = delivery(scene.app, scene.now(), { content: { body: 'wherefore art thou' }, collapseKey: 'k' })
      await scene.outbox().put([put])
      expect(await claim).toEqual([{ delivery: put, attempts: 0, ambiguous: false }])
    })

    it('hands out no more than there is room for', async () => {
      const puts = [1, 2, 3].map(() => delivery(scene.app, scene.now()))
      await scene.outbox().put(puts)
      expect(await scene.outbox().claim(new Map([[scene.app, 2]]))).toHaveLength(2)
      expect(await scene.takeAll()).toHaveLength(1)
    })

    it('hands a claim that waits no more than it has room for', async () => {
      const claim = scene.outbox().claim(new Map([[scene.app, 2]]))
      await scene.outbox().put([1, 2, 3].map(() => delivery(scene.app, scene.now())))
      // An engine that is told of each push by itself may hand out the first before it knows of the second.
      const { length } = await claim
      expect([1, 2]).toContain(length)
      expect(await scene.takeAll()).toHaveLength(3 - length)
    })

    it('hands out nothing of an app that is not named', async () => {
      const other = fresh('app')
      await scene.outbox().put([delivery(scene.app, scene.now()), delivery(other, scene.now())])
      expect((await takeNow(scene.outbox(), { [other]: 9 })).map((one) => one.delivery.app)).toEqual([other])
      expect(await takeNow(scene.outbox(), { [other]: 9, [scene.app]: 0 })).toEqual([])
    })

    it('hands out calls first, then what is oldest', async () => {
      const [first, call, last] = [
        delivery(scene.app, scene.now() - 2),
        delivery(scene.app, scene.now(), { class: 'call' }),
        delivery(scene.app, scene.now() - 1),
      ]
      await scene.outbox().put([last, call])
      await scene.outbox().put([first])
      expect(ids(await scene.outbox().claim(new Map([[scene.app, 1]])))).toEqual([call.id])
      expect(ids(await scene.takeAll())).toEqual([first.id, last.id])
    })

    it('keeps the order of arrival among those of one moment', async () => {
      const puts = Array.from({ length: 20 }, () => delivery(scene.app, scene.now())).reverse()
      await scene.outbox().put(puts)
      expect(ids(await scene.takeAll())).toEqual(puts.map(({ id }) => id))
    })

    it('puts a call before messages that wait, even for a claim that waits', async () => {
      const [message, call] = [delivery(scene.app, scene.now()), delivery(scene.app, scene.now(), { class: 'call' })]
      const claim = () => scene.outbox().claim(new Map([[scene.app, 1]]))
      const waiting = comesApart ? undefined : claim()
      await scene.outbox().put([message, call])
      expect(ids(await (waiting ?? claim()))).toEqual([call.id])
    })

    it('hands out nothing before its time, though others of the app are due', async () => {
      const [due, later] = two(() => delivery(scene.app, scene.now()))
      await scene.outbox().put([due, later])
      await scene.takeAll()
      const again = ({ id }: { id: string }, dueAt: number) =>
        ({ id, app: scene.app, dueAt, attempts: 1, ambiguous: false, resent: false }) as const
      await scene.outbox().settle([again(due, scene.now()), again(later, scene.now() + 1)])
      expect(ids(await scene.takeAll())).toEqual([due.id])
      await scene.tested.clock.advance(1)
      expect(ids(await scene.takeAll())).toEqual([later.id])
    })

    it('hands out nothing twice', async () => {
      await scene.outbox().put([delivery(scene.app, scene.now())])
      expect(await scene.takeAll()).toHaveLength(1)
      expect(await scene.takeAll()).toEqual([])
    })

    it('lets the domains of an app take turns where more is due than there is room for', async () => {
      const of = (publisher: string, count: number) =>
        Array.from({ length: count }, () => delivery(scene.app, scene.now(), { publisher }))
      const [flood, trickle, third] = [of('flood.example', 40), of('romeo@trickle.example', 3), of('z.example', 1)]
      await scene.outbox().put([...flood, ...trickle, ...third])
      const taken: string[] = []
      for (let turns = 0; turns < 8; turns++) taken.push(...ids(await takeNow(scene.outbox(), { [scene.app]: 1 })))
      expect(taken).toEqual(expect.arrayContaining([...trickle, ...third].map(({ id }) => id)))
      expect(taken.slice(0, 3)).not.toEqual(flood.slice(0, 3).map(({ id }) => id))
      expect(await takeNow(scene.outbox(), { [scene.app]: 20 })).toHaveLength(20)
      expect(await scene.takeAll()).toHaveLength(16)
    })

    it('passes a domain over that has nothing due', async () => {
      const early = delivery(scene.app, scene.now(), { publisher: 'a.example' })
      await scene.outbox().put([{ ...early, dueAt: scene.now() + 5000 }])
      const due = [1, 2, 3].map(() => delivery(scene.app, scene.now(), { publisher: 'b.example' }))
      await scene.outbox().put(due)
      expect(await takeNow(scene.outbox(), { [scene.app]: 2 })).toHaveLength(2)
      expect(await scene.takeAll()).toHaveLength(1)
      await scene.tested.clock.advance(5000)
      expect(ids(await scene.takeAll())).toEqual([early.id])
    })

    it('answers a claim with nothing when a new one takes its place', async () => {
      const superseded = scene.outbox().claim(new Map([[scene.app, 5]]))
      const claim = scene.outbox().claim(new Map([[scene.app, 5]]))
      expect(await superseded).toEqual([])
      const put = delivery(scene.app, scene.now())
      await scene.outbox().put([put])
      expect(ids(await claim)).toEqual([put.id])
    })

    it('holds to the room of the newest claim while an older one is being filled', async () => {
      const superseded = scene.outbox().claim(new Map([[scene.app, 5]]))
      const put = scene.outbox().put([1, 2, 3].map(() => delivery(scene.app, scene.now())))
      await new Promise((done) => setImmediate(done))
      const claim = scene.outbox().claim(new Map([[scene.app, 1]]))
      await put
      expect(await superseded).toEqual([])
      expect(await claim).toHaveLength(1)
      const rest = await scene.takeAll()
      expect(rest.map(({ attempts, ambiguous }) => ({ attempts, ambiguous }))).toEqual([
        { attempts: 0, ambiguous: false },
        { attempts: 0, ambiguous: false },
      ])
    })
  })
}
