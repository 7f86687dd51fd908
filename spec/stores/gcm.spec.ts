import { createCipheriv } from 'node:crypto'
import { makeGcm } from '../../lib/stores/gcm'

const key = Buffer.from(Array.from({ length: 32 }, (_, at) => at * 7))
const ID = '6a2f41a3-c54c-fce8-32d2-0324e1c32e22'

/** What Node makes of it, under the vector that it was given. */
function byNode(text: string, place: string, iv: Buffer): string {
  const cipher = createCipheriv('aes-256-gcm', key, iv)
  cipher.setAAD(Buffer.from(place))
  return Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('hex')
}

describe('lib/stores/gcm', () => {
  it('gives the bytes that Node gives, whatever the length', () => {
    const texts = Array.from({ length: 70 }, (_, length) => 'Wherefore art thou?'.repeat(4).slice(0, length))
    texts.push(
      '',
      '❤ — é',
      'ü'.repeat(300),
      '\ud800',
      'x'.repeat(256),
      'x'.repeat(257),
      '❤'.repeat(256),
      'y'.repeat(9000),
    )
    const messages = texts.flatMap((text) =>
      ['', 'keep a', `delivery ${ID}`, 'p'.repeat(700)].map((place) => ({ text, place })),
    )
    const sealed = makeGcm(key)(messages)
    expect(sealed.map((each) => each.toString('hex'))).toEqual(
      messages.map(({ text, place }, at) => byNode(text, place, sealed[at]?.subarray(0, 12) ?? Buffer.alloc(12))),
    )
  })

  it('gives no vector twice, neither within a call nor between calls, of long texts and of short ones', () => {
    const seal = makeGcm(key)
    const some = [...'abc', 'x'.repeat(600), ...'def'].map((text) => ({ text, place: ID }))
    const vectors = [...seal(some), ...seal(some), ...makeGcm(key)(some)].map((each) => each.toString('hex', 0, 12))
    expect(new Set(vectors).size).toBe(vectors.length)
  })

  it('has nothing to say to nothing', () => {
    expect(makeGcm(key)([])).toEqual([])
  })
})
