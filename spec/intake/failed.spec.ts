import { Unavailable } from '../../lib/model/unavailable'
import { type Event } from '../../lib/observe'
import { makeTellFailed } from '../../lib/intake/failed'
import { handClock } from '../support/hand-clock'

const MINUTE = 60_000
const full = (): Error => new Unavailable('the disk is full; make room')

describe('lib/intake/failed', () => {
  function scene() {
    const clock = handClock()
    const told: Event[] = []
    const tell = makeTellFailed('component push.example.com', clock, (event) => void told.push(event))
    const texts = (): readonly string[] => told.flatMap((event) => (event.at === 'trouble' ? event.text : []))
    return { clock, told, texts, tell }
  }

  it('tells of a store that takes nothing in one plain line, without a stack', () => {
    const { told, tell } = scene()
    tell('a request was answered wait', full())
    const text = 'a request was answered wait, and so is each until this is mended: the disk is full; make room'
    expect(told).toEqual([{ at: 'trouble', about: 'component push.example.com', text }])
  })

  it('tells it again after a minute, and another cause at once', async () => {
    const { clock, texts, tell } = scene()
    for (let n = 0; n < 100; n++) tell('a request failed', full())
    expect(texts()).toHaveLength(1)
    tell('a request failed', new Unavailable('another process holds its lock; end that process'))
    expect(texts()).toHaveLength(2)
    await clock.advance(MINUTE - 1)
    tell('a request failed', new Unavailable('another process holds its lock; end that process'))
    expect(texts()).toHaveLength(2)
    await clock.advance(1)
    tell('a request failed', new Unavailable('another process holds its lock; end that process'))
    expect(texts()).toHaveLength(3)
  })

  it('tells of a defect each time, with where it is', () => {
    const { texts, tell } = scene()
    tell('a request failed', new TypeError('no such thing'))
    tell('a request failed', new TypeError('no such thing'))
    expect(texts()).toHaveLength(2)
    expect(texts()[0]).toMatch(/^a request failed: TypeError: no such thing\n +at .*failed\.spec\.ts/)
    tell('a request failed', 'a text that was thrown')
    expect(texts()[2]).toBe('a request failed: a text that was thrown')
  })
})
