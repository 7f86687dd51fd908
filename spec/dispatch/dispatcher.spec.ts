/** The dispatcher over a real store, with a push service that says what it is told to say. */
import { join } from 'node:path'
import { makeDispatcher, type Dispatcher } from '../../lib/dispatch/dispatcher'
import { makeFuse } from '../../lib/dispatch/fuse'
import { type SendingApp } from '../../lib/dispatch/sender'
import { type NotificationClass } from '../../lib/model/notification'
import { Opaque } from '../../lib/model/opaque'
import { type Outcome } from '../../lib/model/outcome'
import { type Registration } from '../../lib/model/registration'
import { type Event } from '../../lib/observe'
import { type Attempt, type Provider } from '../../lib/providers/provider'
import { sqlite } from '../../lib/stores/sqlite'
import { type Store } from '../../lib/stores/store'
import { delivery, takeNow } from '../contracts/outbox-scene'
import { makeFolder } from '../support/folder'
import { handClock, settle, type HandClock } from '../support/hand-clock'

const APP = 'org.example.ios'
const folder = makeFolder()
let made = 0
let clock: HandClock
let file: string
let store: Store
let dispatcher: Dispatcher | undefined
let told: Event[]
/** What the push service was asked. */
let asked: Attempt[]
let answer: (attempt: Attempt) => Outcome | Promise<Outcome>
let write: SendingApp['write']
/** The app's provider; another one may take its place. */
let provider: Provider
const makeProvider = (more: Partial<Provider> = {}): Provider => ({
  concurrency: 10,
  attempt: async (attempt) => {
    asked.push(attempt)
    return answer(attempt)
  },
  close: async () => undefined,
  ...more,
})

const open = (): Promise<Store> => sqlite.open({ file, maxDeliveries: 100 }, { clock, trouble: () => undefined })

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let look = 0; look < 500; look++) {
    if (await isSo()) return
    // A round trip to the store's thread: nothing comes faster than that.
    await store.accounts()
  }
  throw new Error(`it never came: ${JSON.stringify(told)}`)
}

const account = async () => (await store.accounts()).get(APP)

async function register(device: string, address: string): Promise<Registration> {
  return store.registry.register({
    id: `registration-${(made += 1)}`,
    service: 'push.example.com',
    node: `node-${made}`,
    owner: 'romeo@example.com',
    dialect: 'tigase',
    device,
    app: APP,
    address: new Opaque(address),
    hints: {},
    at: clock.now(),
  })
}

/** Registers a device, and puts a push to it. */
async function put(its: {
  readonly class: NotificationClass
  readonly expiresAt?: number
  readonly device?: string
}): Promise<string> {
  const registration = await register(its.device ?? `device-${(made += 1)}`, 'a1'.repeat(32))
  const target = { to: 'registration', registration: registration.id } as const
  await store.outbox.put([delivery(APP, clock.now(), { expiresAt: clock.now() + 30_000, ...its, target })])
  return registration.id
}

/** Begins to send; what is left out of `parts` is the store's own. */
async function start(parts: Partial<Pick<Store, 'registry' | 'outbox'>> = {}): Promise<Dispatcher> {
  const { registry, outbox } = { ...store, ...parts }
  const observe = (event: Event): void => void told.push(event)
  const limits = { tokens: 100, share: 1, atLeast: 100 }
  const fuse = await makeFuse({ keep: store.keep, registry, limits: () => limits, clock, observe }, [APP])
  const apps = (): ReadonlyMap<string, SendingApp> => new Map([[APP, { provider, write: (subject) => write(subject) }]])
  dispatcher = makeDispatcher({ outbox, registry, apps, fuse, clock, observe })
  dispatcher.start()
  return dispatcher
}

/** The process dies with whatever is claimed, and another one opens the store. */
async function die(): Promise<void> {
  await store.close()
  store = await open()
}

beforeEach(async () => {
  clock = handClock()
  file = join(folder.path, `store-${(made += 1)}.db`)
  told = []
  asked = []
  answer = () => ({ is: 'delivered' })
  provider = makeProvider()
  write = () => ({
    is: 'content',
    slot: 'address',
    content: { speaks: 'apns', pushType: 'alert', priority: 10, payload: {} },
  })
  store = await open()
})

