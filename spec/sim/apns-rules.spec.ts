import { randomUUID } from 'node:crypto'
import { type ApnsClient, type Headers, type Push } from '../support/apns-client'
import { NOW_S, PHONE, startScene, TOPIC, VOIP, type Scene } from '../support/apns-scene'

const json = (value: unknown) => JSON.stringify(value)
const ofSize = (bytes: number) => {
  const frame = json({ aps: { alert: '' } })
  return json({ aps: { alert: 'x'.repeat(bytes - frame.length) } })
}
const background = { 'apns-push-type': 'background', 'apns-priority': '5' }
const backgroundBody = json({ aps: { 'content-available': 1 } })
const voip = { 'apns-push-type': 'voip', 'apns-topic': `${TOPIC}.voip` }
const ofType = (type: string, suffix: string, more: object = {}): Headers => ({
  'apns-push-type': type,
  'apns-topic': TOPIC + suffix,
  ...more,
})

/** What is pushed, Apple's reason, and the rule that the simulator names. */
type Refused = readonly [rule: string, status: number, reason: string, what: string, push: Push]

const refused: readonly Refused[] = [
  ['method', 405, 'MethodNotAllowed', 'GET', { method: 'GET', body: '' }],
  ['path', 404, 'BadPath', 'another path', { path: `/4/device/${PHONE}` }],
  ['path', 404, 'BadPath', 'a query', { path: `/3/device/${PHONE}?x=1` }],
  ['path', 404, 'BadPath', 'more path', { path: `/3/device/${PHONE}/x` }],
  ['authorization', 403, 'MissingProviderToken', 'no authorization', { headers: { authorization: undefined } }],
  ['authorization', 403, 'MissingProviderToken', 'another scheme', { headers: { authorization: 'Basic YTpi' } }],
  ['apns-topic-missing', 400, 'MissingTopic', 'no topic', { headers: { 'apns-topic': undefined } }],
  ['apns-topic', 400, 'BadTopic', 'a topic that is no bundle id', { headers: { 'apns-topic': 'org..example' } }],
  ['duplicate-headers', 400, 'DuplicateHeaders', 'a header twice', { headers: { 'apns-priority': ['10', '10'] } }],
  ['apns-id', 400, 'BadMessageId', 'an apns-id that is no UUID', { headers: { 'apns-id': 'x' } }],
  [
    'apns-id',
    400,
    'BadMessageId',
    'an upper-case UUID',
    { headers: { 'apns-id': 'AAAAAAAA-0000-4000-8000-000000000000' } },
  ],
  ['apns-expiration', 400, 'BadExpirationDate', 'a date', { headers: { 'apns-expiration': '2026-06-01' } }],
  ['apns-expiration', 400, 'BadExpirationDate', 'a negative number', { headers: { 'apns-expiration': '-1' } }],
  ['apns-priority', 400, 'BadPriority', 'priority 7', { headers: { 'apns-priority': '7' } }],
  ['apns-priority', 400, 'BadPriority', 'a word', { headers: { 'apns-priority': 'high' } }],
  ['apns-collapse-id', 400, 'BadCollapseId', '65 bytes', { headers: { 'apns-collapse-id': 'x'.repeat(65) } }],
  ['apns-push-type', 400, 'InvalidPushType', 'no such type', { headers: { 'apns-push-type': 'silent' } }],
  ['device-token', 400, 'MissingDeviceToken', 'no token', { path: '/3/device/' }],
  ['device-token', 400, 'BadDeviceToken', 'no hexadecimal', { path: `/3/device/${'xy'.repeat(32)}` }],
  ['device-token', 400, 'BadDeviceToken', 'odd digits', { path: `/3/device/${PHONE}a` }],
  ['device-token', 400, 'BadDeviceToken', 'over 100 bytes', { path: `/3/device/${'aa'.repeat(101)}` }],
  ['payload-empty', 400, 'PayloadEmpty', 'no body', { body: '' }],
  ['payload-json', 400, 'PayloadEmpty', 'no JSON', { body: 'aps' }],
  ['payload-json', 400, 'PayloadEmpty', 'a list', { body: '[]' }],
  ['payload-json', 400, 'PayloadEmpty', 'no UTF-8', { body: Buffer.from('{"aps":{"alert":"\xe4"}}', 'latin1') }],
  ['payload-size', 413, 'PayloadTooLarge', '4097 bytes', { body: ofSize(4097) }],
  [
    'payload-size',
    413,
    'PayloadTooLarge',
    '5121 bytes by VoIP',
    { path: `/3/device/${VOIP}`, headers: voip, body: ofSize(5121) },
  ],
  [
    'push-type-payload',
    400,
    'InvalidPushType',
    'an alert that shows nothing',
    { body: json({ aps: { 'mutable-content': 1 } }) },
  ],
  [
    'push-type-payload',
    400,
    'InvalidPushType',
    'a background push with alert',
    { headers: background, body: json({ aps: { 'content-available': 1, alert: 'x' } }) },
  ],
  [
    'push-type-payload',
    400,
    'InvalidPushType',
    'a background push with sound',
    { headers: background, body: json({ aps: { 'content-available': 1, sound: 'x' } }) },
  ],
  [
    'push-type-payload',
    400,
    'InvalidPushType',
    'a background push without content',
    { headers: background, body: json({ aps: {} }) },
  ],
  [
    'background-priority',
    400,
    'BadPriority',
    'a background push with 10',
    { headers: { ...background, 'apns-priority': '10' }, body: backgroundBody },
  ],
  [
    'background-priority',
    400,
    'BadPriority',
    'a background push by default',
    { headers: { ...background, 'apns-priority': undefined }, body: backgroundBody },
  ],
  [
    'background-priority',
    400,
    'BadPriority',
    'content alone without type',
    { headers: { 'apns-push-type': undefined }, body: backgroundBody },
  ],
  ['push-type-topic', 400, 'InvalidPushType', 'VoIP to the plain topic', { headers: { 'apns-push-type': 'voip' } }],
  [
    'push-type-topic',
    400,
    'InvalidPushType',
    'an alert to .voip',
    { path: `/3/device/${VOIP}`, headers: { ...voip, 'apns-push-type': 'alert' } },
  ],
  ['push-type-payload', 400, 'InvalidPushType', 'MDM without mdm', { headers: { 'apns-push-type': 'mdm' } }],
  [
    'pushtotalk-priority',
    400,
    'BadPriority',
    'push-to-talk with 5',
    { headers: ofType('pushtotalk', '.voip-ptt', { 'apns-expiration': '0', 'apns-priority': '5' }) },
  ],
  [
    'pushtotalk-expiration',
    400,
    'BadExpirationDate',
    'push-to-talk that expires later',
    { headers: ofType('pushtotalk', '.voip-ptt') },
  ],
]

