import { makeRamp } from '../../lib/dispatch/ramp'

describe('lib/dispatch/ramp', () => {
  it('lets an app that was never held send as much as it may', () => {
    const ramp = makeRamp()
    expect(ramp.limit('app', 1000)).toBe(1000)
    ramp.settled('app')
    expect(ramp.limit('app', 1000)).toBe(1000)
  })

  it('widens by one for each that is done with, until nothing is held back any more', () => {
    const ramp = makeRamp()
    expect(ramp.limit('app', 0)).toBe(0)
    ramp.settled('app')
    expect(ramp.limit('app', 1)).toBe(1)
    ramp.settled('app')
    expect(ramp.limit('app', 5)).toBe(2)
    ramp.settled('app')
    expect(ramp.limit('app', 5)).toBe(3)
    ramp.settled('app')
    ramp.settled('app')
    expect(ramp.limit('app', 5)).toBe(5)
    expect(ramp.limit('app', 1000)).toBe(1000)
  })

  it('begins anew when the app is held again, and knows apps apart', () => {
    const ramp = makeRamp()
    ramp.limit('app', 0)
    ramp.limit('app', 50)
    for (let n = 0; n < 20; n++) ramp.settled('app')
    expect(ramp.limit('app', 50)).toBe(22)
    expect(ramp.limit('app', 0)).toBe(0)
    expect(ramp.limit('app', 50)).toBe(2)
    expect(ramp.limit('other', 50)).toBe(50)
  })
})
