import { join } from 'node:path'
import { sqlite, type SqliteOptions } from '../../lib/stores/sqlite'
import { type Store } from '../../lib/stores/store'
import { delivery, ended, takeNow } from '../contracts/outbox-scene'
import { makeFolder } from '../support/folder'
import { handClock } from '../support/hand-clock'

describe('lib/stores/sqlite-bounds', () => {
  const folder = makeFolder()
  const clock = handClock()
  let store: Store
  let told: string[] = []
  let made = 0

  const open = async (more: Partial<SqliteOptions>): Promise<void> => {
    told = []
    const file = join(folder.path, `bounded-${++made}.db`)
    store = await sqlite.open({ file, maxDeliveries: 100, ...more }, { clock, trouble: (text) => told.push(text) })
  }
  afterEach(() => store.close())
  const put = (app: string, count: number, body = '') =>
    store.outbox.put(Array.from({ length: count }, () => delivery(app, clock.now(), { content: { body } })))
  const kept = async (...words: Parameters<typeof put>): Promise<number> =>
    (await put(...words)).filter((each) => each === 'kept').length

  it('leaves room for the others when one app fills its part', async () => {
    await open({ maxDeliveries: 10, maxDeliveriesPerApp: 6 })
    expect(await kept('greedy', 9)).toBe(6)
    expect(await kept('modest', 3)).toBe(3)
    expect(await kept('third', 3)).toBe(1)
  })

  it('gives an app three quarters where nothing is said', async () => {
    await open({ maxDeliveries: 100 })
    expect(await kept('greedy', 90)).toBe(75)
    expect(await kept('modest', 30)).toBe(25)
  })

  it('takes what can go out at once, however full it is', async () => {
    await open({ maxDeliveries: 10, maxDeliveriesPerApp: 2 })
    expect(await kept('greedy', 3)).toBe(2)
    const claimed = await takeNow(store.outbox, { greedy: 2 })
    await store.outbox.settle(claimed.map((one) => ended(one)))
    await put('greedy', 2)
    const claim = store.outbox.claim(new Map([['greedy', 3]]))
    expect(await claim).toHaveLength(2)
    const next = store.outbox.claim(new Map([['greedy', 1]]))
    expect(await kept('greedy', 1)).toBe(1)
    expect(await next).toHaveLength(1)
  })

  it('tells each bound once, with the setting, and again only after there was room', async () => {
    await open({ maxDeliveries: 10, maxDeliveriesPerApp: 5 })
    await put('greedy', 7)
    await put('greedy', 7)
    expect(told).toEqual([
      expect.stringContaining('5 deliveries of app greedy wait, as many as store.maxDeliveriesPerApp'),
    ])
    const claimed = await takeNow(store.outbox, { greedy: 5 })
    await store.outbox.settle(claimed.map((one) => ended(one)))
    await put('greedy', 6)
    expect(told).toHaveLength(2)
    await put('modest', 6)
    await put('third', 1)
    expect(told.slice(2)).toEqual([
      expect.stringContaining('10 deliveries wait, as many as store.maxDeliveries allows'),
    ])
  })

  it('lets nothing more wait when the database holds its MiB, and takes again when it was worked off', async () => {
    await open({ maxSize: 1 })
    const body = 'x'.repeat(20_000)
    let all = 0
    for (let turns = 0; turns < 70 && told.length === 0; turns++) {
      clock.jump(1000)
      all += await kept('app', 1, body)
    }
    expect(told).toEqual([expect.stringContaining('holds 1 MiB, as much as store.maxSize allows')])
    expect(all).toBeGreaterThan(30)
    clock.jump(1000)
    expect(await kept('app', 1)).toBe(0)
    const claimed = await takeNow(store.outbox, { app: 100 })
    expect(claimed).toHaveLength(all)
    await store.outbox.settle(claimed.map((one) => ended(one)))
    clock.jump(1000)
    expect(await kept('app', 1)).toBe(1)
    expect((await store.accounts()).get('app')).toMatchObject({ accepted: all + 1, delivered: all })
  })
})
