/** A consumer of which nothing comes though more is to come, on a real NATS server: by a line that loses some of what goes over it. */
import { type Delivery } from '../../lib/model/notification'
import { type NatsOutbox } from '../../lib/outbox/nats-outbox'
import { delivery, ended, takeNow } from '../contracts/outbox-scene'
import { realDescribe } from '../support/available'
import { type CutLine, makeCutLine } from '../support/cut-line'
import { type HandClock, handClock } from '../support/hand-clock'
import { come, until } from '../support/moving-clock'
import { startNats } from '../support/nats-cluster'
import { natsOptions, outboxesOn } from '../support/nats-outbox'
import { natsSieve } from '../support/nats-sieve'
import { serverForAll } from '../support/real-server'

const APP = 'org.example.ios'

realDescribe('nats', 'a consumer of which nothing comes though more is to come', () => {
  const server = serverForAll(() => startNats())
  const { opened, told, open, operator, manager } = outboxesOn(server)
  let drops: (head: string) => boolean = () => false
  let line: CutLine | undefined
  afterEach(async () => {
    for (const its of opened.splice(0)) await its.close()
    await line?.close()
    line = undefined
    drops = () => false
  })
  /** All that goes to and fro can get lost. */
  const lossy = async () => {
    line = await makeCutLine(Number(server().servers[0]?.split(':').at(-1)), () => natsSieve((head) => drops(head)))
    return [`nats://127.0.0.1:${line.port}`]
  }
  const some = (clock: HandClock, count: number): readonly Delivery[] =>
    Array.from({ length: count }, () => delivery(APP, clock.now(), { expiresAt: clock.now() + 1e9 }))
  const consumerOf = async (stream: string) => {
    const [info] = await manager().consumers.list(stream).next()
    if (info === undefined) throw new Error('none')
    return info
  }
  const deliver = async (its: NatsOutbox, clock: HandClock, count: number): Promise<readonly string[]> => {
    const done: string[] = []
    await until(clock, async () => {
      const claimed = await come(clock, takeNow(its.outbox, { [APP]: 1000 }))
      await its.outbox.settle(claimed.map((each) => ended(each)))
      done.push(...claimed.map(({ delivery: { id } }) => id))
      return done.length >= count
    })
    return done
  }

  it.each([
    {
      what: 'nobody pulls, and the servers answer',
      lost: (stream: string, consumer: string) => (head: string) =>
        head.startsWith(`PUB $JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer} `),
      isDry: true,
    },
    {
      what: 'the last ones were lost on the way',
      lost: (stream: string, consumer: string) => (head: string) =>
        head.startsWith('HMSG ') && head.includes(` $JS.ACK.${stream}.${consumer}.`),
      isDry: false,
    },
  ])(
    'is made anew by whoever has the partition, and what lay there is handed out: $what',
    async ({ lost, isDry }) => {
      const clock = handClock()
      const options = natsOptions(server(), { partitions: 1 })
      const { stream } = options
      const its = await open(clock, { ...options, servers: await lossy() })
      const all = some(clock, 4)
      const other = await open(clock, options, false)
      await other.outbox.put(all.slice(0, 1))
      const first = await deliver(its, clock, 1)
      const { name } = await consumerOf(stream)
      drops = lost(stream, name)
      // What was pulled before still comes.
      await until(clock, async () => !isDry || (await consumerOf(stream)).num_waiting === 0, 0)
      await other.outbox.put(all.slice(1))
      expect([...first, ...(await deliver(its, clock, 3))]).toEqual(all.map(({ id }) => id))
      expect((await consumerOf(stream)).name).not.toBe(name)
      expect(told).toEqual([
        expect.stringMatching(/nothing came of partition 0 for ten seconds though more is to come/),
      ])
      expect((await its.accounts()).get(APP)).toMatchObject({ accepted: 4, delivered: 4, waiting: 0, inFlight: 0 })
      await until(clock, async () => (await manager().streams.info(stream)).state.messages === 0)
    },
    60_000,
  )

  it('is made anew while a partition is being taken over, so that this comes to its end', async () => {
    const clock = handClock()
    const options = natsOptions(server(), { partitions: 1 })
    const { stream } = options
    const all = some(clock, 4)
    await (await open(clock, options, false)).outbox.put(all)
    const consumers = new Set<string>()
    drops = (head) => {
      const [, consumer] = head.startsWith('HMSG ') ? (/ \$JS\.ACK\.\w+\.(\w+)\./.exec(head) ?? []) : []
      if (consumer !== undefined) consumers.add(consumer)
      return consumer !== undefined && consumers.size === 1
    }
    const its = await come(clock, open(clock, { ...options, servers: await lossy() }))
    expect(await deliver(its, clock, 4)).toEqual(all.map(({ id }) => id))
    expect([...consumers].slice(1)).toEqual([(await consumerOf(stream)).name])
    expect((await its.accounts()).get(APP)).toMatchObject({ accepted: 4, delivered: 4, waiting: 0, inFlight: 0 })
  }, 60_000)

  it('is made anew though another partition can not be taken over meanwhile', async () => {
    const clock = handClock()
    const options = natsOptions(server(), { partitions: 2 })
    const { stream } = options
    const its = await open(clock, { ...options, servers: await lossy() })
    const other = await open(clock, options, false)
    const all = some(clock, 40)
    await other.outbox.put(all.slice(0, 20))
    await until(clock, async () => (await its.accounts()).get(APP)?.accepted === 20)
    const consumers = await manager().consumers.list(stream).next()
    const name = consumers.map((each) => each.name).find((each) => each.startsWith('p0_'))
    drops = (head) =>
      head.startsWith('HMSG ') &&
      (head.includes(` $JS.ACK.${stream}.p1_`) || head.includes(` $JS.ACK.${stream}.${name}.`))
    // Somebody takes the other partition over, and is gone.
    const words = { at: clock.now(), took: 0, counts: {}, waits: [], out: [], ended: [], lines: '', by: 'romeo' }
    await operator().request(`${stream}.journal.1`, JSON.stringify(words))
    const subject = `${stream}.delivery.0`
    const lie = async (): Promise<number> =>
      (await manager().streams.info(stream, { subjects_filter: subject })).state.subjects?.[subject] ?? 0
    const before = await deliver(its, clock, await lie())
    await until(clock, async () => (await lie()) === 0)
    await until(clock, () => told.some((text) => text.includes('another instance took over partition 1')))
    await other.outbox.put(all.slice(20))
    const after = await deliver(its, clock, await lie())
    expect(told.filter((text) => text.includes('nothing came of partition'))).toEqual([
      expect.stringContaining('nothing came of partition 0'),
    ])
    drops = () => false
    const rest = await deliver(its, clock, all.length - before.length - after.length)
    expect([...before, ...after, ...rest].sort()).toEqual(all.map(({ id }) => id).sort())
    expect((await its.accounts()).get(APP)).toMatchObject({ accepted: 40, delivered: 40, waiting: 0, inFlight: 0 })
  }, 60_000)

  it('is none where nothing is to come, or all has come: it stays', async () => {
    const clock = handClock()
    const options = natsOptions(server(), { partitions: 1 })
    const its = await open(clock, options)
    await its.outbox.put(some(clock, 5))
    expect(await takeNow(its.outbox, { [APP]: 2 })).toHaveLength(2)
    const { name } = await consumerOf(options.stream)
    const since = clock.elapsed()
    await until(clock, () => clock.elapsed() - since >= 60_000, 1_000)
    expect((await consumerOf(options.stream)).name).toBe(name)
    expect(told).toEqual([])
  }, 60_000)
})
