import { join } from 'node:path'
import {
  compareRegistrations,
  moveKept,
  type Moving,
  moveRegistrations,
  moveRemoteDisables,
} from '../../lib/admin/move'
import { moveDeliveries, OutboxFull } from '../../lib/admin/move-deliveries'
import { closes } from '../../lib/model/accounting'
import { certificateName, fuseName, tokenName } from '../../lib/model/kept'
import { Opaque } from '../../lib/model/opaque'
import { sqlite } from '../../lib/stores/sqlite'
import { type NewRegistration, type Store } from '../../lib/stores/store'
import { delivery } from '../contracts/outbox-scene'
import { makeFolder } from '../support/folder'
import { handClock, type HandClock } from '../support/hand-clock'
import { APP, phone as bare, SERVICE } from './move-scene'

const folder = makeFolder()
let made = 0
let clock: HandClock
let moving: Moving
const paths = { from: '', to: '' }
const troubles: string[] = []

function open(file: string, maxDeliveries = 1000): Promise<Store> {
  const trouble = (text: string): void => void troubles.push(text)
  const options = { file, maxDeliveries, maxDeliveriesPerApp: maxDeliveries, maxSize: 4096 }
  return sqlite.open(options, { clock, trouble })
}

/** All of a registration that can be moved, made now. */
const phone = (device: string, more: Partial<NewRegistration> = {}): NewRegistration =>
  bare(device, {
    ...{ callAddress: new Opaque(`call-${device}`), secret: new Opaque(`secret-${device}`), hints: { b: '2', a: '1' } },
    ...{ at: clock.now(), ...more },
  })

beforeEach(async () => {
  clock = handClock()
  paths.from = join(folder.path, `${++made}-from.db`)
  paths.to = join(folder.path, `${made}-to.db`)
  moving = { from: await open(paths.from), to: await open(paths.to), clock }
})
afterEach(async () => {
  await Promise.all([moving.from.close(), moving.to.close()])
  expect(troubles.splice(0).filter((text) => !text.includes('store.maxDeliveries'))).toEqual([])
})

const compared = () => compareRegistrations(moving.from.records, moving.to.registry)
const waitingIn = async (store: Store): Promise<number> => (await store.accounts()).get(APP)?.waiting ?? 0

