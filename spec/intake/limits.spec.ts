import { makeLimits, usualLimits, type Flow } from '../../lib/intake/limits'
import { handClock } from '../support/hand-clock'

const wakeUp: Flow = {
  app: 'app',
  target: 'r1',
  owner: 'romeo@example.com',
  domain: 'example.com',
  notification: { class: 'message', collapseKey: 'message' },
}
const content: Flow = { ...wakeUp, notification: { class: 'message' } }
const call: Flow = { ...wakeUp, notification: { class: 'call' } }

describe('intake/limits', () => {
  const setUp = (settings = {}, pace?: { wakeUps?: { burst: number; perSecond: number } }) => {
    const clock = handClock()
    const limits = makeLimits({ ...usualLimits, ...settings }, () => pace, clock)
    const take = (flow: Flow, times: number): readonly number[] => Array.from({ length: times }, () => limits(flow))
    return { clock, take }
  }

  it('lets the usual burst of a device through at once', () => {
    expect(setUp().take(wakeUp, 30)).toEqual(Array.from({ length: 30 }, () => 0))
  })

  it('holds back what is more, and a wake-up never longer than two spacings', () => {
    const { take } = setUp()
    take(wakeUp, 30)
    expect(take(wakeUp, 3)).toEqual([2_000, 4_000, 4_000])
  })

  it('spaces content, however much of it comes, for it is not replaced', () => {
    const { take } = setUp()
    take(content, 30)
    expect(take(content, 3)).toEqual([2_000, 4_000, 6_000])
  })

  it('never lets a call wait behind messages', () => {
    const { take } = setUp()
    take(content, 1_000)
    expect(take(call, 5)).toEqual([0, 0, 0, 0, 0])
  })

  it('keeps to what the push service wants per device', () => {
    const { take } = setUp({}, { wakeUps: { burst: 2, perSecond: 1 / 180 } })
    expect(take(wakeUp, 3)).toEqual([0, 0, 180_000])
  })

  it('lets no domain use up what another needs', () => {
    const { take } = setUp({ domain: { burst: 2, perSecond: 1 } })
    const other = { ...wakeUp, target: 'r2', owner: 'juliet@example.net', domain: 'example.net' }
    expect(take(wakeUp, 3)).toEqual([0, 0, 1_000])
    expect(take(other, 1)).toEqual([0])
  })

  it('counts all devices of an account together', () => {
    const { take } = setUp({ account: { burst: 2, perSecond: 1 } })
    expect([...take(wakeUp, 1), ...take({ ...wakeUp, target: 'r2' }, 2)]).toEqual([0, 0, 1_000])
  })
})
