import fc from 'fast-check'
import { sanitise } from '../../lib/xmpp/sanitise'

describe('lib/xmpp/sanitise', () => {
  it('leaves out control characters, noncharacters and lone surrogates', () => {
    expect(sanitise('a\u0000b\u0008\u000b\u000c\u001fc\ufffe\uffffd\ud83de\ude00f')).toBe('abcdef')
  })

  it('keeps all else: white space, C1 controls, surrogates in pairs', () => {
    const text = ' \t\n\r\u007f\u0085ß€\ue000\ufffd😀\u{10ffff}'
    expect(sanitise(text)).toBe(text)
  })

  it('gives nothing but characters of XML 1.0, and the same again when asked again', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) }),
        (text) => {
          const clean = sanitise(text)
          for (const character of clean) {
            const code = character.codePointAt(0) ?? 0
            const isChar =
              code === 9 ||
              code === 10 ||
              code === 13 ||
              (code >= 0x20 && code <= 0xd7ff) ||
              (code >= 0xe000 && code <= 0xfffd) ||
              code >= 0x10000
            if (!isChar) return false
          }
          return sanitise(clean) === clean
        },
      ),
    )
  })
})
