import { makeHistory } from '../../lib/admin/history'
import { ends, type Account } from '../../lib/model/accounting'
import { handClock } from '../support/hand-clock'

const HOUR = 3600_000
const none = Object.fromEntries(ends.map((end) => [end, 0])) as Record<(typeof ends)[number], number>

/** An accounting that a spec adds to; `isDown`: it can't be read. */
function scene(before = 0) {
  const clock = handClock()
  const kept = { accounts: new Map<string, Account>(), isDown: false }
  const add = (app: string, more: Partial<Account>): void => {
    const known = kept.accounts.get(app) ?? { ...none, accepted: 0, resent: 0, inFlight: 0, waiting: 0 }
    kept.accounts.set(app, { ...known, ...more })
  }
  if (before > 0) add('a', { accepted: before, delivered: before })
  const history = makeHistory({
    clock,
    records: {
      accounts: async () => {
        if (kept.isDown) throw new Error('the store is down')
        return new Map(kept.accounts)
      },
    },
  })
  const accepted = async (): Promise<Readonly<Record<string, number>>> =>
    Object.fromEntries((await history.tell()).map(({ span, account }) => [span, account.accepted]))
  return { clock, kept, history, add, accepted }
}

describe('lib/admin/history', () => {
  it('tells of each span what came in it, and since the start what came since then', async () => {
    const { clock, add, accepted } = scene(100)
    add('a', { accepted: 110, delivered: 110 })
    expect(await accepted()).toEqual({ hour: 10, day: 10, start: 10 })
    await clock.advance(2 * HOUR)
    add('a', { accepted: 113, delivered: 113 })
    expect(await accepted()).toEqual({ hour: 3, day: 13, start: 13 })
    await clock.advance(25 * HOUR)
    expect(await accepted()).toEqual({ hour: 0, day: 0, start: 13 })
  })

  it('says when each span began, which is no sooner than the service', async () => {
    const { clock, add, history } = scene()
    const start = clock.now()
    add('a', { accepted: 1, delivered: 1 })
    await clock.advance(10 * 60_000)
    expect((await history.tell()).map(({ from }) => from)).toEqual([start, start, start])
    await clock.advance(3 * HOUR)
    const [hour] = await history.tell()
    expect(clock.now() - (hour?.from ?? 0)).toBe(HOUR)
  })

  it('tells what waits as it stands, and what is not accounted for', async () => {
    const { clock, add, history } = scene()
    await clock.advance(HOUR)
    add('a', { accepted: 7, delivered: 2, waiting: 3, inFlight: 1 })
    const [hour] = await history.tell()
    expect(hour).toMatchObject({ account: { accepted: 7, delivered: 2, waiting: 3, inFlight: 1 }, missing: 1 })
  })

  it('goes on after the store was away, and counts nothing of no app', async () => {
    const { clock, kept, add, accepted, history } = scene()
    add('', { accepted: 9 })
    add('a', { accepted: 1, delivered: 1 })
    kept.isDown = true
    await clock.advance(HOUR)
    await expect(history.tell()).rejects.toThrow('the store is down')
    kept.isDown = false
    await clock.advance(2 * HOUR)
    add('a', { accepted: 5, delivered: 5 })
    expect(await accepted()).toMatchObject({ hour: 4 })
    expect((await history.tell()).map(({ app }) => app)).toEqual(['a', 'a', 'a'])
  })

  it('stops with the service', async () => {
    const { clock, history } = scene()
    history.stop()
    await clock.advance(HOUR)
    expect(clock.waiting).toBe(0)
  })
})
