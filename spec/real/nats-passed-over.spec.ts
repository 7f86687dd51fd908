/** What lies in the stream on a real NATS server, and what its consumer never tells of. */
import { execFileSync } from 'node:child_process'
import { AckPolicy, DeliverPolicy, jetstream } from '@nats-io/jetstream'
import { delivery, ended, takeNow } from '../contracts/outbox-scene'
import { realDescribe } from '../support/available'
import { type HandClock, handClock } from '../support/hand-clock'
import { come, until } from '../support/moving-clock'
import { startNats } from '../support/nats-cluster'
import { natsOptions, outboxesOn } from '../support/nats-outbox'
import { serverForAll } from '../support/real-server'

const APP = 'org.example.ios'

realDescribe('nats', 'a consumer that passes over what lies in the stream', () => {
  const server = serverForAll(() => startNats())
  const { opened, told, open, operator, manager } = outboxesOn(server)
  const some = (clock: HandClock, count: number) =>
    Array.from({ length: count }, () => delivery(APP, clock.now(), { expiresAt: clock.now() + 1e9 }))

  /** Asks the server one thing after the other, while this process and every instance in it stand still. */
  const beforeAnybodyElse = (asked: readonly (readonly [string, object])[]): void => {
    const script = `require('@nats-io/transport-node').connect({ servers: process.argv[1] }).then(async (its) => {
      const how = { timeout: 10_000, noMux: true }
      for (const [what, body] of JSON.parse(process.argv[2])) await its.request('$JS.API.CONSUMER.' + what, JSON.stringify(body), how)
      await its.close()
    })`
    execFileSync(process.execPath, ['-e', script, server().servers[0] ?? '', JSON.stringify(asked)], {
      timeout: 30_000,
    })
  }

  it('hides nothing: what was taken in and what came since is fetched, and each of it handed out once', async () => {
    const clock = handClock()
    const options = natsOptions(server(), { partitions: 1 })
    const one = await open(clock, options)
    const all = some(clock, 4)
    await one.outbox.put(all.slice(0, 3))
    const [first] = await takeNow(one.outbox, { [APP]: 1 })
    await one.outbox.settle(first === undefined ? [] : [ended(first)])
    await opened.pop()?.close()
    await (await open(clock, options, false)).outbox.put(all.slice(3))
    // As one on a server that was not up to date: all that lies there is behind it.
    const { state } = await manager().streams.info(`${options.stream}_JOURNAL`)
    const consumer = `p0_${(state.last_seq + 1) * 1_000_000 + 1}`
    await manager().consumers.add(options.stream, {
      ...{ durable_name: consumer, filter_subject: `${options.stream}.delivery.0`, ack_policy: AckPolicy.Explicit },
      ...{ deliver_policy: DeliverPolicy.All, ack_wait: 300_000_000_000, max_ack_pending: -1, max_deliver: -1 },
    })
    const its = await jetstream(operator()).consumers.get(options.stream, consumer)
    for await (const { info } of await its.fetch({ max_messages: 4 })) if (info.pending === 0) break
    const other = await come(clock, open(clock, options))
    expect((await manager().consumers.list(options.stream).next()).map(({ name }) => name)).toEqual([consumer])
    const done: string[] = []
    await until(clock, async () => {
      const claimed = await come(clock, takeNow(other.outbox, { [APP]: 1000 }))
      await other.outbox.settle(claimed.map((each) => ended(each)))
      done.push(...claimed.map(({ delivery: { id } }) => id))
      return done.length >= 3
    })
    expect(done.sort()).toEqual(all.map(({ id }) => id).filter((id) => id !== first?.delivery.id))
    expect(told).toEqual([expect.stringMatching(/3 deliveries of partition 0 lay in the stream and did not come/)])
    expect((await other.accounts()).get(APP)).toMatchObject({ accepted: 4, delivered: 4, waiting: 0, inFlight: 0 })
    await until(clock, async () => (await manager().streams.info(options.stream)).state.messages === 0)
  }, 60_000)

  it('hides nothing from an instance that follows again: what is in hand ends, and what came since is fetched', async () => {
    const clock = handClock()
    const options = natsOptions(server(), { partitions: 1 })
    const { stream } = options
    const one = await open(clock, options)
    const all = some(clock, 4)
    await one.outbox.put(all.slice(0, 2))
    const other = await open(clock, options, false)
    const [{ name: before = '' } = {}] = await manager().consumers.list(stream).next()
    const after = `p0_${Number(before.slice('p0_'.length)) + 1}`
    // Two are not acknowledged, so nothing more is sent, and what is put now lies there.
    await manager().consumers.update(stream, before, { max_ack_pending: 2 })
    await other.outbox.put(all.slice(2))
    // The consumer that the instance would make; all that lies there is behind it.
    const config = {
      ...{ durable_name: after, filter_subject: `${stream}.delivery.0`, ack_policy: 'explicit' },
      ...{ deliver_policy: 'all', ack_wait: 300_000_000_000, max_ack_pending: -1, max_deliver: -1 },
    }
    beforeAnybodyElse([
      [`DELETE.${stream}.${before}`, {}],
      [`DURABLE.CREATE.${stream}.${after}`, { stream_name: stream, config }],
      ...all.map(() => [`MSG.NEXT.${stream}.${after}`, { batch: 1 }] as const),
    ])
    const done: string[] = []
    await until(clock, async () => {
      const claimed = await come(clock, takeNow(one.outbox, { [APP]: 1000 }))
      await one.outbox.settle(claimed.map((each) => ended(each)))
      done.push(...claimed.map(({ delivery: { id } }) => id))
      return done.length >= 4
    })
    expect(done).toEqual(all.map(({ id }) => id))
    expect((await manager().consumers.list(stream).next()).map(({ name }) => name)).toEqual([after])
    expect(told).toEqual([expect.stringMatching(/2 deliveries of partition 0 lay in the stream and did not come/)])
    expect((await one.accounts()).get(APP)).toMatchObject({ accepted: 4, delivered: 4, waiting: 0, inFlight: 0 })
    await until(clock, async () => (await manager().streams.info(stream)).state.messages === 0)
  }, 60_000)

  it('hides nothing that the journal knows of: it is looked for again, and handed out as what it was', async () => {
    const clock = handClock()
    const options = natsOptions(server(), { partitions: 1 })
    const { stream } = options
    await open(clock, options)
    await opened.pop()?.close()
    // As after a takeover from one who had three, by way of a server that has none of them yet.
    const words = {
      at: clock.now(),
      took: 3,
      counts: { [APP]: { accepted: 3 } },
      waits: [],
      out: [2],
      ended: [],
      lines: '',
    }
    await operator().request(`${stream}.journal.0`, JSON.stringify(words))
    const its = await open(clock, options)
    const [first, ...rest] = some(clock, 3)
    if (first === undefined) throw new Error('none')
    const other = await open(clock, options, false)
    await other.outbox.put([first])
    const claimed = await come(clock, its.outbox.claim(new Map([[APP, 1]])))
    expect(claimed).toHaveLength(1)
    // It is not acknowledged, so nothing more is sent, though it lies there.
    const [{ name = '' } = {}] = await manager().consumers.list(stream).next()
    await manager().consumers.update(stream, name, { max_ack_pending: 1 })
    for (const one of rest) await other.outbox.put([one])
    await until(clock, () => told.length > 0)
    expect(told).toEqual([expect.stringMatching(/2 deliveries of partition 0 lay in the stream and did not come/)])
    const found = await come(clock, takeNow(its.outbox, { [APP]: 1000 }))
    expect(found.map(({ attempts, ambiguous }) => [attempts, ambiguous])).toEqual(
      expect.arrayContaining([
        [1, true],
        [0, false],
      ]),
    )
    await its.outbox.settle([...claimed, ...found].map((each) => ended(each)))
    expect((await its.accounts()).get(APP)).toMatchObject({ accepted: 3, delivered: 3, waiting: 0, inFlight: 0 })
    await until(clock, async () => (await manager().streams.info(stream)).state.messages === 0)
  }, 60_000)

  it('is none where all that lies there comes: nothing is fetched, and nothing told', async () => {
    const clock = handClock()
    const options = natsOptions(server(), { partitions: 1 })
    const all = some(clock, 5)
    await (await open(clock, options)).outbox.put(all)
    await opened.pop()?.close()
    const other = await open(clock, options)
    expect(await takeNow(other.outbox, { [APP]: 1000 })).toHaveLength(5)
    expect(told).toEqual([])
  }, 60_000)
})