const accepted: readonly (readonly [what: string, push: Push])[] = [
  ['an alert', {}],
  ['bearer in upper case', { headers: { authorization: 'BEARER' } }],
  ['a UUID', { headers: { 'apns-id': randomUUID() } }],
  ['expiration 0', { headers: { 'apns-expiration': '0' } }],
  ['expiration in the future', { headers: { 'apns-expiration': String(NOW_S + 1) } }],
  ['priority 1', { headers: { 'apns-priority': '1' } }],
  ['priority 5', { headers: { 'apns-priority': '5' } }],
  ['priority 10', { headers: { 'apns-priority': '10' } }],
  ['64 bytes to collapse by', { headers: { 'apns-collapse-id': 'x'.repeat(64) } }],
  ['an unknown header', { headers: { 'x-unknown': 'yes' } }],
  ['a token in upper case', { path: `/3/device/${PHONE.toUpperCase()}` }],
  ['4096 bytes', { body: ofSize(4096) }],
  ['5120 bytes by VoIP', { path: `/3/device/${VOIP}`, headers: voip, body: ofSize(5120) }],
  ['a call without aps', { path: `/3/device/${VOIP}`, headers: voip, body: json({ from: 'romeo' }) }],
  ['a background push', { headers: background, body: backgroundBody }],
  ['a badge alone', { body: json({ aps: { badge: 3 } }) }],
  ['a sound alone', { body: json({ aps: { sound: { critical: 1, name: 'x' } } }) }],
  ['MDM', { headers: { 'apns-push-type': 'mdm' }, body: json({ mdm: 'magic' }) }],
]

