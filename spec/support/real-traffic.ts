/** What a real server publishes over a day, and to whom no more: enabling, disabling, hibernation and bursts. */
import { benvolio, mercutio, PUSH } from './real-server'
import { NODES, PHONE, SLEEPER, TABLET, type TrafficScene } from './traffic-scene'
import { type RealClient } from './xmpp-client'

/** `burst`: whether a hibernating session gets a publish for each stanza, or one for all that come within a second. */
export interface TrafficWays {
  readonly burst: 'each' | 'gathered'
}

const BURST = 10

/** Disables one node, or all of this service. */
const disable = (client: RealClient, node?: string): Promise<unknown> =>
  client.iq(
    `<iq type='set'><disable xmlns='urn:xmpp:push:0' jid='${PUSH}'${node === undefined ? '' : ` node='${node}'`}/></iq>`,
  )

/** Registers the tests. */
export function tellTraffic(scene: TrafficScene, { burst }: TrafficWays): void {
  const module = (nth: number): Readonly<Record<string, string>> => ({ pushModule: scene.service().apps[nth] ?? '' })
  const titleAt = (token: string): unknown => scene.service().apns.received(token).at(-1)?.payload
  const optionsOf = (node: string): string => {
    const pubsub = scene.watch().publishes(node).at(-1)?.stanza.child('pubsub')
    return pubsub?.child('publish-options')?.toString() ?? 'none'
  }

  it('publishes with the newest options once a node is enabled again, and once', async () => {
    for (const nth of [0, 1]) {
      await scene.as(mercutio, (client) => client.enable(PUSH, PHONE, module(nth)))
      await scene.writeTo(mercutio, `Good morrow ${nth}`)
      await scene.arrived(PHONE, nth + 1)
      const title = scene.service().apps[nth]
      expect(titleAt(PHONE)).toMatchObject({ aps: { alert: { title } } })
      expect(optionsOf(PHONE)).toContain(`<value>${title}</value>`)
      await scene.settled()
      expect(scene.published(PHONE)).toEqual([nth + 1])
    }
  })

  it('publishes nothing more to a node that was disabled, and goes on with the other', async () => {
    await scene.as(mercutio, async (client) => {
      await client.enable(PUSH, TABLET, module(0))
      await disable(client, PHONE)
    })
    const [phone = 0, tablet = 0] = scene.published(PHONE, TABLET)
    await scene.writeTo(mercutio, 'By and by, I come')
    await scene.arrived(TABLET, 1)
    await scene.settled()
    expect(scene.published(PHONE, TABLET)).toEqual([phone, tablet + 1])
  })

  it('publishes nothing more at all once all nodes were disabled', async () => {
    await scene.as(mercutio, async (client) => {
      await client.enable(PUSH, PHONE, module(0))
      await disable(client)
    })
    const before = scene.published(PHONE, TABLET)
    await scene.writeTo(mercutio, 'Parting is such sweet sorrow')
    await scene.settled()
    expect(scene.published(PHONE, TABLET)).toEqual(before)
  })

  it('wakes a phone whose connection was lost, for what comes while its session hibernates', async () => {
    // His session hibernates until the server gives it up, long after the tests.
    const client = await scene.connect(benvolio)
    await client.enable(PUSH, SLEEPER, module(0))
    await client.cut()
    await scene.writeTo(benvolio, 'Sleep dwell upon thine eyes')
    // The loss itself may have been published before that, for what the phone had not acknowledged.
    const { stanza, answer } = await scene.watch().matching(SLEEPER, /New [Mm]essage/)
    expect(stanza.toString()).not.toMatch(/romeo|dwell/)
    expect(answer).toBe('result')
    await scene.arrived(SLEEPER, 1)
  })

  /** The deliveries of all publishes that were answered with a result, in order, once the log tells of as many as the wire. */
  async function deliveries(): Promise<readonly string[]> {
    const results = NODES.flatMap((node) => scene.watch().publishes(node)).filter(({ answer }) => answer === 'result')
    await scene.running().answered(results.length)
    const lines = scene.running().lines.filter(({ at, answer }) => at === 'answered' && answer === 'result')
    return lines.map(({ why }) => /delivery (\S+)$/.exec(String(why))?.[1] ?? String(why))
  }

  it('answers each publish of a burst to a hibernating session, and sends the first and the last', async () => {
    const earlier = await deliveries()
    const [before = 0] = scene.published(SLEEPER)
    await Promise.all(Array.from({ length: BURST }, (_, nth) => scene.writeTo(benvolio, `burst ${nth}`)))
    await scene.watch().answered(SLEEPER, before + (burst === 'each' ? BURST : 1))
    await scene.settled()
    const published = scene.watch().publishes(SLEEPER).slice(before)
    expect(new Set(published.map(({ answer }) => answer))).toEqual(new Set(['result']))
    if (burst === 'each') expect(published).toHaveLength(BURST)
    else expect(published.length).toBeLessThan(BURST)
    const [first, ...others] = (await deliveries()).slice(earlier.length, earlier.length + published.length)
    for (const delivery of [first, others.at(-1) ?? first]) {
      await scene.running().logged({ at: 'settled', delivery, end: 'delivered' })
    }
  })
}
