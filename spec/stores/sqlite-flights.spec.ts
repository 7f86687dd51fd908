/** Deliveries that go out the moment they come are written together; what becomes of each is its own, whenever the process is killed. */
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { openDatabase } from '../../lib/stores/sqlite-database'
import { sqlite } from '../../lib/stores/sqlite'
import { type Delivery } from '../../lib/model/notification'
import { type Claimed } from '../../lib/outbox/outbox'
import { type Store } from '../../lib/stores/store'
import { delivery, ended, ids, takeNow } from '../contracts/outbox-scene'
import { makeFolder } from '../support/folder'
import { handClock } from '../support/hand-clock'

const SECOND = 1000

describe('lib/stores/sqlite-flights', () => {
  const folder = makeFolder()
  let made = 0
  const newFile = () => join(folder.path, `flights-${++made}.db`)
  let clock = handClock()
  const opened: { close(): Promise<void> }[] = []
  const open = async (file: string): Promise<Store> => {
    const store = await sqlite.open(
      { file, maxDeliveries: 20_000 },
      { clock, trouble: (text) => expect(text).toBe('') },
    )
    opened.push(store)
    return store
  }
  beforeEach(() => (clock = handClock()))
  afterEach(() => Promise.all(opened.splice(0).map((each) => each.close())))

  /** What a process that is killed at this moment leaves behind. */
  const killed = (file: string): string => {
    const left = newFile()
    for (const suffix of ['', '-wal', '.key']) copyFileSync(file + suffix, left + suffix)
    return left
  }
  /** Puts them while a claim waits: they are out at once. */
  const goAtOnce = async (store: Store, deliveries: readonly Delivery[]): Promise<readonly Claimed[]> => {
    const claim = store.outbox.claim(new Map([['app', 20_000]]))
    expect(await store.outbox.put(deliveries)).toEqual(deliveries.map(() => 'kept'))
    const out = await claim
    expect(ids(out)).toEqual(deliveries.map(({ id }) => id))
    return out
  }
  const takeAll = (store: Store) => takeNow(store.outbox, { app: 20_000 })
  const make = (text?: string, its: Parameters<typeof delivery>[2] = {}) =>
    delivery('app', clock.now(), { ...(text === undefined ? {} : { content: { body: text } }), ...its })
  const scene = async (texts: readonly (string | undefined)[]) => {
    const file = newFile()
    const store = await open(file)
    const puts = texts.map((text) => make(text, { publisher: 'chat.example.com' }))
    return { file, store, puts, out: await goAtOnce(store, puts) }
  }
  const only = <T>(of: readonly T[], at: number): T => {
    const one = of[at]
    if (one === undefined) throw new Error(`there is no ${at}`)
    return one
  }
  const rows = (file: string, table: string): number =>
    openDatabase(file).prepare(`SELECT count(*) AS count FROM ${table}`).rows<{ count: number }>([])[0]?.count ?? -1

  it('ends what has ended, and brings the others back in doubt with what they say, after a kill', async () => {
    const { file, store, out, puts } = await scene(['one', undefined, 'three', 'four'])
    await store.outbox.settle([ended(only(out, 2))])
    const again = await open(killed(file))
    const back = await takeAll(again)
    expect(back.map((one) => one.delivery)).toEqual([puts[0], puts[1], puts[3]].map(withoutPublisher))
    expect(back).toEqual(back.map((one) => ({ ...one, attempts: 1, ambiguous: true })))
    expect((await again.accounts()).get('app')).toMatchObject({ accepted: 4, delivered: 1, inFlight: 3, waiting: 0 })
  })

  it('keeps no row once all of them have ended', async () => {
    const { file, store, out } = await scene(['one', 'two', 'three'])
    await store.outbox.settle([ended(only(out, 1))])
    await store.outbox.settle([ended(only(out, 0)), ended(only(out, 2))])
    const left = killed(file)
    expect(['flight', 'landed', 'delivery'].map((table) => rows(left, table))).toEqual([0, 0, 0])
  })

  it('has one wait that is to be tried again, with what it says and its story, and leaves the others out', async () => {
    const { file, store, out, puts } = await scene(['one', 'two'])
    const id = only(puts, 1).id
    const outcome = { is: 'down', why: 'the push service rests', ambiguous: false } as const
    const dueAt = clock.now() + 30 * SECOND
    await store.outbox.settle([{ id, app: 'app', dueAt, attempts: 1, ambiguous: false, outcome, resent: false }])
    const again = await open(killed(file))
    expect(await again.records.waiting({ limit: 9 })).toMatchObject([
      { id: only(puts, 0).id, state: 'waiting', publisher: 'chat.example.com', steps: [{ is: 'interrupted' }] },
      { id, state: 'waiting', publisher: 'chat.example.com', steps: [{ is: 'again', why: outcome.why, dueAt }] },
    ])
    expect(ids(await takeAll(again))).toEqual([only(out, 0).delivery.id])
    await clock.advance(30 * SECOND)
    expect(await takeAll(again)).toEqual([{ delivery: withoutPublisher(only(puts, 1)), attempts: 1, ambiguous: false }])
  })

  it('puts nothing twice: neither what is out, nor what waits while another one goes at once', async () => {
    const { store, puts } = await scene(['one', 'two'])
    const waits = make('three')
    await store.outbox.put([waits])
    const claim = store.outbox.claim(new Map([['other', 9]]))
    const goes = delivery('other', clock.now())
    const asOther = { ...waits, app: 'other' }
    expect(await store.outbox.put([only(puts, 0), asOther, goes])).toEqual(['kept', 'kept', 'kept'])
    expect(ids(await claim)).toEqual([goes.id])
    expect(ids(await takeAll(store))).toEqual([waits.id])
    expect((await store.accounts()).get('app')).toMatchObject({ accepted: 3, inFlight: 3, waiting: 0 })
  })

  it('leaves no trace of one whose registration was erased while it was out, though a kill brought it back', async () => {
    const file = newFile()
    const store = await open(file)
    const its = { owner: 'juliet@example.com', dialect: 'tigase', device: 'phone', app: 'app', hints: {}, at: 1 }
    await store.registry.register({ id: 'hers', service: 'push.example.com', node: 'n', ...its })
    const [hers, other] = [make('hers', { target: { to: 'registration', registration: 'hers' } }), make('other')]
    await goAtOnce(store, [hers, other])
    await store.upkeep.erase('juliet@example.com', clock.now())
    const again = await open(killed(file))
    const back = await takeAll(again)
    expect(ids(back)).toEqual([hers.id, other.id])
    await again.outbox.settle(back.map((one) => ended(one, 'unregistered')))
    const traces = await again.records.traces({ deliveries: [hers.id, other.id] })
    expect(traces.map(({ id }) => id)).toEqual([other.id])
  })

  it('shows a process that only reads what was out when it was killed', async () => {
    const { file, store, out, puts } = await scene(['one', 'two', 'three'])
    await store.outbox.settle([ended(only(out, 0))])
    const inspection = await sqlite.inspect?.({ file: killed(file), maxDeliveries: 9 })
    if (inspection === undefined) throw new Error('it can not be read')
    opened.push(inspection)
    const left = [puts[1], puts[2]].map((put) => ({ id: put?.id, state: 'out', publisher: 'chat.example.com' }))
    expect(await inspection.records.waiting({ app: 'app', limit: 9 })).toMatchObject(left)
    expect(await inspection.records.traces({ deliveries: [only(puts, 2).id] })).toMatchObject([left[1]])
    expect(await inspection.records.oldest()).toEqual(new Map([['app', clock.now()]]))
    expect((await inspection.records.accounts()).get('app')).toMatchObject({ delivered: 1, inFlight: 2 })
  })

  it('lets a call that was out expire by a clock that was set back meanwhile', async () => {
    const file = newFile()
    const store = await open(file)
    const call = make('ring', { class: 'call', expiresAt: clock.now() + 30 * SECOND })
    const [out] = await goAtOnce(store, [call])
    clock.jump(-3600 * SECOND)
    await store.outbox.put([delivery('other', clock.now())])
    const again = { dueAt: clock.now(), attempts: 1, ambiguous: false, resent: false }
    await store.outbox.settle([{ id: call.id, app: 'app', ...again }])
    const [back] = await takeAll(store)
    expect(back?.delivery).toEqual({
      ...out?.delivery,
      notification: { ...call.notification, expiresAt: clock.now() + 30 * SECOND },
    })
  })

  it('keeps no thousands of ended ones on the disk for the sake of a slow one', async () => {
    const file = newFile()
    const store = await open(file)
    const slow: string[] = []
    for (let flight = 0; flight < 24; flight++) {
      const out = await goAtOnce(
        store,
        Array.from({ length: 500 }, () => make('text')),
      )
      slow.push(only(out, 17).delivery.id)
      await store.outbox.settle(out.filter((_, at) => at !== 17).map((one) => ended(one)))
    }
    const left = killed(file)
    expect(rows(left, 'flight')).toBeLessThan(24)
    expect(rows(left, 'unended')).toBe(24)
    expect(ids(await takeAll(await open(killed(file)))).toSorted()).toEqual(slow.toSorted())
  })

  it('goes at once too where it came while others were being handed out', async () => {
    const file = newFile()
    const store = await open(file)
    const room = new Map([['app', 9]])
    const turn = () => new Promise((done) => setImmediate(done))
    const [first, second] = [make(), make()]
    const claim = store.outbox.claim(room)
    // Whoever sends asks for more in the turn after it was handed something.
    const again = claim.then(turn).then(() => store.outbox.claim(room))
    const putting = store.outbox.put([first])
    await turn()
    await Promise.all([putting, store.outbox.put([second])])
    expect(['flight', 'delivery'].map((table) => rows(killed(file), table))).toEqual([2, 0])
    expect([ids(await claim), ids(await again)]).toEqual([[first.id], [second.id]])
  })

  it('refuses alone what could not be read again, though it would go at once', async () => {
    const store = await open(newFile())
    const claim = store.outbox.claim(new Map([['app', 9]]))
    const [good, bad] = [make('good'), make('bad', { expiresAt: Number.NaN })]
    const said = await Promise.allSettled([store.outbox.put([good]), store.outbox.put([bad])])
    expect(said.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    expect(ids(await claim)).toEqual([good.id])
  })
})

/** Who published is told in the story alone. */
function withoutPublisher(put: Delivery | undefined): Omit<Delivery, 'publisher'> {
  if (put === undefined) throw new Error('nothing was put')
  const { publisher: _, ...delivery } = put
  return delivery
}