/** Violations that Apple would not refuse. */
const tolerated: readonly (readonly [rule: string, what: string, push: Push])[] = [
  ['apns-expiration-past', 'January 1970', { headers: { 'apns-expiration': '2419200' } }],
  ['apns-expiration-past', 'this very second', { headers: { 'apns-expiration': String(NOW_S) } }],
  ['content-encoding', 'a compressed body', { headers: { 'content-encoding': 'gzip' } }],
  ['aps-key', 'a badge that is text', { body: json({ aps: { alert: 'x', badge: '3' } }) }],
  ['aps-key', 'content-available that is true', { body: json({ aps: { alert: 'x', 'content-available': true } }) }],
  ['aps-key', 'a thread that is a number', { body: json({ aps: { alert: 'x', 'thread-id': 7 } }) }],
  ['aps-key', 'no such interruption level', { body: json({ aps: { alert: 'x', 'interruption-level': 'loud' } }) }],
]

describe('lib/sim/apns-headers and lib/sim/apns-payload', () => {
  let scene: Scene
  let client: ApnsClient

  beforeAll(async () => {
    scene = await startScene()
    client = await scene.open()
  })
  afterAll(() => scene.close())

  const push = async (asked: Push) => {
    const before = { violations: scene.apns.violations.length, warnings: scene.apns.warnings.length }
    const ended = await client.push(asked)
    const violations = scene.apns.violations.slice(before.violations).map(({ rule }) => rule)
    return { ...ended, violations, warnings: scene.apns.warnings.slice(before.warnings).map(({ rule }) => rule) }
  }

  it.each(refused)('%s: says %i %s to %s', async (rule, status, reason, _what, asked) => {
    expect(await push(asked)).toMatchObject({ status, reason, violations: [rule] })
  })

  it.each(accepted)('accepts %s', async (_what, { headers, ...asked }) => {
    const { authorization, ...others } = headers ?? {}
    const sent = scene.apns.journal.entries[0]?.headers['authorization'] ?? ''
    const shouted = authorization === undefined ? {} : { authorization: sent.replace(/^bearer/, 'BEARER') }
    const ended = await push({ ...asked, headers: { ...others, ...shouted } })
    expect(ended).toMatchObject({ status: 200, body: '', violations: [], warnings: [] })
  })

  it.each(tolerated)('%s: accepts, but notes, %s', async (rule, _what, asked) => {
    expect(await push(asked)).toMatchObject({ status: 200, violations: [rule] })
  })

  it.each([
    ['apns-push-type-missing', 'a missing push type', { headers: { 'apns-push-type': undefined } }],
    [
      'voip-priority',
      'a call that may wait',
      { path: `/3/device/${VOIP}`, headers: { ...voip, 'apns-priority': '5' } },
    ],
  ])('%s: warns of %s', async (rule, _what, asked) => {
    expect(await push(asked)).toMatchObject({ status: 200, violations: [], warnings: [rule] })
  })

  it.each([
    ['complication', '.complication', {}],
    ['fileprovider', '.pushkit.fileprovider', {}],
    ['location', '.location-query', {}],
    ['liveactivity', '.push-type.liveactivity', {}],
    ['pushtotalk', '.voip-ptt', { 'apns-expiration': '0' }],
    ['widgets', '.push-type.widgets', {}],
    ['controls', '.push-type.controls', {}],
  ])('knows push type %s by topic %s', async (type, suffix, more) => {
    scene.apns.addDevice({ token: 'ee'.repeat(32), topic: TOPIC + suffix })
    const path = `/3/device/${'ee'.repeat(32)}`
    expect(await push({ path, headers: ofType(type, suffix, more) })).toMatchObject({ status: 200, violations: [] })
    const plain = await push({ path, headers: ofType(type, '', more) })
    expect(plain).toMatchObject({ reason: 'InvalidPushType', violations: ['push-type-topic'] })
  })

  it('echoes apns-id, and makes one up when there is none', async () => {
    const id = randomUUID()
    expect((await push({ headers: { 'apns-id': id } })).headers['apns-id']).toBe(id)
    expect((await push({})).headers['apns-id']).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('tells in the journal what came, and what it was met with', async () => {
    const number = scene.apns.journal.entries.length + 1
    await push({ headers: { 'apns-priority': '3', 'x-more': 'y' } })
    expect(await scene.apns.journal.waitFor((request) => request.number === number)).toMatchObject({
      connection: 1,
      method: 'POST',
      path: `/3/device/${PHONE}`,
      headers: { ':method': 'POST', 'x-more': 'y', 'apns-priority': '3' },
      token: PHONE,
      topic: TOPIC,
      payload: { aps: { alert: 'You have mail' } },
      findings: [{ rule: 'apns-priority', severity: 'violation', reason: 'BadPriority' }],
      answer: { kind: 'status', status: 400, reason: 'BadPriority' },
    })
  })
})
