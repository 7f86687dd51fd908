/** The whole service on a real PostgreSQL: what a server hears while the database is away, and two instances on one. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { realDescribe } from '../support/available'
import { callAt } from '../support/call'
import { IOS, startHouse, type House } from '../support/house'
import { publishTo, registerDevice } from '../support/one-device'
import { patiently } from '../support/patience'
import { startPostgres } from '../support/postgres'
import { serverForAll } from '../support/real-server'

const TOKEN = 'c3'.repeat(32)
const JULIET = 'juliet@example.com'

realDescribe('postgres', 'the service on PostgreSQL', () => {
  const server = serverForAll(() => startPostgres())
  const houses: House[] = []
  const live = async (url: string): Promise<House> => {
    const contentKey = Buffer.alloc(32, 7).toString('base64')
    const store = { kind: 'postgres', url, password: server().password, contentKey }
    const house = await startHouse({ settings: { store } })
    houses.push(house)
    house.apns.addDevice({ token: TOKEN, topic: IOS })
    return house
  }
  afterEach(async () => {
    for (const house of houses.splice(0)) await house.close()
  })
  /** Waits until the phone has heard so often. */
  const heard = async (house: House, times: number): Promise<void> => {
    await patiently(() => house.apns.received(TOKEN).length >= times, house.rest)
    expect(house.apns.received(TOKEN)).toHaveLength(times)
  }
  /** Publishes until it is taken: how long the database's machine needs for a connection no clock moved by hand can tell. */
  const takenAgain = async (house: House, node: string): Promise<void> => {
    for (const begun = performance.now(); performance.now() - begun < 30_000;) {
      await house.clock.advance(5_000)
      if ((await publishTo(house, node)) === 'result') return
    }
    throw new Error(`the service takes nothing, with the database up: ${house.log.at(-1)}`)
  }

  it('answers "wait" while the database is away, goes on by itself, and loses nothing', async () => {
    const house = await live(await server().database())
    const node = await registerDevice(house, JULIET, IOS, TOKEN)
    expect(await publishTo(house, node)).toBe('result')
    await heard(house, 1)
    await server().kill()
    expect(await publishTo(house, node)).toBe('internal-server-error')
    await house.clock.advance(2_000)
    expect(house.log.filter((line) => line.includes('"about":"store"'))).toEqual([
      // Whichever was heard last: what its orphaned processes say as they go, or the silence after them.
      expect.stringMatching(/takes nothing: (nobody listens there; start the server|the server is being stopped)/),
    ])
    await server().start()
    await takenAgain(house, node)
    await heard(house, 2)
    const account = (await house.service().accounts()).get(IOS)
    expect(account).toMatchObject({ accepted: 2, delivered: 2, waiting: 0, inFlight: 0 })
  }, 60_000)

  it('serves at one instance the device that registered at the other, after a restart too', async () => {
    const url = await server().database()
    const [one, other] = [await live(url), await live(url)]
    const node = await registerDevice(one, JULIET, IOS, TOKEN)
    expect(await publishTo(other, node)).toBe('result')
    await heard(other, 1)
    await one.service().stop('an update')
    expect(await publishTo(other, node)).toBe('result')
    await heard(other, 2)
    await one.start()
    expect(await publishTo(one, node)).toBe('result')
    await heard(one, 1)
    expect((await other.service().accounts()).get(IOS)).toMatchObject({ accepted: 3, delivered: 3 })
  }, 60_000)

  it('is proven by `check --live` before its first start, without a word of tables that are not there', async () => {
    const house = await live(await server().database())
    await house.service().stop('it was never started on that database')
    const given = JSON.parse(readFileSync(join(house.folder, 'component.config.json'), 'utf8')) as { store: object }
    const file = join(house.folder, 'fresh.json')
    const url = await server().database()
    writeFileSync(file, JSON.stringify({ ...given, store: { ...given.store, url } }))
    const at = await callAt(house.clock, 'apps', '--config', file)
    expect(at).toMatchObject({
      code: 1,
      err: expect.stringMatching(/no tables of ours .* yet; `xmpp-push run`/) as unknown,
    })
    const { code, out, err } = await callAt(house.clock, 'check', '--live', '--config', file)
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/^store +postgres: opened, its tables and its content key are in order$/m)
  }, 60_000)

  it('takes in, where that is its only role, for an app whose key is elsewhere, and sends nothing', async () => {
    const contentKey = Buffer.alloc(32, 7).toString('base64')
    const store = { kind: 'postgres', url: await server().database(), password: server().password, contentKey }
    const key = { key: { file: 'elsewhere.p8' }, keyId: 'ABC123DEFG', teamId: 'DEF123GHIJ' }
    const away = { provider: 'apns', profile: 'siskin', topic: 'org.example.away', environment: 'production', ...key }
    const house = await startHouse({
      settings: { store, roles: ['ingest'] },
      apps: () => ({ 'org.example.away': away }),
    })
    houses.push(house)
    const node = await registerDevice(house, JULIET, 'org.example.away', TOKEN)
    expect(await publishTo(house, node)).toBe('result')
    await house.clock.advance(60_000)
    const account = (await house.service().accounts()).get('org.example.away')
    expect(account).toMatchObject({ accepted: 1, delivered: 0, waiting: 1, inFlight: 0 })
    const told = house.log.filter((line) => line.includes('"about":"app org.example.away"'))
    expect(told).toEqual([expect.stringMatching(/elsewhere\.p8: not needed where nothing is sent/)])
  }, 60_000)
})
