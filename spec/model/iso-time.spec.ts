import { makeIsoTime } from '../../lib/model/iso-time'

describe('model/iso-time', () => {
  it.each([0, 1, 999, 1_000, -1, -1_001, 951_782_400_000, 951_868_799_999, Date.UTC(9999, 11, 31, 23, 59, 59, 999)])(
    'spells %d as Date does',
    (at) => {
      expect(makeIsoTime()(at)).toBe(new Date(at).toISOString())
    },
  )

  it('spells one time after the other, within a second, in the next and in one before', () => {
    const isoTime = makeIsoTime()
    const second = Date.UTC(2026, 10, 21, 23, 59, 59)
    for (const at of [
      second,
      second + 7,
      second + 7,
      second + 999,
      second + 1_000,
      second + 60_000,
      second - 1,
      second,
    ])
      expect(isoTime(at)).toBe(new Date(at).toISOString())
  })
})
