import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import webPush from 'web-push'
import { Credential } from '../../lib/model/opaque'
import { readVapid, type Vapid } from '../../lib/providers/webpush-key'
import { makeVapidTokens, signVapid, vapidTokens } from '../../lib/providers/webpush-vapid'
import { handClock } from '../support/hand-clock'

const HOUR = 3600_000
const credential = (text: string): Credential => new Credential(Buffer.from(text), 'file vapid.pem')
const subject = 'mailto:push@example.com'

function vapidOf(text: string): Vapid {
  const found = readVapid({ subject, privateKey: credential(text) })
  if ('text' in found) throw new Error(found.text)
  return found
}
function isSignedBy(jwt: string, publicKey: string): boolean {
  const point = Buffer.from(publicKey, 'base64url')
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((half) => half.toString('base64url'))
  const key = createPublicKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', x: x ?? '', y: y ?? '' } })
  const at = jwt.lastIndexOf('.')
  const signature = Buffer.from(jwt.slice(at + 1), 'base64url')
  return verify('sha256', Buffer.from(jwt.slice(0, at)), { key, dsaEncoding: 'ieee-p1363' }, signature)
}
const claimsOf = (jwt: string): unknown => JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString())

describe('lib/providers/webpush-vapid', () => {
  const pair = webPush.generateVAPIDKeys()
  const vapid = vapidOf(pair.privateKey)
  const parts = (authorization: string) => /^vapid t=([\w.-]+), k=([\w-]+)$/.exec(authorization)?.slice(1) ?? []

  it('signs what RFC 8292 §2.4 signs, byte for byte', () => {
    const jwt =
      'eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1MjM3NjgsInN1YiI6Im1haWx0bzpwdXNoQGV4YW1wbGUuY29tIn0.i3CYb7t4xfxCDquptFOepC9GAu_HLGkMlMuCGSK2rpiUfnK9ojFwDXb1JrErtmysazNjjvW2L9OkSSHzvoD1oA'
    const theirs = 'BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs'
    expect(isSignedBy(jwt, theirs)).toBe(true)
    const ours = signVapid(vapid, 'https://push.example.net', 1453523768_000)
    expect(ours.split('.').slice(0, 2)).toEqual(jwt.split('.').slice(0, 2))
    expect(isSignedBy(ours, vapid.publicKey)).toBe(true)
    expect(isSignedBy(ours, theirs)).toBe(false)
  })

  it('says what web-push says', () => {
    const clock = handClock()
    const expiry = Math.floor(clock.now() / 1000) + 12 * 3600
    const origin = 'https://updates.push.services.mozilla.com'
    const { Authorization: theirs } = webPush.getVapidHeaders(
      origin,
      subject,
      pair.publicKey,
      pair.privateKey,
      'aes128gcm',
      expiry,
    )
    const [ourToken = '', ourKey = ''] = parts(makeVapidTokens(vapid, clock).authorization(origin))
    const [theirToken = '', theirKey = ''] = parts(theirs)
    expect(ourKey).toBe(theirKey)
    expect(claimsOf(ourToken)).toEqual(claimsOf(theirToken))
    expect([isSignedBy(theirToken, ourKey), isSignedBy(ourToken, theirKey)]).toEqual([true, true])
  })

  it('signs once for each push service, and anew after 11 of 12 hours', async () => {
    const clock = handClock()
    const tokens = makeVapidTokens(vapid, clock)
    const first = tokens.authorization('https://a.example')
    const other = tokens.authorization('https://b.example')
    expect(other).not.toBe(first)
    await clock.advance(11 * HOUR - 1)
    expect(tokens.authorization('https://a.example')).toBe(first)
    await clock.advance(1)
    const second = tokens.authorization('https://a.example')
    expect(second).not.toBe(first)
    expect(claimsOf(parts(second)[0] ?? '')).toEqual({
      aud: 'https://a.example',
      exp: Math.floor(clock.now() / 1000) + 12 * 3600,
      sub: subject,
    })
  })

  it('replaces a token that is refused, but not one of the last hour', async () => {
    const clock = handClock()
    const tokens = makeVapidTokens(vapid, clock)
    const first = tokens.authorization('https://a.example')
    expect(tokens.renew('https://a.example')).toBe(false)
    expect(tokens.authorization('https://a.example')).toBe(first)
    await clock.advance(HOUR)
    expect(tokens.renew('https://a.example')).toBe(true)
    expect(tokens.authorization('https://a.example')).not.toBe(first)
  })

  it.each([2 * HOUR, -2 * HOUR])('signs anew when the time of day jumps by %d ms', (jump) => {
    const clock = handClock()
    const tokens = makeVapidTokens(vapid, clock)
    const first = tokens.authorization('https://a.example')
    clock.jump(jump)
    expect(tokens.authorization('https://a.example')).not.toBe(first)
  })

  it('remembers 2000 push services, whatever their number', () => {
    const tokens = makeVapidTokens(vapid, handClock())
    const first = tokens.authorization('https://0.example')
    for (let n = 1; n < 2000; n++) tokens.authorization(`https://${n}.example`)
    expect(tokens.authorization('https://0.example')).toBe(first)
    tokens.authorization('https://2000.example')
    expect(tokens.authorization('https://0.example')).not.toBe(first)
  })

  it('is shared by apps that send as the same', () => {
    const clock = handClock()
    const keep = { get: async () => undefined, put: async () => undefined }
    expect(vapidTokens(vapid, keep, clock)).toBe(vapidTokens(vapidOf(pair.privateKey), keep, clock))
    expect(vapidTokens(vapid, keep, clock)).not.toBe(vapidTokens({ ...vapid, subject: 'mailto:a@b.c' }, keep, clock))
  })
})

