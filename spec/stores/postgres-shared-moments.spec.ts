/** Registrations and what follows from their end, where the wall clock of one of two instances is wrong: the database's counts. */
import { makeNodes } from '../../lib/intake/nodes'
import { makeRemoteDisabling } from '../../lib/intake/remote-disable'
import { Opaque } from '../../lib/model/opaque'
import { type NewRegistration, type Store } from '../../lib/stores/store'
import { two } from '../contracts/outbox-scene'
import { realDescribe } from '../support/available'
import { type HandClock, handClock } from '../support/hand-clock'
import { startPostgres } from '../support/postgres'
import { openPostgres } from '../support/postgres-store'
import { serverForAll } from '../support/real-server'

const HOUR = 3600_000
const DAY = 24 * HOUR
const SERVICE = 'push.example.com'
const romeo = { local: 'romeo', domain: 'example.com', resource: 'phone' }

realDescribe('postgres', 'lib/stores/postgres-store: one whose wall clock is wrong', () => {
  const server = serverForAll(() => startPostgres())
  let clocks: readonly [HandClock, HandClock]
  /** Its clock goes wrong. */
  let one: Store
  let other: Store
  /** How far the database's clock was set. */
  let set: number

  beforeEach(async () => {
    set = 0
    clocks = two(() => handClock())
    const url = await server().database()
    const trouble = (text: string): void => {
      throw new Error(text)
    }
    const open = (clock: HandClock): Promise<Store> =>
      openPostgres(server(), url, { clock, trouble }, {}, async () => clocks[1].now() + set)
    one = await open(clocks[0])
    other = await open(clocks[1])
  })
  afterEach(() => Promise.all([one.close(), other.close()]))

  const now = (): number => clocks[1].now()
  const phone = (its: Partial<NewRegistration> = {}): NewRegistration => ({
    ...{ id: 'id', service: SERVICE, node: 'node', owner: 'romeo@example.com', dialect: 'tigase', device: 'phone' },
    ...{ app: 'app', address: new Opaque('token'), hints: {}, at: one.registry.now(), ...its },
  })
  const word = (registeredBefore: number) => ({
    ...{ app: 'app', address: new Opaque('token'), registeredBefore, why: 'Unregistered', at: other.registry.now() },
  })

  it.each([1, -1])('tells registrations by the database’s (%d h)', async (hours) => {
    clocks[0].jump(hours * HOUR)
    expect(one.registry.now()).toBe(now())
    const nodes = makeNodes({
      ...{ registry: one.registry, domains: () => ['example.com'], observe: () => undefined },
    })
    const made = await nodes.create({ service: SERVICE, requester: romeo, node: 'node' }, {})
    expect(made).toMatchObject({ is: 'node' })
    expect((await other.registry.find([{ service: SERVICE, node: 'node' }]))[0]).toMatchObject([
      { registeredAt: now(), seenAt: now() },
    ])
  })

  it.each([1, -1])('has a dead token believed dead, and not the one that registered since (%d h)', async (hours) => {
    clocks[0].jump(hours * HOUR)
    await one.registry.register(phone())
    expect(await other.registry.forget(word(now() - 1))).toEqual([])
    await clocks[1].advance(1_000)
    expect(await other.registry.forget(word(now()))).toHaveLength(1)
  })

  describe.each([24, -24])('by %d h', (hours) => {
    it.each(['one', 'other'] as const)(
      'has servers told of a node that ended, whoever is attached (%s)',
      async (who) => {
        clocks[0].jump(hours * HOUR)
        const [store, clock, ends] = who === 'one' ? [one, clocks[0], other] : [other, clocks[1], one]
        await ends.registry.register(phone())
        await ends.registry.unregister({ service: SERVICE, owner: 'romeo@example.com' }, { remoteDisable: true })
        const told: string[] = []
        const line = {
          ...{ isOnline: () => true, softwareOf: () => Promise.reject(new Error('nobody asks')) },
          disable: (_owner: string, node: string) => Promise.resolve(told.push(node) > 0),
        }
        const disabling = makeRemoteDisabling({
          ...{ rows: store.remoteDisables, when: 'always', lineOf: () => line, now: () => store.registry.now() },
          ...{ clock, observe: () => undefined },
        })
        disabling.start()
        await clock.advance(5_000)
        for (let looks = 0; looks < 1_000 && told.length === 0; looks++) await store.registry.count()
        disabling.stop()
        expect(told).toEqual(['node'])
      },
    )
  })

  it('puts nobody off whom to tell because the database’s clock is set back', async () => {
    await other.registry.register(phone())
    await other.registry.unregister({ service: SERVICE, owner: 'romeo@example.com' }, { remoteDisable: true })
    const [row] = await other.remoteDisables.due(now(), 10)
    if (row === undefined) throw new Error('nobody is to be told')
    expect(await other.remoteDisables.claim(row, now() + 60_000)).toBe(true)
    set = -HOUR
    await clocks[1].advance(3_000)
    const dueIn = async (ms: number) => other.remoteDisables.due(now() + set + ms, 10)
    for (let looks = 0; looks < 1_000 && (await dueIn(60_000)).length === 0; looks++) await other.registry.count()
    expect(await dueIn(60_000)).toHaveLength(1)
    expect(await dueIn(0)).toEqual([])
  })

  it.each([100, -100])('sweeps nothing that is young (%d days)', async (days) => {
    await other.registry.register(phone({ at: now() }))
    await other.registry.register(phone({ id: 'gone', device: 'gone', node: 'gone', at: now() }))
    await other.registry.unregister({ service: SERVICE, owner: 'romeo@example.com', device: 'gone' })
    clocks[0].jump(days * DAY)
    const at = clocks[0].now()
    const before = at - 30 * DAY
    const sweep = { registrationsSeenBefore: before, tombstonesBefore: before, tracesBefore: before }
    await one.upkeep.sweep({ ...sweep, tracesBytes: 1e9, at }, () => undefined)
    expect(await other.registry.count()).toEqual(new Map([['app', 1]]))
    expect(await other.records.tombstones({ node: 'gone', limit: 1 })).toHaveLength(1)
  })
})
