/**
 * What every outbox does, whatever it is made of. An implementation's spec calls `outboxContract` and adds its quirks.
 * Every test has apps of its own, so that one open outbox serves them all.
 */
import { type Account, closes } from '../../lib/model/accounting'
import { type Delivery, type Notification, type Target } from '../../lib/model/notification'
import { Opaque } from '../../lib/model/opaque'
import { type Claimed, type Outbox, type Settlement } from '../../lib/outbox/outbox'
import { type HandClock } from '../support/hand-clock'
import { outboxKeepsItsPromises } from './outbox-property'

/** An open outbox and what a test needs around it. */
export interface OutboxUnderTest {
  /** The outbox as it is now open. */
  outbox(): Outbox
  readonly clock: HandClock
  accounts(): Promise<ReadonlyMap<string, Account>>
  /** Ends it with whatever is claimed, and opens it again on the same data. */
  reopen(): Promise<void>
  close(): Promise<void>
}

export interface OutboxSetUp {
  /** `bound`: how many deliveries may wait. */
  (options: { readonly bound: number }): Promise<OutboxUnderTest>
}

let made = 0

/** A name that no other test has. */
export function fresh(word: string): string {
  return `${word}-${++made}`
}

/** A lower-case UUID, in order of making. */
export function uuid(): string {
  return `00000000-0000-4000-8000-${(++made).toString(16).padStart(12, '0')}`
}

export function delivery(
  app: string,
  now: number,
  its: { readonly target?: Target; readonly id?: string } & Partial<Notification> = {},
): Delivery {
  const { target, id, ...notification } = its
  return {
    id: id ?? uuid(),
    app,
    target: target ?? { to: 'registration', registration: uuid() },
    notification: { class: 'message', urgency: 'high', expiresAt: now + 3600_000, content: {}, ...notification },
    acceptedAt: now,
  }
}

export function ended(claimed: Claimed, end: Extract<Settlement, { end: unknown }>['end'] = 'delivered'): Settlement {
  return { id: claimed.delivery.id, app: claimed.delivery.app, end, resent: false }
}

/** What is handed out now, for this room; empty if nothing is. */
export async function takeNow(outbox: Outbox, room: Readonly<Record<string, number>>): Promise<readonly Claimed[]> {
  const claim = outbox.claim(new Map(Object.entries(room)))
  await turn(outbox)
  void outbox.claim(new Map())
  return claim
}

/** Passes when the outbox has done whatever it was asked before. */
export async function turn(outbox: Outbox): Promise<void> {
  await outbox.settle([{ id: uuid(), app: 'nobody', end: 'delivered', resent: false }])
}

const ids = (claimed: readonly Claimed[]): readonly string[] => claimed.map((one) => one.delivery.id)

