import { makeRecent, SECONDS } from '../../lib/admin/recent'
import { type Event } from '../../lib/observe'
import { handClock } from '../support/hand-clock'

const settled = (more: Partial<Extract<Event, { at: 'settled' }>> = {}): Event => ({
  ...{ at: 'settled', delivery: 'd1', app: 'a', class: 'message', attempt: 1, age: 40, resent: false },
  ...{ outcome: { is: 'delivered' }, end: 'delivered' },
  ...more,
})
const accepted = (took = 2): Event => ({ at: 'answered', answer: 'result', why: 'kept', publisher: 'x', took })

function scene() {
  const clock = handClock()
  return { clock, recent: makeRecent(clock) }
}

describe('lib/admin/recent', () => {
  it('counts each whole second by itself, and never the one that is not over', async () => {
    const { clock, recent } = scene()
    recent.see(accepted())
    recent.see(accepted())
    expect(recent.seconds(3).map(({ accepted = 0 }) => accepted)).toEqual([0, 0, 0])
    await clock.advance(1_000)
    recent.see(settled())
    recent.see(settled({ outcome: { is: 'down', why: 'x', ambiguous: false } }))
    await clock.advance(1_000)
    expect(recent.seconds(3)).toEqual([
      { at: clock.now() - 3_000 },
      { at: clock.now() - 2_000, accepted: 2 },
      { at: clock.now() - 1_000, delivered: 1, down: 1 },
    ])
  })

  it('keeps the moments of seconds however late in a second it is asked', async () => {
    const { clock, recent } = scene()
    await clock.advance(5_000)
    const at = recent.seconds(2).map((second) => second.at)
    await clock.advance(900)
    expect(recent.seconds(2).map((second) => second.at)).toEqual(at)
  })

  it('forgets a second when its place is needed, and has no other', async () => {
    const { clock, recent } = scene()
    recent.see(accepted())
    await clock.advance((SECONDS + 1) * 1_000)
    expect(recent.seconds(10_000)).toHaveLength(SECONDS)
    expect(recent.seconds(SECONDS).some(({ accepted = 0 }) => accepted > 0)).toBe(false)
  })

  it('tells times of the last minute within a quarter', async () => {
    const { clock, recent } = scene()
    for (let nth = 1; nth <= 100; nth++) recent.see(settled({ age: nth * 10 }))
    recent.see(accepted(3))
    await clock.advance(1_000)
    const { delivered, answered } = recent.times()
    expect(delivered?.count).toBe(100)
    for (const [told, right] of [
      [delivered?.p50, 500],
      [delivered?.p95, 950],
      [delivered?.p99, 990],
    ] as const) {
      expect(told).toBeGreaterThanOrEqual(right)
      expect(told).toBeLessThanOrEqual(right * 1.25)
    }
    expect(answered?.p50).toBe(3)
    await clock.advance(61_000)
    expect(recent.times()).toEqual({})
  })

  it('tells the same trouble once, with how often and since when, the last one first', async () => {
    const { clock, recent } = scene()
    const down: Event = settled({ outcome: { is: 'down', why: '503', ambiguous: false } })
    recent.see(down)
    recent.see({ at: 'trouble', about: 'store', text: 'broken' })
    await clock.advance(5_000)
    recent.see(down)
    const [first, second, ...more] = recent.failures()
    expect(first).toMatchObject({ is: 'down', about: 'a', why: '503', count: 2, last: clock.now(), delivery: 'd1' })
    expect(first?.first).toBe(clock.now() - 5_000)
    expect([second?.is, more]).toEqual(['trouble', []])
  })

  it('takes no success for a failure', () => {
    const { recent } = scene()
    const online: Event = { at: 'link', domain: 'p', service: 's', is: 'online' }
    for (const event of [settled(), accepted(), online]) recent.see(event)
    expect(recent.failures()).toEqual([])
  })

  it('remembers forty at most, and of what a stranger wrote only the beginning', () => {
    const { recent } = scene()
    for (let nth = 0; nth < 100; nth++) {
      recent.see({ at: 'answered', answer: 'nowhere', why: `${nth}`.padEnd(5_000, 'x'), publisher: 'evil.example' })
    }
    const failures = recent.failures()
    expect(failures).toHaveLength(40)
    expect(failures[0]?.why.slice(0, 2)).toBe('99')
    expect(failures.every(({ why }) => why.length === 400)).toBe(true)
  })
})
