import { makeBreaker } from '../lib/gate'
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
