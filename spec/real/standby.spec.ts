/** Two instances on one domain and one database, in processes of their own: at a server that takes one connection, and at one that takes both. */
import { startEjabberd } from '../support/ejabberd'
import { realDescribe } from '../support/available'
import { startPostgres, type RealPostgres } from '../support/postgres'
import { startProsody } from '../support/prosody'
import { startPublishWatch, type PublishWatch } from '../support/publish-watch'
import { makeRealService, TOPIC, type RealService, type RunningService } from '../support/real-service'
import { juliet, PUSH, romeo, SECRET, serverForAll, TOWN, type RealServer } from '../support/real-server'
import { connectClient, type RealClient } from '../support/xmpp-client'

const PHONE = 'a1'.repeat(32)
const TAKEOVER_MS = 5_000
const MOST_TURNS = 400

interface Scene {
  readonly watch: PublishWatch
  readonly service: RealService
  readonly sender: RealClient
  start(name: string, settings?: object): RunningService
  /** Romeo writes to Juliet, and her server has published it and was answered. */
  write(body: string): Promise<void>
  /** Her phone was woken so often. */
  woken(times: number): Promise<unknown>
}

function sceneAt(server: () => RealServer): () => Scene {
  let scene: Scene | undefined
  const stops: (() => Promise<unknown>)[] = []
  beforeAll(async () => {
    const postgres: RealPostgres = await startPostgres()
    stops.push(() => postgres.stop())
    const url = await postgres.database()
    const contentKey = Buffer.alloc(32, 7).toString('base64')
    const store = { kind: 'postgres', url, password: postgres.password, contentKey }
    const watch = await startPublishWatch(server().componentService)
    stops.push(() => watch.close())
    const service = await makeRealService({ domain: PUSH, service: watch.service, secret: SECRET })
    stops.push(() => service.close())
    service.apns.addDevice({ token: PHONE, topic: TOPIC })
    const sender = await connectClient(server(), romeo)
    stops.push(() => sender.stop())
    scene = {
      ...{ watch, service, sender },
      start: (name, settings = {}) => service.startInstance(name, { store, ...settings }),
      async write(body) {
        const { length } = watch.publishes(PHONE)
        await sender.message('juliet@localhost', body)
        await watch.answered(PHONE, length + 1)
      },
      woken: (times) => service.apns.journal.waitFor(() => service.apns.received(PHONE).length >= times, 30_000),
    }
  }, 90_000)
  afterAll(async () => {
    for (const stop of stops.reverse()) await stop()
  })
  return () => {
    if (scene === undefined) throw new Error('the scene is not up yet')
    return scene
  }
}

const answersIn = ({ watch }: Scene): ReadonlySet<string | undefined> =>
  new Set(watch.publishes(PHONE).map(({ answer }) => answer))

async function enable(server: RealServer, service: RealService): Promise<void> {
  const client = await connectClient(server, juliet)
  await client.enable(PUSH, PHONE, { pushModule: service.apps[0] ?? '' })
  await client.stop()
}

