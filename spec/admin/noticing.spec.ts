/** What is noticed though nothing fails: a domain that never publishes, an app of which no token is taken. */
import { makeNoticing } from '../../lib/admin/noticing'
import { readSilent, walkOn } from '../../lib/admin/silent-domains'
import { type Event } from '../../lib/observe'
import { type Registration } from '../../lib/model/registration'
import { type Outcome } from '../../lib/model/outcome'
import { type DeviceQuery } from '../../lib/stores/store'
import { answers } from '../../lib/sim/apns-answers'
import { callAt } from '../support/call'
import { type HandClock, handClock } from '../support/hand-clock'
import { DOMAIN, type House, IOS, startHouse } from '../support/house'
import { publishTo, registerDevice } from '../support/one-device'

const HOUR = 3600_000
const DAY = 24 * HOUR

/** Registrations in order of their ids, a page at a time, as a store keeps them. */
function recordsOf(all: readonly Registration[]) {
  let asked = 0
  return {
    asked: () => asked,
    async devices({ after = '', limit }: DeviceQuery) {
      asked++
      return all.filter(({ id }) => id > after).slice(0, limit)
    },
  }
}

const device = (at: number, owner: string, registeredAt: number, seenAt = registeredAt): Registration => ({
  ...{ id: String(at).padStart(8, '0'), service: DOMAIN, node: `n${at}`, owner, dialect: 'tigase', device: 'd' },
  ...{ app: IOS, hints: {}, registeredAt, seenAt },
})

describe('lib/admin/silent-domains', () => {
  const now = 10 * DAY
  const silentOf = (...devices: readonly Registration[]) => readSilent(recordsOf(devices), now)

  it('finds a domain whose three devices waited a day for a first publish', async () => {
    const old = now - DAY
    const three = [1, 2, 3].map((at) => device(at, `user${at}@example.org`, old))
    expect(await silentOf(...three)).toEqual([{ domain: 'example.org', devices: 3, since: old }])
    expect(await silentOf(...three.slice(1))).toEqual([])
    expect(await silentOf(...three.map((each) => ({ ...each, registeredAt: old + 1, seenAt: old + 1 })))).toEqual([])
  })

  it('finds a domain whose one device waited three days', async () => {
    expect(await silentOf(device(1, 'a@example.org', now - 3 * DAY))).toMatchObject([{ devices: 1 }])
    expect(await silentOf(device(1, 'a@example.org', now - 3 * DAY + 1))).toEqual([])
  })

  it('lets one publish speak for a whole domain, and for no other', async () => {
    const silent = [1, 2, 3].map((at) => device(at, `user${at}@example.org`, 0))
    expect(await silentOf(...silent, device(4, 'x@example.org', 0, 1))).toEqual([])
    expect(await silentOf(...silent, device(4, 'x@example.net', 0, 1))).toMatchObject([{ domain: 'example.org' }])
  })

  it('passes over owners that are nobody’s account', async () => {
    expect(await silentOf(device(1, ':0a1b@example.org', 0), device(2, ':0a1b@*', 0))).toEqual([])
  })

  it('reads 20,000 registrations at a time, and goes on where it stood', async () => {
    const records = recordsOf(Array.from({ length: 20_700 }, (_, at) => device(at, `u${at}@example.org`, 0)))
    const first = await walkOn(records)
    expect([records.asked(), first.after, first.signs.get('example.org')?.devices]).toEqual([40, '00019999', 20_000])
    const second = await walkOn(records, first)
    expect([records.asked(), second.after, second.signs.get('example.org')?.devices]).toEqual([42, undefined, 20_700])
  })
})

