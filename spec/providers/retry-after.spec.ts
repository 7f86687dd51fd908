/** What a Retry-After means, whatever our own clock says. */
import { retryAfter } from '../../lib/providers/retry-after'

const NOW = Date.UTC(2026, 0, 1, 12)
const [SECOND, MINUTE, HOUR] = [1_000, 60_000, 3600_000]
const dateAt = (ahead: number): string => new Date(NOW + ahead).toUTCString()

describe('lib/providers/retry-after', () => {
  it.each([
    ['120', 120 * SECOND],
    ['0.5', 500],
    ['7200', HOUR],
  ])('%s is so many seconds, and an hour at most', (header, wait) => {
    expect(retryAfter(header, NOW)).toBe(NOW + wait)
  })

  it.each([['0'], ['soon'], [undefined], ['']])('%s is no delay', (header) => {
    expect(retryAfter(header, NOW, dateAt(0))).toBeUndefined()
  })

  it.each([0, 2 * HOUR, -2 * HOUR])(
    'a date is held against that of the same answer (our clock is off by %d ms)',
    (off) => {
      expect(retryAfter(dateAt(off + 3 * MINUTE), NOW, dateAt(off))).toBe(NOW + 3 * MINUTE)
      expect(retryAfter(dateAt(off + 3 * HOUR), NOW, dateAt(off))).toBe(NOW + HOUR)
      expect(retryAfter(dateAt(off - MINUTE), NOW, dateAt(off))).toBeUndefined()
    },
  )

  it.each([undefined, 'today'])('a date without a date of its own (%s) is believed for a minute', (date) => {
    expect(retryAfter(dateAt(40 * SECOND), NOW, date)).toBe(NOW + 40 * SECOND)
    expect(retryAfter(dateAt(2 * HOUR), NOW, date)).toBe(NOW + MINUTE)
    expect(retryAfter(dateAt(-2 * HOUR), NOW, date)).toBeUndefined()
  })
})
