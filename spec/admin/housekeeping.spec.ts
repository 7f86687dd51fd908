import { join } from 'node:path'
import { makeHousekeeping } from '../../lib/admin/housekeeping'
import { Opaque } from '../../lib/model/opaque'
import { type Event } from '../../lib/observe'
import { sqlite } from '../../lib/stores/sqlite'
import { type Store } from '../../lib/stores/store'
import { makeFolder } from '../support/folder'
import { handClock, type HandClock } from '../support/hand-clock'

const HOUR = 3600_000
const DAY = 24 * HOUR

const folder = makeFolder()
let made = 0
let clock: HandClock
let store: Store
let events: Event[]
let stop: () => void

function start(): void {
  const keeping = () => ({ registrations: 270, tombstones: 365, traces: 24, tracesSize: 512 })
  const observe = (event: Event) => void events.push(event)
  const house = makeHousekeeping({ upkeep: store.upkeep, keep: store.keep, keeping, clock, observe })
  house.start()
  stop = () => house.stop()
}

/** A round, so much later; its last step has been made when it resolves. */
async function round(later = HOUR): Promise<void> {
  clock.jump(later - HOUR)
  await clock.advance(HOUR)
  await store.records.count()
  while (clock.waiting === 0) await new Promise((done) => setImmediate(done))
}

async function days(count: number): Promise<void> {
  for (let day = 0; day < count; day++) await round(DAY)
}

const register = (device: string) =>
  store.registry.register({
    ...{ id: `id of ${device}`, service: 'push.example.com', node: `node of ${device}`, owner: 'romeo@example.com' },
    ...{ dialect: 'tigase', device, app: 'org.example.ios', address: new Opaque(`token of ${device}`) },
    ...{ hints: {}, at: clock.now() },
  })

const left = async () => (await store.records.devices({ limit: 10 })).map(({ device }) => device)

beforeEach(async () => {
  clock = handClock()
  events = []
  const trouble = (text: string) => {
    throw new Error(text)
  }
  store = await sqlite.open({ file: join(folder.path, `${++made}.db`), maxDeliveries: 10 }, { clock, trouble })
  start()
})

afterEach(async () => {
  stop()
  await store.close()
})

describe('lib/admin/housekeeping', () => {
  it('forgets a device that was not seen for 270 days, and no other', async () => {
    await register('silent')
    const seen = await register('seen')
    await days(200)
    await store.registry.seen([seen.id], clock.now())
    await days(69)
    expect(await left()).toEqual(['seen', 'silent'])
    await days(2)
    expect(await left()).toEqual(['seen'])
    expect(events).toMatchObject([{ at: 'forgotten', registration: 'id of silent', why: 'not seen for 270 days' }])
  })

  it('forgets nobody when the clock jumps forward, nor when it jumps back', async () => {
    await register('phone')
    await days(40)
    await round(3650 * DAY)
    await round()
    expect(await left()).toEqual(['phone'])
    await round(-3650 * DAY)
    await days(29)
    expect(await left()).toEqual(['phone'])
    expect(events).toEqual([])
  })

  it('gives every device 30 days to show that it lives, after the service stood still', async () => {
    const phone = await register('phone')
    await register('drawer')
    await days(40)
    stop()
    clock.jump(300 * DAY)
    start()
    await days(20)
    expect(await left()).toEqual(['drawer', 'phone'])
    await store.registry.seen([phone.id], clock.now())
    await days(12)
    expect(await left()).toEqual(['phone'])
  })

  it('lets a tombstone live for a year', async () => {
    const { service, owner, node } = await register('phone')
    await store.registry.unregister({ service, owner, node })
    await days(364)
    expect(await store.records.tombstones({ node, limit: 1 })).toHaveLength(1)
    await days(2)
    expect(await store.records.tombstones({ node, limit: 1 })).toEqual([])
  })
})
