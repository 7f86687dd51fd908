import { createDecipheriv, createECDH, randomBytes, randomInt } from 'node:crypto'
import { decrypt } from 'http_ece'
import { contentKeys, encrypt, LARGEST_PLAINTEXT, seal } from '../../lib/providers/webpush-encrypt'

const bytes = (text: string): Buffer => Buffer.from(text, 'base64url')

describe('lib/providers/webpush-encrypt', () => {
  const agent = () => {
    const ecdh = createECDH('prime256v1')
    const p256dh = ecdh.generateKeys()
    const auth = randomBytes(16)
    const open = (body: Buffer): Buffer =>
      decrypt(body, { version: 'aes128gcm', privateKey: ecdh, authSecret: auth.toString('base64url') })
    return { p256dh, auth, open }
  }

  it('makes the message of RFC 8291 §5, byte for byte', () => {
    const to = {
      p256dh: bytes('BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4'),
      auth: bytes('BTBZMqHH6r4Tts7J_aSIgg'),
    }
    const fresh = {
      privateKey: bytes('yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw'),
      salt: bytes('DGv6ra1nlYgDCS1FRnbzlw'),
      padTo: 0,
    }
    const body = encrypt(Buffer.from('When I grow up, I want to be a watermelon'), to, fresh)
    expect(body.toString('base64url')).toBe(
      'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
    )
  })

  it('derives key and nonce as RFC 8291 appendix A', () => {
    const { key, nonce } = contentKeys(
      bytes('S4lYMb_L0FxCeq0WhDx813KgSYqU26kOyzWUdsXYyrg'),
      bytes('DGv6ra1nlYgDCS1FRnbzlw'),
    )
    expect(key.toString('base64url')).toBe('oIhVW04MRdy2XN9CiKLxTg')
    expect(nonce.toString('base64url')).toBe('4h_95klXJ5E_qnoN')
  })

  it('makes the message of RFC 8188 §3.1, byte for byte', () => {
    const body = seal(Buffer.from('I am the walrus'), {
      ikm: bytes('yqdlZ-tYemfogSmv7Ws5PQ'),
      salt: bytes('I1BsxtFttlv3u_Oo94xnmw'),
      keyId: Buffer.alloc(0),
      padTo: 0,
    })
    expect(body.toString('base64url')).toBe('I1BsxtFttlv3u_Oo94xnmwAAEAAA-NAVub2qFgBEuQKRapoZu-IxkIva3MEB1PD-ly8Thjg')
  })

  it('derives the keys that open the two records of RFC 8188 §3.2', () => {
    const body = bytes(
      'uNCkWiNYzKTnBN9ji3-qWAAAABkCYTHOG8chz_gnvgOqdGYovxyjuqRyJFjEDyoF1Fvkj6hQPdPHI51OEUKEpgz3SsLWIqS_uA',
    )
    const { key, nonce } = contentKeys(bytes('BO3ZVPxUlnLORbVGMpbT1Q'), body.subarray(0, 16))
    const open = (record: Buffer, sequence: number): string => {
      const iv = Buffer.from(nonce)
      iv.writeUInt8(iv.readUInt8(11) ^ sequence, 11)
      const decipher = createDecipheriv('aes-128-gcm', key, iv).setAuthTag(record.subarray(-16))
      return Buffer.concat([decipher.update(record.subarray(0, -16)), decipher.final()]).toString('latin1')
    }
    expect(open(body.subarray(23, 48), 0)).toBe('I am th\u0001\0')
    expect(open(body.subarray(48), 1)).toBe('e walrus\u0002')
  })

  it('makes the same of a message whatever was sealed before it, so that nothing of one is in the padding of the next', () => {
    const its = { ikm: bytes('yqdlZ-tYemfogSmv7Ws5PQ'), salt: bytes('I1BsxtFttlv3u_Oo94xnmw'), keyId: Buffer.alloc(65) }
    const [short, long] = [Buffer.from('short'), Buffer.alloc(LARGEST_PLAINTEXT, 'long')]
    const first = seal(short, { ...its, padTo: 512 })
    seal(long, { ...its, padTo: 0 })
    expect(seal(short, { ...its, padTo: 512 })).toEqual(first)
    expect(first).toHaveLength(16 + 5 + 65 + 512 + 16)
  })

  it('makes 1,000 random messages that http_ece opens', () => {
    const { open, ...to } = agent()
    for (let n = 0; n < 1000; n++) {
      const plaintext = randomBytes(n === 0 ? 0 : n === 1 ? LARGEST_PLAINTEXT : randomInt(LARGEST_PLAINTEXT))
      const body = encrypt(plaintext, to)
      expect(body.length).toBeLessThanOrEqual(4096)
      expect(open(body).equals(plaintext)).toBe(true)
    }
  })

  it('has a key and a salt of its own for each message', () => {
    const { p256dh, auth } = agent()
    const bodies = Array.from({ length: 100 }, () => encrypt(Buffer.from('x'), { p256dh, auth }))
    const distinct = (from: number, to: number) => new Set(bodies.map((body) => body.toString('hex', from, to))).size
    expect([distinct(0, 16), distinct(21, 86)]).toEqual([100, 100])
  })

  it('hides the length of what it says', () => {
    const { p256dh, auth } = agent()
    const lengthOf = (length: number) => encrypt(Buffer.alloc(length), { p256dh, auth }).length
    expect([0, 1, 100, 511].map(lengthOf)).toEqual([614, 614, 614, 614])
    expect([512, 2641, 2642, 3993].map(lengthOf)).toEqual([1126, 2744, 3174, 4096])
  })

  it('refuses what does not fit, and a key that is on no curve', () => {
    const { p256dh, auth } = agent()
    expect(() => encrypt(Buffer.alloc(LARGEST_PLAINTEXT + 1), { p256dh, auth })).toThrow('too many')
    expect(() => encrypt(Buffer.alloc(1), { p256dh: Buffer.alloc(65, 4), auth })).toThrow()
  })
})
