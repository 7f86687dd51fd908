/** What a store tells operators, and what they change: traces, waiting deliveries, erasing, sweeping. */
import { type Delivery } from '../../lib/model/notification'
import { type Trace } from '../../lib/model/trace'
import { type Sweep } from '../../lib/stores/store'
import { delivery, fresh, takeNow, uuid } from './outbox-scene'
import { type StoreScene } from './store-scene'

const NOW = Date.UTC(2026, 0, 1)
const HOUR = 3600_000
const nothingYet: Sweep = { tombstonesBefore: 0, tracesBefore: 0, tracesBytes: 1e12, at: NOW }

export function storeServesOperators(scene: StoreScene): void {
  let app: string
  beforeEach(() => {
    app = fresh('app')
  })
  const to = (registration: string, its: Parameters<typeof delivery>[2] = {}): Delivery => ({
    ...delivery(app, NOW, { target: { to: 'registration', registration }, expiresAt: NOW + 1000 * HOUR, ...its }),
    publisher: 'example.com',
  })
  const put = async (...deliveries: readonly Delivery[]) => void (await scene.store.outbox.put(deliveries))
  const take = () => takeNow(scene.store.outbox, { [app]: 100 })
  const story = async (id: string): Promise<Trace | undefined> =>
    (await scene.store.records.traces({ deliveries: [id] }))[0]
  const account = async () => (await scene.store.accounts()).get(app)

  describe('traces', () => {
    it('tell who published, each attempt and the end, as long as it waits and afterwards', async () => {
      const it = to(uuid())
      await put(it)
      expect(await story(it.id)).toMatchObject({
        id: it.id,
        app,
        class: 'message',
        state: 'waiting',
        publisher: 'example.com',
      })
      await take()
      expect(await story(it.id)).toMatchObject({ state: 'out', steps: [] })
      const outcome = { is: 'down', why: 'no route', ambiguous: false } as const
      const again = { id: it.id, app, dueAt: NOW + 5, attempts: 1, ambiguous: false, resent: false }
      await scene.store.outbox.settle([{ ...again, outcome }])
      expect(await story(it.id)).toMatchObject({
        state: 'waiting',
        steps: [{ is: 'again', outcome: 'down', why: 'no route', dueAt: NOW + 5 }],
      })
      await scene.store.upkeep.hasten({ delivery: it.id }, NOW)
      await take()
      await scene.store.outbox.settle([
        { id: it.id, app, end: 'delivered', outcome: { is: 'delivered' }, resent: false },
      ])
      await scene.reopen()
      expect(await story(it.id)).toMatchObject({
        ...{ state: 'ended', publisher: 'example.com', acceptedAt: NOW },
        steps: [{ is: 'again' }, { is: 'ended', end: 'delivered', outcome: 'delivered' }],
      })
    })

    it('tell which push took the place of one that waited', async () => {
      const registration = uuid()
      const [first, second] = [to(registration, { collapseKey: 'wake' }), to(registration, { collapseKey: 'wake' })]
      await put(first)
      await put(second)
      expect((await story(first.id))?.steps).toMatchObject([{ is: 'coalesced', with: second.id }])
      const both = [to(registration, { collapseKey: 'other' }), to(registration, { collapseKey: 'other' })]
      await put(...both)
      expect((await story(both[0]?.id ?? ''))?.steps).toMatchObject([{ is: 'coalesced', with: both[1]?.id }])
    })

    it('tell that the process ended while an attempt was out', async () => {
      const it = to(uuid())
      await put(it)
      await take()
      await scene.reopen()
      expect(await story(it.id)).toMatchObject({ state: 'waiting', steps: [{ is: 'interrupted' }] })
    })

    it('hold no token, even where a push service repeats it', async () => {
      const it = to(uuid())
      await put(it)
      await take()
      const why = `no such token: ${'a'.repeat(60)}1234`
      await scene.store.outbox.settle([{ id: it.id, app, end: 'gone', outcome: { is: 'gone', why }, resent: false }])
      expect((await story(it.id))?.steps).toMatchObject([{ end: 'gone', why: 'no such token: …1234' }])
    })

    it('are the newest of each registration, newest first, and of no other', async () => {
      const [mine, yours] = [uuid(), uuid()]
      const its = [to(mine), to(mine), to(mine)]
      for (const each of [...its, to(yours)]) {
        await put(each)
        await take()
        await scene.store.outbox.settle([{ id: each.id, app, end: 'delivered', resent: false }])
      }
      const traces = await scene.store.records.traces({ registrations: [mine], perTarget: 2 })
      expect(traces.map(({ id }) => id)).toEqual([its[2]?.id, its[1]?.id])
      expect(await scene.store.records.traces({ registrations: [uuid()], perTarget: 2 })).toEqual([])
    })

    it('stay short however often a push is tried', async () => {
      const it = to(uuid())
      await put(it)
      for (let attempts = 1; attempts <= 60; attempts++) {
        await take()
        const outcome = { is: 'down', why: `try ${attempts}: ${'no answer '.repeat(9)}`, ambiguous: false } as const
        const common = { id: it.id, app, attempts, ambiguous: false, resent: false }
        await scene.store.outbox.settle([{ ...common, dueAt: NOW, outcome }])
      }
      const steps = (await story(it.id))?.steps ?? []
      const told = steps.reduce((sum, step) => sum + (step.is === 'shortened' ? step.by : 1), 0)
      expect(told).toBe(60)
      expect(steps.length).toBeLessThan(40)
      expect(steps.at(-1)).toMatchObject({ why: expect.stringMatching(/^try 60:/) as string })
    })

    it('go when they are too old or too many, the oldest first', async () => {
      const end = async (): Promise<Delivery> => {
        const it = to(uuid())
        await put(it)
        await take()
        await scene.store.outbox.settle([{ id: it.id, app, end: 'delivered', resent: false }])
        return it
      }
      const old = await end()
      await scene.pass(HOUR)
      const recent = await end()
      const sweep = { ...nothingYet, at: NOW + HOUR }
      await scene.store.upkeep.sweep(sweep, () => undefined)
      expect(await story(old.id)).toBeDefined()
      await scene.store.upkeep.sweep({ ...sweep, tracesBefore: scene.now() - HOUR / 2 }, () => undefined)
      expect([await story(old.id), (await story(recent.id))?.id]).toEqual([undefined, recent.id])
      await scene.store.upkeep.sweep({ ...sweep, tracesBytes: 1 }, () => undefined)
      const newest = await end()
      await scene.store.upkeep.sweep({ ...sweep, tracesBytes: 1 }, () => undefined)
      expect([await story(recent.id), (await story(newest.id))?.id]).toEqual([undefined, newest.id])
    })
  })

  describe('devices and tombstones', () => {
    it('are found by id, node, owner and app, across services, a page at a time', async () => {
      const owner = `${fresh('paris')}@example.com`
      const one = await scene.register({ owner, app })
      const two = await scene.register({ owner, service: 'push.example.net' })
      const ids = (query: object) =>
        scene.store.records.devices({ limit: 10, ...query }).then((found) => found.map(({ id }) => id))
      expect(await ids({ owner })).toEqual([one.id, two.id].sort())
      expect(await ids({ owner, app })).toEqual([one.id])
      expect(await ids({ node: two.node })).toEqual([two.id])
      expect(await ids({ id: one.id })).toEqual([one.id])
      expect(await ids({ id: one.id, owner: 'another@example.com' })).toEqual([])
      const [first = ''] = await ids({ owner, limit: 1 })
      expect(await ids({ owner, limit: 1, after: first })).toEqual([one.id, two.id].sort().slice(1))
    })

    it('tell when and why a registration ended', async () => {
      const { id, node, owner, service } = await scene.register({ owner: `${fresh('rosaline')}@example.com` })
      await scene.registry.unregister({ service, owner })
      const tombstones = await scene.store.records.tombstones({ node, limit: 10 })
      expect(tombstones).toMatchObject([{ service, node, owner, registration: id, why: 'unregistered' }])
      expect(await scene.store.records.tombstones({ owner, limit: 10 })).toEqual(tombstones)
      expect(await scene.store.records.tombstones({ node: fresh('node'), limit: 10 })).toEqual([])
    })
  })

  describe('what waits', () => {
    it('is listed: first what is out, then calls, then by due time', async () => {
      const [out, late, soon, call] = [to(uuid()), to(uuid()), to(uuid()), to(uuid(), { class: 'call' })]
      await put(out)
      await take()
      await put({ ...late, dueAt: NOW + 2000 }, { ...soon, dueAt: NOW + 1000 }, { ...call, dueAt: NOW + 3000 })
      const listed = await scene.store.records.waiting({ app, limit: 10 })
      expect(listed.map(({ id }) => id)).toEqual([out.id, call.id, soon.id, late.id])
      expect(listed.map(({ state }) => state)).toEqual(['out', 'waiting', 'waiting', 'waiting'])
      expect(await scene.store.records.waiting({ app, limit: 2 })).toHaveLength(2)
      expect((await scene.store.records.oldest()).get(app)).toBe(NOW)
    })

    it('is due when it is hastened, one or all of an app', async () => {
      const [one, two, other] = [to(uuid()), to(uuid()), to(uuid())]
      await put(...[one, two, other].map((each) => ({ ...each, dueAt: scene.now() + HOUR })))
      expect(await take()).toEqual([])
      expect(await scene.store.upkeep.hasten({ delivery: one.id }, scene.now())).toBe(1)
      expect(await scene.store.upkeep.hasten({ delivery: one.id }, scene.now())).toBe(0)
      expect((await take()).map((claimed) => claimed.delivery.id)).toEqual([one.id])
      expect(await scene.store.upkeep.hasten({ app }, scene.now())).toBe(2)
      expect(await take()).toHaveLength(2)
      expect(await scene.store.upkeep.hasten({ delivery: uuid() }, scene.now())).toBe(0)
    })
  })

  describe('dropping what waits', () => {
    it('ends it as abandoned, with its trace, and sends it never', async () => {
      const [one, other] = [to(uuid()), to(uuid())]
      await put(...[one, other].map((each) => ({ ...each, dueAt: scene.now() + HOUR })))
      expect(await scene.store.upkeep.abandon({ delivery: one.id }, NOW + 7)).toBe(1)
      expect(await scene.store.upkeep.abandon({ delivery: one.id }, NOW + 8)).toBe(0)
      expect(await account()).toMatchObject({ accepted: 2, abandoned: 1, waiting: 1 })
      const [trace] = await scene.store.records.traces({ deliveries: [one.id] })
      expect(trace?.steps).toEqual([
        { at: NOW + 7, is: 'ended', end: 'abandoned', outcome: 'refused', why: 'dropped by an operator' },
      ])
      expect(await scene.store.upkeep.hasten({ app }, scene.now())).toBe(1)
      expect((await take()).map(({ delivery: { id } }) => id)).toEqual([other.id])
    })

    it('takes all of an app, what waits behind another too, but not what is out, nor of another app', async () => {
      const registration = uuid()
      const lane = { collapseKey: 'wake' }
      const out = to(registration, lane)
      await put(out)
      await take()
      await put(to(registration, lane), to(uuid()), { ...to(uuid()), app: fresh('app') })
      expect(await scene.store.upkeep.abandon({ app }, NOW)).toBe(2)
      expect(await account()).toMatchObject({ accepted: 3, abandoned: 2, inFlight: 1, waiting: 0 })
      await scene.store.outbox.settle([{ id: out.id, app, end: 'delivered', resent: false }])
      await put(to(registration, lane))
      expect(await take()).toHaveLength(1)
    })
  })

  describe('erasing a person', () => {
    it('removes devices, tombstones, what waits and traces, at every service, and nobody else’s', async () => {
      const owner = `${fresh('tybalt')}@example.com`
      const his = [await scene.register({ owner }), await scene.register({ owner, service: 'push.example.net' })]
      const gone = await scene.register({ owner, device: 'old' })
      await scene.registry.unregister({ service: gone.service, owner, device: 'old' })
      const other = await scene.register()
      const [sent, out, waiting, hers] = [to(gone.id), to(his[0]?.id ?? ''), to(his[1]?.id ?? ''), to(other.id)]
      await put(sent)
      await take()
      await scene.store.outbox.settle([{ id: sent.id, app, end: 'delivered', resent: false }])
      await put(out)
      await take()
      await put(waiting, hers)
      await scene.find(his[0]?.node ?? '')

      const erased = await scene.store.upkeep.erase(owner, NOW)
      expect(new Set(erased.registrations.map(({ id }) => id))).toEqual(new Set(his.map(({ id }) => id)))
      expect(erased).toMatchObject({ tombstones: 1, deliveries: 1, traces: 1 })
      await scene.store.outbox.settle([{ id: out.id, app, end: 'unregistered', resent: false }])
      expect(await scene.find(his[0]?.node ?? '')).toEqual([])
      expect(await scene.store.records.devices({ owner, limit: 10 })).toEqual([])
      expect(await scene.store.records.tombstones({ owner, limit: 10 })).toEqual([])
      for (const each of [sent, out, waiting]) expect(await story(each.id)).toBeUndefined()
      expect(await story(hers.id)).toMatchObject({ state: 'waiting' })
      expect(await account()).toMatchObject({ accepted: 4, delivered: 1, unregistered: 2, waiting: 1, inFlight: 0 })
      expect(await scene.store.upkeep.erase(owner, NOW)).toMatchObject({
        registrations: [],
        tombstones: 0,
        deliveries: 0,
      })
    })

    it('frees what waits behind a push that is out', async () => {
      const owner = `${fresh('mercutio')}@example.com`
      const { id } = await scene.register({ owner })
      const [first, behind] = [to(id, { collapseKey: 'wake' }), to(id, { collapseKey: 'wake' })]
      await put(first)
      await take()
      await put(behind)
      expect(await scene.store.upkeep.erase(owner, NOW)).toMatchObject({ deliveries: 1 })
      await scene.store.outbox.settle([{ id: first.id, app, end: 'unregistered', resent: false }])
      expect(await account()).toMatchObject({ accepted: 2, unregistered: 2, waiting: 0, inFlight: 0 })
    })
  })

  describe('sweeping', () => {
    it('ends registrations that showed no sign of life, leaves tombstones, and tells which', async () => {
      const [stale, seen, young] = [
        await scene.register({ at: 1000 }),
        await scene.register({ at: 1000, device: 'tablet' }),
        await scene.register({ at: 5000, device: 'desk' }),
      ]
      await scene.find(seen.node)
      await scene.registry.seen([seen.id], 6000)
      expect((await scene.find(seen.node))[0]?.seenAt).toBe(6000)
      const removed: string[] = []
      const sweep = { ...nothingYet, registrationsSeenBefore: 5000 }
      await scene.store.upkeep.sweep(sweep, (ended) => removed.push(...ended.map(({ id }) => id)))
      expect(removed).toContain(stale.id)
      expect(removed).not.toContain(seen.id)
      expect(removed).not.toContain(young.id)
      expect(await scene.find(stale.node)).toEqual([])
      expect(await scene.store.records.tombstones({ node: stale.node, limit: 1 })).toHaveLength(1)
      await scene.store.upkeep.sweep({ ...nothingYet, tombstonesBefore: NOW + 1 }, () => undefined)
      expect(await scene.store.records.tombstones({ node: stale.node, limit: 1 })).toEqual([])
    })
  })
}
