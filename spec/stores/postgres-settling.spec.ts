/** What is handed in to be settled while the database is away, and what time does to it meanwhile. No database. */
import { type Settlement } from '../../lib/outbox/outbox'
import { makeSettling } from '../../lib/stores/postgres-settling'
import { makeSharedTime } from '../../lib/stores/postgres-time'
import { handClock } from '../support/hand-clock'

const HOUR = 3600_000

describe('lib/stores/postgres-settling', () => {
  const start = () => {
    const clock = handClock()
    const right = clock.now()
    const time = makeSharedTime(clock, async () => right)
    const written: Settlement[] = []
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
      instances: { number: 1 },
      settler: {
        async settle(settlements) {
          written.push(...settlements)
          return new Map()
        },
        release: async () => new Map<string, number>(),
      },
      done: () => undefined,
    })
    return {
      clock,
      time,
      written,
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
})
