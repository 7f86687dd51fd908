import { claimRules, readVapid } from '../../lib/sim/webpush-vapid'
import { makeSender } from '../support/push-by-hand'

const ORIGIN = 'https://push.example.net'

describe('lib/sim/webpush-vapid', () => {
  const jwt =
    'eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1MjM3NjgsInN1YiI6Im1haWx0bzpwdXNoQGV4YW1wbGUuY29tIn0.i3CYb7t4xfxCDquptFOepC9GAu_HLGkMlMuCGSK2rpiUfnK9ojFwDXb1JrErtmysazNjjvW2L9OkSSHzvoD1oA'
  const key = 'BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs'
  const claims = { aud: ORIGIN, exp: 1_453_523_768, sub: 'mailto:push@example.com' }
  const nowMs = (claims.exp - 43_200) * 1000
  const sender = makeSender()

  it('verifies the token of RFC 8292 §2.4, parameters in either order', () => {
    expect(readVapid(`vapid t=${jwt}, k=${key}`)).toEqual({ is: 'proven', key, jwt, claims })
    expect(readVapid(`VAPID k=${key},t=${jwt}`)).toMatchObject({ is: 'proven' })
    expect(claimRules(claims, { nowMs, origin: ORIGIN })).toEqual([])
  })

  it('tells that there is none', () => {
    expect(readVapid(undefined)).toEqual({ is: 'none' })
  })

  const offCurve = Buffer.alloc(65, 1)
  offCurve.writeUInt8(4)
  it.each<readonly [string, string, string]>([
    ['the older WebPush scheme', `WebPush ${jwt}`, 'vapid-scheme'],
    ['another scheme', `Bearer ${jwt}`, 'vapid-scheme'],
    ['no t', `vapid k=${key}`, 'vapid-jwt'],
    ['no k', `vapid t=${jwt}`, 'vapid-key'],
    ['a token of two parts', `vapid t=${jwt.slice(0, jwt.lastIndexOf('.'))}, k=${key}`, 'vapid-jwt'],
    ['a header that is no JSON', `vapid t=AAAA.${jwt.slice(jwt.indexOf('.') + 1)}, k=${key}`, 'vapid-jwt'],
    ['another algorithm', `vapid t=${sender.jwt(claims, { alg: 'none' })}, k=${sender.point}`, 'vapid-alg'],
    ['a padded key', `vapid t=${jwt}, k=${key}=`, 'vapid-key'],
    ['a key off the curve', `vapid t=${jwt}, k=${offCurve.toString('base64url')}`, 'vapid-key'],
    [
      'a signature in DER',
      `vapid t=${sender.jwt(claims, { alg: 'ES256' }, 'der')}, k=${sender.point}`,
      'vapid-signature-form',
    ],
    ['a signature that differs by a letter', `vapid t=${jwt.replace('.i3CY', '.i3CZ')}, k=${key}`, 'vapid-signature'],
    ['the key of somebody else', `vapid t=${jwt}, k=${sender.point}`, 'vapid-signature'],
  ])('refuses %s', (_what, authorization, rule) => {
    expect(readVapid(authorization)).toMatchObject({
      is: 'refused',
      findings: [{ severity: 'violation', rule, refusal: 'bad VAPID' }],
    })
  })

  it.each<readonly [string, object, string, string]>([
    ['an audience with a path', { aud: `${ORIGIN}/` }, 'vapid-aud', 'violation'],
    ['another audience', { aud: 'https://push.example.net:8443' }, 'vapid-aud', 'violation'],
    ['a list of audiences', { aud: [ORIGIN] }, 'vapid-aud', 'violation'],
    ['no expiry', { exp: undefined }, 'vapid-exp', 'violation'],
    ['an expiry in words', { exp: '1453523768' }, 'vapid-exp', 'violation'],
    ['an expiry that is past', { exp: nowMs / 1000 }, 'vapid-exp-past', 'violation'],
    ['an expiry over a day ahead', { exp: nowMs / 1000 + 86_401 }, 'vapid-exp-far', 'violation'],
    ['a subject that is a bare address', { sub: 'push@example.com' }, 'vapid-sub', 'violation'],
    ['a subject of http:', { sub: 'http://example.com' }, 'vapid-sub', 'violation'],
    ['no subject', { sub: undefined }, 'vapid-sub-missing', 'warning'],
    ['a subject at localhost', { sub: 'mailto:push@localhost' }, 'vapid-sub-local', 'warning'],
    ['a page at localhost', { sub: 'https://localhost/about' }, 'vapid-sub-local', 'warning'],
  ])('objects to %s', (_what, change, rule, severity) => {
    expect(claimRules({ ...claims, ...change }, { nowMs, origin: ORIGIN })).toMatchObject([{ rule, severity }])
  })

  it('takes an expiry of exactly a day ahead, and an https: subject', () => {
    const said = { ...claims, exp: nowMs / 1000 + 86_400, sub: 'https://example.com/contact' }
    expect(claimRules(said, { nowMs, origin: ORIGIN })).toEqual([])
  })
})
