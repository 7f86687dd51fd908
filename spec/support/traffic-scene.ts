/** The service in a process of its own at a real server, watched on the wire, and people who write and who are away. */
import { startPublishWatch, type PublishWatch } from './publish-watch'
import { makeRealService, TOPIC, type RealService, type RunningService } from './real-service'
import { nurse, PUSH, romeo, SECRET, type RealServer } from './real-server'
import { connectClient, type RealClient } from './xmpp-client'

export interface User {
  readonly name: string
  readonly password: string
}

export interface TrafficScene {
  server(): RealServer
  service(): RealService
  watch(): PublishWatch
  sender(): RealClient
  /** The process that runs now. */
  running(): RunningService
  /** Starts the process again; resolves when it is attached. */
  restart(): Promise<void>
  connect(user: User): Promise<RealClient>
  /** Logs in as somebody, does something, and goes offline in order. */
  as(user: User, act: (client: RealClient) => Promise<unknown>): Promise<void>
  /** Romeo writes to somebody. */
  writeTo(user: User, body: string): Promise<void>
  /** What was written before has been published and answered: the same server publishes this over the same connection, after it. */
  settled(): Promise<void>
  /** How often the server has published to each of these nodes. */
  published(...nodes: readonly string[]): readonly number[]
  /** Resolves once APNs has accepted so many pushes for a token, counted from the start. */
  arrived(token: string, times: number): Promise<unknown>
}

/** The tokens of Monal's kind, which are nodes as well. */
export const PHONE = 'a1'.repeat(32)
export const TABLET = 'b2'.repeat(32)
export const SLEEPER = 'd4'.repeat(32)
const NURSES = 'c3'.repeat(32)
/** All of them, the nurse's too. */
export const NODES: readonly string[] = [PHONE, TABLET, SLEEPER, NURSES]

/** Up before the tests of a `describe`, and gone after them, also where not all of it came up. */
export function trafficScene(server: () => RealServer): TrafficScene {
  let up: { service: RealService; watch: PublishWatch; running: RunningService; sender: RealClient } | undefined
  const stops: (() => Promise<unknown>)[] = []

  beforeAll(async () => {
    const watch = await startPublishWatch(server().componentService)
    stops.push(() => watch.close())
    const service = await makeRealService({ domain: PUSH, service: watch.service, secret: SECRET })
    stops.push(() => service.close())
    for (const token of NODES) service.apns.addDevice({ token, topic: TOPIC })
    const running = service.start()
    const sender = await connectClient(server(), romeo)
    stops.push(() => sender.stop())
    up = { service, watch, running, sender }
    await running.logged({ at: 'link', is: 'online' })
    await scene.as(nurse, (client) => client.enable(PUSH, NURSES, { pushModule: service.apps[0] ?? '' }))
  }, 60_000)

  afterAll(async () => {
    for (const stop of stops.reverse()) await stop()
  })

  function there(): NonNullable<typeof up> {
    if (up === undefined) throw new Error('the scene is not up yet')
    return up
  }
  const scene: TrafficScene = {
    server,
    service: () => there().service,
    watch: () => there().watch,
    sender: () => there().sender,
    running: () => there().running,
    async restart() {
      there().running = there().service.start()
      await there().running.logged({ at: 'link', is: 'online' })
    },
    connect: (user) => connectClient(server(), user),
    async as(user, act) {
      const client = await scene.connect(user)
      await act(client)
      await client.stop()
    },
    writeTo: ({ name }, body) => there().sender.message(`${name}@localhost`, body),
    async settled() {
      const { length } = there().watch.publishes(NURSES)
      await scene.writeTo(nurse, 'Anon, good nurse!')
      await there().watch.answered(NURSES, length + 1)
    },
    published: (...nodes) => nodes.map((node) => there().watch.publishes(node).length),
    arrived: (token, times) => {
      const { apns } = there().service
      return apns.journal.waitFor(() => apns.received(token).length >= times, 20_000)
    },
  }
  return scene
}
