import fc from 'fast-check'
import { makeBreaker, makePacer } from '../lib/gate'
import { handClock } from './support/hand-clock'

function setUp() {
  const clock = handClock()
  const opened: string[] = []
  const breaker = makeBreaker({
    failures: 3,
    shortest: 1_000,
    longest: 8_000,
    clock,
    onOpen: (key) => opened.push(key),
  })
  return { clock, opened, breaker }
}

describe('gate', () => {
  it('stays open until so many failures came in a row', () => {
    const { breaker } = setUp()
    breaker.failed('a')
    breaker.failed('a')
    breaker.succeeded('a')
    breaker.failed('a')
    expect(breaker.failed('a')).toBe(0)
    expect(breaker.state('a')).toBe('open')
    expect(breaker.failed('a')).toBeGreaterThan(0)
    expect(breaker.state('a')).toBe('shut')
  })

  it('does not let one key suffer for another', () => {
    const { breaker } = setUp()
    breaker.shut('a')
    expect(breaker.state('b')).toBe('open')
  })

  it('lets one through after a while and opens when that one succeeds', async () => {
    const { breaker, clock, opened } = setUp()
    await clock.advance(breaker.shut('a'))
    expect(breaker.state('a')).toBe('probe')
    breaker.succeeded('a')
    expect(breaker.state('a')).toBe('open')
    expect(opened).toEqual(['a', 'a'])
  })

  it('shuts longer with each failed probe, up to its longest', async () => {
    const { breaker, clock } = setUp()
    const spans = [breaker.shut('a')]
    for (let probe = 0; probe < 5; probe++) {
      await clock.advance(spans.at(-1) ?? 0)
      spans.push(breaker.failed('a'))
    }
    expect(spans).toEqual([1_000, 2_000, 4_000, 8_000, 8_000, 8_000])
  })

  it('stays shut as long as it was asked to', async () => {
    const { breaker, clock } = setUp()
    breaker.shut('a', 60_000)
    await clock.advance(59_999)
    expect(breaker.state('a')).toBe('shut')
    await clock.advance(1)
    expect(breaker.state('a')).toBe('probe')
  })

  it('is not opened by a success that was under way when it shut', () => {
    const { breaker } = setUp()
    breaker.shut('a')
    breaker.succeeded('a')
    expect(breaker.state('a')).toBe('shut')
  })

  it('opens at once when the cause was mended', () => {
    const { breaker, opened } = setUp()
    breaker.shut('a')
    breaker.reset('a')
    expect(breaker.state('a')).toBe('open')
    expect(opened).toEqual(['a'])
  })
})

describe('gate: pacing', () => {
  const pace = { burst: 3, perSecond: 0.1 }

  it('lets a burst pass at once and spaces what follows', () => {
    const pacer = makePacer(pace, handClock())
    expect([1, 2, 3, 4, 5].map(() => pacer.take('a', 1e9))).toEqual([0, 0, 0, 10_000, 20_000])
  })

  it('paces each key by itself', () => {
    const pacer = makePacer(pace, handClock())
    for (let n = 0; n < 10; n++) pacer.take('a', 1e9)
    expect(pacer.take('b', 1e9)).toBe(0)
  })

  it('lets a burst pass again after a rest', async () => {
    const clock = handClock()
    const pacer = makePacer(pace, clock)
    for (let n = 0; n < 3; n++) pacer.take('a', 1e9)
    await clock.advance(30_000)
    expect([1, 2, 3, 4].map(() => pacer.take('a', 1e9))).toEqual([0, 0, 0, 10_000])
  })

  it('makes nobody wait longer than the most, and counts no place for him', async () => {
    const clock = handClock()
    const pacer = makePacer(pace, clock)
    for (let n = 0; n < 100; n++) expect(pacer.take('a', 60_000)).toBeLessThanOrEqual(60_000)
    await clock.advance(60_000)
    expect(pacer.take('a', 60_000)).toBeLessThan(30_000)
  })

  it('remembers so many keys and no more, and makes room for many at a time', () => {
    const pacer = makePacer(pace, handClock())
    for (let n = 0; n <= 200_000; n++) pacer.take(`key ${n}`, 1e9)
    expect(pacer.size()).toBe(180_001)
    // The one that came last is still paced.
    for (let n = 1; n < 3; n++) pacer.take('key 200000', 1e9)
    expect(pacer.take('key 200000', 1e9)).toBe(10_000)
  })

  it('forgets those that are at rest, however few they are', async () => {
    const clock = handClock()
    const pacer = makePacer(pace, clock)
    for (let round = 0; round < 50; round++) {
      for (let n = 0; n < 1_000; n++) pacer.take(`${round} ${n}`, 1e9)
      await clock.advance(10_000)
    }
    expect(pacer.size()).toBeLessThanOrEqual(2_000)
  })

  it('forgets nobody who is not at rest while there is room', () => {
    const pacer = makePacer(pace, handClock())
    const keys = Array.from({ length: 10_000 }, (_, n) => `key ${n}`)
    for (let n = 0; n < 3; n++) keys.forEach((key) => pacer.take(key, 1e9))
    expect(pacer.size()).toBe(10_000)
    expect(new Set(keys.map((key) => pacer.take(key, 1e9)))).toEqual(new Set([10_000]))
  })

  it('paces each key as if nobody were ever forgotten', async () => {
    const clock = handClock()
    const pacer = makePacer(pace, clock)
    const arrivals = new Map<string, number>()
    for (let n = 0; n < 6_000; n++) {
      const key = n % 3 === 0 ? `busy ${n % 60}` : `key ${(n * 7_919) % 2_503}`
      const now = clock.elapsed()
      const arrival = Math.max(arrivals.get(key) ?? 0, now)
      arrivals.set(key, arrival + 10_000)
      expect(pacer.take(key, 1e9)).toBe(Math.max(0, arrival - 20_000 - now))
      if (n % 100 === 0) await clock.advance(2_000)
    }
    expect(pacer.size()).toBeLessThan(arrivals.size)
  })

  it('never lets more pass in any span than burst and rate allow', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(20_000), { maxLength: 60 }), async (pauses) => {
        const clock = handClock()
        const pacer = makePacer(pace, clock)
        const passed: number[] = []
        for (const pause of pauses) {
          await clock.advance(pause)
          passed.push(clock.elapsed() + pacer.take('a', 1e9))
        }
        passed.forEach((from, first) => {
          passed.slice(first).forEach((to, index) => {
            expect(index + 1).toBeLessThanOrEqual(pace.burst + ((to - from) / 1_000) * pace.perSecond + 1e-6)
          })
        })
      }),
      { numRuns: 20 },
    )
  })
})
