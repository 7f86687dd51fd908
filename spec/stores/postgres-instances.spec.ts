/** Two instances on one database: each push is one's alone, and a dead one's are the other's. */
import { type Account, closes } from '../../lib/model/accounting'
import { Opaque } from '../../lib/model/opaque'
import { type Claimed } from '../../lib/outbox/outbox'
import { type Store } from '../../lib/stores/store'
import { delivery, ended, takeNow, turn, two } from '../contracts/outbox-scene'
import { realDescribe } from '../support/available'
import { type HandClock, handClock } from '../support/hand-clock'
import { startPostgres } from '../support/postgres'
import { openPostgres } from '../support/postgres-store'
import { serverForAll } from '../support/real-server'

const APP = 'app'
const BEAT = 3_000
const LEASE = 15_000

realDescribe('postgres', 'lib/stores/postgres-instances', () => {
  const server = serverForAll(() => startPostgres())
  let url: string
  let clocks: readonly [HandClock, HandClock]
  let one: Store
  let other: Store
  let troubles: string[]
  const open = (clock: HandClock, bound = 1000): Promise<Store> =>
    openPostgres(server(), url, { clock, trouble: (text) => void troubles.push(text) }, { maxDeliveries: bound })
  beforeEach(async () => {
    troubles = []
    url = await server().database()
    clocks = two(() => handClock())
    one = await open(clocks[0])
    other = await open(clocks[1])
  })
  afterEach(() => Promise.all([one.close(), other.close()]))

  const put = (count: number, its: Parameters<typeof delivery>[2] = {}, store = one) =>
    store.outbox.put(Array.from({ length: count }, () => delivery(APP, clocks[0].now(), its)))
  const take = (store: Store, room = 1000) => takeNow(store.outbox, { [APP]: room })
  const account = async (): Promise<Account> => {
    const found = (await other.accounts()).get(APP)
    if (found === undefined) throw new Error('there is no account')
    expect(closes(found)).toBe(true)
    expect((await one.accounts()).get(APP)).toEqual(found)
    return found
  }
  /** Who is there and how often they beat, as the database has it. */
  const pulse = async (): Promise<string> =>
    JSON.stringify(
      await server().sql('SELECT sum(beat), max(id), count(*) FROM xmpp_push.instance', new URL(url).pathname.slice(1)),
    )
  /** One beat, and what follows from it: asked after it and answered after it, over as many connections. */
  const beat = async (clock: HandClock, store: Store): Promise<void> => {
    const before = await pulse()
    await clock.advance(BEAT)
    for (let looks = 0; looks < 500 && (await pulse()) === before; looks++) await turn(store.outbox)
    for (let turns = 0; turns < 10; turns++) {
      await Promise.all([turn(store.outbox), store.accounts(), store.records.oldest()])
    }
  }
  /** Lets time pass for one instance, beat by beat. */
  const beats = async (clock: HandClock, store: Store, ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += BEAT) await beat(clock, store)
  }

  it('hands each push to one of them', async () => {
    await put(200)
    const claims = await Promise.all(Array.from({ length: 20 }, (_, n) => take(n % 2 === 0 ? one : other, 10)))
    const ids = claims.flat().map(({ delivery: { id } }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    const rest = [...(await take(one)), ...(await take(other))].map(({ delivery: { id } }) => id)
    expect(new Set([...ids, ...rest]).size).toBe(200)
    expect(await account()).toMatchObject({ accepted: 200, inFlight: 200, waiting: 0 })
  })

  it('settles only what it holds itself', async () => {
    await put(2)
    const [mine = [], yours = []] = [await take(one, 1), await take(other, 1)]
    await other.outbox.settle([...mine, ...yours].map((each) => ended(each)))
    expect(await account()).toMatchObject({ delivered: 1, inFlight: 1 })
    await one.outbox.settle(mine.map((each) => ended(each)))
    expect(await account()).toMatchObject({ delivered: 2, inFlight: 0 })
  })

  it('takes a settlement that is said again, for its answer was lost, for no word about a later attempt', async () => {
    await put(1)
    const [first] = await take(one)
    const id = first?.delivery.id ?? ''
    const again = { id, app: APP, dueAt: clocks[0].now(), attempts: 1, ambiguous: false, resent: false }
    await one.outbox.settle([again])
    expect(await take(one)).toMatchObject([{ attempts: 1 }])
    await one.outbox.settle([again])
    expect(await account()).toMatchObject({ inFlight: 1, waiting: 0 })
    await one.outbox.settle([{ ...again, attempts: 2 }])
    expect(await account()).toMatchObject({ inFlight: 0, waiting: 1 })
  })

  it('lets one push of a device and key be out at a time, and the newest stand for those before, whoever took them', async () => {
    const lane = { target: { to: 'registration', registration: 'hers' }, collapseKey: 'wake' } as const
    await put(1, lane)
    const out = await take(one)
    await put(1, lane, other)
    await put(1, lane, one)
    expect(await take(other)).toEqual([])
    expect(await account()).toMatchObject({ accepted: 3, coalesced: 1, inFlight: 1, waiting: 1 })
    await one.outbox.settle(out.map((each) => ended(each)))
    await clocks[1].advance(250)
    expect(await take(other)).toHaveLength(1)
  })

  it('counts exactly, whatever both do to the same devices at once', async () => {
    const work = async (store: Store, clock: HandClock): Promise<void> => {
      for (let round = 0; round < 25; round++) {
        const lanes = Array.from({ length: 8 }, (_, n) => n)
        const puts = lanes.map((n) =>
          delivery(APP, clock.now(), {
            target: { to: 'registration', registration: `r${n % 4}` },
            collapseKey: `k${n % 2}`,
          }),
        )
        await store.outbox.put(puts)
        const claimed = await take(store, 5)
        await store.outbox.settle(
          claimed.map((each, n) =>
            n % 3 === 0
              ? {
                  id: each.delivery.id,
                  app: APP,
                  dueAt: clock.now(),
                  attempts: each.attempts + 1,
                  ambiguous: false,
                  resent: n === 3,
                }
              : ended(each),
          ),
        )
      }
    }
    await Promise.all([work(one, clocks[0]), work(other, clocks[1]), work(one, clocks[0])])
    const { accepted } = await account()
    expect(accepted).toBe(3 * 25 * 8)
    let last: readonly Claimed[]
    for (let drains = 0; drains < 50; drains++) {
      last = [...(await take(one)), ...(await take(other))]
      if (last.length === 0) break
      await Promise.all([one, other].map((store) => store.outbox.settle(last.map((each) => ended(each)))))
    }
    expect(await account()).toMatchObject({ accepted, waiting: 0, inFlight: 0 })
    expect(troubles).toEqual([])
  })

  it('hands what one took in, and has no room for, to the other within a quarter of a second', async () => {
    const claim = other.outbox.claim(new Map([[APP, 10]]))
    await beats(clocks[1], other, BEAT)
    await put(3)
    await clocks[1].advance(250)
    expect(await claim).toHaveLength(3)
  })

  it('finds at one what was registered, renewed and forgotten at the other', async () => {
    const made = await one.registry.register({
      ...{ id: 'r', service: 's', node: 'n', owner: 'o', dialect: 'd', device: 'p', app: APP, hints: {}, at: 1000 },
      address: new Opaque('token'),
    })
    const found = async () => (await other.registry.find([{ service: 's', node: 'n' }]))[0]?.map(({ id }) => id)
    expect(await found()).toEqual([made.id])
    const word = { app: APP, address: new Opaque('token'), registeredBefore: 2000, why: 'Unregistered', at: 3000 }
    const forgotten = await Promise.all([one.registry.forget(word), other.registry.forget(word)])
    expect(forgotten.flat()).toHaveLength(1)
    expect(await found()).toEqual([])
    const due = await other.remoteDisables.due(9e15, 10)
    const [row] = due
    if (row === undefined) throw new Error('nothing is to be told')
    const claims = await Promise.all([one, other].map((store) => store.remoteDisables.claim(row, 5000)))
    expect(claims.filter((claimed) => claimed)).toHaveLength(1)
  })

  it('registers a device once that both register at once', async () => {
    const both = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        (n % 2 === 0 ? one : other).registry.register({
          ...{
            id: `r${n}`,
            service: 's',
            node: `n${n}`,
            owner: 'o',
            dialect: 'd',
            device: 'p',
            app: APP,
            hints: {},
            at: n,
          },
          address: new Opaque('token'),
        }),
      ),
    )
    expect(new Set(both.map(({ node }) => node)).size).toBe(1)
    expect(await one.registry.ownedBy('s', 'o')).toHaveLength(1)
  })

  it('holds the bound over both', async () => {
    await Promise.all([one.close(), other.close()])
    one = await open(clocks[0], 10)
    other = await open(clocks[1], 10)
    expect((await put(20)).filter((each) => each === 'kept')).toHaveLength(8)
    await beats(clocks[1], other, BEAT)
    expect((await put(20, {}, other)).filter((each) => each === 'kept')).toHaveLength(0)
    expect(troubles).toEqual([
      expect.stringContaining('8 deliveries of app app wait, as many as store.maxDeliveriesPerApp allows'),
      expect.stringContaining('8 deliveries of app app wait, as many as store.maxDeliveriesPerApp allows'),
    ])
  })

  describe('one that is dead', () => {
    /** Its clock stands still, so that it tells nobody that it lives. */
    const silent = () => one

    it('loses what it had out to the other, in doubt and one attempt more, once its lease is over', async () => {
      await put(3)
      const lost = await take(silent(), 2)
      expect(lost).toHaveLength(2)
      await beats(clocks[1], other, LEASE - BEAT)
      expect(await take(other)).toHaveLength(1)
      await beats(clocks[1], other, 2 * BEAT)
      const found = await take(other)
      expect(new Set(found.map(({ delivery: { id } }) => id))).toEqual(new Set(lost.map(({ delivery: { id } }) => id)))
      expect(found.map(({ attempts, ambiguous }) => ({ attempts, ambiguous }))).toEqual([
        { attempts: 1, ambiguous: true },
        { attempts: 1, ambiguous: true },
      ])
      await other.outbox.settle(found.map((each) => ended(each)))
      expect(await account()).toMatchObject({ accepted: 3, delivered: 2, inFlight: 1 })
      const [trace] = await other.records.traces({ deliveries: [found[0]?.delivery.id ?? ''] })
      expect(trace?.steps).toMatchObject([{ is: 'interrupted' }, { is: 'ended', end: 'delivered' }])
    })

    it('is not dead as long as it tells that it lives', async () => {
      await put(1)
      await take(one)
      for (let passed = 0; passed < 2 * LEASE; passed += BEAT) {
        await beat(clocks[0], one)
        await beat(clocks[1], other)
      }
      expect(await take(other)).toEqual([])
      expect(await account()).toMatchObject({ inFlight: 1 })
    })

    it('and wakes up settles nothing that is the other’s by then, says so, and goes on', async () => {
      await put(2)
      const lost = await take(silent(), 1)
      await beats(clocks[1], other, LEASE + 2 * BEAT)
      expect(await take(other)).toHaveLength(2)
      await one.outbox.settle(lost.map((each) => ended(each)))
      expect(await account()).toMatchObject({ delivered: 0, inFlight: 2 })
      await beats(clocks[0], one, 2 * BEAT)
      expect(troubles).toEqual([expect.stringContaining('took this one for dead')])
      await put(1)
      const claimed = await take(one)
      expect(claimed).toHaveLength(1)
      await one.outbox.settle(claimed.map((each) => ended(each)))
      expect(await account()).toMatchObject({ accepted: 3, delivered: 1, inFlight: 2 })
    })

    it('lets a newer push that waited behind its own take the place', async () => {
      const lane = { target: { to: 'registration', registration: 'hers' }, collapseKey: 'wake' } as const
      await put(1, lane)
      await take(silent())
      await put(1, lane, other)
      await beats(clocks[1], other, LEASE + 2 * BEAT)
      const found = await take(other)
      expect(found.map(({ attempts, ambiguous }) => ({ attempts, ambiguous }))).toEqual([
        { attempts: 0, ambiguous: false },
      ])
      expect(await account()).toMatchObject({ accepted: 2, coalesced: 1, inFlight: 1 })
    })
  })

  describe('one that was killed', () => {
    const START = 'pg_postmaster_start_time()::text'
    const named = (): string => new URL(url).pathname.slice(1)
    /** What a process leaves behind that was killed: its row, no connection, and what it had out. */
    const killed = async (reign = START): Promise<void> => {
      await server().sql(
        `WITH gone AS (INSERT INTO xmpp_push.instance (beat, reign) VALUES (7, ${reign}) RETURNING id)
         UPDATE xmpp_push.delivery SET instance = (SELECT id FROM gone) WHERE state = 1`,
        named(),
      )
    }

    it('loses what it had out to the other within two beats', async () => {
      await put(2)
      await take(one)
      await killed()
      await beat(clocks[1], other)
      expect(await take(other)).toEqual([])
      await beat(clocks[1], other)
      expect(await take(other)).toMatchObject([
        { attempts: 1, ambiguous: true },
        { attempts: 1, ambiguous: true },
      ])
    })

    it('loses it to its successor at its first beat', async () => {
      await put(1)
      await take(one)
      await killed()
      await Promise.all([one.close(), other.close()])
      other = await open(clocks[1])
      expect(await take(other)).toEqual([])
      await beat(clocks[1], other)
      expect(await take(other)).toMatchObject([{ attempts: 1, ambiguous: true }])
    })

    it('is given its lease where the server was started since: then everybody has lost his connection', async () => {
      await put(1)
      await take(one)
      await killed(`'2001-01-01 00:00:00+00'`)
      await beats(clocks[1], other, LEASE - BEAT)
      expect(await take(other)).toEqual([])
      await beats(clocks[1], other, 2 * BEAT)
      expect(await take(other)).toHaveLength(1)
    })

    it('is given its lease by one whose own connection was lost a moment ago', async () => {
      await put(1)
      await take(one)
      await killed()
      // As the server does where one of its processes fails.
      await server().sql(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${named()}' AND application_name = 'xmpp-push'`,
      )
      await beats(clocks[1], other, LEASE - 2 * BEAT)
      expect(await take(other)).toEqual([])
      await beats(clocks[1], other, 3 * BEAT)
      expect(await take(other)).toHaveLength(1)
    })

    it('is another than one that lives and whose connections broke: that one opens others', async () => {
      await put(1)
      await take(one)
      const [mine] = await server().sql(
        `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = (SELECT min(id) FROM xmpp_push.instance)::int::oid`,
        named(),
      )
      await server().sql(`SELECT pg_terminate_backend(${String(mine?.['pid'])})`)
      await beats(clocks[1], other, LEASE - 2 * BEAT)
      expect(await take(other)).toEqual([])
      await beat(clocks[0], one)
      await beats(clocks[1], other, LEASE - 2 * BEAT)
      expect(await take(other)).toEqual([])
    })

    it('is another than one that lives and gets no connection back: that one says so, and its beat counts', async () => {
      await put(1)
      await take(one)
      const alter = (limit: number) => server().sql(`ALTER ROLE xmpp_push CONNECTION LIMIT ${limit}`)
      const reigns = () => server().sql(`SELECT reign FROM xmpp_push.instance WHERE reign IS NULL`, named())
      await alter(1)
      try {
        const id = '(SELECT min(id) FROM xmpp_push.instance)'
        await server().sql(
          `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = ${id}::int::oid`,
          named(),
        )
        for (let looks = 0; looks < 500 && (await reigns()).length === 0; looks++);
        expect(await reigns()).toHaveLength(1)
      } finally {
        await alter(-1)
      }
      await beats(clocks[1], other, 3 * BEAT)
      expect(await take(other)).toEqual([])
      await beat(clocks[0], one)
      for (let looks = 0; looks < 500 && (await reigns()).length > 0; looks++);
      expect(await reigns()).toHaveLength(0)
    })
  })

  describe('a turn', () => {
    const NAME = 'component push.example.com at xmpp://127.0.0.1:5347'
    const turns = (store: Store) => {
      if (store.turns === undefined) throw new Error('this store has no turns')
      return store.turns
    }

    it('is one instance’s alone, as often as it asks, until it passes it', async () => {
      expect(await turns(one).take(NAME)).toBe(true)
      expect(await turns(one).take(NAME)).toBe(true)
      expect(await turns(other).take(NAME)).toBe(false)
      expect(await turns(other).take('another')).toBe(true)
      await turns(other).pass(NAME)
      expect(await turns(other).take(NAME)).toBe(false)
      await turns(one).pass(NAME)
      expect(await turns(other).take(NAME)).toBe(true)
      expect(await turns(one).take(NAME)).toBe(false)
    })

    it('ends with the connection of whoever has it', async () => {
      expect(await turns(one).take(NAME)).toBe(true)
      await one.close()
      expect(await turns(other).take(NAME)).toBe(true)
      one = await open(clocks[0])
    })

    it('is taken by whoever asks first where the connection broke, and by one alone', async () => {
      expect(await turns(one).take(NAME)).toBe(true)
      await server().sql(`SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'`)
      let owners: readonly boolean[] = []
      // Until both have noticed.
      for (let tries = 0; tries < 500 && owners.filter((has) => has).length !== 1; tries++) {
        owners = await Promise.all(
          [other, one].map((store) =>
            turns(store)
              .take(NAME)
              .catch(() => false),
          ),
        )
      }
      expect(owners.filter((has) => has)).toHaveLength(1)
    })

    it('rejects while nobody can say', async () => {
      await one.close()
      await expect(turns(one).take(NAME)).rejects.toThrow('closed')
      one = await open(clocks[0])
    })
  })

  it('gives what it had out to the other at once when it is closed', async () => {
    await put(1)
    await take(one)
    await one.close()
    await clocks[1].advance(250)
    expect(await take(other)).toMatchObject([{ attempts: 1, ambiguous: true }])
    one = await open(clocks[0])
    expect(await account()).toMatchObject({ inFlight: 1 })
  })

  it('brings forward what it put off when its wall clock is set back, which a machine measures in parts of a millisecond', async () => {
    await one.close()
    let asked = 0
    one = await open({ ...clocks[0], elapsed: () => clocks[0].elapsed() + ++asked / 64 })
    await one.outbox.put([{ ...delivery(APP, clocks[0].now()), dueAt: clocks[0].now() + 60_000 }])
    clocks[0].jump(-3600_000)
    await turn(one.outbox)
    await clocks[0].advance(60_000)
    await turn(one.outbox)
    expect(await take(one)).toHaveLength(1)
    expect(troubles).toEqual([])
  })

  describe('one whose wall clock is wrong', () => {
    const HOUR = 3600_000
    const lane = { target: { to: 'registration', registration: 'hers' }, collapseKey: 'wake' } as const
    /** How far the database's clock was set. */
    let set: number
    const reopen = async (): Promise<void> => {
      await Promise.all([one.close(), other.close()])
      const surroundings = { trouble: (text: string) => void troubles.push(text) }
      const askClock = async () => clocks[1].now() + set
      const again = (clock: HandClock) => openPostgres(server(), url, { ...surroundings, clock }, {}, askClock)
      one = await again(clocks[0])
      other = await again(clocks[1])
    }
    beforeEach(async () => {
      set = 0
      await reopen()
    })
    /** Puts a push off by a minute of the clock as it stands. */
    const putOff = () => one.outbox.put([{ ...delivery(APP, clocks[0].now()), dueAt: clocks[0].now() + 60_000 }])

    it.each([1, -1])('and that dies leaves what it put off due when it should have been (%d h)', async (hours) => {
      clocks[0].jump(hours * HOUR)
      await putOff()
      await beats(clocks[1], other, LEASE + 2 * BEAT)
      expect(await take(other)).toEqual([])
      await clocks[1].advance(60_000)
      await turn(other.outbox)
      expect(await take(other)).toHaveLength(1)
    })

    it.each([1, -1])('gives calls to the other that live as long as they should (%d h)', async (hours) => {
      clocks[0].jump(hours * HOUR)
      const now = clocks[0].now()
      await one.outbox.put([delivery(APP, now, { class: 'call', expiresAt: now + 30_000 })])
      const [found] = await take(other)
      expect(found?.delivery).toMatchObject({
        acceptedAt: now - hours * HOUR,
        notification: { expiresAt: now - hours * HOUR + 30_000 },
      })
    })

    it.each([1, -1])('from its beginning puts nothing off and takes what is due (%d h)', async (hours) => {
      clocks[0].jump(hours * HOUR)
      await reopen()
      await put(1)
      expect(await take(other)).toHaveLength(1)
      await other.outbox.put([delivery(APP, clocks[1].now())])
      const [found] = await take(one)
      expect(found?.delivery.acceptedAt).toBe(clocks[0].now())
    })

    it('leaves what the other puts in the place of its own due at once', async () => {
      clocks[0].jump(HOUR)
      await put(1, lane)
      await other.outbox.put([delivery(APP, clocks[1].now(), lane)])
      clocks[0].jump(-HOUR)
      expect(await take(other)).toHaveLength(1)
    })

    it('puts the other’s newer one off for no longer than it wants to pause', async () => {
      await put(1, lane)
      const [mine] = await take(one)
      await other.outbox.put([delivery(APP, clocks[1].now(), lane)])
      clocks[0].jump(HOUR)
      const again = { app: APP, dueAt: clocks[0].now() + 5_000, attempts: 1, ambiguous: false, resent: false }
      await one.outbox.settle([{ ...again, id: mine?.delivery.id ?? '' }])
      clocks[0].jump(-HOUR)
      await turn(other.outbox)
      expect(await take(other)).toEqual([])
      await clocks[1].advance(5_000)
      await turn(other.outbox)
      expect(await take(other)).toHaveLength(1)
    })

    it('hastens what waits to the moment that it is', async () => {
      await putOff()
      clocks[0].jump(HOUR)
      expect(await one.upkeep.hasten({ app: APP }, clocks[0].now())).toBe(1)
      expect(await take(other)).toHaveLength(1)
    })

    it('goes by the database, whose clock that is set back puts nothing off and lets no call ring longer', async () => {
      const now = clocks[1].now()
      await putOff()
      await other.outbox.put([delivery(APP, now, { class: 'call', expiresAt: now + 300_000 })])
      set = -HOUR
      await beat(clocks[1], other)
      await beat(clocks[0], one)
      await clocks[1].advance(60_000)
      await turn(other.outbox)
      const found = await take(other)
      expect(found.map(({ delivery: { notification } }) => notification.class)).toEqual(['call', 'message'])
      expect(found[0]?.delivery.notification.expiresAt).toBe(now + 300_000)
    })
  })

  it('tells of what a dead one had out that nobody knows whether it arrived, though a newer one takes its place', async () => {
    const lane = { target: { to: 'registration', registration: 'hers' }, collapseKey: 'wake' } as const
    await put(1, lane)
    const [out] = await take(one)
    await other.outbox.put([delivery(APP, clocks[1].now(), lane)])
    await beats(clocks[1], other, LEASE + 2 * BEAT)
    const [story] = await other.records.traces({ deliveries: [out?.delivery.id ?? ''] })
    expect(story?.steps.map(({ is }) => is)).toEqual(['interrupted', 'coalesced'])
  })

  it('does not bring forward what another put when its own wall clock is set back', async () => {
    await other.outbox.put([{ ...delivery(APP, clocks[1].now()), dueAt: clocks[1].now() + 60_000 }])
    clocks[0].jump(-3 * 3600_000)
    await turn(one.outbox)
    expect(await take(other)).toEqual([])
    await clocks[1].advance(60_000)
    await turn(other.outbox)
    expect(await take(other)).toHaveLength(1)
  })
})
