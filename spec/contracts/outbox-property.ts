/** Random lives of an outbox, against a model: nothing is lost, nothing is out twice, the accounts always close. */
import fc from 'fast-check'
import { closes } from '../../lib/model/accounting'
import { type Delivery } from '../../lib/model/notification'
import { type Claimed } from '../../lib/outbox/outbox'
import { type OutboxScene, type OutboxUnderTest, delivery, fresh, takeNow } from './outbox-scene'

type Step =
  | { readonly do: 'put'; readonly lanes: readonly (number | null)[] }
  | { readonly do: 'claim'; readonly room: number }
  | { readonly do: 'settle'; readonly which: number; readonly again: number | null }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'crash' }

const lane = fc.option(fc.integer({ min: 0, max: 2 }))
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('put' as const), lanes: fc.array(lane, { maxLength: 6 }) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('claim' as const), room: fc.integer({ min: 0, max: 6 }) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      which: fc.nat(20),
      again: fc.option(fc.integer({ min: 0, max: 5000 })),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 3000 }) }) },
  { weight: 1, arbitrary: fc.constant({ do: 'crash' as const }) },
)

const RUNS = 30
const MAX_DRAINS = 200

async function live(tested: OutboxUnderTest, steps: readonly Step[]): Promise<void> {
  const app = fresh('app')
  const accepted = new Map<string, Delivery>()
  const finished = new Set<string>()
  const newest = new Map<string, string>()
  let out = new Map<string, Claimed>()

  const check = async () => {
    const account = (await tested.accounts()).get(app)
    if (account === undefined) return expect(accepted.size).toBe(0)
    expect(closes(account)).toBe(true)
    expect(account.accepted).toBe(accepted.size)
    expect(account.delivered).toBe(finished.size)
    expect(account.inFlight).toBe(out.size)
  }
  const claim = async (room: number) => {
    const claimed = await takeNow(tested.outbox(), { [app]: room })
    expect(claimed.length).toBeLessThanOrEqual(room)
    for (const one of claimed) {
      expect(accepted.get(one.delivery.id)).toEqual(one.delivery)
      expect(finished.has(one.delivery.id)).toBe(false)
      expect(out.has(one.delivery.id)).toBe(false)
      out.set(one.delivery.id, one)
    }
    const keys = [...out.values()].flatMap(({ delivery: { notification } }) => notification.collapseKey ?? [])
    expect(new Set(keys).size).toBe(keys.length)
    return claimed
  }
  const settle = async (id: string, again: number | null) => {
    out.delete(id)
    if (again === null) {
      finished.add(id)
      await tested.outbox().settle([{ id, app, end: 'delivered', resent: false }])
    } else {
      const dueAt = tested.clock.now() + again
      await tested.outbox().settle([{ id, app, dueAt, attempts: 1, ambiguous: false, resent: false }])
    }
  }
  const one = async (step: Step) => {
    switch (step.do) {
      case 'put': {
        const puts = step.lanes.map((lane) => {
          const key = lane === null ? {} : { collapseKey: `lane ${lane}` }
          return delivery(app, tested.clock.now(), { target: { to: 'registration', registration: app }, ...key })
        })
        expect(await tested.outbox().put(puts)).toEqual(puts.map(() => 'kept'))
        for (const put of puts) {
          accepted.set(put.id, put)
          if (put.notification.collapseKey !== undefined) newest.set(put.notification.collapseKey, put.id)
        }
        return
      }
      case 'claim':
        await claim(step.room)
        return
      case 'settle': {
        const id = [...out.keys()][step.which % Math.max(1, out.size)]
        if (id !== undefined) await settle(id, step.again)
        return
      }
      case 'pass':
        return tested.clock.advance(step.ms)
      case 'crash':
        await tested.reopen()
        out = new Map()
    }
  }

  for (const next of steps) {
    await one(next)
    await check()
  }
  for (const id of [...out.keys()]) await settle(id, null)
  for (let drain = 0; drain < MAX_DRAINS; drain++) {
    const claimed = await claim(100)
    for (const { delivery } of claimed) await settle(delivery.id, null)
    if (claimed.length === 0 && (await tested.accounts()).get(app)?.waiting === 0) break
    await tested.clock.advance(5000)
  }
  await check()
  const keyless = [...accepted.values()].filter(({ notification }) => notification.collapseKey === undefined)
  for (const { id } of keyless) expect(finished.has(id)).toBe(true)
  for (const id of newest.values()) expect(finished.has(id)).toBe(true)
  const account = (await tested.accounts()).get(app)
  if (account !== undefined) expect(account).toMatchObject({ waiting: 0, inFlight: 0 })
}

/** `runs`: how many stories are played; fewer where each takes long. */
export function outboxKeepsItsPromises(scene: OutboxScene, runs = RUNS): void {
  it('loses nothing, hands nothing out twice and closes its accounts, whatever happens in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), (steps) => live(scene.tested, steps)),
      { numRuns: runs },
    )
  }, 120_000)
}