describe('lib/admin/move', () => {
  it('moves everything that is known of a device', async () => {
    const { from, to } = moving
    await from.registry.register(phone('one'))
    await from.registry.prove('id-one', 'sandbox', new Opaque('address-one'))
    clock.jump(1_000)
    await from.registry.seen(['id-one'], clock.now())
    await from.registry.register(phone('bare', { node: 'other' }))
    expect(await moveRegistrations(moving)).toEqual({ moved: 2, there: 0, newer: 0 })
    const plain = async (store: Store) =>
      (await store.records.devices({ limit: 10 })).map(({ secret, address, callAddress, ...rest }) => ({
        ...{ ...rest, secret: secret?.reveal(), address: address?.reveal(), callAddress: callAddress?.reveal() },
      }))
    expect(await plain(to)).toEqual(await plain(from))
    const sums = await compared()
    expect(sums.to).toEqual(sums.from)
    expect(sums.from.registrations).toBe(2)
  })

  it('reads pages of whatever number of devices', async () => {
    const count = 1_003
    await Promise.all(
      Array.from({ length: count }, (_, at) => moving.from.registry.register(phone(`${at}`, { owner: `u${at}@x` }))),
    )
    const told: number[] = []
    expect(await moveRegistrations(moving, (so) => told.push(so))).toMatchObject({ moved: count })
    expect(told).toEqual([500, 1000, 1003])
    expect((await compared()).to.registrations).toBe(count)
  })

  it.each([
    ['a token', { address: new Opaque('another') }],
    ['a call token', { callAddress: new Opaque('another') }],
    ['a hint', { hints: { a: '1', b: '3' } }],
  ] as const)('notices that %s differs', async (_what, other) => {
    await moving.from.registry.register(phone('one'))
    await moving.to.registry.register(phone('one', other))
    const { from, to } = await compared()
    expect(from.checksum).not.toBe(to.checksum)
    expect(await moveRegistrations(moving)).toEqual({ moved: 1, there: 0, newer: 0 })
    const sums = await compared()
    expect(sums.to).toEqual(sums.from)
  })

  it('notices that a device is missing', async () => {
    await moving.from.registry.register(phone('one'))
    expect(await compared()).toMatchObject({ from: { registrations: 1 }, to: { registrations: 0 } })
  })

  it('takes the place of an older registration with its own node, secret and id', async () => {
    await moving.to.registry.register(phone('one', { id: 'old', node: 'old', secret: new Opaque('old') }))
    clock.jump(1_000)
    await moving.from.registry.register(phone('one'))
    await moveRegistrations(moving)
    const [stands] = await moving.to.registry.get(['id-one'])
    expect(stands).toMatchObject({ node: 'node-one' })
    expect(stands?.secret?.reveal()).toBe('secret-one')
    expect(await moving.to.registry.find([{ service: SERVICE, node: 'old' }])).toEqual([[]])
  })

  it('moves blown fuses and certificates, newest first, and nothing twice', async () => {
    await moving.from.keep.put(fuseName(APP), 'too many', 1_000)
    await moving.from.keep.put(certificateName(APP), 'a certificate', 1_000)
    await moving.from.keep.put(fuseName('other'), '', 1_000)
    await moving.to.keep.put(certificateName(APP), 'a newer one', 2_000)
    expect(await moveKept(moving)).toBe(1)
    expect(await moving.to.keep.get(fuseName(APP))).toMatchObject({ value: 'too many' })
    expect(await moving.to.keep.get(certificateName(APP))).toMatchObject({ value: 'a newer one' })
    expect(await moving.to.keep.get(fuseName('other'))).toBeUndefined()
    expect(await moveKept(moving)).toBe(0)
  })

  it('moves what was reset and dropped since, and so it is there and back', async () => {
    const { from, to } = moving
    await from.keep.put(fuseName(APP), 'too many', 1_000)
    await from.keep.put(certificateName(APP), 'a certificate', 1_000)
    expect(await moveKept(moving)).toBe(2)
    await to.keep.put(fuseName(APP), '', 2_000)
    await to.keep.put(certificateName(APP), '', 2_000)
    expect(await moveKept({ from: to, to: from, clock })).toBe(2)
    expect(await from.keep.get(fuseName(APP))).toEqual({ value: '', at: 2_000 })
    expect(await from.keep.get(certificateName(APP))).toEqual({ value: '', at: 2_000 })
  })

  it('moves the token that was signed for Apple, and nothing that makes itself anew', async () => {
    const name = tokenName('DEF123GHIJ', 'ABC123DEFG')
    await moving.from.keep.put(name, 'signed', 1_000)
    await moving.from.keep.put('housekeeping', '1000', 1_000)
    expect(await moveKept(moving)).toBe(1)
    expect(await moving.to.past.keptNames()).toEqual([name])
    expect(await moving.to.keep.get(name)).toEqual({ value: 'signed', at: 1_000 })
  })

  it('moves nodes that servers are still to be told of, but for those that live again', async () => {
    const { from, to } = moving
    for (const device of ['one', 'two']) await from.registry.register(phone(device))
    await from.registry.unregister({ service: SERVICE, owner: 'romeo@example.com' }, { remoteDisable: true })
    await to.registry.register(phone('two'))
    expect(await moveRemoteDisables(moving)).toBe(1)
    expect(await moveRemoteDisables(moving)).toBe(0)
    const due = await to.remoteDisables.due(clock.now(), 10)
    expect(due).toMatchObject([
      { registration: 'id-one', service: SERVICE, node: 'node-one', owner: 'romeo@example.com' },
    ])
    expect(await to.registry.find([{ service: SERVICE, node: 'node-one' }])).toEqual([[]])
    expect([...(await to.registry.count())]).toEqual([[APP, 1]])
  })

  it('goes on where it was broken off between the two halves of that', async () => {
    const { from, to } = moving
    await from.registry.register(phone('one'))
    await from.registry.unregister({ service: SERVICE, owner: 'romeo@example.com' }, { remoteDisable: true })
    const { address: _a, callAddress: _c, secret: _s, ...rest } = phone('node-one')
    await to.registry.register({ ...rest, id: 'id-one', node: 'node-one', dialect: 'ended', app: 'ended', hints: {} })
    expect(await moveRemoteDisables(moving)).toBe(1)
    expect(await to.remoteDisables.due(clock.now(), 10)).toHaveLength(1)
    expect([...(await to.registry.count())]).toEqual([])
  })
})