export function outboxContract(setUp: OutboxSetUp): void {
  let tested: OutboxUnderTest
  let app: string
  const outbox = () => tested.outbox()
  const now = () => tested.clock.now()
  const account = async (name = app) => {
    const found = (await tested.accounts()).get(name)
    if (found === undefined) throw new Error(`no account of ${name}`)
    expect(closes(found)).toBe(true)
    return found
  }
  const takeAll = () => takeNow(outbox(), { [app]: 1000 })

  beforeAll(async () => {
    tested = await setUp({ bound: 1000 })
  })
  afterAll(() => tested.close())
  beforeEach(() => {
    app = fresh('app')
  })

  describe('handing out', () => {
    it('hands out what was put, as it was put', async () => {
      const registration = delivery(app, now(), {
        collapseKey: 'wake',
        urgency: 'low',
        class: 'quiet',
        content: { count: 3, sender: 'juliet@example.com', encrypted: { iv: 'aXY=', data: 'ZGF0YQ==' } },
      })
      const address = delivery(app, now(), {
        target: { to: 'address', address: new Opaque('token-of-a-phone'), environment: 'sandbox' },
      })
      const bare = delivery(app, now(), { target: { to: 'address', address: new Opaque('another-token') } })
      expect(await outbox().put([registration, address, bare])).toEqual(['kept', 'kept', 'kept'])
      const claimed = await outbox().claim(new Map([[app, 9]]))
      expect(claimed).toEqual([
        { delivery: registration, attempts: 0, ambiguous: false },
        { delivery: address, attempts: 0, ambiguous: false },
        { delivery: bare, attempts: 0, ambiguous: false },
      ])
      const targets = claimed.map(({ delivery: { target } }) =>
        target.to === 'address' ? target.address.reveal() : '',
      )
      expect(targets).toEqual(['', 'token-of-a-phone', 'another-token'])
    })

    it('hands to a claim that waits what is put later, as it was put', async () => {
      const claim = outbox().claim(new Map([[app, 5]]))
      await turn(outbox())
      const put = delivery(app, now(), { content: { body: 'wherefore art thou' }, collapseKey: 'k' })
      await outbox().put([put])
      expect(await claim).toEqual([{ delivery: put, attempts: 0, ambiguous: false }])
    })

    it('hands out no more than there is room for', async () => {
      const puts = [1, 2, 3].map(() => delivery(app, now()))
      await outbox().put(puts)
      expect(await outbox().claim(new Map([[app, 2]]))).toHaveLength(2)
      expect(await takeAll()).toHaveLength(1)
    })

    it('hands a claim that waits no more than it has room for', async () => {
      const claim = outbox().claim(new Map([[app, 2]]))
      await outbox().put([1, 2, 3].map(() => delivery(app, now())))
      expect(await claim).toHaveLength(2)
      expect(await takeAll()).toHaveLength(1)
    })

    it('hands out nothing of an app that is not named', async () => {
      const other = fresh('app')
      await outbox().put([delivery(app, now()), delivery(other, now())])
      expect((await takeNow(outbox(), { [other]: 9 })).map((one) => one.delivery.app)).toEqual([other])
      expect(await takeNow(outbox(), { [other]: 9, [app]: 0 })).toEqual([])
    })

    it('hands out calls first, then what is oldest', async () => {
      const [first, call, last] = [
        delivery(app, now() - 2),
        delivery(app, now(), { class: 'call' }),
        delivery(app, now() - 1),
      ]
      await outbox().put([last, call])
      await outbox().put([first])
      expect(ids(await outbox().claim(new Map([[app, 1]])))).toEqual([call.id])
      expect(ids(await takeAll())).toEqual([first.id, last.id])
    })

    it('keeps the order of arrival among those of one moment', async () => {
      const puts = Array.from({ length: 20 }, () => delivery(app, now())).reverse()
      await outbox().put(puts)
      expect(ids(await takeAll())).toEqual(puts.map(({ id }) => id))
    })

    it('puts a call before messages that wait, even for a claim that waits', async () => {
      const [message, call] = [delivery(app, now()), delivery(app, now(), { class: 'call' })]
      const claim = outbox().claim(new Map([[app, 1]]))
      await outbox().put([message, call])
      expect(ids(await claim)).toEqual([call.id])
    })

    it('hands out nothing twice', async () => {
      await outbox().put([delivery(app, now())])
      expect(await takeAll()).toHaveLength(1)
      expect(await takeAll()).toEqual([])
    })

    it('hands out what has expired too, for someone must settle it', async () => {
      await outbox().put([delivery(app, now(), { expiresAt: now() - 1 })])
      const [claimed] = await takeAll()
      if (claimed === undefined) throw new Error('nothing claimed')
      await outbox().settle([ended(claimed, 'expired')])
      expect(await account()).toMatchObject({ accepted: 1, expired: 1 })
    })

    it('answers a claim with nothing when a new one takes its place', async () => {
      const superseded = outbox().claim(new Map([[app, 5]]))
      const claim = outbox().claim(new Map([[app, 5]]))
      expect(await superseded).toEqual([])
      const put = delivery(app, now())
      await outbox().put([put])
      expect(ids(await claim)).toEqual([put.id])
    })

    it('holds to the room of the newest claim while an older one is being filled', async () => {
      const superseded = outbox().claim(new Map([[app, 5]]))
      const put = outbox().put([1, 2, 3].map(() => delivery(app, now())))
      await new Promise((done) => setImmediate(done))
      const claim = outbox().claim(new Map([[app, 1]]))
      await put
      expect(await superseded).toEqual([])
      expect(await claim).toHaveLength(1)
      const rest = await takeAll()
      expect(rest.map(({ attempts, ambiguous }) => ({ attempts, ambiguous }))).toEqual([
        { attempts: 0, ambiguous: false },
        { attempts: 0, ambiguous: false },
      ])
    })
  })

  describe('coalescing', () => {
    let target: Target
    beforeEach(() => {
      target = { to: 'registration', registration: uuid() }
    })

    it('replaces what waits by the newest of the same target and key', async () => {
      const [old, middle, newest] = [1, 2, 3].map(() => delivery(app, now(), { target, collapseKey: 'wake' }))
      if (old === undefined || middle === undefined || newest === undefined) throw new Error('three were made')
      expect(await outbox().put([old, middle])).toEqual(['kept', 'kept'])
      expect(await outbox().put([newest])).toEqual(['kept'])
      expect(await account()).toMatchObject({ accepted: 3, coalesced: 2, waiting: 1 })
      expect(ids(await takeAll())).toEqual([newest.id])
    })

    it('leaves alone what has another key, another target, or no key', async () => {
      const puts = [
        delivery(app, now(), { target, collapseKey: 'a' }),
        delivery(app, now(), { target, collapseKey: 'b' }),
        delivery(app, now(), { collapseKey: 'a' }),
        delivery(app, now(), { target }),
        delivery(app, now(), { target }),
      ]
      for (const put of puts) await outbox().put([put])
      expect(await account()).toMatchObject({ accepted: 5, coalesced: 0, waiting: 5 })
      expect(await takeAll()).toHaveLength(5)
    })

    it('keys a bare address by app and address', async () => {
      const to = (name: string): Target => ({ to: 'address', address: new Opaque(name) })
      const other = fresh('app')
      await outbox().put([
        delivery(app, now(), { target: to('token-1'), collapseKey: 'a' }),
        delivery(app, now(), { target: to('token-2'), collapseKey: 'a' }),
        delivery(other, now(), { target: to('token-1'), collapseKey: 'a' }),
      ])
      await outbox().put([delivery(app, now(), { target: to('token-1'), collapseKey: 'a' })])
      expect(await account()).toMatchObject({ accepted: 3, coalesced: 1, waiting: 2 })
      expect(await account(other)).toMatchObject({ accepted: 1, coalesced: 0, waiting: 1 })
    })

    it('does not touch what is out; the new one waits until that is settled', async () => {
      const [out, next] = [1, 2].map(() => delivery(app, now(), { target, collapseKey: 'wake' }))
      if (out === undefined || next === undefined) throw new Error('two were made')
      await outbox().put([out])
      const [claimed] = await takeAll()
      await outbox().put([next])
      expect(await takeAll()).toEqual([])
      expect(await account()).toMatchObject({ coalesced: 0, inFlight: 1, waiting: 1 })
      if (claimed === undefined) throw new Error('nothing claimed')
      await outbox().settle([ended(claimed)])
      expect(ids(await takeAll())).toEqual([next.id])
    })

    it('sends the first of a burst at once, and the last', async () => {
      const burst = Array.from({ length: 10 }, () => delivery(app, now(), { target, collapseKey: 'wake' }))
      const claim = outbox().claim(new Map([[app, 100]]))
      await Promise.all(burst.map((one) => outbox().put([one])))
      const first = await claim
      expect(ids(first)).toEqual([burst[0]?.id])
      await outbox().settle(first.map((one) => ended(one)))
      expect(ids(await takeAll())).toEqual([burst[9]?.id])
      expect(await account()).toMatchObject({ accepted: 10, coalesced: 8, delivered: 1, inFlight: 1 })
    })

    it('lets the newer one take the place of one that must be tried again, pause and all', async () => {
      const [out, next] = [1, 2].map(() => delivery(app, now(), { target, collapseKey: 'wake' }))
      if (out === undefined || next === undefined) throw new Error('two were made')
      await outbox().put([out])
      await takeAll()
      await outbox().put([next])
      const dueAt = now() + 10_000
      await outbox().settle([{ id: out.id, app, dueAt, attempts: 1, ambiguous: true, resent: false }])
      expect(await account()).toMatchObject({ accepted: 2, coalesced: 1, waiting: 1, inFlight: 0 })
      expect(await takeAll()).toEqual([])
      await tested.clock.advance(10_000)
      expect(await takeAll()).toEqual([{ delivery: next, attempts: 1, ambiguous: false }])
    })

    it('keeps the pause when a newer one replaces one that waits for its next attempt', async () => {
      const [out, next] = [1, 2].map(() => delivery(app, now(), { target, collapseKey: 'wake' }))
      if (out === undefined || next === undefined) throw new Error('two were made')
      await outbox().put([out])
      await takeAll()
      await outbox().settle([{ id: out.id, app, dueAt: now() + 5000, attempts: 3, ambiguous: false, resent: false }])
      await outbox().put([next])
      expect(await takeAll()).toEqual([])
      await tested.clock.advance(5000)
      expect(await takeAll()).toEqual([{ delivery: next, attempts: 3, ambiguous: false }])
    })
  })

  describe('writing twice', () => {
    it('changes nothing when an id is put that waits, is out, or came in the same call', async () => {
      const put = delivery(app, now(), { collapseKey: 'wake' })
      expect(await outbox().put([put, put])).toEqual(['kept', 'kept'])
      expect(await outbox().put([put])).toEqual(['kept'])
      expect(ids(await takeAll())).toEqual([put.id])
      const other = delivery(app, now())
      expect(await outbox().put([other, put])).toEqual(['kept', 'kept'])
      expect(ids(await takeAll())).toEqual([other.id])
      expect(await account()).toMatchObject({ accepted: 2, coalesced: 0, inFlight: 2, waiting: 0 })
    })

    it('counts a settlement once', async () => {
      await outbox().put([delivery(app, now())])
      const [claimed] = await takeAll()
      if (claimed === undefined) throw new Error('nothing claimed')
      await outbox().settle([ended(claimed), ended(claimed, 'gone')])
      await outbox().settle([ended(claimed, 'refused')])
      expect(await account()).toMatchObject({ accepted: 1, delivered: 1, gone: 0, refused: 0, inFlight: 0 })
    })

    it('does not end what waits again', async () => {
      const put = delivery(app, now())
      await outbox().put([put])
      const [claimed] = await takeAll()
      if (claimed === undefined) throw new Error('nothing claimed')
      await outbox().settle([{ id: put.id, app, dueAt: now() + 1000, attempts: 1, ambiguous: false, resent: false }])
      await outbox().settle([ended(claimed)])
      expect(await account()).toMatchObject({ delivered: 0, waiting: 1 })
    })
  })

  describe('settling', () => {
    it('hands out again at its time, with the attempts and the doubt it was settled with', async () => {
      const put = delivery(app, now(), { content: { body: 'but soft' } })
      await outbox().put([put])
      await takeAll()
      const dueAt = now() + 61_000
      await outbox().settle([{ id: put.id, app, dueAt, attempts: 4, ambiguous: true, resent: true }])
      const claim = outbox().claim(new Map([[app, 1]]))
      await turn(outbox())
      await tested.clock.advance(60_999)
      expect(await account()).toMatchObject({ waiting: 1, inFlight: 0, resent: 1 })
      await tested.clock.advance(1)
      expect(await claim).toEqual([{ delivery: put, attempts: 4, ambiguous: true }])
    })

    it('counts every end, and what was resent', async () => {
      const ends = ['delivered', 'expired', 'gone', 'refused', 'unregistered', 'quiet', 'abandoned'] as const
      await outbox().put(ends.map(() => delivery(app, now())))
      const claimed = await takeAll()
      await outbox().settle(
        claimed.map(({ delivery: { id } }, index) => ({
          id,
          app,
          end: ends[index] ?? 'delivered',
          resent: index < 2,
        })),
      )
      expect(await account()).toEqual({
        ...{ accepted: 7, resent: 2, inFlight: 0, waiting: 0, coalesced: 0 },
        ...{ delivered: 1, expired: 1, gone: 1, refused: 1, unregistered: 1, quiet: 1, abandoned: 1 },
      })
    })

    it('keeps accounts that close at every moment', async () => {
      const work: Promise<unknown>[] = []
      for (let round = 0; round < 20; round++) {
        const claim = outbox().claim(new Map([[app, 3]]))
        work.push(outbox().put([delivery(app, now()), delivery(app, now(), { collapseKey: 'k' })]))
        const claimed = await claim
        work.push(outbox().settle(claimed.map((one) => ended(one))))
        work.push(account())
      }
      await Promise.all(work)
      expect(await account()).toMatchObject({ accepted: 40 })
    })
  })

  describe('listening', () => {
    const outcome = { is: 'gone', why: 'Unregistered' } as const

    it('tells the first outcome of a delivery to everyone who listens', async () => {
      const put = delivery(app, now())
      await outbox().put([put])
      const heard = [outbox().heard(put.id, 5000), outbox().heard(put.id, 5000)]
      const [claimed] = await takeAll()
      if (claimed === undefined) throw new Error('nothing claimed')
      await outbox().settle([{ id: put.id, app, end: 'gone', outcome, resent: false }])
      expect(await Promise.all(heard)).toEqual([outcome, outcome])
    })

    it('hears nothing of another delivery, nor after its time', async () => {
      const [one, other] = [delivery(app, now()), delivery(app, now())]
      await outbox().put([one, other])
      const heard = outbox().heard(one.id, 5000)
      await takeAll()
      await outbox().settle([{ id: other.id, app, end: 'gone', outcome, resent: false }])
      await tested.clock.advance(5000)
      expect(await heard).toBeUndefined()
    })
  })

  describe('its bound', () => {
    it('refuses what comes above it, counts it nowhere, and takes again when there is room', async () => {
      const bounded = await setUp({ bound: 3 })
      const put = (count: number) =>
        bounded.outbox().put(Array.from({ length: count }, () => delivery(app, bounded.clock.now())))
      expect(await put(5)).toEqual(['kept', 'kept', 'kept', 'full', 'full'])
      expect((await bounded.accounts()).get(app)).toMatchObject({ accepted: 3, waiting: 3 })
      expect(await takeNow(bounded.outbox(), { [app]: 1 })).toHaveLength(1)
      expect(await put(2)).toEqual(['kept', 'full'])
      await bounded.close()
    })
  })

  describe('opened again', () => {
    it('hands out again, in doubt and one attempt more, what was out; what waits is as it was', async () => {
      const [out, waits, again, done] = [1, 2, 3, 4].map((n) =>
        delivery(app, now() + n - 4, { content: { body: `body ${n}` }, collapseKey: `key ${n}` }),
      )
      if (out === undefined || waits === undefined || again === undefined || done === undefined) throw new Error('four')
      await outbox().put([done])
      await outbox().settle((await takeAll()).map((one) => ended(one)))
      await outbox().put([again])
      await takeAll()
      await outbox().settle([{ id: again.id, app, dueAt: now(), attempts: 2, ambiguous: false, resent: false }])
      await takeNow(outbox(), { [app]: 1 })
      await outbox().put([out])
      await takeNow(outbox(), { [app]: 1 })
      await outbox().put([waits])
      const before = await account()
      expect(before).toMatchObject({ accepted: 4, delivered: 1, inFlight: 2, waiting: 1 })
      await tested.reopen()
      expect(await account()).toEqual({ ...before, inFlight: 0, waiting: 3 })
      const claimed = await takeAll()
      expect(claimed).toHaveLength(3)
      expect(claimed).toEqual(
        expect.arrayContaining([
          { delivery: out, attempts: 1, ambiguous: true },
          { delivery: waits, attempts: 0, ambiguous: false },
          { delivery: again, attempts: 3, ambiguous: true },
        ]),
      )
    })

    it('lets the newer one that waited behind take the place of the one that was out', async () => {
      const target: Target = { to: 'registration', registration: uuid() }
      const [out, next] = [1, 2].map(() => delivery(app, now(), { target, collapseKey: 'wake' }))
      if (out === undefined || next === undefined) throw new Error('two were made')
      await outbox().put([out])
      await takeAll()
      await outbox().put([next])
      await tested.reopen()
      expect(await account()).toMatchObject({ accepted: 2, coalesced: 1, waiting: 1 })
      expect(ids(await takeAll())).toEqual([next.id])
    })

    it('wakes a claim for what falls due later', async () => {
      const put = delivery(app, now())
      await outbox().put([put])
      await takeAll()
      await outbox().settle([{ id: put.id, app, dueAt: now() + 9000, attempts: 1, ambiguous: false, resent: false }])
      await tested.reopen()
      const claim = outbox().claim(new Map([[app, 1]]))
      await turn(outbox())
      await tested.clock.advance(9000)
      expect(ids(await claim)).toEqual([put.id])
    })
  })

  describe('closing', () => {
    it('answers the claim that waits with nothing, and takes nothing more', async () => {
      const other = await setUp({ bound: 10 })
      const [claim, heard] = [other.outbox().claim(new Map([[app, 1]])), other.outbox().heard(uuid(), 1000)]
      const put = other.outbox().put([delivery(fresh('app'), other.clock.now())])
      await other.close()
      expect(await claim).toEqual([])
      expect(await heard).toBeUndefined()
      expect(await put).toEqual(['kept'])
      expect(await other.outbox().claim(new Map([[app, 1]]))).toEqual([])
      await expect(other.outbox().put([delivery(app, other.clock.now())])).rejects.toThrow('closed')
      await other.close()
    })
  })

  outboxKeepsItsPromises(() => tested)
}
