import { makeHolds } from '../../lib/dispatch/holds'
import { type Outcome } from '../../lib/model/outcome'
import { handClock } from '../support/hand-clock'

describe('lib/dispatch/holds', () => {
  const down: Outcome = { is: 'down', why: 'no answer', ambiguous: false }
  const heeding = (outcome: Outcome, times: number) => {
    const held: string[] = []
    const holds = makeHolds(
      handClock(),
      (event) => (event.at === 'held' ? held.push(event.why) : undefined),
      () => undefined,
    )
    for (let n = 0; n < times; n++) holds.heed('app', outcome, { is: 'again', at: 0, ambiguous: false })
    return { limit: holds.limit('app', 100), held }
  }

  it('holds an app whose push service is down ten times in a row', () => {
    expect(heeding(down, 9)).toEqual({ limit: 100, held: [] })
    expect(heeding(down, 10)).toEqual({ limit: 0, held: ['no answer'] })
  })

  it('holds no app for the push service of one device, however often it is down', () => {
    expect(heeding({ ...down, whom: 'target' }, 1000)).toEqual({ limit: 100, held: [] })
  })
})
