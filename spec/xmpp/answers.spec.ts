import fc from 'fast-check'
import { done, emptyResult, stanzaOf } from '../../lib/xmpp/answers'

describe('lib/xmpp/answers', () => {
  it('spells an empty result as the element that it stands for', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'ü', '😀', '&', '<', '>', '"', "'", ' ', '\n', '/', '=') })
    fc.assert(
      fc.property(text, text, text, (from, to, id) => {
        const head = { name: 'iq', from, to, id }
        expect(emptyResult(head)).toBe(stanzaOf(head, done).toString())
      }),
    )
  })
})
