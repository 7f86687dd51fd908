import { openCoded, readCoded, type Opened } from '../../lib/sim/webpush-coding'
import { examine, makeReceiver } from '../../lib/sim/webpush-message'
import { seal } from '../support/push-by-hand'

const from = (text: string): Buffer => Buffer.from(text, 'base64url')

const RFC_8291 = {
  privateKey: from('q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94'),
  publicKey: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
  auth: from('BTBZMqHH6r4Tts7J_aSIgg'),
  sender: from('yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw'),
  salt: from('DGv6ra1nlYgDCS1FRnbzlw'),
  body: from(
    'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
  ),
  text: 'When I grow up, I want to be a watermelon',
}

const open = (body: string, key: string): Opened | undefined => {
  const coded = readCoded(from(body))
  return coded === undefined ? undefined : openCoded(coded, from(key))
}

describe('lib/sim/webpush-message', () => {
  const receiver = makeReceiver(RFC_8291)
  const keys = { p256dh: RFC_8291.publicKey, auth: RFC_8291.auth.toString('base64url') }

  it('opens the single record of RFC 8188 §3.1', () => {
    const body = 'I1BsxtFttlv3u_Oo94xnmwAAEAAA-NAVub2qFgBEuQKRapoZu-IxkIva3MEB1PD-ly8Thjg'
    expect(open(body, 'yqdlZ-tYemfogSmv7Ws5PQ')).toEqual({
      is: 'opened',
      plaintext: Buffer.from('I am the walrus'),
      padding: 0,
      records: 1,
    })
  })

  it('opens the two records of RFC 8188 §3.2', () => {
    const body = 'uNCkWiNYzKTnBN9ji3-qWAAAABkCYTHOG8chz_gnvgOqdGYovxyjuqRyJFjEDyoF1Fvkj6hQPdPHI51OEUKEpgz3SsLWIqS_uA'
    expect(readCoded(from(body))).toMatchObject({ recordSize: 25, keyId: Buffer.from('a1') })
    expect(open(body, 'BO3ZVPxUlnLORbVGMpbT1Q')).toEqual({
      is: 'opened',
      plaintext: Buffer.from('I am the walrus'),
      padding: 1,
      records: 2,
    })
  })

  it('opens the message of RFC 8291 §5', () => {
    expect(receiver.publicKey.toString('base64url')).toBe(RFC_8291.publicKey)
    expect(examine(receiver, RFC_8291.body)).toMatchObject({
      message: { is: 'opened', plaintext: Buffer.from(RFC_8291.text), padding: 0 },
      findings: [],
      used: { salt: RFC_8291.salt.toString('base64url') },
    })
  })

  it('is told the same by the sender that tests it, octet for octet', () => {
    expect(seal(keys, RFC_8291.text, { salt: RFC_8291.salt, privateKey: RFC_8291.sender })).toEqual(RFC_8291.body)
  })

  it('counts the padding and opens a message of nothing but padding', () => {
    expect(examine(receiver, seal(keys, 'hello', { padding: 100 })).message).toMatchObject({ padding: 100 })
    expect(examine(receiver, seal(keys, '', { padding: 7 })).message).toMatchObject({
      is: 'opened',
      plaintext: Buffer.alloc(0),
      padding: 7,
    })
  })

  it('takes no body for a push without a message', () => {
    expect(examine(receiver, Buffer.alloc(0))).toEqual({ message: { is: 'empty' }, findings: [] })
  })

  const offCurve = Buffer.alloc(65, 1)
  offCurve.writeUInt8(4)
  const compressed = Buffer.concat([Buffer.from([2]), Buffer.alloc(32, 1)])
  const bent = Buffer.from(RFC_8291.body)
  bent.writeUInt8(bent.readUInt8(143) ^ 1, 143)
  it.each<readonly [string, Buffer, string]>([
    ['ends within the header', RFC_8291.body.subarray(0, 80), 'coding-header'],
    ['ends after the header', RFC_8291.body.subarray(0, 86), 'coding-header'],
    ['has no sender key', seal(keys, 'x', { keyId: Buffer.alloc(0) }), 'sender-key-form'],
    ['has a compressed sender key', seal(keys, 'x', { keyId: compressed }), 'sender-key-form'],
    ['has a sender key off the curve', seal(keys, 'x', { keyId: offCurve }), 'sender-key'],
    ['has a record size under 18', seal(keys, 'x', { recordSize: 17 }), 'record-size'],
    ['has a bit that fell', bent, 'tag'],
    ['was sealed for another secret', seal({ ...keys, auth: 'AAAAAAAAAAAAAAAAAAAAAA' }, 'x'), 'tag'],
    ['ends as if a record followed', seal(keys, 'x', { delimiter: 1 }), 'delimiter'],
    ['has no delimiter', seal(keys, '', { delimiter: 0 }), 'delimiter'],
  ])('throws away a message that %s', (_what, body, rule) => {
    const { message, findings } = examine(receiver, body)
    expect(message).toEqual({ is: 'sealed' })
    expect(findings).toMatchObject([{ severity: 'violation', rule }])
  })

  it('throws away a message of two records, though it could open it', () => {
    const body = seal(keys, 'helloworld', { recordSize: 22, splitAt: 5 })
    expect(body).toHaveLength(86 + 22 + 22)
    expect(examine(receiver, body)).toMatchObject({
      message: { is: 'sealed' },
      findings: [{ severity: 'violation', rule: 'single-record' }],
    })
  })

  it('opens a message whose record size is no greater than its record, and objects', () => {
    const { message, findings } = examine(receiver, seal(keys, 'hello', { recordSize: 22 }))
    expect(message).toMatchObject({ is: 'opened' })
    expect(findings).toMatchObject([{ rule: 'record-size' }])
    expect(examine(receiver, seal(keys, 'hello', { recordSize: 23 })).findings).toEqual([])
  })
})
