import { generateKeyPairSync, sign } from 'node:crypto'
import { makeProviderKey } from '../../lib/sim/certificates'
import { providerToken } from '../support/apns-client'
import { ALERT, JWT, KEY, NOW_S, PHONE, startScene, TOPIC, type Scene } from '../support/apns-scene'

const MINUTE_MS = 60_000
const { privateKey } = KEY
const token = (options: Partial<Parameters<typeof providerToken>[0]> = {}) =>
  providerToken({ privateKey, issuedAt: NOW_S - 60, ...options })

/** A signature of the right length by another algorithm's name. */
const withAlg = (alg: string) => token({ header: { alg } })
const rs256 = () => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${part({ alg: 'RS256', kid: 'KEY1234567' })}.${part({ iss: 'TEAM123456', iat: NOW_S })}`
  const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey
  return `${signed}.${sign('sha256', Buffer.from(signed), rsa).toString('base64url')}`
}

describe('lib/sim/apns-tokens', () => {
  let scene: Scene
  afterEach(() => scene.close())

  it.each([
    ['jwt-form', 'InvalidProviderToken', 'one part', 'x'],
    ['jwt-form', 'InvalidProviderToken', 'no JSON', 'e.e.e'],
    ['jwt-form', 'InvalidProviderToken', 'padding', `${JWT}==`],
    ['jwt-form', 'InvalidProviderToken', 'four parts', `${JWT}.x`],
    ['jwt-alg', 'InvalidProviderToken', 'RS256', rs256()],
    ['jwt-alg', 'InvalidProviderToken', 'alg none', withAlg('none')],
    ['jwt-kid', 'InvalidProviderToken', 'no kid', token({ header: { kid: undefined } })],
    ['jwt-signature-form', 'InvalidProviderToken', 'a DER signature', token({ dsaEncoding: 'der' })],
    ['jwt-iat', 'InvalidProviderToken', 'no iat', token({ claims: { iat: undefined } })],
    ['jwt-iat', 'InvalidProviderToken', 'iat in text', token({ claims: { iat: String(NOW_S) } })],
    ['jwt-iat', 'InvalidProviderToken', 'iat in fractions', token({ issuedAt: NOW_S - 0.5 })],
  ])('%s: says %s to a token with %s, which is a violation', async (rule, reason, _what, jwt) => {
    scene = await startScene()
    expect(await (await scene.open({ jwt })).push()).toMatchObject({ status: 403, reason })
    expect(scene.apns.violations.map((found) => found.rule)).toEqual([rule])
  })

  it.each([
    ['jwt-kid-unknown', 'InvalidProviderToken', 'an unknown kid', token({ keyId: 'OTHER12345' })],
    ['jwt-signature', 'InvalidProviderToken', 'another key', token({ privateKey: makeProviderKey().privateKey })],
    ['jwt-iss', 'InvalidProviderToken', 'another team', token({ teamId: 'OTHER12345' })],
    ['jwt-iss', 'InvalidProviderToken', 'no team', token({ claims: { iss: undefined } })],
    ['jwt-iat-future', 'InvalidProviderToken', 'iat in the future', token({ issuedAt: NOW_S + 1 })],
    ['jwt-iat-age', 'ExpiredProviderToken', 'iat more than an hour ago', token({ issuedAt: NOW_S - 3601 })],
    ['jwt-iat-age', 'ExpiredProviderToken', 'iat in 1970', token({ issuedAt: 0 })],
  ])('%s: says %s to a token with %s, which is the state of the world', async (rule, reason, _what, jwt) => {
    scene = await startScene()
    expect(await (await scene.open({ jwt })).push()).toMatchObject({ status: 403, reason })
    expect(scene.apns.journal.entries[0]?.findings).toMatchObject([{ rule, severity: 'state' }])
    expect(scene.apns.journal.entries[0]?.client).toEqual({ kind: 'unknown' })
    expect(scene.apns.violations).toEqual([])
  })

  it.each([
    ['an hour old', token({ issuedAt: NOW_S - 3600 })],
    ['of this second', token({ issuedAt: NOW_S })],
    ['with claims that it does not know', token({ claims: { exp: NOW_S + 1, jti: 'x' }, header: { typ: 'JWT' } })],
  ])('accepts a token %s', async (_what, jwt) => {
    scene = await startScene()
    expect(await (await scene.open({ jwt })).push()).toMatchObject({ status: 200 })
    expect(scene.apns.violations).toEqual([])
  })

  it('refuses all that follows an expired token on its connection, and a new connection is free of it', async () => {
    scene = await startScene()
    const client = await scene.open()
    const stale = `bearer ${token({ issuedAt: NOW_S - 3601 })}`
    expect(await client.push()).toMatchObject({ status: 200 })
    expect(await client.push({ headers: { authorization: stale } })).toMatchObject({ reason: 'ExpiredProviderToken' })
    expect(await client.push()).toMatchObject({ status: 403, reason: 'ExpiredProviderToken' })
    expect(scene.apns.warnings).toMatchObject([{ rule: 'wedged' }])
    expect(await (await scene.open()).push()).toMatchObject({ status: 200 })
  })

  it('counts new tokens by key: the second within 20 minutes is one too many, the first keeps its worth', async () => {
    scene = await startScene()
    const client = await scene.open()
    const renewed = (seconds: number) => ({ headers: { authorization: `bearer ${token({ issuedAt: seconds })}` } })
    expect(await client.push()).toMatchObject({ status: 200 })
    scene.advance(20 * MINUTE_MS - 1)
    const tooMany = { status: 429, reason: 'TooManyProviderTokenUpdates' }
    expect(await client.push(renewed(NOW_S + 1))).toMatchObject(tooMany)
    expect(await (await scene.open()).push(renewed(NOW_S + 2))).toMatchObject(tooMany)
    expect(await client.push()).toMatchObject({ status: 200 })
    expect(scene.apns.violations).toMatchObject([{ rule: 'token-updates' }, { rule: 'token-updates' }])
    scene.advance(1)
    expect(await client.push(renewed(NOW_S + 1))).toMatchObject({ status: 200 })
  })

  it('counts tokens with the same claims as one, for signatures differ every time', async () => {
    scene = await startScene()
    const again = token()
    expect(again).not.toBe(JWT)
    expect(await (await scene.open()).push()).toMatchObject({ status: 200 })
    expect(await (await scene.open({ jwt: again })).push()).toMatchObject({ status: 200 })
    expect(scene.apns.violations).toEqual([])
  })

  it('lets more new tokens pass when it is told to', async () => {
    scene = await startScene({ tokenUpdates: { count: 2, withinMs: MINUTE_MS } })
    const statuses: (number | undefined)[] = []
    for (const ago of [30, 20, 10])
      statuses.push((await (await scene.open({ jwt: token({ issuedAt: NOW_S - ago }) })).push()).status)
    expect(statuses).toEqual([200, 200, 429])
  })

  it('binds a connection to one team', async () => {
    scene = await startScene()
    const other = makeProviderKey()
    scene.apns.addKey({ keyId: 'OTHERKEY12', teamId: 'OTHERTEAM1', key: other.publicKey })
    const jwt = token({ privateKey: other.privateKey, keyId: 'OTHERKEY12', teamId: 'OTHERTEAM1' })
    const client = await scene.open()
    expect(await client.push()).toMatchObject({ status: 200 })
    const second = await client.push({ headers: { authorization: `bearer ${jwt}` } })
    expect(second).toMatchObject({ status: 403, reason: 'InvalidProviderToken' })
    expect(scene.apns.violations).toMatchObject([{ rule: 'connection-team' }])
    expect(await (await scene.open({ jwt })).push()).toMatchObject({ status: 200 })
  })

  it('binds a connection to one key, and to those that are related to it', async () => {
    scene = await startScene()
    const [second, third] = [makeProviderKey(), makeProviderKey()]
    scene.apns.addKey({ keyId: 'SECOND1234', teamId: 'TEAM123456', key: second.privatePem })
    scene.apns.addKey({ keyId: 'THIRD12345', teamId: 'TEAM123456', key: third.publicPem, relatedTo: ['KEY1234567'] })
    const by = (keyId: string, key: typeof second) => ({
      headers: { authorization: `bearer ${token({ keyId, privateKey: key.privateKey })}` },
    })
    const client = await scene.open()
    expect(await client.push()).toMatchObject({ status: 200 })
    expect(await client.push(by('THIRD12345', third))).toMatchObject({ status: 200 })
    const unrelated = await client.push(by('SECOND1234', second))
    expect(unrelated).toMatchObject({ status: 403, reason: 'UnrelatedKeyIdInToken' })
    expect(scene.apns.violations).toMatchObject([{ rule: 'connection-key' }])
  })

  it('does not bind a connection to a key whose token was not valid', async () => {
    scene = await startScene()
    const client = await scene.open()
    const wrong = token({ keyId: 'OTHER12345', privateKey: makeProviderKey().privateKey })
    expect(await client.push({ headers: { authorization: `bearer ${wrong}` } })).toMatchObject({ status: 403 })
    expect(await client.push()).toMatchObject({ status: 200 })
  })

  it.each(['BadEnvironmentKeyInToken', 'BadEnvironmentKeyIdInToken'] as const)(
    'says %s to a key of the other environment',
    async (environmentReason) => {
      scene = await startScene({ environment: 'sandbox', environmentReason })
      const key = { keyId: 'PROD123456', teamId: 'TEAM123456', key: KEY.publicKey }
      scene.apns.addKey({ ...key, environments: ['production'] })
      const client = await scene.open({ jwt: token({ keyId: 'PROD123456' }) })
      expect(await client.push()).toMatchObject({ status: 403, reason: environmentReason })
      scene.apns.addKey({ ...key, environments: ['production', 'sandbox'] })
      expect(await client.push()).toMatchObject({ status: 200 })
    },
  )

  it('keeps a topic-specific key to its topics', async () => {
    scene = await startScene()
    const key = { keyId: 'KEY1234567', teamId: 'TEAM123456', key: KEY.publicKey }
    scene.apns.addKey({ ...key, topics: ['org.example'] })
    const client = await scene.open()
    expect(await client.push()).toMatchObject({ status: 200 })
    scene.apns.addKey({ ...key, topics: ['org.exam'] })
    expect(await client.push()).toMatchObject({ status: 400, reason: 'TopicDisallowed' })
  })

  it('keeps an app to its team', async () => {
    scene = await startScene()
    const client = await scene.open()
    scene.apns.addApp({ bundleId: TOPIC, teamId: 'OTHERTEAM1' })
    expect(await client.push()).toMatchObject({ status: 400, reason: 'TopicDisallowed' })
    scene.apns.addApp({ bundleId: TOPIC, teamId: 'TEAM123456' })
    expect(await client.push()).toMatchObject({ status: 200 })
  })

  it('forgets a key that was revoked', async () => {
    scene = await startScene()
    const client = await scene.open()
    expect(await client.push()).toMatchObject({ status: 200 })
    scene.apns.removeKey('KEY1234567')
    expect(await client.push()).toMatchObject({ status: 403, reason: 'InvalidProviderToken' })
  })

  it('tells the journal who it was', async () => {
    scene = await startScene()
    await (await scene.open()).push({ body: ALERT })
    expect(scene.apns.received(PHONE)).toMatchObject([
      { client: { kind: 'token', teamId: 'TEAM123456', keyId: 'KEY1234567', issuedAt: NOW_S - 60, jwt: JWT } },
    ])
  })
})
