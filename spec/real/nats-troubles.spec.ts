/** What befalls the outbox on a real NATS server: refused, encrypted, full, robbed of what it made. What it says, and that nothing is lost. */
import { Credential } from '../../lib/model/opaque'
import { type Account, closes } from '../../lib/model/accounting'
import { type Delivery } from '../../lib/model/notification'
import { type Claimed } from '../../lib/outbox/outbox'
import { openNats } from '../../lib/outbox/nats-opening'
import { type NatsOutbox } from '../../lib/outbox/nats-outbox'
import { makeAuthority } from '../../lib/sim/certificates'
import { StoreRefused } from '../../lib/stores/store'
import { delivery, ended, takeNow } from '../contracts/outbox-scene'
import { realDescribe } from '../support/available'
import { makeFolder } from '../support/folder'
import { type HandClock, handClock } from '../support/hand-clock'
import { come, until } from '../support/moving-clock'
import { startNats } from '../support/nats-cluster'
import { natsOptions, outboxesOn } from '../support/nats-outbox'
import { serverForAll } from '../support/real-server'

const APP = 'org.example.ios'
/** Who has nothing to do looks again after that. */
const NAP_MS = 50_000
const secret = (text: string) => new Credential(Buffer.from(text), 'the configuration')

const some = (clock: HandClock, count: number): readonly Delivery[] =>
  Array.from({ length: count }, () =>
    delivery(APP, clock.now(), { content: { body: 'but soft' }, expiresAt: clock.now() + 1e9 }),
  )

/** Hands out and settles until so many are done. */
async function deliver(outboxes: readonly NatsOutbox[], clock: HandClock, count: number): Promise<readonly string[]> {
  const done: string[] = []
  await until(clock, async () => {
    for (const { outbox } of outboxes) {
      const claimed = await come(clock, takeNow(outbox, { [APP]: 1000 }))
      await come(clock, outbox.settle(claimed.map((one) => ended(one))))
      done.push(...claimed.map(({ delivery: { id } }) => id))
    }
    return done.length >= count
  })
  return done
}

const accountOf = async (its: NatsOutbox): Promise<Account | undefined> => (await its.accounts()).get(APP)
const idsOf = (all: readonly Delivery[]): readonly string[] => all.map(({ id }) => id).sort()

realDescribe('nats', 'a NATS server that does not let us in', () => {
  const folder = makeFolder()
  const refused = (options: Parameters<typeof openNats>[0]): Promise<unknown> =>
    openNats(options, { clock: handClock(), trouble: () => undefined, sends: true }).then(
      (its) => its.close(),
      (error: unknown) => error,
    )
  const authority = makeAuthority()
  const leaf = authority.issueServer()
  const config = `
    tls { cert_file: "${folder.write('server.pem', leaf.certPem)}", key_file: "${folder.write('server.key', leaf.keyPem)}" }
    authorization { users: [
      { user: push, password: romeo }
      { user: guest, password: romeo, permissions: { publish: { deny: "$JS.API.STREAM.CREATE.>" }, subscribe: ">" } }
    ] }
  `
  const server = serverForAll(() => startNats({ args: ['-c', folder.write('nats.conf', config)] }))
  const optionsOf = (its: { user?: string; password?: string; ca?: string }) => {
    const { user = 'push', password = 'romeo', ca = authority.caPem } = its
    return natsOptions(server(), {
      ...{ user, password: secret(password), tls: { ca: secret(ca) } },
    })
  }

  it('is used with a user, a password and an authority of our own', async () => {
    expect(await refused(optionsOf({}))).toBeUndefined()
  })

  it('is told by its refusal of a wrong password, and what to mend', async () => {
    const error = await refused(optionsOf({ password: 'paris' }))
    expect(error).toBeInstanceOf(StoreRefused)
    expect(String(error)).toMatch(/authorization.*the server refuses us: mend outbox\.user and password/i)
  })

  it('is told by a certificate of an authority that we do not know', async () => {
    const error = await refused(optionsOf({ ca: makeAuthority('another').caPem }))
    expect(error).toBeInstanceOf(StoreRefused)
    expect(String(error)).toMatch(/TLS fails: mend outbox\.tls/)
  })

  it('is told by a user who may not make a stream', async () => {
    const error = await refused(optionsOf({ user: 'guest' }))
    expect(error).toBeInstanceOf(StoreRefused)
    expect(String(error)).toMatch(/permissions violation.*or what that user may do/i)
  })
})

