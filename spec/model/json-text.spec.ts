import fc from 'fast-check'
import { jsonText } from '../../lib/model/json-text'

describe('model/json-text', () => {
  it('spells every text as JSON.stringify does, to the letter', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), (text) => {
        expect(jsonText(text)).toBe(JSON.stringify(text))
      }),
    )
  })

  it.each(['', 'plain', '"', '\\', '\n', '\u007f', '\u0000', 'ä', '\u2028', '\ud800', '\ud83d\ude00', 'a"', 'a\\'])(
    'spells %j so too',
    (text) => {
      expect(jsonText(text)).toBe(JSON.stringify(text))
    },
  )
})
