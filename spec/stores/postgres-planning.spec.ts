/** When what is put falls due, where the wall clock was set between its acceptance and its put. No database. */
import { type Delivery } from '../../lib/model/notification'
import { makePlanner } from '../../lib/stores/postgres-planning'
import { handClock } from '../support/hand-clock'

const HOUR = 3600_000

describe('lib/stores/postgres-planning', () => {
  const start = () => {
    const clock = handClock()
    const put: Delivery[] = []
    const planner = makePlanner({
      clock,
      time: { offset: () => 0 },
      health: { steady: (ask) => ask() },
      instances: { number: 1 },
      async putter(plans) {
        put.push(...plans.map(({ delivery }) => delivery))
        return plans.map(({ delivery: { id, app } }) => ({ id, app, word: 'waits' as const }))
      },
      bounds: {
        waiting: () => 0,
        isEmpty: true,
        add: () => undefined,
        admission: () => () => true,
        isNear: false,
        measure: async () => undefined,
      },
      targetOf: () => 'target',
    })
    const accept = (dueAt?: number): Delivery => ({
      id: '00000000-0000-4000-8000-000000000001',
      app: 'app',
      target: { to: 'registration', registration: 'one' },
      acceptedAt: clock.now(),
      notification: { class: 'message', urgency: 'high', expiresAt: clock.now() + 24 * HOUR, content: {} },
      ...(dueAt === undefined ? {} : { dueAt }),
    })
    return { clock, put, planner, accept }
  }

  it('is due at once, though it was accepted while the wall clock was ahead', async () => {
    const { clock, put, planner, accept } = start()
    clock.jump(HOUR)
    const accepted = accept()
    clock.jump(-HOUR)
    const { nextDue } = await planner([accepted], new Map())
    expect([put.map(({ acceptedAt, dueAt = acceptedAt }) => dueAt), [...nextDue]]).toEqual([
      [clock.now()],
      [['app', clock.now()]],
    ])
    expect(put[0]?.notification.expiresAt).toBe(clock.now() + 24 * HOUR)
  })

  it('waits for the moment that it is told to wait for', async () => {
    const { clock, put, planner, accept } = start()
    await planner([accept(clock.now() + HOUR)], new Map())
    expect(put.map(({ dueAt }) => dueAt)).toEqual([clock.now() + HOUR])
  })
})
