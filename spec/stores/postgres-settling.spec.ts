/** What is handed in to be settled while the database is away, and what time does to it meanwhile. No database. */
import { type Settlement } from '../../lib/outbox/outbox'
import { makeSettling } from '../../lib/stores/postgres-settling'
import { makeSharedTime } from '../../lib/stores/postgres-time'
import { handClock, settle } from '../support/hand-clock'

const HOUR = 3600_000

describe('lib/stores/postgres-settling', () => {
  const start = () => {
    const clock = handClock()
    const right = clock.now()
    const time = makeSharedTime(clock, async () => right)
    const written: Settlement[] = []
    const released: (readonly string[])[] = []
    const instances = { number: 1, term: 0 }
    /** What befalls while a statement is under way. */
    let meanwhile = (): void => undefined
    let comeBack = (): void => undefined
    const state: { illness: Error | undefined } = { illness: new Error('the database is away') }
    const settling = makeSettling({
      time,
      health: {
        get illness() {
          return state.illness
        },
        steady: (ask) => ask(),
        guarded: (ask) => ask(),
        recovered: () => new Promise((back) => (comeBack = back)),
        close: () => undefined,
      },
      instances,
      settler: {
        async settle(settlements) {
          written.push(...settlements)
          meanwhile()
          return new Map()
        },
        async release(ids) {
          released.push(ids)
          meanwhile()
          if (state.illness !== undefined) throw state.illness
          return new Map<string, number>()
        },
      },
      done: () => undefined,
    })
    return {
      clock,
      time,
      written,
      released,
      settling,
      instances,
      /** During the next statement. */
      during: (befalls: () => void) => {
        meanwhile = () => {
          meanwhile = () => undefined
          befalls()
        }
      },
      fallIll: () => {
        state.illness = new Error('the answer was lost')
      },
      /** Hands in one that is due again in a minute, by the clock as it stands. */
      putOff: () => {
        const id = '00000000-0000-4000-8000-000000000001'
        const again = { id, app: 'app', attempts: 1, ambiguous: false, resent: false }
        return settling.settle([{ ...again, dueAt: clock.now() + 60_000 }])
      },
      recover: () => {
        state.illness = undefined
        comeBack()
      },
    }
  }

  it('brings forward what waited for the database while the wall clock was set back', async () => {
    const { clock, time, written, putOff, recover } = start()
    await time.look()
    clock.jump(HOUR)
    const settled = putOff()
    await clock.advance(1_000)
    clock.jump(-HOUR)
    recover()
    await settled
    expect(written).toEqual([expect.objectContaining({ dueAt: clock.now() + 59_000 })])
  })

  it('leaves as it is what waited while the wall clock only went on', async () => {
    const { clock, written, putOff, recover } = start()
    const settled = putOff()
    await clock.advance(30_000)
    recover()
    await settled
    expect(written).toEqual([expect.objectContaining({ dueAt: clock.now() + 30_000 })])
  })

  it('puts back again, after a lost answer, only what was ours all the time', async () => {
    const { released, settling, during, fallIll, recover } = start()
    recover()
    during(() => {
      fallIll()
      settling.enlisted(new Set(['back already']))
    })
    settling.release(['back already', 'still out'])
    for (let turns = 0; turns < 100 && released.length === 0; turns++) await settle()
    recover()
    await settling.close()
    expect(released).toEqual([['back already', 'still out'], ['still out']])
  })

  it('says again what was said under a number that this process has no more', async () => {
    const { written, instances, during, putOff, recover } = start()
    recover()
    during(() => {
      instances.number = 2
      instances.term = 2
    })
    await putOff()
    expect(written).toHaveLength(2)
  })
})
