import { makeVendorClock, type VendorClock } from '../../lib/providers/vendor-clock'
import { handClock, type HandClock } from '../support/hand-clock'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const APPLE = 'APNs (production)'

describe('lib/providers/vendor-clock', () => {
  let clock: HandClock
  let notices: string[]
  let theirs: VendorClock
  /** As a push service writes it whose clock is so far ahead of ours. */
  const dateAt = (ahead: number): string => new Date(clock.now() + ahead).toUTCString()
  const texts = (): readonly string[] => theirs.findings().map(({ is, text }) => `${is}: ${text}`)

  beforeEach(() => {
    clock = handClock()
    notices = []
    theirs = makeVendorClock(clock, (text) => notices.push(text))
  })

  it.each([
    ['a minute ahead', MINUTE - SECOND],
    ['a minute behind', SECOND - MINUTE],
  ])('says nothing of a clock that is less than %s', (_, off) => {
    theirs.hear(APPLE, dateAt(-off))
    expect([texts(), notices]).toEqual([[], []])
  })

  it.each([
    // The half second is what a date is cut by, on average.
    [62 * SECOND, 'warning', '63 s behind'],
    [-62 * SECOND, 'warning', '62 s ahead of'],
    [61 * MINUTE, 'fault', '61 min behind'],
    [-61 * MINUTE, 'fault', '61 min ahead of'],
  ])('says of one that hears %d ms from ours: %s, %s', (ahead, is, by) => {
    theirs.hear(APPLE, dateAt(ahead))
    expect(texts()).toEqual([`${is}: the clock of this machine is ${by} that of ${APPLE}`])
  })

  it('names the mend', () => {
    theirs.hear(APPLE, dateAt(10 * MINUTE))
    expect(theirs.findings()[0]?.mend).toBe(
      'Set it right and keep it so by NTP (timedatectl set-ntp true): signed tokens carry the time, and are refused',
    )
  })

  it('says nothing of a date that is absent or none', () => {
    theirs.hear(APPLE, undefined)
    theirs.hear(APPLE, 'yesterday')
    expect([texts(), notices]).toEqual([[], []])
  })

  it('says once of all push services that ours is wrong, and tells it once a day', async () => {
    theirs.hear(APPLE, dateAt(10 * MINUTE))
    theirs.hear('Google', dateAt(10 * MINUTE))
    await clock.advance(20 * HOUR)
    theirs.hear('Google', dateAt(10 * MINUTE))
    expect([texts().length, notices.length]).toEqual([1, 1])
    expect(notices[0]).toMatch(/^the clock of this machine is 10 min behind that of APNs.*NTP/)
    await clock.advance(4 * HOUR)
    theirs.hear('Google', dateAt(10 * MINUTE))
    expect(notices).toHaveLength(2)
  })

  it('says no more of it at the moment it is set right, and says it at the moment it is set wrong', () => {
    theirs.hear(APPLE, dateAt(10 * MINUTE))
    clock.jump(10 * MINUTE)
    expect(texts()).toEqual([])
    clock.jump(-2 * HOUR)
    expect(texts()).toHaveLength(1)
  })

  it('forgets what was heard over an hour ago', async () => {
    theirs.hear(APPLE, dateAt(10 * MINUTE))
    await clock.advance(HOUR - 1)
    expect(texts()).toHaveLength(1)
    await clock.advance(1)
    expect(texts()).toEqual([])
  })

  it('listens again after a moment', async () => {
    theirs.hear(APPLE, dateAt(0))
    await clock.advance(9 * SECOND)
    theirs.hear(APPLE, dateAt(10 * MINUTE))
    expect(texts()).toEqual([])
    await clock.advance(SECOND)
    theirs.hear(APPLE, dateAt(10 * MINUTE))
    expect(texts()).toHaveLength(1)
  })

  it('remembers no more than a few', async () => {
    for (let n = 0; n < 100; n++) theirs.hear(`https://${n}.example.com`, dateAt(0))
    theirs.hear(APPLE, dateAt(10 * MINUTE))
    expect(texts()).toEqual([])
  })
})
