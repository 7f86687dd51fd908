/**
 * What every provider owes the dispatcher, whatever its push service: one attempt, and one of our own words for what came of it. A provider's
 * spec calls `providerContract` once with its simulator, and adds its quirks: what each answer of its push service means.
 */
import { type VendorContent } from '../../lib/model/content'
import { Opaque } from '../../lib/model/opaque'
import { type Attempt, type Finding, type Provider } from '../../lib/providers/provider'
import { type HandClock } from '../support/hand-clock'

/** A provider and the simulator that it sends to. Every scene is its own. */
export interface ProviderScene {
  /** All of them on this clock, the simulator too. */
  readonly clock: HandClock
  /** Opens the provider with credentials in order; `port`: of 127.0.0.1, in place of the simulator's. */
  readonly open: (port?: number) => Provider
  readonly content: VendorContent
  /** A device that the simulator knows. */
  readonly address: string
  /** How many pushes the simulator was asked to take, whatever it answered. */
  readonly asked: () => number
  /** What the simulator makes of the next push: it calls the device dead, or never answers. */
  readonly next: (is: 'dead' | 'silence') => void
  /** What `check` says of the same settings. */
  readonly check: () => Promise<readonly Finding[]>
  /** Texts that nobody may be shown. */
  readonly secrets: readonly string[]
  readonly close: () => Promise<unknown>
}

const turn = (): Promise<void> => new Promise((done) => setImmediate(done))
/** Longer than any push service is waited for. */
const PATIENCE = 60_000
const HOUR = 3600_000

/** Declares the whole suite; each test has a scene of its own. `closed`: a port at which nobody listens. */
export function providerContract(start: () => Promise<ProviderScene>, closed: () => Promise<number>): void {
  let scene: ProviderScene
  const opened: Provider[] = []
  const open = (port?: number): Provider => {
    const provider = scene.open(port)
    opened.push(provider)
    return provider
  }
  const attempt = (more: Partial<Attempt> = {}): Attempt => ({
    id: '6b9e3ad4-4b7e-4a35-8c2f-0f2f6d3b1a11',
    address: new Opaque(scene.address),
    content: scene.content,
    expiresAt: scene.clock.now() + HOUR,
    ...more,
  })
  /** Lets time pass until it is over; bounded. */
  async function over<T>(call: Promise<T>): Promise<T> {
    let isOver = false
    const watched = call.finally(() => (isOver = true))
    watched.catch(() => undefined)
    for (let step = 0; step < 120 && !isOver; step++) {
      for (const begun = performance.now(); performance.now() - begun < 25 && !isOver;) await turn()
      if (!isOver) await scene.clock.advance(PATIENCE / 60)
    }
    return watched
  }
  async function untilAsked(times: number): Promise<void> {
    for (const begun = performance.now(); scene.asked() < times && performance.now() - begun < 10_000;) await turn()
    expect(scene.asked()).toBe(times)
  }

  beforeEach(async () => void (scene = await start()))
  afterEach(async () => {
    for (const provider of opened.splice(0)) await over(provider.close())
    await scene.close()
  })

  it('sends once, and says that it was delivered', async () => {
    const outcome = open().attempt(attempt())
    await untilAsked(1)
    expect(await outcome).toEqual({ is: 'delivered' })
    expect(scene.asked()).toBe(1)
  })

  it('calls a device gone by its push service’s own word, and sends no second time', async () => {
    scene.next('dead')
    const outcome = open().attempt(attempt())
    await untilAsked(1)
    expect(await outcome).toMatchObject({ is: 'gone' })
    expect(scene.asked()).toBe(1)
  })

  it('refuses what was written for another family, and sends nothing', async () => {
    const other: VendorContent =
      scene.content.speaks === 'relay'
        ? { speaks: 'fcm', data: {}, priority: 'NORMAL' }
        : { speaks: 'relay', body: { platform: 'apple', server_id: 's', type: 'message' } }
    expect(await open().attempt(attempt({ content: other }))).toMatchObject({ is: 'refused' })
    expect(scene.asked()).toBe(0)
  })

  it('takes silence for a push that may have arrived', async () => {
    scene.next('silence')
    const outcome = open().attempt(attempt())
    await untilAsked(1)
    expect(await over(outcome)).toMatchObject({ is: 'down', ambiguous: true })
  })

  it('takes a push service that can’t be reached for one that is down and has nothing', async () => {
    const outcome = await over(open(await closed()).attempt(attempt()))
    expect(outcome).toMatchObject({ is: 'down', ambiguous: false })
    expect(scene.asked()).toBe(0)
  })

  it('lets what is under way end when it is closed', async () => {
    const provider = open()
    const outcome = provider.attempt(attempt())
    await untilAsked(1)
    await over(provider.close())
    expect(await outcome).toEqual({ is: 'delivered' })
  })

  it('names what it shares with other apps alike each time, and shows no secret in it', () => {
    const [first, second] = [open(), open()]
    expect(first.credential).toBe(second.credential)
    for (const secret of scene.secrets) expect(first.credential ?? '').not.toContain(secret)
    expect(first.concurrency).toBeGreaterThan(0)
  })

  it('tells no secret and no address in what it finds, previews and says', async () => {
    const provider = open()
    scene.next('dead')
    const outcome = provider.attempt(attempt())
    await untilAsked(1)
    const told = JSON.stringify([await outcome, await scene.check(), provider.preview?.(attempt()) ?? ''])
    for (const secret of [...scene.secrets, scene.address]) expect(told).not.toContain(secret)
  })

  it('finds no fault in credentials that are in order', async () => {
    const findings = await scene.check()
    expect(findings.filter(({ is }) => is === 'fault')).toEqual([])
    expect(findings.length).toBeGreaterThan(0)
  })
}
