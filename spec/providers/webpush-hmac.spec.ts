import { createHmac, randomBytes } from 'node:crypto'
import { hmac } from '../../lib/providers/webpush-hmac'

describe('lib/providers/webpush-hmac', () => {
  it('gives the digests of RFC 4231 §4.2 to §4.4', () => {
    const digest = (key: string, text: string | Buffer): string => hmac(Buffer.from(key, 'hex'), text).toString('hex')
    expect(digest('0b'.repeat(20), 'Hi There')).toBe('b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7')
    expect(digest('4a656665', 'what do ya want for nothing?')).toBe(
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    )
    expect(digest('aa'.repeat(20), Buffer.alloc(50, 0xdd))).toBe(
      '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
    )
  })

  it.each([0, 1, 16, 32, 63, 64])(
    'says what node:crypto says, whatever came before, with a key of %d bytes',
    (keyLength) => {
      const key = randomBytes(keyLength)
      for (const length of [600, 0, 448, 1, 449, 145, 5_000, 64]) {
        const text = randomBytes(length)
        expect(hmac(key, text)).toEqual(createHmac('sha256', key).update(text).digest())
      }
      const words = 'topic «Ärger» 📞'
      expect(hmac(key, words)).toEqual(createHmac('sha256', key).update(words).digest())
    },
  )

  it('keeps nothing of a digest that it gave before', () => {
    const first = hmac(Buffer.from('one'), 'text')
    const before = Buffer.from(first)
    hmac(Buffer.from('two'), 'text')
    expect(first).toEqual(before)
  })

  it('refuses a key that is longer than a block, which it would have to hash first', () => {
    expect(() => hmac(randomBytes(65), '')).toThrow(RangeError)
  })
})
