/** What a server does with a push service over a day: enabling, disabling, hibernation, bursts, a component that dies and comes back. Told for each real one. */
import { makeRealService, TOPIC, type RealService, type RunningService } from './real-service'
import { type RealServer, type RealServerOptions } from './real-story'
import { connectClient, type RealClient } from './xmpp-client'

const PUSH = 'push.localhost'
const SECRET = 'mantua'
const juliet = { name: 'juliet', password: 'rose' }
const romeo = { name: 'romeo', password: 'wherefore' }
const nurse = { name: 'nurse', password: 'angelica' }
/** His session hibernates from when he loses the network until the spec is over. */
const benvolio = { name: 'benvolio', password: 'peace' }
const JULIETS = 'a1'.repeat(32)
const TABLETS = 'b2'.repeat(32)
const NURSES = 'c3'.repeat(32)
const BENVOLIOS = 'd4'.repeat(32)

/** What differs from server to server. */
export interface Ways {
  /** Whether what was enabled survives a message while no component is connected. */
  readonly keepsWhileAway: boolean
  /** What a second connection of the component gets. */
  readonly second: 'conflict' | 'its share'
  /** Whether a hibernating session gets a publish for each stanza, or one for all that come within a second. */
  readonly burst: 'each' | 'gathered'
}