realDescribe('prosody', 'two instances at one Prosody', () => {
  const server = serverForAll(() => startProsody(TOWN))
  const scene = sceneAt(server)
  let one: RunningService
  let other: RunningService

  it('are one that is attached and one that stands by, and the server is left in peace', async () => {
    one = scene().start('one')
    await one.logged({ at: 'link', is: 'online' })
    other = scene().start('other')
    await other.logged({ at: 'link', is: 'standby' })
    await enable(server(), scene().service)
    await scene().write('one')
    await scene().woken(1)
    expect(other.lines.filter(({ at }) => at === 'link')).toHaveLength(1)
    expect(other.lines.filter(({ level }) => Number(level) >= 40)).toEqual([])
  }, 60_000)

  it('take each other’s place within 5 s of a kill, and no registration is lost', async () => {
    const before = scene().service.apns.received(PHONE).length
    const killedAt = performance.now()
    await one.kill()
    await other.logged({ at: 'link', is: 'online' })
    await scene().write('two')
    await scene().woken(before + 1)
    const took = performance.now() - killedAt
    process.stdout.write(`the other instance woke the phone ${Math.round(took)} ms after the kill\n`)
    expect(took).toBeLessThan(TAKEOVER_MS)
    expect(answersIn(scene())).toEqual(new Set(['result']))
  }, 60_000)

  it('send what the one that was killed had out and had waiting', async () => {
    one = scene().start('one')
    await one.logged({ at: 'link', is: 'standby' })
    const before = scene().service.apns.received(PHONE).length
    const silence = scene().service.apns.script({ answer: { kind: 'silence' }, times: 'always' })
    await scene().write('three')
    await other.kill()
    silence.cancel()
    await scene().woken(before + 1)
    await one.logged({ at: 'link', is: 'online' })
    await scene().write('four')
    await scene().woken(before + 2)
    expect(answersIn(scene())).toEqual(new Set(['result']))
  }, 60_000)

  it('are each set apart for one task, where the roles say so', async () => {
    await one.kill()
    const door = scene().start('door', { roles: ['ingest'] })
    await door.logged({ at: 'link', is: 'online' })
    const before = scene().service.apns.received(PHONE).length
    await scene().write('five')
    await scene().write('six')
    expect(door.lines.filter(({ at }) => at === 'settled')).toEqual([])
    expect(scene().service.apns.received(PHONE)).toHaveLength(before)
    const hand = scene().start('hand', { roles: ['dispatch'] })
    await scene().woken(before + 1)
    await hand.logged({ at: 'settled', end: 'delivered' })
    expect(hand.lines.filter(({ at }) => at === 'link')).toEqual([])
    expect(door.lines.filter(({ at }) => at === 'settled')).toEqual([])
    await Promise.all([door.kill(), hand.kill()])
  }, 60_000)
})

realDescribe('prosody', 'two instances at one Prosody that lets the newest in', () => {
  const server = serverForAll(() =>
    startProsody({ ...TOWN, componentOptions: 'component_conflict_resolve = "kick_old"' }),
  )
  const scene = sceneAt(server)
  const links = ({ lines }: RunningService): readonly unknown[] =>
    lines.filter(({ at }) => at === 'link').map(({ is }) => is)

  it('settle: the first one stands by, and takes its place again when the other is stopped in order', async () => {
    const one = scene().start('one')
    await one.logged({ at: 'link', is: 'online' })
    const other = scene().start('other')
    await other.logged({ at: 'link', is: 'online' })
    await one.logged({ at: 'link', is: 'standby' })
    await enable(server(), scene().service)
    for (let nth = 0; nth < 5; nth++) await scene().write(`message ${nth}`)
    expect([links(one), links(other)]).toEqual([['online', 'lost', 'standby'], ['online']])

    const [first] = one.lines.filter(({ is }) => is === 'online')
    const stopped = other.stop()
    await one.logged({ at: 'link', is: 'online' }, first === undefined ? [] : [first])
    await stopped
    await scene().write('on we go')
    expect(links(other)).toEqual(['online'])
    expect(answersIn(scene())).toEqual(new Set(['result']))
    expect(other.lines.at(-1)).toMatchObject({ at: 'stopped' })
  }, 60_000)
})

realDescribe('ejabberd', 'two instances at one ejabberd', () => {
  const server = serverForAll(() => startEjabberd(TOWN))
  const scene = sceneAt(server)
  const answered = ({ lines }: RunningService): number =>
    lines.filter(({ at, answer }) => at === 'answered' && answer === 'result').length

  it('both carry traffic, and one goes on when the other is killed', async () => {
    const [one, other] = [scene().start('one'), scene().start('other')]
    await Promise.all([one, other].map((each) => each.logged({ at: 'link', is: 'online' })))
    await enable(server(), scene().service)
    for (let turn = 0; turn < MOST_TURNS && !(answered(one) > 2 && answered(other) > 2); turn++) {
      await scene().write(`message ${turn}`)
    }
    process.stdout.write(`publishes answered by each instance: ${answered(one)} and ${answered(other)}\n`)
    expect(Math.min(answered(one), answered(other))).toBeGreaterThan(2)

    // What a server sends before it has noticed the kill goes nowhere.
    await Promise.all([one.kill(), scene().watch.left(1)])
    const woken = scene().service.apns.received(PHONE).length
    for (let turn = 0; turn < 10; turn++) await scene().write(`alone ${turn}`)
    await scene().woken(woken + 1)
    expect(answersIn(scene())).toEqual(new Set(['result']))
  }, 90_000)
})
