import { makeContentCipher } from '../../lib/stores/content-cipher'

describe('lib/stores/content-cipher', () => {
  const key = Buffer.alloc(32, 7)
  const cipher = makeContentCipher(key)
  const text = 'O Romeo, Romeo — ❤'

  it('opens what it sealed, also after a restart', () => {
    expect(cipher.open(cipher.seal(text, 'row 1'), 'row 1')).toBe(text)
    expect(makeContentCipher(key).open(cipher.seal('', 'row 1'), 'row 1')).toBe('')
  })

  it('seals the same text differently each time', () => {
    const sealed = [cipher, cipher, makeContentCipher(key)].map((each) => each.seal(text, 'row 1').toString('hex'))
    expect(new Set(sealed).size).toBe(3)
  })

  it('opens nothing in another place, with another key, or with a byte changed', () => {
    const sealed = cipher.seal(text, 'row 1')
    expect(() => cipher.open(sealed, 'row 2')).toThrow()
    expect(() => makeContentCipher(Buffer.alloc(32, 8)).open(sealed, 'row 1')).toThrow()
    for (const at of [0, 14, sealed.length - 1]) {
      const changed = Buffer.from(sealed)
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at)
      expect(() => cipher.open(changed, 'row 1')).toThrow()
    }
  })

  it('hashes the same text alike under one key only', () => {
    expect(cipher.hash('token')).toBe(makeContentCipher(key).hash('token'))
    expect(cipher.hash('token')).not.toBe(cipher.hash('tokem'))
    expect(cipher.hash('token')).not.toBe(makeContentCipher(Buffer.alloc(32, 8)).hash('token'))
  })

  it('tells keys apart without showing them', () => {
    expect(cipher.fingerprint).toBe(makeContentCipher(key).fingerprint)
    expect(cipher.fingerprint).not.toBe(makeContentCipher(Buffer.alloc(32, 8)).fingerprint)
    expect(cipher.fingerprint).not.toContain(key.toString('base64url').slice(0, 8))
  })
})
