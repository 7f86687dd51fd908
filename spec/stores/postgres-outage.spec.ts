/** A PostgreSQL that goes away in the midst of work: nothing accepted is lost, nothing is counted twice, and it is told once. */
import { Client } from 'pg'
import { systemClock } from '../../lib/clock'
import { closes } from '../../lib/model/accounting'
import { type Store } from '../../lib/stores/store'
import { delivery } from '../contracts/outbox-scene'
import { realDescribe } from '../support/available'
import { handClock } from '../support/hand-clock'
import { type RealPostgres, startPostgres } from '../support/postgres'
import { openPostgres } from '../support/postgres-store'
import { serverForAll } from '../support/real-server'

const APP = 'app'
const WORKERS = 8

/** Publishers and a dispatcher, until `stop`; what was accepted, ended and rejected is remembered. */
function makeTraffic(store: Store) {
  const kept = new Set<string>()
  const sent = new Map<string, number>()
  const rejected: string[] = []
  let isOver = false
  let isDrained = false
  const watchers = new Set<() => void>()
  const look = () => watchers.forEach((watch) => watch())

  const publish = async (): Promise<void> => {
    while (!isOver) {
      const batch = Array.from({ length: 5 }, () => delivery(APP, systemClock.now()))
      try {
        const puts = await store.outbox.put(batch)
        puts.forEach((put, index) => put === 'kept' && kept.add(batch[index]?.id ?? ''))
      } catch (error) {
        rejected.push(error instanceof Error ? error.message : String(error))
        await systemClock.sleep(5)
      }
      look()
      await new Promise((turn) => setImmediate(turn))
    }
  }
  const dispatch = async (): Promise<void> => {
    while (!isDrained) {
      const claimed = await store.outbox.claim(new Map([[APP, 50]]))
      for (const { delivery: one } of claimed) sent.set(one.id, (sent.get(one.id) ?? 0) + 1)
      await store.outbox.settle(
        claimed.map(({ delivery: { id }, ambiguous }) => ({ id, app: APP, end: 'delivered', resent: ambiguous })),
      )
      look()
    }
  }
  const work = [dispatch(), ...Array.from({ length: WORKERS }, publish)]
  const until = (isTrue: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const watch = (): void => {
        if (!isTrue()) return
        watchers.delete(watch)
        resolve()
      }
      watchers.add(watch)
      watch()
    })
  return {
    kept,
    sent,
    rejected,
    until,
    /** So many more are accepted. */
    more: (count: number) => {
      const goal = kept.size + count
      return until(() => kept.size >= goal)
    },
    async stop() {
      isOver = true
      await until(() => [...kept].every((id) => sent.has(id)))
      isDrained = true
      void store.outbox.claim(new Map())
      await Promise.all(work)
    },
  }
}

realDescribe('postgres', 'a PostgreSQL that goes away', () => {
  const server = serverForAll(() => startPostgres())
  let troubles: string[] = []
  let notices: string[] = []
  let store: Store
  beforeEach(async () => {
    troubles = []
    notices = []
    const surroundings = {
      clock: systemClock,
      trouble: (text: string) => void troubles.push(text),
      notice: (text: string) => void notices.push(text),
    }
    store = await openPostgres(server(), await server().database(), surroundings, { maxDeliveries: 100_000 })
  })
  afterEach(() => store.close())

  it.each([
    ['is restarted', (it: RealPostgres) => it.halt()],
    ['is killed', (it: RealPostgres) => it.kill()],
  ])(
    'and %s under load: what was accepted is sent, the accounts close, and its end is told as its beginning was',
    async (_, end) => {
      const traffic = makeTraffic(store)
      for (let round = 0; round < 2; round++) {
        await traffic.more(200)
        const before = traffic.rejected.length
        await end(server())
        await traffic.until(() => traffic.rejected.length > before && troubles.length > round)
        await server().start()
        await traffic.more(200)
        await traffic.until(() => notices.length > round)
      }
      await traffic.stop()
      expect(new Set(traffic.rejected.filter((text) => !text.includes('takes nothing')))).toEqual(new Set())
      expect(troubles).toHaveLength(2)
      expect(troubles[0]).toMatch(/^store store_\d+ at 127\.0\.0\.1:\d+ takes nothing: .*"wait" meanwhile$/)
      expect(notices).toHaveLength(2)
      expect(notices[0]).toMatch(
        /^store store_\d+ at 127\.0\.0\.1:\d+ takes again what it is given; it took nothing for \d+ s$/,
      )
      const account = (await store.accounts()).get(APP)
      if (account === undefined) throw new Error('there is no account')
      expect(closes(account)).toBe(true)
      expect(account).toMatchObject({ waiting: 0, inFlight: 0, delivered: account.accepted })
      // A rejected put may have been committed before the answer was lost: then it is accepted, and sent.
      expect(account.accepted).toBeGreaterThanOrEqual(traffic.kept.size)
      expect(account.accepted).toBe(traffic.sent.size)
      const twice = [...traffic.sent.values()].reduce((sum, times) => sum + times - 1, 0)
      expect(account.resent).toBeLessThanOrEqual(account.accepted - traffic.kept.size + twice)
    },
    60_000,
  )

  it('and loses every connection, with the server up: nobody notices but who was answered just then', async () => {
    const traffic = makeTraffic(store)
    await traffic.more(100)
    await server().sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'xmpp_push'`)
    await traffic.more(500)
    await traffic.stop()
    expect([...troubles, ...notices]).toEqual([])
    expect((await store.accounts()).get(APP)).toMatchObject({ waiting: 0, inFlight: 0 })
  }, 60_000)

  it('and hangs when the store closes: it gives up after ten seconds, and says so', async () => {
    const clock = handClock()
    const url = await server().database()
    const told: string[] = []
    const hanging = await openPostgres(server(), url, { clock, trouble: (text) => void told.push(text) })
    const locking = new Client({
      host: '127.0.0.1',
      port: server().port,
      user: 'admin',
      database: url.split('/').at(-1),
    })
    await locking.connect()
    await locking.query('BEGIN; LOCK TABLE xmpp_push.delivery')
    const put = hanging.outbox.put([delivery(APP, clock.now())])
    const rejected = expect(put).rejects.toThrow()
    const closed = hanging.close()
    await clock.advance(10_000)
    await Promise.all([closed, rejected])
    expect(told).toEqual([expect.stringMatching(/^store store_\d+ at .* does not answer; closed without it/)])
    await locking.end()
  }, 60_000)

  it('and is away when the store closes: it closes all the same', async () => {
    await server().halt()
    const put = store.outbox.put([delivery(APP, systemClock.now())])
    await expect(put).rejects.toThrow('takes nothing')
    await store.close()
    await server().start()
  }, 60_000)
})
