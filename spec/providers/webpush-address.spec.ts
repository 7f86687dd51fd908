import { createECDH, randomBytes } from 'node:crypto'
import { webpush, type WebPushOptions } from '../../lib/providers/webpush'
import { subscriptionOf } from '../../lib/providers/webpush-address'

describe('lib/providers/webpush, its addresses', () => {
  const p256dh = Buffer.from(
    'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
    'base64url',
  )
  const auth = Buffer.from('BTBZMqHH6r4Tts7J_aSIgg', 'base64url')
  const right = {
    endpoint: 'https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV',
    p256dh: p256dh.toString('base64url'),
    auth: auth.toString('base64url'),
  }
  const NORMAL = `{"endpoint":"${right.endpoint}","p256dh":"${right.p256dh}","auth":"${right.auth}"}`
  const address = (changes: object, options?: WebPushOptions): string | undefined =>
    webpush.address(JSON.stringify({ ...right, ...changes }), options)

  it('are the endpoint and the keys as JSON, in this order', () => {
    expect(address({})).toBe(NORMAL)
    expect(
      webpush.address(` ${JSON.stringify({ auth: right.auth, p256dh: right.p256dh, endpoint: right.endpoint })} `),
    ).toBe(NORMAL)
    expect(webpush.address(NORMAL)).toBe(NORMAL)
  })

  it('are taken as a browser spells a subscription', () => {
    const { endpoint, ...keys } = right
    expect(webpush.address(JSON.stringify({ endpoint, expirationTime: null, keys }))).toBe(NORMAL)
  })

  it('are the same however the keys are spelt', () => {
    expect(address({ p256dh: p256dh.toString('base64'), auth: auth.toString('base64') })).toBe(NORMAL)
    expect(address({ p256dh: `${right.p256dh}=`, auth: `${right.auth}==` })).toBe(NORMAL)
  })

  it('are the same however the host is spelt', () => {
    expect(address({ endpoint: right.endpoint.replace('push.example.net', 'PUSH.example.NET:443') })).toBe(NORMAL)
  })

  it('are read back', () => {
    expect(subscriptionOf(NORMAL)).toEqual({ endpoint: right.endpoint, p256dh, auth })
    expect(subscriptionOf('tok')).toBeUndefined()
    expect(subscriptionOf('{"endpoint":"https://push.example.net/","p256dh":"AA","auth":"AA"}')).toBeUndefined()
  })

  const compressed = createECDH('prime256v1')
  compressed.generateKeys()
  const offCurve = Buffer.from(p256dh)
  offCurve.writeUInt8(offCurve.readUInt8(64) ^ 1, 64)

  it.each([
    ['a key that is on no curve', { p256dh: offCurve.toString('base64url') }],
    ['a compressed key', { p256dh: compressed.getPublicKey('base64url', 'compressed') }],
    ['a hybrid key', { p256dh: compressed.getPublicKey('base64url', 'hybrid') }],
    ['zeros', { p256dh: Buffer.alloc(65).toString('base64url') }],
    ['a short key', { p256dh: p256dh.subarray(1).toString('base64url') }],
    ['a long key', { p256dh: Buffer.concat([p256dh, Buffer.alloc(1)]).toString('base64url') }],
    ['a secret of 15 bytes', { auth: randomBytes(15).toString('base64url') }],
    ['a secret of 17 bytes', { auth: randomBytes(17).toString('base64url') }],
    ['both alphabets at once', { auth: '-_-_+/+/AAAAAAAAAAAAAA' }],
    ['an alphabet of its own', { auth: `${right.auth.slice(0, -1)}!` }],
    ['a secret that is no text', { auth: 7 }],
    ['no secret', { auth: undefined }],
    ['no endpoint', { endpoint: undefined }],
  ])('are refused with %s', (_, changes) => {
    expect(address(changes)).toBeUndefined()
  })

  it.each(['', 'null', '[]', '7', '"x"', '{', 'a'.repeat(5000), '{"endpoint":{}}', '{"__proto__":{}}'])(
    'are not %j',
    (raw) => {
      expect(webpush.address(raw)).toBeUndefined()
    },
  )

  it.each([
    ...[
      'http://push.example.net/',
      'https://push.example.net:8443/',
      'https://u:p@push.example.net/',
      'https://push.example.net/#x',
    ],
    ...[
      'https://10.0.0.1/',
      'https://127.0.0.1/',
      'https://169.254.169.254/',
      'https://100.64.0.1/',
      'https://[fc00::1]/',
    ],
    ...[
      'https://[fe80::1]/',
      'https://[::ffff:10.0.0.1]/',
      'https://[::1]/',
      'https://224.0.0.1/',
      'https://[64:ff9b::a00:1]/',
    ],
    ...[
      'https://2130706433/',
      'https://0177.0.0.1/',
      'https://0x7f.1/',
      'https://127.1/',
      'https://localhost/',
      'https://ntfy.lan./',
    ],
    `https://push.example.net/${'a'.repeat(1000)}`,
  ])('may not lead to %s', (endpoint) => {
    expect(address({ endpoint })).toBeUndefined()
  })

  it('lead where the options let them', () => {
    const endpoint = 'https://ntfy.lan/up'
    expect(address({ endpoint }, { allowPrivate: ['ntfy.lan'] })).toBeDefined()
    expect(address({ endpoint: 'https://ntfy.lan:8443/up' }, { allowPrivate: ['ntfy.lan'] })).toBeUndefined()
    expect(address({}, { allow: ['*.push.apple.com'] })).toBeUndefined()
    expect(address({}, { deny: ['*.example.net'] })).toBeUndefined()
    expect(address({ endpoint: 'https://push.example.net:8443/' }, { ports: [8443] })).toBeDefined()
  })
})