describe('lib/admin/noticing', () => {
  let clock: HandClock
  let events: Event[]
  const noticing = () => makeNoticing(clock, (event) => void events.push(event))
  const settled = (registration: string, outcome: Outcome): Event => ({
    ...{ at: 'settled', delivery: 'd', app: IOS, class: 'message', registration, attempt: 1, age: 1, resent: false },
    outcome,
  })
  const doubted: Outcome = { is: 'suspect', why: 'DeviceTokenNotForTopic' }
  beforeEach(() => {
    clock = handClock(10 * DAY)
    events = []
  })

  it('tells once of an app of which nothing was taken, at the first token that is doubted', () => {
    const { see, noticed } = noticing()
    see(settled('a', doubted))
    see(settled('a', doubted))
    see(settled('b', doubted))
    expect(events).toMatchObject([{ at: 'notice', about: `app ${IOS}` }])
    expect(noticed()).toMatchObject([
      { about: `app ${IOS}`, text: expect.stringContaining('of 2 devices, and no push') as string },
    ])
    see(settled('c', { is: 'delivered' }))
    expect(noticed()).toEqual([])
  })

  it('takes four doubted tokens for theirs, and five for the app’s, where pushes were taken before', () => {
    const { see, noticed } = noticing()
    see(settled('good', { is: 'delivered' }))
    for (const name of ['a', 'b', 'c', 'd', 'd']) see(settled(name, doubted))
    expect(noticed()).toEqual([])
    see(settled('e', doubted))
    expect(noticed()).toMatchObject([{ text: expect.stringContaining('5 or more devices, in a row') as string }])
  })

  it('looks once an hour, and believes a publish that it saw more than what it read', async () => {
    const { see, noticed, start, stop } = noticing()
    const records = recordsOf([device(1, 'a@example.org', 0)])
    start(records)
    await clock.advance(60_000)
    expect(noticed()).toMatchObject([{ about: 'example.org' }])
    see({ at: 'answered', answer: 'result', why: '', publisher: 'example.org' })
    expect(noticed()).toEqual([])
    await clock.advance(HOUR)
    expect([records.asked(), events.length]).toEqual([2, 1])
    stop()
    await clock.advance(2 * HOUR)
    expect(records.asked()).toBe(2)
  })

  it('goes on after a store that did not answer', async () => {
    const { noticed, start, stop } = noticing()
    const records = recordsOf([device(1, 'a@example.org', 0)])
    let isDown = true
    start({ devices: (query) => (isDown ? Promise.reject(new Error('away')) : records.devices(query)) })
    await clock.advance(60_000)
    expect(noticed()).toEqual([])
    isDown = false
    await clock.advance(HOUR)
    expect(noticed()).toHaveLength(1)
    stop()
  })
})

describe('the service, about what nobody complains of', () => {
  let house: House
  beforeAll(async () => {
    house = await startHouse()
  })
  afterAll(() => house.close())
  const told = async (words: string): Promise<string> =>
    (await callAt(house.clock, words, '--config', `${house.folder}/component.config.json`)).out

  it('says in status and check that a domain never published, until it does', async () => {
    const token = 'a1b2'.padStart(64, 'c')
    house.apns.addDevice({ token, topic: IOS })
    const node = await registerDevice(house, 'romeo@example.com', IOS, token)
    await house.clock.advance(3 * DAY + HOUR)
    const line =
      /example\.com: a device of example\.com registered, the first on 2026-01-01, and its server has never published.*\n.*→ Load the push module/
    for (const words of ['status', 'check']) expect(await told(words)).toMatch(line)
    await house.pass(30_000)
    await publishTo(house, node)
    await house.rest()
    for (const words of ['status', 'check']) expect(await told(words)).not.toMatch(/never published/)
    await house.service().stop('to read its store')
    expect(await told('status')).not.toMatch(/never published/)
    await house.start()
  })

  it('remembers the first publish, though it came soon after the registration', async () => {
    const other = await startHouse()
    const node = await registerDevice(other, 'romeo@example.com', IOS, 'd4e5'.padStart(64, 'c'))
    await other.pass(1_000)
    await publishTo(other, node)
    await other.rest()
    await other.service().stop('what it saw itself is forgotten')
    await other.clock.advance(4 * DAY)
    await other.start()
    await other.clock.advance(61_000)
    const file = `${other.folder}/component.config.json`
    expect((await callAt(other.clock, 'status', '--config', file)).out).not.toMatch(/never published/)
    await other.close()
  })

  it('says that no push of an app is taken', async () => {
    const token = 'b2c3'.padStart(64, 'c')
    const node = await registerDevice(house, 'juliet@example.com', IOS, token)
    house.apns.script({ answer: answers.refuse('DeviceTokenNotForTopic'), times: 1 })
    await publishTo(house, node)
    await house.rest()
    expect(await told('status')).toMatch(
      /NOTICED +app org\.example\.ios: .*DeviceTokenNotForTopic.*\n.*→ Check that topic/,
    )
  })
})
