import { randomBytes } from 'node:crypto'
import { type DoorApp } from '../../lib/intake/app'
import { makeDeliver, tellingDeliver, type DeliverRequest } from '../../lib/intake/deliver'
import { makeLimits, usualLimits } from '../../lib/intake/limits'
import { Opaque } from '../../lib/model/opaque'
import { type Event } from '../../lib/observe'
import { type Settlement } from '../../lib/outbox/outbox'
import { sqlite } from '../../lib/stores/sqlite'
import { type Store } from '../../lib/stores/store'
import { handClock, type HandClock } from '../support/hand-clock'
import { makeFolder } from '../support/folder'

const token = randomBytes(32).toString('hex')
const app: DoorApp = {
  ...{ name: 'org.example.ios', speaks: 'apns', profile: 'generic', offers: {} },
  ...{ passesEncrypted: false, maxEncryptedSize: 3000, keeps: { sender: false, body: false, encrypted: false } },
  address: (raw: string) => (/^[0-9a-f]{64}$/i.test(raw) ? raw.toLowerCase() : undefined),
  rings: () => false,
  collapseKey: () => undefined,
}
const request: DeliverRequest = {
  ...{ caller: 'mongooseim', app: app.name, address: token.toUpperCase(), class: 'message' },
  content: { given: { alert: { title: 'Romeo', body: 'But soft!' } } },
}

describe('intake/deliver', () => {
  const place = makeFolder()
  let clock: HandClock
  let store: Store
  let events: Event[]
  let closed: string | undefined
  const deliver = (its: Partial<DeliverRequest> = {}) =>
    tellingDeliver(
      makeDeliver({
        ...{ registry: store.registry, outbox: store.outbox, clock, closed: () => closed },
        apps: () => new Map([[app.name, app]]),
        limits: makeLimits(usualLimits, () => undefined, clock),
      }),
      (event) => events.push(event),
    )({ ...request, ...its })
  const claim = () => store.outbox.claim(new Map([[app.name, 10]]))

  beforeEach(async () => {
    clock = handClock()
    events = []
    closed = undefined
    const file = `${place.path}/${randomBytes(4).toString('hex')}.db`
    store = await sqlite.open(
      { file, maxDeliveries: 3 },
      { clock, trouble: (text) => events.push({ at: 'trouble', about: 'store', text }) },
    )
  })
  afterEach(() => store.close())

  it('keeps what came along, address and content, for as long as its class lives', async () => {
    expect(await deliver({ environment: 'sandbox' })).toMatchObject({ is: 'accepted' })
    const [claimed] = await claim()
    expect(claimed?.delivery.target).toEqual({ to: 'address', address: new Opaque(token), environment: 'sandbox' })
    expect(claimed?.delivery.target.to === 'address' && claimed.delivery.target.address.reveal()).toBe(token)
    expect(claimed?.delivery.notification).toEqual({
      ...{ class: 'message', urgency: 'high', content: request.content },
      expiresAt: clock.now() + 28 * 24 * 3600_000,
    })
  })

  it('lets the caller say how long it is worth delivering, and how urgent it is', async () => {
    await deliver({ life: 5_000, urgency: 'low' })
    expect((await claim())[0]?.delivery.notification).toMatchObject({ urgency: 'low', expiresAt: clock.now() + 5_000 })
  })

  it.each<[string, Omit<Settlement, 'id' | 'app'> & { end: 'gone' }]>([
    ['what came of the first attempt', { end: 'gone', resent: false, outcome: { is: 'gone', why: 'Unregistered' } }],
  ])('tells a caller that listens %s', async (_, settlement) => {
    const answer = deliver({ listen: 1_500 })
    const [claimed] = await claim()
    await store.outbox.settle([{ id: claimed?.delivery.id ?? '', app: app.name, ...settlement }])
    expect(await answer).toMatchObject({ is: 'accepted', heard: { end: 'gone', outcome: { why: 'Unregistered' } } })
  })

  it('answers without an outcome once the caller has listened long enough', async () => {
    const answer = deliver({ listen: 1_500 })
    const [claimed] = await claim()
    await clock.advance(1_500)
    expect(await answer).toEqual({ is: 'accepted', delivery: claimed?.delivery.id })
  })

  it('sends nothing to an address that is dead, and tries once more a week later', async () => {
    await store.registry.markDead({ app: app.name, address: new Opaque(token), why: 'Unregistered', at: clock.now() })
    expect(await deliver()).toEqual({ is: 'dead', why: 'Unregistered' })
    await clock.advance(7 * 24 * 3600_000)
    expect(await deliver()).toMatchObject({ is: 'accepted' })
  })

  it('takes nothing for an app that there is not, nor an address that can be none', async () => {
    expect(await deliver({ app: 'org.example.none' })).toMatchObject({ is: 'unknown-app' })
    expect(await deliver({ address: 'not a token' })).toMatchObject({ is: 'not-an-address' })
    expect((await store.accounts()).size).toBe(0)
  })

  it('says that it took nothing while the service is stopping, and when the outbox is full', async () => {
    closed = 'the service is stopping'
    expect(await deliver()).toEqual({ is: 'trouble', why: 'the service is stopping' })
    closed = undefined
    for (let kept = 0; kept < 3; kept++) expect(await deliver()).toMatchObject({ is: 'accepted' })
    expect(await deliver()).toEqual({ is: 'trouble', why: 'the outbox is full' })
  })

  it('tells of each answer, and never the address or the content', async () => {
    await deliver()
    await deliver({ address: 'not a token' })
    expect(events.map((event) => event.at === 'answered' && [event.answer, event.publisher])).toEqual([
      ['result', 'mongooseim'],
      ['not-an-address', 'mongooseim'],
    ])
    expect(JSON.stringify(events)).not.toMatch(new RegExp(`${token}|But soft|not a token`, 'i'))
  })
})
