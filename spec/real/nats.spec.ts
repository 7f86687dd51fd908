/** The outbox on a real cluster of three: its conformance suite, servers that die in mid-traffic, and instances that do. */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from '@nats-io/transport-node'
import { closes } from '../../lib/model/accounting'
import { type Delivery } from '../../lib/model/notification'
import { type Counts, addCounts } from '../../lib/outbox/nats-journal'
import { openNats } from '../../lib/outbox/nats-opening'
import { type NatsOutbox } from '../../lib/outbox/nats-outbox'
import { readPartition } from '../../lib/outbox/nats-partition'
import { openStreams } from '../../lib/outbox/nats-streams'
import { outboxContract } from '../contracts/outbox'
import { delivery, ended, takeNow, uuid } from '../contracts/outbox-scene'
import { realDescribe } from '../support/available'
import { makeCutLine } from '../support/cut-line'
import { makeFolder } from '../support/folder'
import { type HandClock, handClock } from '../support/hand-clock'
import { come, until } from '../support/moving-clock'
import { type NatsCluster, startNats } from '../support/nats-cluster'
import { natsOptions } from '../support/nats-outbox'
import { serverForAll } from '../support/real-server'

const APP = 'org.example.ios'
const LEASE_MS = 15_000
/** As long as a connection may take to stand again. */
const QUIET_MS = 3_000
const HOUR = 3600_000
/** Each story opens the streams of a cluster several times; a delivery comes by its partition's own way. */
const TRAITS = { stories: 8, comesApart: true }

/** As fast as time goes: what it waits for is given up after ten seconds. */
const close = (clock: HandClock, its: NatsOutbox): Promise<void> => come(clock, its.close(), 20)

/** Puts until it is kept: servers that choose a leader take nothing. */
async function putSurely(its: NatsOutbox, clock: HandClock, deliveries: readonly Delivery[]): Promise<void> {
  await until(clock, async () => {
    try {
      return (await come(clock, its.outbox.put(deliveries))).every((put) => put === 'kept')
    } catch {
      return false
    }
  })
}

async function settleAll(its: NatsOutbox, clock: HandClock, wanted: ReadonlySet<string>): Promise<readonly string[]> {
  const done: string[] = []
  await until(clock, async () => {
    const claimed = await come(clock, takeNow(its.outbox, { [APP]: 1000 }))
    await come(clock, its.outbox.settle(claimed.map((one) => ended(one))))
    done.push(...claimed.map(({ delivery: { id } }) => id))
    return new Set(done).size >= wanted.size
  })
  return done
}

const some = (clock: HandClock, count: number): readonly Delivery[] =>
  Array.from({ length: count }, () =>
    delivery(APP, clock.now(), { content: { body: 'but soft' }, expiresAt: clock.now() + 1e9 }),
  )

