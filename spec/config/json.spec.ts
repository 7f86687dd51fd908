import fc from 'fast-check'
import { readJson } from '../../lib/config/json'
import { like } from '../support/like'

describe('lib/config/json', () => {
  it('reads what JSON.parse reads, to the same value', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), fc.integer({ min: 0, max: 4 }), (text, indent) => {
        const spread = JSON.stringify(JSON.parse(text) as unknown, undefined, indent)
        expect(readJson(spread)).toEqual({ is: 'value', value: JSON.parse(spread) as unknown })
      }),
    )
  })

  it('refuses what JSON.parse refuses', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"',
      '1',
      '-',
      '1.',
      '01',
      'true',
      'nul',
      ' ',
      '\\',
    )
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
        const text = parts.join('')
        let parses = true
        try {
          JSON.parse(text)
        } catch {
          parses = false
        }
        // One thing is refused beyond that: a key written twice.
        const read = readJson(text)
        if (read.is === 'broken' && read.text.endsWith('is here twice')) return
        expect(read.is).toBe(parses ? 'value' : 'broken')
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    ['{\n  "a": 1,\n}', 2, 9, 'a comma after the last entry'],
    ['{\n  "a": 1\n  "b": 2\n}', 3, 3, 'expected "," or "}" here'],
    ["{ 'a': 1 }", 1, 3, 'a single quote'],
    ['{\r\n  // why\r\n}', 2, 3, 'a comment'],
    ['{ "a" 1 }', 1, 7, 'expected ":" after "a"'],
    ['{ "a": yes }', 1, 8, '"yes" is no JSON value'],
    ['{ "a": , "b": 1 }', 1, 8, 'a value is missing before ","'],
    ['{ "a": "x\n" }', 1, 8, 'this text is not closed, or holds a line end or a bad escape'],
    ['{ "a": [1, 2', 1, 13, 'the text ends here, inside the configuration'],
    ['', 1, 1, 'the text ends here, inside the configuration'],
    ['{} {}', 1, 4, 'there is more text after the end of the configuration'],
    ['{"a": 1, "a": 2}', 1, 10, '"a" is here twice'],
    ['{"a": "\\x"}', 1, 7, 'this text is not closed, or holds a line end or a bad escape'],
  ])('tells where %j breaks, and why', (text, line, column, why) => {
    const read = readJson(text)
    expect(read).toMatchObject({ is: 'broken', line, column, text: why })
    expect(read).toHaveProperty('mend', like(/^[A-Z]/))
  })

  it('ignores a byte order mark', () => {
    expect(readJson('\ufeff{}')).toEqual({ is: 'value', value: {} })
  })

  it('refuses what is nested deeper than any configuration', () => {
    expect(readJson('['.repeat(100_000))).toMatchObject({ is: 'broken', text: 'this is nested too deeply' })
  })
})
