/** The service on a PostgreSQL with a synchronous replica: the primary dies, the replica is promoted, and nothing accepted is lost. */
import { answers } from '../../lib/sim/apns-answers'
import { realDescribe } from '../support/available'
import { IOS, startHouse, type House } from '../support/house'
import { publishTo, registerDevice } from '../support/one-device'
import { startPostgres, type RealPostgres } from '../support/postgres'
import { asked, startReplica, type Replica } from '../support/postgres-replica'

const JULIET = 'juliet@example.com'
const ROMEO = 'romeo@example.com'
const [PHONE, TABLET] = ['c3'.repeat(32), 'd4'.repeat(32)]
const MOST_TRIES = 300

realDescribe('postgres', 'the service on PostgreSQL with a replica', () => {
  let primary: RealPostgres
  let replica: Replica
  let house: House
  let database: string
  beforeEach(async () => {
    primary = await startPostgres()
    const { pathname } = new URL(await primary.database())
    database = pathname.slice(1)
    replica = await startReplica(primary)
    const hosts = [replica, primary].map(({ port }) => `127.0.0.1:${port}`)
    const url = `postgres://xmpp_push@${hosts.join(',')}/${database}?target_session_attrs=read-write`
    const contentKey = Buffer.alloc(32, 7).toString('base64')
    house = await startHouse({ settings: { store: { kind: 'postgres', url, password: primary.password, contentKey } } })
    for (const token of [PHONE, TABLET]) house.apns.addDevice({ token, topic: IOS })
  }, 90_000)
  afterEach(async () => {
    await house.close()
    await replica.stop()
    await primary.stop()
  }, 60_000)

  /** Lets time pass until it is so. */
  async function until(claim: () => boolean | Promise<boolean>): Promise<void> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      if (await claim()) return
      await house.clock.advance(1_000)
      // As long as a look at the database takes.
      await asked(replica.port, database, 'SELECT 1')
    }
    throw new Error('it never came to that')
  }

  it('passes over the replica, goes on with it once it is promoted, and loses nothing that was accepted', async () => {
    const phone = await registerDevice(house, JULIET, IOS, PHONE)
    const tablet = await registerDevice(house, ROMEO, IOS, TABLET)
    expect(await publishTo(house, phone)).toBe('result')
    await until(() => house.apns.received(PHONE).length === 1)

    // Apple is busy, so what is accepted now waits in the database when its server dies.
    const busy = house.apns.script({ answer: answers.refuse('ServiceUnavailable'), times: 'always' })
    expect(await publishTo(house, tablet)).toBe('result')
    await house.rest()
    await primary.kill()
    busy.cancel()
    expect(await publishTo(house, phone)).toBe('internal-server-error')
    await house.clock.advance(2_000)
    expect(house.log.filter((line) => line.includes('"about":"store"'))).toEqual([
      expect.stringMatching(/or 127\.0\.0\.1:\d+ takes nothing: .*publishes are answered with \\"wait\\" meanwhile/),
    ])

    replica.promote()
    await until(async () => (await publishTo(house, phone)) === 'result')
    await until(() => house.apns.received(TABLET).length === 1 && house.apns.received(PHONE).length === 2)
    // What was asked of the dead server may be told to have failed only now.
    const account = (): Promise<unknown> =>
      house
        .service()
        .accounts()
        .then(
          (all) => all.get(IOS),
          () => undefined,
        )
    await until(async () => (JSON.stringify(await account()) ?? '').includes('"delivered":3'))
    expect(await account()).toMatchObject({ accepted: 3, delivered: 3, waiting: 0, inFlight: 0 })
    const rows = await asked(replica.port, database, 'SELECT count(*)::int AS n FROM xmpp_push.registration')
    expect(rows).toEqual([{ n: 2 }])
  }, 90_000)

  it('starts while the primary is gone and the replica is promoted', async () => {
    const phone = await registerDevice(house, JULIET, IOS, PHONE)
    await house.service().stop('an update')
    await primary.kill()
    await expect(house.start()).rejects.toThrow(
      /none of its servers takes writing; start the one that does, or promote/,
    )
    replica.promote()
    await house.start()
    expect(await publishTo(house, phone)).toBe('result')
    await until(() => house.apns.received(PHONE).length === 1)
  }, 90_000)
})
