import { makeHolds } from '../../lib/dispatch/holds'
import { type Verdict } from '../../lib/dispatch/verdict'
import { type Outcome } from '../../lib/model/outcome'
import { handClock } from '../support/hand-clock'

describe('lib/dispatch/holds', () => {
  const down: Outcome = { is: 'down', why: 'no answer', ambiguous: false }
  const badKey: Outcome = { is: 'misconfigured', whom: 'credential', why: 'InvalidProviderToken' }
  const badTopic: Outcome = { is: 'misconfigured', why: 'TopicDisallowed' }
  const again: Verdict = { is: 'again', at: 0, ambiguous: false }

  /** Two apps of one key, one of another, one that shares nothing. */
  const house = () => {
    const told: string[] = []
    const clock = handClock()
    const credentials: Record<string, string | undefined> = { one: 'key', two: 'key', three: 'other', alone: undefined }
    const holds = makeHolds({
      apps: () =>
        new Map(
          Object.entries(credentials).map(([app, credential]) => [
            app,
            { provider: credential === undefined ? {} : { credential } },
          ]),
        ),
      clock,
      observe: (event) => {
        if (event.at === 'held' || event.at === 'released') told.push(`${event.at} ${event.app}`)
      },
      onRoom: () => undefined,
    })
    const heed = (app: string, outcome: Outcome, times = 1): void => {
      const hold = outcome.is === 'misconfigured' ? { hold: { why: outcome.why } } : {}
      for (let n = 0; n < times; n++) holds.heed(app, credentials[app], outcome, { ...again, ...hold })
    }
    const limits = () => Object.keys(credentials).map((app) => holds.limit(app, 100))
    return { holds, heed, limits, told, clock, credentials }
  }

  it('holds every app of a credential whose push service is down ten times in a row', () => {
    const { heed, limits, holds } = house()
    heed('one', down, 5)
    heed('two', down, 4)
    expect(limits()).toEqual([100, 100, 100, 100])
    heed('one', down)
    expect(limits()).toEqual([0, 0, 100, 100])
    expect([...holds.reasons()]).toEqual([
      ['one', 'no answer'],
      ['two', 'no answer'],
    ])
  })

  it('takes a delivery of either app for the end of a row', () => {
    const { heed, limits } = house()
    heed('one', down, 9)
    heed('two', { is: 'delivered' })
    heed('one', down, 9)
    expect(limits()).toEqual([100, 100, 100, 100])
  })

  it('holds no app for the push service of one device, however often it is down', () => {
    const { heed, limits } = house()
    heed('one', { ...down, whom: 'target' }, 1000)
    expect(limits()).toEqual([100, 100, 100, 100])
  })

  it('holds both apps of a bad key, and tells of each', () => {
    const { heed, limits, told } = house()
    heed('two', badKey)
    expect(limits()).toEqual([0, 0, 100, 100])
    expect(told).toEqual(['held one', 'held two'])
  })

  it('holds only the app whose topic is wrong', () => {
    const { heed, limits, told } = house()
    heed('two', badTopic)
    expect(limits()).toEqual([100, 0, 100, 100])
    expect(told).toEqual(['held two'])
  })

  it('holds alone whose credential has no name', () => {
    const { heed, limits } = house()
    heed('alone', badKey)
    expect(limits()).toEqual([100, 100, 100, 0])
  })

  it('probes each app once, and lets both go on when one came through', async () => {
    const { heed, limits, told, clock } = house()
    heed('one', badKey)
    await clock.advance(1_000)
    expect(limits()).toEqual([1, 1, 100, 100])
    heed('two', { is: 'delivered' })
    expect(limits()).toEqual([100, 100, 100, 100])
    expect(told.slice(2)).toEqual(['released one', 'released two'])
  })

  it('does not take a wrong topic for a fault of the key', async () => {
    const { heed, limits, clock } = house()
    heed('one', badKey)
    await clock.advance(1_000)
    heed('two', badTopic)
    expect(limits()).toEqual([100, 0, 100, 100])
  })

  it('forgets what was held for a credential that nobody has any more', () => {
    const { heed, limits, holds, credentials } = house()
    heed('one', badKey)
    credentials['one'] = 'new'
    credentials['two'] = 'new'
    holds.release('one')
    expect([...holds.reasons()]).toEqual([])
    expect(limits()).toEqual([100, 100, 100, 100])
    // What was still out with the old one.
    holds.heed('one', 'key', badKey, { ...again, hold: { why: badKey.why } })
    expect(limits()).toEqual([100, 100, 100, 100])
  })

  it('releases with an app what shares its credential', () => {
    const { heed, limits, holds } = house()
    heed('one', badKey)
    holds.release('two')
    expect(limits()).toEqual([100, 100, 100, 100])
  })
})