/** Registers the tests. */
export function tellTraffic(start: (options: RealServerOptions) => Promise<RealServer>, ways: Ways): void {
  let server: RealServer
  let service: RealService
  let running: RunningService
  let sender: RealClient
  const stops: (() => Promise<unknown>)[] = []

  beforeAll(async () => {
    server = await start({ componentDomain: PUSH, secret: SECRET, users: [juliet, romeo, nurse, benvolio] })
    stops.push(() => server.stop())
    service = await makeRealService({ domain: PUSH, service: server.componentService, secret: SECRET })
    stops.push(() => service.close())
    running = service.start()
    sender = await connectClient(server, romeo)
    stops.push(() => sender.stop())
    for (const token of [JULIETS, TABLETS, NURSES, BENVOLIOS]) {
      service.apns.addDevice({ token, topic: TOPIC })
    }
    await running.logged({ at: 'link', is: 'online' })
    const client = await connectClient(server, nurse)
    await client.enable(PUSH, NURSES, { pushModule: service.apps[0] ?? '' })
    await client.stop()
  }, 90_000)

  afterAll(async () => {
    for (const stop of stops.reverse()) await stop()
  })

  const count = (token: string): number => service.apns.received(token).length
  const toJuliet = (body: string): Promise<void> => sender.message('juliet@localhost', body)
  /** So many pushes for the token have arrived, counted from the start. */
  const arrived = (token: string, times: number) => service.apns.journal.waitFor(() => count(token) >= times, 20_000)
  /** Whatever was sent before is through: the nurse is pushed to by the same server, over the same connection, after it. */
  async function settled(): Promise<void> {
    const before = count(NURSES)
    await sender.message('nurse@localhost', 'Anon, good nurse!')
    await arrived(NURSES, before + 1)
  }
  async function asJuliet(act: (client: RealClient) => Promise<unknown>): Promise<void> {
    const client = await connectClient(server, juliet)
    await act(client)
    await client.stop()
  }
  const disable = (client: RealClient, node?: string): Promise<unknown> =>
    client.iq(
      `<iq type='set'><disable xmlns='urn:xmpp:push:0' jid='${PUSH}'${node === undefined ? '' : ` node='${node}'`}/></iq>`,
    )

  it('publishes with the newest options once a node is enabled again', async () => {
    const [one = '', two = ''] = service.apps
    await asJuliet((client) => client.enable(PUSH, JULIETS, { pushModule: one }))
    await toJuliet('Good morrow')
    const first = await arrived(JULIETS, 1)
    expect(first.payload).toMatchObject({ aps: { alert: { title: one } } })
    await asJuliet((client) => client.enable(PUSH, JULIETS, { pushModule: two }))
    await toJuliet('Good morrow again')
    await arrived(JULIETS, 2)
    expect(service.apns.received(JULIETS).at(-1)?.payload).toMatchObject({ aps: { alert: { title: two } } })
    await settled()
    expect(count(JULIETS)).toBe(2)
  })

  it('publishes nothing more to a node that was disabled, and goes on with the other', async () => {
    const [one = ''] = service.apps
    await asJuliet(async (client) => {
      await client.enable(PUSH, TABLETS, { pushModule: one })
      await disable(client, JULIETS)
    })
    const [phone, tablet] = [count(JULIETS), count(TABLETS)]
    await toJuliet('By and by, I come')
    await arrived(TABLETS, tablet + 1)
    await settled()
    expect([count(JULIETS), count(TABLETS)]).toEqual([phone, tablet + 1])
  })

  it('publishes nothing more at all once all nodes were disabled', async () => {
    const [one = ''] = service.apps
    await asJuliet(async (client) => {
      await client.enable(PUSH, JULIETS, { pushModule: one })
      await disable(client)
    })
    const before = [count(JULIETS), count(TABLETS)]
    await toJuliet('Parting is such sweet sorrow')
    await settled()
    expect([count(JULIETS), count(TABLETS)]).toEqual(before)
  })

  const toBenvolio = (body: string): Promise<void> => sender.message('benvolio@localhost', body)

  it('wakes a phone whose connection was lost, for what comes while its session hibernates', async () => {
    const client = await connectClient(server, benvolio)
    await client.enable(PUSH, BENVOLIOS, { pushModule: service.apps[0] ?? '' })
    await client.cut()
    await toBenvolio('Sleep dwell upon thine eyes')
    await arrived(BENVOLIOS, 1)
  })

  it('takes a burst to a hibernating session, each publish of it, and the last one arrives', async () => {
    const before = { pushes: count(BENVOLIOS), publishes: answeredFor() }
    for (let nth = 1; nth <= 10; nth++) await toBenvolio(`burst ${nth}`)
    if (ways.burst === 'each') {
      await running.answered(before.publishes + 10)
      await arrived(BENVOLIOS, before.pushes + 1)
    }
    await settled()
    const publishes = answeredFor() - before.publishes - 1
    expect(publishes).toBeGreaterThanOrEqual(ways.burst === 'each' ? 10 : 0)
    expect(count(BENVOLIOS) - before.pushes).toBeLessThanOrEqual(publishes)
    expect(running.lines.filter(({ at, answer }) => at === 'answered' && answer !== 'result')).toEqual([])
  })

  function answeredFor(): number {
    return running.lines.filter(({ at, answer }) => at === 'answered' && answer === 'result').length
  }

  it('loses nothing that was accepted when the component is killed in mid-traffic and started again', async () => {
    await asJuliet((client) => client.enable(PUSH, TABLETS, { pushModule: service.apps[0] ?? '' }))
    const before = count(TABLETS)
    for (let nth = 1; nth <= 5; nth++) await toJuliet(`before ${nth}`)
    await arrived(TABLETS, before + 1)
    for (let nth = 1; nth <= 5; nth++) await toJuliet(`at the very moment ${nth}`)
    await running.kill()
    const accepted = answeredFor()
    await isAway()
    // While it is away the server answers for itself.
    await toJuliet('is there nobody?')
    await sender.iq(`<iq type='get'><ping xmlns='urn:xmpp:ping'/></iq>`)
    running = service.start()
    await running.logged({ at: 'link', is: 'online' })
    const [pushes, publishes] = [count(TABLETS), answeredFor()]
    await toJuliet('I hear some noise within')
    if (ways.keepsWhileAway) await arrived(TABLETS, pushes + 1)
    await settled()
    // The nurse's, and Juliet's where she is still known.
    const known = ways.keepsWhileAway ? 2 : 1
    await running.answered(publishes + known)
    expect(answeredFor() - publishes).toBe(known)
    const { apps, waiting, inFlight } = await atRest()
    const sum = (name: string): number =>
      apps.reduce((all, { account }) => all + Number((account as Record<string, unknown> | undefined)?.[name] ?? 0), 0)
    expect(sum('accepted')).toBeGreaterThanOrEqual(accepted)
    expect({ waiting, inFlight, lost: apps.map(({ missing }) => missing) }).toEqual({
      waiting: 0,
      inFlight: 0,
      lost: [0, 0],
    })
    expect(sum('delivered') + sum('coalesced')).toBe(sum('accepted'))
  })

  /** Resolves once the server has noticed that the component is gone: it answers for it. */
  async function isAway(): Promise<void> {
    const ping = `<iq type='get' to='${PUSH}'><ping xmlns='urn:xmpp:ping'/></iq>`
    for (let isThere = true; isThere;)
      isThere = await sender.iq(ping).then(
        () => true,
        () => false,
      )
  }

  /** The books once nothing is under way any more. */
  async function atRest(): Promise<Awaited<ReturnType<RealService['status']>>> {
    for (let looks = 0; ; looks++) {
      const status = await service.status()
      if (status.waiting + status.inFlight === 0 || looks === 10) return status
    }
  }

  it('is restored for good once the client enables again', async () => {
    await asJuliet((client) => client.enable(PUSH, TABLETS, { pushModule: service.apps[0] ?? '' }))
    const before = count(TABLETS)
    await toJuliet('Dear love, adieu!')
    await arrived(TABLETS, before + 1)
  })

  it('tells a second connection what this server makes of it', async () => {
    const second = service.start({}, 'second.db')
    if (ways.second === 'conflict') {
      const line = await second.logged({ at: 'link', is: 'refused' })
      expect(`${String(line['why'])} ${String(line['mend'])}`).toMatch(/conflict/i)
    } else {
      await second.logged({ at: 'link', is: 'online' })
      const isAsked = (): boolean => second.lines.some(({ at }) => at === 'answered')
      for (let nth = 0; nth < 60 && !isAsked(); nth++) {
        await sender.message('nurse@localhost', `share ${nth}`)
        await sender.iq(`<iq type='get' to='${PUSH}'><ping xmlns='urn:xmpp:ping'/></iq>`)
      }
      expect(isAsked()).toBe(true)
    }
    await second.kill()
  })

  it('tells a wrong secret with what to do about it, and the one that is attached goes on', async () => {
    await running.kill()
    const wrong = service.start({ secret: 'not the secret' })
    const line = await wrong.logged({ at: 'link', is: 'refused' })
    expect(String(line['mend'])).toMatch(/secret/)
    await wrong.kill()
    running = service.start()
    await running.logged({ at: 'link', is: 'online' })
  })
}