afterEach(async () => {
  const draining = dispatcher?.drain(1)
  await clock.advance(10)
  await draining
  dispatcher = undefined
  await store.close()
})

describe('lib/dispatch/dispatcher', () => {
  it('tells the provider which attempt is a call', async () => {
    await put({ class: 'call' })
    await put({ class: 'message' })
    await start()
    await until(() => asked.length === 2)
    expect(asked.filter(({ isCall }) => isCall === true)).toHaveLength(1)
  })

  it('abandons a call that may have rung, also where the registry cannot be read', async () => {
    await put({ class: 'call' })
    expect(await takeNow(store.outbox, { [APP]: 1 })).toHaveLength(1)
    await die()
    const registry = { ...store.registry, get: () => Promise.reject(new Error('the disk is full')) }
    await start({ registry })
    await until(async () => (await account())?.abandoned === 1)
    expect(asked).toHaveLength(0)
  })

  it('counts as resent whatever follows an attempt that may have arrived, however many surely did not', async () => {
    await put({ class: 'message', expiresAt: clock.now() + 3600_000 })
    expect(await takeNow(store.outbox, { [APP]: 1 })).toHaveLength(1)
    await die()
    let isUp = false
    const registry = {
      ...store.registry,
      get: (ids: readonly string[]) => (isUp ? store.registry.get(ids) : Promise.reject(new Error('the disk is full'))),
    }
    await start({ registry })
    await until(() => told.some(({ at }) => at === 'settled'))
    isUp = true
    await clock.advance(60_000)
    await until(async () => (await account())?.delivered === 1)
    expect(await account()).toMatchObject({ resent: 1 })
  })

  it('lets a push go again that a fault of ours has broken, and none of it stays out', async () => {
    write = () => {
      throw new Error('a fault of the profile')
    }
    await put({ class: 'message', expiresAt: clock.now() + 3600_000 })
    await start()
    await until(() => told.some(({ at }) => at === 'settled'))
    expect(await account()).toMatchObject({ waiting: 1, inFlight: 0 })
    expect(JSON.stringify(told)).toContain('a fault of the profile')
  })

  it('waits at a stop for what a claim brings that was under way', async () => {
    await put({ class: 'message' })
    let give = (): void => undefined
    const given = new Promise<void>((done) => (give = done))
    let isClaimed = false
    // An outbox somewhere else: what it has handed out is on its way here when it is asked again.
    const outbox = {
      ...store.outbox,
      claim: async (...said: Parameters<Store['outbox']['claim']>) => {
        const claimed = await store.outbox.claim(...said)
        isClaimed ||= claimed.length > 0
        if (claimed.length > 0) await given
        return claimed
      },
    }
    const sending = await start({ outbox })
    await until(() => isClaimed)
    let isDrained = false
    const draining = sending.drain(10_000).then(() => (isDrained = true))
    await settle()
    expect(isDrained).toBe(false)
    give()
    await draining
    expect(await account()).toMatchObject({ delivered: 1, inFlight: 0 })
  })

  it('forgets no token on the word of a credential that took the place of a proven one', async () => {
    await put({ class: 'message' })
    const sending = await start()
    await until(async () => (await account())?.delivered === 1)
    // Another project's: it calls every token bad.
    answer = () => ({ is: 'suspect', why: 'SENDER_ID_MISMATCH' })
    provider = makeProvider()
    sending.release(APP)
    const id = await put({ class: 'message' })
    await until(async () => (await account())?.refused === 1)
    expect((await store.registry.get([id]))[0]?.address?.reveal()).toBe('a1'.repeat(32))
  })

  it('proves nothing of an address that came while the attempt to the old one was out', async () => {
    provider = makeProvider({ environments: ['production', 'sandbox'] })
    answer = async ({ environment }) => {
      if (environment === 'production') return { is: 'suspect', why: 'BadDeviceToken' }
      await register('phone', 'b2'.repeat(32))
      return { is: 'delivered' }
    }
    const id = await put({ class: 'message', device: 'phone' })
    await start()
    await until(async () => (await account())?.delivered === 1)
    const [registration] = await store.registry.get([id])
    expect(registration?.address?.reveal()).toBe('b2'.repeat(32))
    expect(registration?.environment).toBeUndefined()
  })

  it('keeps the token of a device that registered again while its death was told', async () => {
    answer = async () => {
      await clock.advance(1)
      await register('phone', 'a1'.repeat(32))
      return { is: 'gone', why: 'Unregistered', since: clock.now() + 60_000 }
    }
    const id = await put({ class: 'message', device: 'phone' })
    await start()
    await until(async () => (await account())?.gone === 1)
    expect((await store.registry.get([id]))[0]?.id).toBe(id)
  })

  it('settles what told that a token is dead only when the forgetting is durable', async () => {
    answer = () => ({ is: 'gone', why: 'Unregistered' })
    const id = await put({ class: 'message' })
    await clock.advance(1_000)
    let forget = (): void => undefined
    const held = new Promise<void>((resolve) => (forget = resolve))
    const registry = {
      ...store.registry,
      forget: async (...words: Parameters<Store['registry']['forget']>) => {
        await held
        return store.registry.forget(...words)
      },
    }
    await start({ registry })
    await until(() => asked.length === 1)
    for (let look = 0; look < 20; look++) await store.accounts()
    expect(await account()).toMatchObject({ gone: 0, inFlight: 1 })
    forget()
    await until(async () => (await account())?.gone === 1)
    expect(await store.registry.get([id])).toEqual([undefined])
  })

  it('comes back slowly after an outage: one probe, then at most twice as many each time', async () => {
    provider = makeProvider({ concurrency: 20 })
    answer = () => ({ is: 'down', why: 'no answer', ambiguous: false })
    for (let n = 0; n < 60; n++) await put({ class: 'message', expiresAt: clock.now() + 3600_000 })
    await start()
    await until(() => told.some(({ at }) => at === 'held'))
    await until(async () => (await account())?.inFlight === 0)
    const open: (() => void)[] = []
    answer = () => new Promise((resolve) => open.push(() => resolve({ is: 'delivered' })))
    await clock.advance(40_000)
    const waves: number[] = []
    for (let delivered = 0; waves.length < 5; delivered = (await account())?.delivered ?? 0) {
      await until(async () => open.length > 0 && (await account())?.inFlight === open.length)
      for (let look = 0; look < 5; look++) await store.accounts()
      waves.push(open.length)
      const wave = open.splice(0)
      for (const tell of wave) tell()
      await until(async () => (await account())?.delivered === delivered + wave.length)
    }
    expect(waves[0]).toBe(1)
    waves.slice(1).forEach((wave, before) => expect(wave).toBeLessThanOrEqual(2 * (waves[before] ?? 0) + 1))
    expect(Math.max(...waves)).toBeGreaterThan(10)
    for (const tell of open) tell()
  })

  it('lets one after another probe a held app where the probe ends without an outcome', async () => {
    answer = () => ({ is: 'misconfigured', why: 'TopicDisallowed' })
    await put({ class: 'message', expiresAt: clock.now() + 3600_000 })
    const sending = await start()
    await until(() => told.some(({ at }) => at === 'held'))
    answer = () => ({ is: 'delivered' })
    write = (subject) =>
      subject.notification.class === 'quiet'
        ? { is: 'silence', why: 'by setting' }
        : {
            is: 'content',
            slot: 'address',
            content: { speaks: 'apns', pushType: 'alert', priority: 10, payload: {} },
          }
    const dead = await put({ class: 'message' })
    await store.registry.unregister({
      service: 'push.example.com',
      owner: 'romeo@example.com',
      device: (await store.registry.get([dead]))[0]?.device ?? '',
    })
    for (let n = 0; n < 3; n++) await put({ class: 'quiet' })
    await clock.advance(10_000)
    await until(async () => (await account())?.delivered === 1)
    expect(await account()).toMatchObject({ unregistered: 1, quiet: 3, waiting: 0, inFlight: 0 })
    expect(sending.held().size).toBe(0)
  })
})