describe('lib/admin/move-deliveries', () => {
  const target = { to: 'registration', registration: 'id-one' } as const

  it('moves what waits, with content and id, also what is due later and what stands behind another', async () => {
    const { from, to } = moving
    const now = clock.now()
    const plain = delivery(APP, now, { content: { body: 'the secret word' } })
    const later = { ...delivery(APP, now), dueAt: now + 60_000 }
    const first = delivery(APP, now, { target, collapseKey: 'k' })
    await from.outbox.put([plain, later, first])
    const out = await from.outbox.claim(new Map([[APP, 10]]))
    expect(out.map((each) => each.delivery.id).sort()).toEqual([plain.id, first.id].sort())
    const behind = delivery(APP, now, { target, collapseKey: 'k' })
    await from.outbox.put([behind])
    await from.close()
    moving = { ...moving, from: await open(paths.from) }

    // The first of the two was out and came back: the newer one took its place.
    expect(await moveDeliveries(moving)).toEqual({ moved: 3, ended: 0, left: 0 })
    const claimed = await to.outbox.claim(new Map([[APP, 10]]))
    expect(claimed.map((each) => each.delivery.id).sort()).toEqual([plain.id, later.id, behind.id].sort())
    const moved = claimed.find((each) => each.delivery.id === plain.id)
    expect(moved?.delivery).toEqual(plain)
    for (const store of [moving.from, to]) {
      for (const account of (await store.accounts()).values()) expect(closes(account)).toBe(true)
    }
    expect((await moving.from.accounts()).get(APP)).toMatchObject({
      ...{ waiting: 0, inFlight: 0, abandoned: 3, coalesced: 1 },
    })
    expect((await to.accounts()).get(APP)).toMatchObject({ accepted: 3, inFlight: 3 })
  })

  it('puts nothing twice that was put before it was broken off', async () => {
    const { from, to } = moving
    const its = delivery(APP, clock.now())
    await from.outbox.put([its])
    await to.outbox.put([its])
    expect(await moveDeliveries(moving)).toEqual({ moved: 1, ended: 0, left: 0 })
    expect((await to.accounts()).get(APP)).toMatchObject({ accepted: 1, waiting: 1 })
  })

  it('ends a call that may have rung already', async () => {
    const { from } = moving
    await from.outbox.put([delivery(APP, clock.now(), { class: 'call', expiresAt: clock.now() + 30_000 })])
    await from.outbox.claim(new Map([[APP, 10]]))
    await from.close()
    moving = { ...moving, from: await open(paths.from) }
    expect(await moveDeliveries(moving)).toEqual({ moved: 0, ended: 1, left: 0 })
    expect(await waitingIn(moving.to)).toBe(0)
  })

  it('says that the second store is full, and goes on when it was raised', async () => {
    await moving.to.close()
    moving = { ...moving, to: await open(paths.to, 2) }
    await moving.from.outbox.put(Array.from({ length: 5 }, () => delivery(APP, clock.now())))
    await expect(moveDeliveries(moving)).rejects.toThrow(OutboxFull)
    const there = await waitingIn(moving.to)
    expect(there).toBeGreaterThan(0)
    await Promise.all([moving.to.close(), moving.from.close()])
    moving = { ...moving, from: await open(paths.from), to: await open(paths.to) }
    expect(await moveDeliveries(moving)).toEqual({ moved: 5 - there, ended: 0, left: 0 })
    expect(await waitingIn(moving.to)).toBe(5)
  })

  it('moves nothing where nothing waits', async () => {
    expect(await moveDeliveries(moving)).toEqual({ moved: 0, ended: 0, left: 0 })
  })
})