realDescribe('nats', 'the outbox on three NATS servers', () => {
  const cluster = serverForAll(() => startNats({ size: 3 }))
  const folder = makeFolder()
  const told: string[] = []
  const trouble = (text: string) => void told.push(text)
  const opened: (() => Promise<void>)[] = []
  const open = async (clock: HandClock, options = natsOptions(cluster())) => {
    const its = await openNats(options, { clock, trouble, sends: true })
    opened.push(() => close(clock, its))
    return its
  }
  afterEach(async () => {
    for (const index of [0, 1, 2]) await cluster().start(index)
    for (const closeIt of opened.splice(0)) await closeIt()
    told.length = 0
  }, 60_000)

  outboxContract(async ({ bound }) => {
    const clock = handClock()
    const options = natsOptions(cluster(), { maxDeliveries: bound, maxDeliveriesPerApp: bound })
    const surroundings = { clock, trouble, sends: true }
    let its = await openNats(options, surroundings)
    return {
      outbox: () => its.outbox,
      clock,
      accounts: () => its.accounts(),
      async reopen() {
        await close(clock, its)
        its = await openNats(options, surroundings)
      },
      close: () => close(clock, its),
    }
  }, TRAITS)

  const killInMidTraffic = async (index: number): Promise<void> => {
    const nodes = await startNats({ size: 3 })
    try {
      const clock = handClock()
      const its = await openNats(natsOptions(nodes), { clock, trouble, sends: true })
      const all: Delivery[] = []
      const done: string[] = []
      let killed: Promise<void> | undefined
      for (let round = 0; round < 12; round++) {
        const batch = some(clock, 20)
        all.push(...batch)
        if (round === 4) killed = nodes.kill(index)
        await putSurely(its, clock, batch)
        const claimed = await come(clock, takeNow(its.outbox, { [APP]: 7 }))
        await come(clock, its.outbox.settle(claimed.map((one) => ended(one))))
        done.push(...claimed.map(({ delivery: { id } }) => id))
      }
      await killed
      const left = new Set(all.map(({ id }) => id).filter((id) => !done.includes(id)))
      done.push(...(await settleAll(its, clock, left)))
      expect(new Set(done).size).toBe(all.length)
      expect(done).toHaveLength(all.length)
      await nodes.start(index)
      await until(clock, () =>
        its.accounts().then(
          () => true,
          () => false,
        ),
      )
      const account = (await its.accounts()).get(APP)
      expect(account).toMatchObject({ accepted: all.length, delivered: all.length, waiting: 0, inFlight: 0 })
      await close(clock, its)
    } finally {
      await nodes.stop()
    }
  }

  it('loses nothing, and counts nothing twice, whichever server is killed in mid-traffic', async () => {
    // Side by side, each with a cluster of its own: most of it is waiting for a leader.
    await Promise.all([0, 1, 2].map((index) => killInMidTraffic(index)))
  }, 180_000)

  it('follows anew where a server that was down still knows who followed before', async () => {
    const clock = handClock()
    const options = natsOptions(cluster())
    const before = await openNats(options, { clock, trouble, sends: true })
    const known = join(cluster().folders[2] ?? '', 'jetstream', '$G', 'streams', options.stream, 'obs')
    cpSync(known, join(folder.path, 'obs'), { recursive: true })
    await close(clock, before)
    await cluster().kill(2)
    cpSync(join(folder.path, 'obs'), known, { recursive: true })
    await cluster().start(2)
    // While servers choose their leaders, a start is refused.
    let its: NatsOutbox | undefined
    await until(clock, async () => {
      its = await come(clock, open(clock, options)).catch(() => undefined)
      return its !== undefined
    })
    if (its === undefined) throw new Error('none')
    const all = some(clock, 60)
    await putSurely(its, clock, all)
    const ids = new Set(all.map(({ id }) => id))
    expect(new Set(await settleAll(its, clock, ids))).toEqual(ids)
  }, 180_000)

  it('still has all that it wrote when servers are started again that were told to forget what is older', async () => {
    const clock = handClock()
    const options = natsOptions(cluster())
    const [first, second] = [some(clock, 20), some(clock, 20)]
    // Whoever closes saves how it stands, and lets go of what was saved before.
    const before = await open(clock, options)
    await putSurely(before, clock, first)
    await settleAll(before, clock, new Set(first.map(({ id }) => id)))
    await close(clock, before)
    const its = await open(clock, options)
    await putSurely(its, clock, second)
    await settleAll(its, clock, new Set(second.map(({ id }) => id)))
    await Promise.all([0, 1, 2].map((index) => cluster().kill(index)))
    await Promise.all([0, 1, 2].map((index) => cluster().start(index)))
    const connection = await connect({ servers: [...cluster().servers] })
    opened.push(() => connection.close())
    const counted = async (): Promise<Counts | undefined> => {
      const streams = await openStreams(connection, options.stream, 3)
      const counts = new Map<string, Counts>()
      for (let partition = 0; partition < 8; partition++) {
        for (const [app, each] of (await readPartition(streams, partition)).counts) addCounts(counts, app, each)
      }
      return counts.get(APP)
    }
    // While servers choose their leaders, nothing is to be read.
    let found: Counts | undefined
    await until(clock, async () => (found = await counted().catch(() => undefined)) !== undefined)
    expect(found).toEqual({ accepted: 40, delivered: 40 })
  }, 180_000)

  it('loses nothing when the whole cluster is killed and started again', async () => {
    const clock = handClock()
    const its = await open(clock)
    const [out, again, waiting] = [some(clock, 5), some(clock, 5), some(clock, 20)]
    await putSurely(its, clock, [...out, ...again])
    const claimed = await takeNow(its.outbox, { [APP]: 100 })
    expect(claimed).toHaveLength(10)
    const dueAt = clock.now() + 60_000
    const tried = { app: APP, dueAt, attempts: 3, ambiguous: true, resent: false }
    await its.outbox.settle(again.map(({ id }) => ({ id, ...tried })))
    await putSurely(its, clock, waiting)
    await Promise.all([0, 1, 2].map((index) => cluster().kill(index)))
    await expect(its.outbox.put(some(clock, 1))).rejects.toThrow(/outbox/)
    const settled = its.outbox.settle(claimed.slice(0, 5).map((one) => ended(one)))
    await Promise.all([0, 1, 2].map((index) => cluster().start(index)))
    await come(clock, settled)
    const ids = new Set([...again, ...waiting].map(({ id }) => id))
    await clock.advance(60_000)
    const done = await settleAll(its, clock, ids)
    expect(new Set(done)).toEqual(ids)
    const account = (await its.accounts()).get(APP)
    expect(account).toMatchObject({ accepted: 30, delivered: 30, waiting: 0, inFlight: 0 })
    expect(told.filter((text) => text.includes('does not answer') || text.includes('no majority'))).not.toEqual([])
  }, 180_000)
})