realDescribe('nats', 'streams that change under the outbox', () => {
  const server = serverForAll(() => startNats())
  const { opened, told, open, operator, manager } = outboxesOn(server)
  /** Puts one after the other; resolves with those that were kept before one was not. */
  const putUntilRefused = async (its: NatsOutbox, clock: HandClock): Promise<readonly Delivery[]> => {
    const kept: Delivery[] = []
    for (const one of some(clock, 1000)) {
      const isKept = await its.outbox.put([one]).then(
        () => true,
        () => false,
      )
      if (!isKept) return kept
      kept.push(one)
    }
    throw new Error('it was never full')
  }

  it('answers "wait" once the stream is full, loses nothing, and goes on when there is room', async () => {
    const clock = handClock()
    const options = natsOptions(server())
    const its = await open(clock, options)
    await manager().streams.update(options.stream, { max_bytes: 20_000 })
    const kept = await putUntilRefused(its, clock)
    expect(kept.length).toBeGreaterThan(10)
    expect(told).toEqual([expect.stringContaining('the stream is at a limit of its own: raise it')])
    expect([...(await deliver([its], clock, kept.length))].sort()).toEqual(idsOf(kept))
    const [one] = some(clock, 1)
    if (one === undefined) throw new Error('none')
    await until(clock, () =>
      its.outbox.put([one]).then(
        () => true,
        () => false,
      ),
    )
    expect(await deliver([its], clock, 1)).toEqual([one.id])
    expect(await accountOf(its)).toMatchObject({ accepted: kept.length + 1, delivered: kept.length + 1, waiting: 0 })
  }, 60_000)

  it('hands nothing out while the journal is full, and everything once when it is not any more', async () => {
    const clock = handClock()
    const options = natsOptions(server())
    const its = await open(clock, options)
    const journal = `${options.stream}_JOURNAL`
    const { state } = await manager().streams.info(journal)
    await manager().streams.update(journal, { max_bytes: state.bytes })
    const all = some(clock, 20)
    await its.outbox.put(all)
    const claim = takeNow(its.outbox, { [APP]: 1000 })
    await until(clock, () => told.length > 0)
    expect(told).toEqual([expect.stringContaining('the stream is at a limit of its own: raise it')])
    await manager().streams.update(journal, { max_bytes: -1 })
    const claimed = await come(clock, claim)
    await come(clock, its.outbox.settle(claimed.map((one) => ended(one))))
    const rest = await deliver([its], clock, all.length - claimed.length)
    expect([...claimed.map(({ delivery: { id } }) => id), ...rest].sort()).toEqual(idsOf(all))
    expect(await accountOf(its)).toMatchObject({ accepted: 20, delivered: 20, waiting: 0, inFlight: 0 })
  }, 60_000)

  it('answers "wait" when the stream was deleted, and takes anew what comes once it is made again', async () => {
    const clock = handClock()
    const options = natsOptions(server())
    const its = await open(clock, options)
    await its.outbox.put(some(clock, 5))
    await deliver([its], clock, 5)
    await its.outbox.put(some(clock, 3))
    await manager().streams.delete(options.stream)
    await expect(its.outbox.put(some(clock, 1))).rejects.toThrow(/outbox/)
    await until(clock, () => told.some((text) => text.includes('the stream is gone: restore it from a backup')))
    const next = await open(clock, options)
    await until(clock, () => told.some((text) => text.includes('made anew')))
    const all = some(clock, 20)
    expect(await come(clock, next.outbox.put(all))).toEqual(all.map(() => 'kept'))
    expect([...(await deliver([its, next], clock, all.length))].sort()).toEqual(idsOf(all))
    const settled = async () => (await accountOf(next))?.abandoned === 3
    await until(clock, settled)
    const account = await accountOf(next)
    expect(account).toMatchObject({ accepted: 28, delivered: 25, abandoned: 3, waiting: 0, inFlight: 0 })
    expect(account !== undefined && closes(account)).toBe(true)
  }, 60_000)

  it('loses nothing of what it is about to leave to another instance when all is sent to it again', async () => {
    const clock = handClock()
    const options = natsOptions(server())
    const one = await open(clock, options)
    const out = some(clock, 40)
    await one.outbox.put(out)
    const claimed = await takeNow(one.outbox, { [APP]: 1000 })
    expect(claimed).toHaveLength(40)
    const waiting = some(clock, 40)
    await one.outbox.put(waiting)
    const other = await open(clock, options)
    // Parts of it are to be the other one's, who has to wait until what is out of them has ended.
    await clock.advance(3_000)
    const followers = async () => (await manager().consumers.list(options.stream).next()).map(({ name }) => name)
    const before = await followers()
    for (const name of before) await manager().consumers.delete(options.stream, name)
    await until(clock, async () => (await followers()).length === before.length)
    await until(clock, async () => {
      const all = await manager().consumers.list(options.stream).next()
      return all.every(({ num_pending: left }) => left === 0)
    })
    await come(clock, one.outbox.settle(claimed.map((each) => ended(each))))
    expect([...(await deliver([one, other], clock, waiting.length))].sort()).toEqual(idsOf(waiting))
    const account = await accountOf(other)
    expect(account).toMatchObject({ accepted: 80, delivered: 80, waiting: 0, inFlight: 0 })
  }, 60_000)

  it('gives back what another instance is to have once that can be written down, though nothing else is to be done', async () => {
    const clock = handClock()
    const options = natsOptions(server())
    const one = await open(clock, options)
    const waiting = some(clock, 40)
    await one.outbox.put(waiting)
    const journal = `${options.stream}_JOURNAL`
    await until(clock, async () => (await accountOf(one))?.accepted === 40)
    const { state } = await manager().streams.info(journal)
    await manager().streams.update(journal, { max_bytes: state.bytes })
    const other = await open(clock, options)
    await clock.advance(3_000)
    await manager().streams.update(journal, { max_bytes: -1 })
    // The first one claims nothing and naps for a minute: all that the other one is to have has to come to it.
    const since = clock.elapsed()
    const found: string[] = []
    await until(
      clock,
      async () => {
        const claimed = await takeNow(other.outbox, { [APP]: 1000 })
        await other.outbox.settle(claimed.map((each) => ended(each)))
        found.push(...claimed.map(({ delivery: { id } }) => id))
        return found.length > 0
      },
      100,
    )
    expect(clock.elapsed() - since).toBeLessThan(NAP_MS)
    expect([...found, ...(await deliver([one, other], clock, 40 - found.length))].sort()).toEqual(idsOf(waiting))
    expect(await accountOf(other)).toMatchObject({ accepted: 40, delivered: 40, waiting: 0, inFlight: 0 })
  }, 60_000)

  it('knows a delivery that the servers send late for what it is: no new one, and in doubt if it was out', async () => {
    const clock = handClock()
    const options = natsOptions(server(), { partitions: 1 })
    await open(clock, options)
    await opened.pop()?.close()
    // As after a takeover from one who had three, by way of a server that has none of them yet.
    const told = { at: clock.now(), took: 3, counts: { [APP]: { accepted: 3 } } }
    const words = JSON.stringify({ ...told, waits: [], out: [2], ended: [], lines: '' })
    await operator().request(`${options.stream}.journal.0`, words)
    const its = await open(clock, options)
    const all = some(clock, 4)
    for (const one of all) await its.outbox.put([one])
    const found: Claimed[] = []
    await until(clock, async () => {
      found.push(...(await takeNow(its.outbox, { [APP]: 1000 })))
      return found.length === 4
    })
    const attempts = new Map(found.map(({ delivery: { id }, attempts, ambiguous }) => [id, [attempts, ambiguous]]))
    expect(all.map(({ id }) => attempts.get(id))).toEqual([
      [0, false],
      [1, true],
      [0, false],
      [0, false],
    ])
    await its.outbox.settle(found.map((one) => ended(one)))
    expect(await accountOf(its)).toMatchObject({ accepted: 4, delivered: 4, waiting: 0, inFlight: 0 })
  }, 60_000)

  it('counts a message of the journal once that the servers kept twice, and goes on after it', async () => {
    const clock = handClock()
    const options = natsOptions(server(), { partitions: 1 })
    const its = await open(clock, options)
    await its.outbox.put(some(clock, 5))
    const claimed = await takeNow(its.outbox, { [APP]: 1000 })
    await its.outbox.settle(claimed.map((one) => ended(one)))
    const subject = `${options.stream}.journal.0`
    const last = await manager().streams.getMessage(`${options.stream}_JOURNAL`, { last_by_subj: subject })
    await operator().request(subject, last?.data)
    await its.outbox.put(some(clock, 2))
    await deliver([its], clock, 2)
    expect(told).toEqual([])
    const counted = { accepted: 7, delivered: 7, waiting: 0, inFlight: 0 }
    expect(await accountOf(its)).toMatchObject(counted)
    await opened.pop()?.close()
    expect(await accountOf(await open(clock, options))).toMatchObject(counted)
  }, 60_000)
})