describe('lib/providers/webpush-key', () => {
  const pair = webPush.generateVAPIDKeys()
  const fault = (text: string, who = subject) => {
    const found = readVapid({ subject: who, privateKey: credential(text) })
    return 'text' in found ? found : undefined
  }
  const pem = (type: 'sec1' | 'pkcs8', curve = 'P-256'): string =>
    generateKeyPairSync('ec', { namedCurve: curve }).privateKey.export({ type, format: 'pem' }).toString()

  it('reads the 32 bytes that web-push prints, and tells the public key', () => {
    expect(vapidOf(pair.privateKey).publicKey).toBe(pair.publicKey)
    expect(vapidOf(Buffer.from(pair.privateKey, 'base64url').toString('base64')).publicKey).toBe(pair.publicKey)
  })

  it('reads what openssl ecparam writes, with the parameters before the key or without, and PKCS #8', () => {
    const sec1 = pem('sec1')
    const parameters = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n'
    expect(vapidOf(sec1).publicKey).toMatch(/^B[\w-]{86}$/)
    expect(vapidOf(parameters + sec1).publicKey).toBe(vapidOf(sec1).publicKey)
    expect(vapidOf(pem('pkcs8')).publicKey).toMatch(/^B[\w-]{86}$/)
  })

  it.each([
    ['another curve', pem('pkcs8', 'P-384'), 'is a key of type secp384r1, not P-256'],
    ['the public key', pair.publicKey, 'is the public key'],
    ['a certificate', '-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----', 'is not a private key'],
    ['half a key', pem('pkcs8').slice(0, 90), 'can’t be read; it may have been cut, or it has a password'],
    ['zeros', Buffer.alloc(32).toString('base64url'), 'can’t be read; it may have been cut, or it has a password'],
    ['something else', 'hello', 'is neither PEM nor the 32 bytes of a key in base64url'],
  ])('refuses %s, and says how a key is made', (_, text, what) => {
    expect(fault(text)).toEqual({
      text: `vapid.privateKey (file vapid.pem) ${what}`,
      mend: expect.stringContaining('openssl ecparam -name prime256v1 -genkey -noout -out vapid.pem') as unknown,
    })
  })

  it.each(['https://example.com/contact', 'mailto:push@example.com', 'mailto:a+b@localhost'])('takes %s', (who) => {
    expect(fault(pair.privateKey, who)).toBeUndefined()
  })

  it.each(['push@example.com', 'mailto:', 'mailto:push', 'http://example.com', 'mailto: <push@example.com>', ''])(
    'refuses the subject %j',
    (who) => {
      expect(fault(pair.privateKey, who)?.text).toContain(`vapid.subject ${JSON.stringify(who)}`)
    },
  )
})
