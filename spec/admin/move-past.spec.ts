import { join } from 'node:path'
import { type Moving, moveRemoteDisables } from '../../lib/admin/move'
import { type MovedPast, moveDeadAddresses, moveTombstones } from '../../lib/admin/move-past'
import { takeIn } from '../../lib/admin/take-in'
import { Credential, Opaque } from '../../lib/model/opaque'
import { sqlite } from '../../lib/stores/sqlite'
import { type Store } from '../../lib/stores/store'
import { makeFolder } from '../support/folder'
import { handClock, type HandClock } from '../support/hand-clock'
import { APP, phone, SERVICE } from './move-scene'

const folder = makeFolder()
let made = 0
let clock: HandClock
let moving: Moving

const keyOf = (byte: number): Credential => {
  return new Credential(Buffer.from(Buffer.alloc(32, byte).toString('base64')), 'the configuration')
}
function open(contentKey: Credential): Promise<Store> {
  const trouble = (text: string): void => {
    throw new Error(text)
  }
  return sqlite.open({ file: join(folder.path, `${++made}.db`), contentKey, maxDeliveries: 10 }, { clock, trouble })
}

beforeEach(async () => {
  clock = handClock()
  moving = { from: await open(keyOf(7)), to: await open(keyOf(7)), clock }
})
afterEach(() => Promise.all([moving.from.close(), moving.to.close()]))

const agree = ({ from, to }: MovedPast): void => expect(to).toEqual(from)

describe('lib/admin/move-past: tombstones', () => {
  const tombstones = async (store: Store) => store.past.graves({ limit: 10_000 })
  async function die(store: Store, device: string, at: number, id = `id-${device}`): Promise<void> {
    await store.registry.register(phone(device, { id }))
    const address = new Opaque(`address-${device}`)
    await store.registry.forget({ app: APP, address, registeredBefore: at, why: `Unregistered ${device}`, at })
  }

  it('are moved as they are, and none twice', async () => {
    await die(moving.from, 'one', 2_000)
    await die(moving.from, 'two', 3_000)
    const moved = await moveTombstones(moving)
    expect(moved).toMatchObject({ moved: 2, there: 0, newer: 0, from: { count: 2 } })
    agree(moved)
    expect(await tombstones(moving.to)).toEqual(await tombstones(moving.from))
    expect(await moveTombstones(moving)).toMatchObject({ moved: 0, there: 2, newer: 0, to: moved.from })
  })

  it('go the other way round too, with what ended in the second store meanwhile', async () => {
    await die(moving.from, 'one', 2_000)
    await moveTombstones(moving)
    await die(moving.to, 'two', 3_000)
    const back = await moveTombstones({ ...moving, from: moving.to, to: moving.from })
    expect(back).toMatchObject({ moved: 1, there: 1 })
    expect(await tombstones(moving.from)).toHaveLength(2)
  })

  it('are left where the node lives in the second store, or ended there later under another registration', async () => {
    await die(moving.from, 'one', 2_000)
    await die(moving.from, 'two', 2_000)
    await moving.to.registry.register(phone('one'))
    await die(moving.to, 'two', 5_000, 'another')
    const moved = await moveTombstones(moving)
    expect(moved).toMatchObject({ moved: 0, there: 0, newer: 2, from: { count: 0 }, to: { count: 0 } })
    expect(await tombstones(moving.to)).toMatchObject([{ node: 'node-two', registration: 'another', diedAt: 5_000 }])
    expect((await moving.to.registry.find([{ service: SERVICE, node: 'node-one' }]))[0]).toHaveLength(1)
  })

  it('tell why a node ended that its server is still to be told of, not that it was moved', async () => {
    await die(moving.from, 'one', 2_000)
    clock.jump(1_000)
    expect(await moveRemoteDisables(moving)).toBe(1)
    agree(await moveTombstones(moving))
    expect(await tombstones(moving.to)).toMatchObject([{ why: 'Unregistered one', diedAt: 2_000 }])
  })

  it('keep a later import from taking a device for new that ended', async () => {
    await die(moving.from, 'one', 2_000)
    await moveTombstones(moving)
    const { registry, records } = moving.to
    const incoming = {
      ...{ service: SERVICE, owner: 'romeo@example.com', node: 'node-one', dialect: 'conversations', device: 'one' },
      ...{ app: APP, secret: 'secret-one', address: 'address-one', hints: {}, registeredAt: 0 },
    }
    const options = { registry, records, now: () => clock.now(), newId: () => 'new', commit: true }
    expect(await takeIn([incoming], options)).toMatchObject([{ is: 'ended', why: 'Unregistered one' }])
  })

  it('are read a page at a time, whatever their number', async () => {
    const graves = Array.from({ length: 1_203 }, (_, at) => ({
      ...{ service: SERVICE, owner: 'romeo@example.com', node: `node-${at}`, registration: `id-${at}` },
      ...{ diedAt: at, why: 'gone' },
    }))
    await moving.from.past.bury(graves)
    const told: number[] = []
    expect(await moveTombstones(moving, (count) => told.push(count))).toMatchObject({ moved: 1_203 })
    expect(told).toEqual([500, 1_000, 1_203, 1_703, 2_203, 2_406])
  })
})

describe('lib/admin/move-past: dead addresses', () => {
  const dead = (store: Store, ...names: readonly string[]) =>
    store.registry.deadAmong(names.map((name) => ({ app: APP, address: new Opaque(name) })))
  const mark = (store: Store, name: string, at: number) =>
    store.registry.markDead({ app: APP, address: new Opaque(name), why: `said at ${at}`, at })

  it('are moved where both stores have one content key, the newest word of each', async () => {
    for (const name of ['one', 'two', 'three']) await mark(moving.from, name, 2_000)
    await mark(moving.to, 'two', 1_000)
    await mark(moving.to, 'three', 3_000)
    const moved = await moveDeadAddresses(moving)
    expect(moved).toMatchObject({ moved: 2, there: 0, newer: 1, from: { count: 2 } })
    if (!('left' in moved)) agree(moved)
    const times = (await dead(moving.to, 'one', 'two', 'three', 'living')).map((each) => each?.at)
    expect(times).toEqual([2_000, 2_000, 3_000, undefined])
    expect(await moveDeadAddresses(moving)).toMatchObject({ moved: 0, there: 2, newer: 1 })
  })

  it('are left, and counted, where the second store could not know them again', async () => {
    await moving.to.close()
    moving = { ...moving, to: await open(keyOf(8)) }
    await mark(moving.from, 'one', 2_000)
    expect(await moveDeadAddresses(moving)).toEqual({ left: 1 })
    expect(await moving.to.past.deadTargets({ limit: 10 })).toEqual([])
  })
})