realDescribe('nats', 'instances on one NATS server', () => {
  const server = serverForAll(() => startNats())
  const opened: (() => Promise<void>)[] = []
  const told: string[] = []
  const open = async (clock: HandClock, options: Parameters<typeof openNats>[0], sends = true, ahead = 0) => {
    const wrong = { ...clock, now: () => clock.now() + ahead }
    const surroundings = { clock: wrong, trouble: (text: string) => void told.push(text), sends }
    const its = await openNats(options, surroundings, () => -ahead)
    opened.push(() => close(clock, its))
    return its
  }
  const portOf = (cluster: NatsCluster): number => Number(cluster.servers[0]?.split(':').at(-1))
  afterEach(async () => {
    for (const closeIt of opened.splice(0)) await closeIt()
    told.length = 0
  })
  const take = (its: NatsOutbox) => takeNow(its.outbox, { [APP]: 1000 })

  it('share what comes; what one puts another sends, and the accounts of both are one', async () => {
    const clock = handClock()
    const options = natsOptions(server())
    const [one, other] = [await open(clock, options), await open(clock, options)]
    const all = some(clock, 60)
    await one.outbox.put(all)
    const done = { one: 0, other: 0 }
    await until(clock, async () => {
      for (const [name, its] of [['one', one] as const, ['other', other] as const]) {
        const claimed = await take(its)
        await its.outbox.settle(claimed.map((each) => ended(each)))
        done[name] += claimed.length
      }
      if (done.one + done.other < all.length && done.other === 0) await one.outbox.put([])
      return done.one + done.other === all.length
    })
    // Partitions move to the newcomer, so that it gets its share of what comes then.
    await clock.advance(3_000)
    let accepted = all.length
    await until(
      clock,
      async () => {
        await one.outbox.put(some(clock, 30))
        accepted += 30
        for (const [name, its] of [['one', one] as const, ['other', other] as const]) {
          const claimed = await take(its)
          await its.outbox.settle(claimed.map((each) => ended(each)))
          if (name === 'other') done.other += claimed.length
        }
        return done.other > 0
      },
      3_000,
    )
    const accountOf = async (its: NatsOutbox) => (await its.accounts()).get(APP)
    // What came a moment ago is counted once the owner of its partition has read it.
    await until(clock, async () =>
      (await Promise.all([one, other].map(accountOf))).every((account) => account?.accepted === accepted),
    )
    const [mine, yours] = [await accountOf(one), await accountOf(other)]
    expect(mine).toEqual(yours)
    expect(mine !== undefined && closes(mine)).toBe(true)
  }, 60_000)

  it('sends nothing of a process that only takes in, and counts along', async () => {
    const clock = handClock()
    const options = natsOptions(server())
    const ingest = await open(clock, options, false)
    const all = some(clock, 10)
    expect(await ingest.outbox.put(all)).toEqual(all.map(() => 'kept'))
    expect(await take(ingest)).toEqual([])
    const sender = await open(clock, options)
    expect(await take(sender)).toHaveLength(10)
    expect((await ingest.accounts()).get(APP)).toMatchObject({ accepted: 10, inFlight: 10 })
  }, 60_000)

  it('takes over from one that went silent: in doubt, one attempt more; and what that one says later changes nothing', async () => {
    const clock = handClock()
    const options = natsOptions(server())
    const line = await makeCutLine(portOf(server()))
    const silent = await open(clock, { ...options, servers: [`nats://127.0.0.1:${line.port}`] })
    const [out, waiting] = [some(clock, 4), some(clock, 3)]
    await silent.outbox.put(out)
    const claimed = await take(silent)
    expect(claimed).toHaveLength(4)
    await silent.outbox.put(waiting)
    line.cut()
    const heir = await open(clock, options)
    expect(await take(heir)).toEqual([])
    const late = silent.outbox.settle(claimed.map((one) => ended(one)))
    await clock.advance(LEASE_MS + 3_000)
    const taken: { readonly id: string; readonly attempts: number; readonly ambiguous: boolean }[] = []
    await until(
      clock,
      async () => {
        for (const {
          delivery: { id },
          attempts,
          ambiguous,
        } of await take(heir))
          taken.push({ id, attempts, ambiguous })
        return taken.length === 7
      },
      3_000,
    )
    const doubted = out.map(({ id }) => ({ id, attempts: 1, ambiguous: true }))
    expect(taken).toEqual(expect.arrayContaining(doubted))
    line.mend()
    await come(clock, late)
    expect((await heir.accounts()).get(APP)).toMatchObject({ accepted: 7, delivered: 0, inFlight: 7 })
    await heir.outbox.settle(taken.map(({ id }) => ({ id, app: APP, end: 'delivered', resent: false })))
    expect((await heir.accounts()).get(APP)).toMatchObject({ accepted: 7, delivered: 7, inFlight: 0, waiting: 0 })
    expect(told.filter((text) => text.includes('another instance took over'))).not.toEqual([])
    await Promise.all(opened.splice(0).map((closeIt) => closeIt()))
    await line.close()
  }, 60_000)

  it('take over what one had out whose connection has ended well before its lease is over, and not at its first silence', async () => {
    const clock = handClock()
    const options = natsOptions(server())
    const line = await makeCutLine(portOf(server()))
    const killed = await open(clock, { ...options, servers: [`nats://127.0.0.1:${line.port}`] })
    const all = some(clock, 4)
    await killed.outbox.put(all)
    expect(await take(killed)).toHaveLength(4)
    const heir = await open(clock, options)
    await until(clock, async () => (await heir.accounts()).get(APP)?.inFlight === all.length)
    line.cut()
    const since = clock.elapsed()
    const taken: string[] = []
    await until(
      clock,
      async () => {
        taken.push(...(await take(heir)).map(({ delivery: { id } }) => id))
        return taken.length === all.length
      },
      40,
    )
    const after = clock.elapsed() - since
    expect(after).toBeLessThan(LEASE_MS - 3_000)
    expect(after).toBeGreaterThan(QUIET_MS - 1_000)
    line.mend()
    await Promise.all(opened.splice(0).map((closeIt) => closeIt()))
    await line.close()
  }, 60_000)

  it.each([3 * HOUR, -3 * HOUR])(
    'go by one clock, whichever of them has a wrong one (%d ms)',
    async (ahead) => {
      const clock = handClock()
      const options = natsOptions(server(), { partitions: 1 })
      const wrong = await open(clock, options, true, ahead)
      const [call, other] = ['call', 'message'].map((its) =>
        delivery(APP, clock.now() + ahead, { class: its === 'call' ? 'call' : 'message', content: { body: its } }),
      )
      if (call === undefined || other === undefined) throw new Error('none')
      await wrong.outbox.put([call, other])
      const its = await take(wrong)
      expect(its.map(({ delivery: { acceptedAt, notification } }) => [acceptedAt, notification.expiresAt])).toEqual(
        [call, other].map(({ acceptedAt, notification }) => [acceptedAt, notification.expiresAt]),
      )
      const again = { app: APP, dueAt: clock.now() + ahead + 10_000, attempts: 1, ambiguous: false, resent: false }
      await wrong.outbox.settle([call, other].map(({ id }) => ({ id, ...again })))
      await wrong.close()
      const right = await open(clock, options)
      expect(await take(right)).toEqual([])
      await clock.advance(10_000)
      const found = await take(right)
      expect(
        found.map(({ delivery: { id, acceptedAt, notification } }) => [id, acceptedAt, notification.expiresAt]),
      ).toEqual(
        [call, other].map(({ id, acceptedAt, notification }) => [
          id,
          acceptedAt - ahead,
          notification.expiresAt - ahead,
        ]),
      )
    },
    60_000,
  )

  it('keeps what was put while nobody sends, and knows an id again', async () => {
    const clock = handClock()
    const options = natsOptions(server())
    const ingest = await open(clock, options, false)
    const [one] = some(clock, 1)
    if (one === undefined) throw new Error('none')
    expect(await ingest.outbox.put([one, one])).toEqual(['kept', 'kept'])
    expect(await ingest.outbox.put([one])).toEqual(['kept'])
    const sender = await open(clock, options)
    expect(await take(sender)).toHaveLength(1)
    expect((await sender.accounts()).get(APP)).toMatchObject({ accepted: 1, inFlight: 1 })
    await sender.outbox.settle([{ id: uuid(), app: APP, end: 'delivered', resent: false }])
  }, 60_000)
})
