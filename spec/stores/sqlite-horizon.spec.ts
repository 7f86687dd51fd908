import { makeHorizon } from '../../lib/stores/sqlite-horizon'
import { handClock } from '../support/hand-clock'

describe('lib/stores/sqlite-horizon', () => {
  it('knows nothing before the thread has answered, nor after it failed', () => {
    const horizon = makeHorizon(handClock())
    expect(horizon.quietUntil()).toBeUndefined()
    horizon.told(Infinity)
    expect(horizon.quietUntil()).toBe(Infinity)
    horizon.lost()
    expect(horizon.quietUntil()).toBeUndefined()
  })

  it('is quiet until the moment that the thread told, and not at that moment', async () => {
    const clock = handClock()
    const horizon = makeHorizon(clock)
    const due = clock.now() + 10
    horizon.told(due)
    await clock.advance(9)
    expect(horizon.quietUntil()).toBe(due)
    await clock.advance(1)
    expect(horizon.quietUntil()).toBeUndefined()
  })

  it('has the thread told what the wall clock lost, once, and lets nothing rest until it was', () => {
    const clock = handClock()
    const horizon = makeHorizon(clock)
    horizon.told(clock.now() + 60_000)
    clock.jump(-5_000)
    expect(horizon.quietUntil()).toBeUndefined()
    clock.jump(-3_000)
    expect([horizon.setBack(), horizon.setBack()]).toEqual([8_000, 8_000])
    horizon.told(clock.now() + 60_000)
    expect(horizon.setBack()).toBe(0)
    expect(horizon.quietUntil()).toBe(clock.now() + 60_000)
  })

  it('takes a clock that is drawn back by two seconds, or set forward, for the same clock', () => {
    const clock = handClock()
    const horizon = makeHorizon(clock)
    horizon.told(Infinity)
    clock.jump(-2_000)
    clock.jump(60_000)
    expect([horizon.setBack(), horizon.quietUntil()]).toEqual([0, Infinity])
  })
})
