/** What becomes of a service at a real server that is killed, that is refused, or that is not alone. */
import { type RealService } from './real-service'
import { mercutio, PUSH } from './real-server'
import { NODES, PHONE, TABLET, type TrafficScene } from './traffic-scene'

/** What differs from server to server. */
export interface DeathWays {
  /** Whether what was enabled survives a message while no component is connected. */
  readonly registrations: 'kept' | 'lost'
  /** What a second connection of the component gets. */
  readonly second: 'conflict' | 'its share'
}

const MOST_TURNS = 500

/** Registers the tests. */
export function tellDeath(scene: TrafficScene, { registrations, second }: DeathWays): void {
  const ping = () => scene.sender().iq(`<iq type='get' to='${PUSH}'><ping xmlns='urn:xmpp:ping'/></iq>`)
  const enable = (): Promise<void> =>
    scene.as(mercutio, async (client) => {
      for (const node of [PHONE, TABLET]) await client.enable(PUSH, node, { pushModule: scene.service().apps[0] ?? '' })
    })
  const accepted = (...nodes: readonly string[]): number =>
    nodes.flatMap((node) => scene.watch().publishes(node)).filter(({ answer }) => answer === 'result').length
  const received = (token: string): number => scene.service().apns.received(token).length

  /** Resolves once the server has noticed that the component is gone: a message to it comes back, and is not lost with the connection. */
  async function isAway(): Promise<void> {
    const bounces = (): number => scene.sender().messages.filter(({ attrs }) => attrs['type'] === 'error').length
    const before = bounces()
    for (let turn = 0; turn < MOST_TURNS && bounces() === before; turn++) {
      await scene.sender().message(PUSH, 'are you there?')
      await scene.sender().iq(`<iq type='get' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>`)
    }
    expect(bounces()).toBeGreaterThan(before)
  }

  it('loses nothing that was accepted when it is killed in mid-traffic and started again', async () => {
    await enable()
    const results = accepted(PHONE, TABLET)
    const [phone = 0, tablet = 0] = scene.published(PHONE, TABLET)
    // Apple is silent, so what is accepted now is still to be sent when the process dies.
    const silence = scene.service().apns.script({ answer: { kind: 'silence' }, times: 'always' })
    for (let nth = 1; nth <= 5; nth++) await scene.writeTo(mercutio, `before ${nth}`)
    await scene.watch().answered(PHONE, phone + 1)
    await scene.watch().answered(TABLET, tablet + 1)
    for (let nth = 1; nth <= 5; nth++) await scene.writeTo(mercutio, `at the very moment ${nth}`)
    await scene.running().kill()
    await isAway()
    expect(accepted(PHONE, TABLET)).toBeGreaterThan(results)
    const before = { phone: received(PHONE), tablet: received(TABLET) }
    // While it is away the server answers for itself, to its own publish as to this.
    await scene.writeTo(mercutio, 'is there nobody?')
    await expect(ping()).rejects.toThrow()
    silence.cancel()

    await scene.restart()
    await scene.arrived(PHONE, before.phone + 1)
    await scene.arrived(TABLET, before.tablet + 1)
    const { apps, waiting, inFlight } = await atRest()
    expect({ waiting, inFlight, missing: apps.map(({ missing }) => missing) }).toEqual({
      ...{ waiting: 0, inFlight: 0, missing: [0, 0] },
    })
    expect(sumOf(apps, 'accepted')).toBeGreaterThanOrEqual(accepted(...NODES))
    expect(sumOf(apps, 'delivered') + sumOf(apps, 'coalesced')).toBe(sumOf(apps, 'accepted'))
  })

  it(`finds the registrations ${registrations} that were published to meanwhile, and enabling again is enough`, async () => {
    const [phone = 0, tablet = 0] = scene.published(PHONE, TABLET)
    const more = registrations === 'kept' ? 1 : 0
    await scene.writeTo(mercutio, 'I hear some noise within')
    await scene.settled()
    expect(scene.published(PHONE, TABLET)).toEqual([phone + more, tablet + more])
    await enable()
    await scene.writeTo(mercutio, 'Dear love, adieu!')
    await scene.settled()
    expect(scene.published(PHONE, TABLET)).toEqual([phone + more + 1, tablet + more + 1])
    await scene.watch().answered(TABLET, tablet + more + 1)
    expect(new Set(NODES.flatMap((node) => scene.watch().publishes(node)).map(({ answer }) => answer))).not.toContain(
      'item-not-found',
    )
  })

  it(`says of a second connection that it gets ${second}, and the first goes on`, async () => {
    const other = scene.service().start({}, 'second.db')
    if (second === 'conflict') {
      const { why, mend } = await other.logged({ at: 'link', is: 'refused' })
      expect(why).toMatch(/conflict/)
      expect(mend).toMatch(/\w/)
    } else {
      await other.logged({ at: 'link', is: 'online' })
      const isAsked = (): boolean => other.lines.some(({ at }) => at === 'answered')
      for (let turn = 0; turn < MOST_TURNS && !isAsked(); turn++) await scene.settled()
      expect(isAsked()).toBe(true)
    }
    await other.kill()
    if (second === 'conflict') await scene.settled()
  })

  it('says of a wrong secret what is to be done, and attaches with the right one', async () => {
    await scene.running().kill()
    await isAway()
    const wrong = scene.service().start({ secret: 'not the secret' })
    const { why, mend } = await wrong.logged({ at: 'link', is: 'refused' })
    expect(why).toMatch(/not-authorized/)
    expect(mend).toMatch(/secret/)
    await wrong.kill()
    await scene.restart()
    await scene.settled()
  })

  /** The books once nothing is under way any more. */
  async function atRest(): Promise<Awaited<ReturnType<RealService['status']>>> {
    for (let looks = 0; ; looks++) {
      const status = await scene.service().status()
      if (status.waiting + status.inFlight === 0 || looks === 10) return status
    }
  }
}

function sumOf(apps: Awaited<ReturnType<RealService['status']>>['apps'], name: string): number {
  return apps.reduce(
    (sum, { account }) => sum + Number(Object.entries(account ?? {}).find(([key]) => key === name)?.[1] ?? 0),
    0,
  )
}
