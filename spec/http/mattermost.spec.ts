/** Mattermost's push proxy as its server asks it: without a Content-Type, and answered with texts alone. */
import { generateKeyPairSync, sign } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { answers } from '../../lib/sim/apns-answers'
import { cutAt } from '../../lib/http/mattermost-request'
import { startPushProxySimulator, type PushProxySimulator } from '../../lib/sim/push-proxy'
import { callAt } from '../support/call'
import { IOS } from '../support/house'
import { matchedApps, startHttpHouse, type HttpHouse, type Reply } from '../support/http-house'

const ios = `b4${'a5c6'.repeat(15)}d7`
const android = 'fcm-token:APA91b-of-a-caller'
const secret = 'Meet me at the balcony'
const signer = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const pem = join(tmpdir(), `mattermost-${process.pid}.pem`)

let upstream: PushProxySimulator
let place: HttpHouse
beforeAll(async () => {
  writeFileSync(pem, signer.publicKey.export({ type: 'spki', format: 'pem' }))
  upstream = await startPushProxySimulator({ token: 'their token' })
  const apps = matchedApps('mattermost', { match: { platform: 'apple_rn' } }, { match: { platform: 'android_rn' } })
  place = await startHttpHouse(['mattermost', 'metrics'], {
    apps: (houses) => ({
      ...apps(houses),
      'chat.ios.2': { ...(apps(houses)['chat.ios'] as object), match: { platform: 'apple_rn-v2' } },
      hosted: {
        ...{ provider: 'relay', profile: 'mattermost', upstream: upstream.url, token: 'their token' },
        ...{ ca: upstream.ca, match: { platform: 'apple_rnbeta' } },
      },
    }),
    http: {
      interfaces: {
        mattermost: {
          servers: ['verona', 'mantua', 'padua'],
          perServer: { burst: 40, perSecond: 1 },
          signers: { mantua: { file: pem } },
        },
      },
    },
  })
  for (const topic of [IOS, `${IOS}.voip`]) place.house.apns.addDevice({ token: tokenOf(topic), topic })
  place.house.fcm.setDevice(android, 'live')
})
afterAll(async () => {
  await place.close()
  await upstream.close()
})
afterEach(() => place.house.clock.advance(60_000))

function tokenOf(topic: string): string {
  return topic === IOS ? ios : `b5${ios.slice(2)}`
}

/** As Go's client sends it: no Content-Type. */
const post = (path: string, body: string | object): Promise<Reply> => place.ask('POST', path, body)
const push = (more: object = {}, device = ios): Promise<Reply> =>
  post('/api/v1/send_push', {
    ...{ ack_id: 'a'.repeat(26), platform: 'apple_rn', server_id: 'verona', device_id: device, post_id: 'p1' },
    ...{ category: 'CAN_REPLY', sound: '', message: 'juliet: hi', badge: 3, cont_ava: 1, team_id: 't1' },
    ...{ channel_id: 'c1', root_id: '', channel_name: 'Balcony', type: 'message', sender_id: 's1', version: 'v2' },
    ...{ sender_name: 'juliet', is_crt_enabled: false, is_id_loaded: false, signature: '', sub_type: '' },
    ...more,
  })
const lastApns = () => place.house.apns.journal.entries.at(-1)
const lastFcm = (): { readonly message: unknown } =>
  JSON.parse(place.house.fcm.journal.at(-1)?.body ?? '{}') as { message: unknown }
const OK = [200, '{"status":"OK"}']
const both = ({ status, text }: Reply): unknown => [status, text]
const failure = ({ status, text }: Reply): unknown => [status, JSON.parse(text)]

describe('http/mattermost', () => {
  it('makes an alert of a message, for APNs', async () => {
    expect(both(await push({ message: 'juliet: :smile: hi' }))).toEqual(OK)
    expect(lastApns()).toMatchObject({
      headers: { 'apns-push-type': 'alert', 'apns-priority': '10', 'apns-topic': IOS },
    })
    expect(lastApns()?.payload).toEqual({
      aps: {
        ...{ alert: { title: 'Balcony', body: 'juliet: 😄 hi' }, badge: 3, sound: 'default', category: 'CAN_REPLY' },
        ...{ 'mutable-content': 1, 'content-available': 1, 'thread-id': 'c1' },
      },
      ...{ type: 'message', sub_type: '', server_id: 'verona', is_crt_enabled: false, signature: 'NO_SIGNATURE' },
      ...{ version: 'v2', channel_name: 'Balcony', ack_id: 'a'.repeat(26), channel_id: 'c1', team_id: 't1' },
      ...{ sender_id: 's1', sender_name: 'juliet', post_id: 'p1' },
    })
  })

  it('groups by thread where the app collapses threads, and shows a plain text to older servers', async () => {
    await push({ root_id: 'r1', is_crt_enabled: true, version: '', override_username: 'nurse' })
    expect(lastApns()?.payload).toMatchObject({
      aps: { alert: 'juliet: hi', 'thread-id': 'r1' },
      ...{ root_id: 'r1', is_crt_enabled: true, override_username: 'nurse' },
    })
  })

  it('lets the app fetch what is loaded by its id', async () => {
    await push({ is_id_loaded: true, message: "You've received a new message." })
    expect(lastApns()?.payload).toMatchObject({
      aps: { alert: { body: "You've received a new message." }, sound: 'default', 'content-available': 1 },
      ...{ id_loaded: true, version: 'v2' },
    })
    expect(lastApns()?.payload).not.toHaveProperty('channel_name')
  })

  it.each([
    ['clears in the background', { type: 'clear', badge: -1 }, { 'content-available': 1 }, 'background'],
    ['sets the badge with a clear', { type: 'clear', badge: 2 }, { 'content-available': 1, badge: 2 }, 'alert'],
    ['sets the badge, and a badge of 0 too', { type: 'update_badge', badge: 0 }, { badge: 0 }, 'alert'],
    ['tests in the background', { type: 'test', badge: -1, version: '2' }, { 'content-available': 1 }, 'background'],
  ])('%s, without haste', async (_, more, aps, type) => {
    expect(both(await push({ ...more, channel_id: '' }))).toEqual(OK)
    expect(lastApns()).toMatchObject({ headers: { 'apns-push-type': type, 'apns-priority': '5' } })
    expect(lastApns()?.payload?.['aps']).toEqual(aps)
  })

  it('tells a new version of the app that there may be more, where a clear says 0', async () => {
    await push({ type: 'clear', badge: 0, platform: 'apple_rn-v2' })
    expect(lastApns()?.payload?.['aps']).toMatchObject({ badge: 1 })
    await push({ type: 'clear', badge: 0, platform: 'apple_rn-v1' })
    expect(lastApns()?.payload?.['aps']).toMatchObject({ badge: 0 })
  })

  it('alerts of a session that ended, with the category and without waking the app', async () => {
    await push({ type: 'session', message: 'Session expired' })
    expect(lastApns()?.payload?.['aps']).toMatchObject({ alert: { body: 'Session expired' }, 'mutable-content': 1 })
    expect(lastApns()?.payload?.['aps']).not.toHaveProperty('content-available')
  })

  it('rings by PushKit where the server says voip', async () => {
    const device = tokenOf(`${IOS}.voip`)
    expect(both(await push({ transport: 'voip', sub_type: 'calls', root_id: 'r1' }, device))).toEqual(OK)
    expect(lastApns()).toMatchObject({ headers: { 'apns-push-type': 'voip', 'apns-topic': `${IOS}.voip` } })
    expect(lastApns()?.payload).toEqual({
      aps: { 'content-available': 1 },
      ...{ type: 'message', sub_type: 'calls', channel_id: 'c1', server_id: 'verona', post_id: 'p1', thread_id: 'r1' },
      ...{ sender_id: 's1', id_loaded: false, signature: 'NO_SIGNATURE', sender_name: 'juliet' },
      ...{ channel_name: 'Balcony', ack_id: 'a'.repeat(26) },
    })
  })

  it('sends texts alone to FCM', async () => {
    const to = { platform: 'android_rn-v2' }
    expect(both(await push({ ...to, transport: 'voip' }, android))).toEqual(OK)
    expect(lastFcm().message).toMatchObject({
      android: { priority: 'HIGH' },
      data: {
        ...{ type: 'message', message: 'juliet: hi', badge: '3', is_crt_enabled: 'false', channel_name: 'Balcony' },
        ...{ sender_name: 'juliet', override_username: '', signature: 'NO_SIGNATURE', category: 'CAN_REPLY' },
      },
    })
    await push({ ...to, is_id_loaded: true, badge: -1 }, android)
    expect(lastFcm().message).toMatchObject({ data: { id_loaded: 'true', sender_name: 'Someone', post_id: 'p1' } })
    expect(lastFcm().message).not.toMatchObject({ data: { badge: expect.anything() as string } })
    await push({ ...to, type: 'clear' }, android)
    expect(lastFcm().message).toMatchObject({ android: { priority: 'NORMAL' }, data: { type: 'clear', badge: '3' } })
    expect(lastFcm().message).not.toMatchObject({ data: { message: expect.anything() as string } })
  })

  it('hands on to another gateway what is not ours, as it came', async () => {
    expect(both(await push({ platform: 'apple_rnbeta', future: { a: [1] } }, 'theirs:token'))).toEqual(OK)
    const [asked] = upstream.journal
    expect(asked?.push).toMatchObject({ device_id: 'theirs:token', platform: 'apple_rnbeta', future: { a: [1] } })
    upstream.inject({ is: 'reply', status: 'REMOVE' })
    expect(both(await push({ platform: 'apple_rnbeta' }, 'dead:token'))).toEqual([200, '{"status":"REMOVE"}'])
    upstream.inject({ is: 'reply', status: 'FAIL', error: 'no licence' })
    expect(failure(await push({ platform: 'apple_rnbeta' }, 'theirs:token'))).toMatchObject([
      200,
      { status: 'FAIL', error: expect.stringContaining('no licence') as string },
    ])
    expect(upstream.violations).toEqual([])
  })

  it('says REMOVE of a device that is gone, at once and from then on', async () => {
    const gone = `b6${ios.slice(2)}`
    place.house.apns.script({ answer: answers.refuse('Unregistered'), times: 1 })
    expect(both(await push({}, gone))).toEqual([200, '{"status":"REMOVE"}'])
    const before = place.house.apns.journal.entries.length
    expect(both(await push({}, gone))).toEqual([200, '{"status":"REMOVE"}'])
    expect(place.house.apns.journal.entries).toHaveLength(before)
  })

  it('says OK of what is ours to send again, and sends it', async () => {
    place.house.apns.script({ answer: answers.refuse('ServiceUnavailable'), times: 1 })
    expect(both(await push())).toEqual(OK)
    await place.house.pass(61_000)
    expect(lastApns()).toMatchObject({ answer: { status: 200 } })
  })

  it('says FAIL of what the push service does not take, with its words', async () => {
    place.house.apns.script({ answer: answers.refuse('PayloadTooLarge'), times: 1 })
    const [status, said] = failure(await push()) as [number, Record<string, string>]
    expect([status, said['status']]).toEqual([200, 'FAIL'])
    expect(said['error']).toContain('PayloadTooLarge')
  })

  it.each([
    ['{', 'Failed to read message body'],
    ['[]', 'Failed to read message body'],
    [{ platform: 'apple_rn', device_id: ios }, 'server_id'],
    [{ platform: 'apple_rn', server_id: 'verona', device_id: '' }, 'device_id'],
    [{ platform: 'apple_rn', server_id: 'verona', device_id: ios, badge: 'many' }, 'badge'],
  ])('says FAIL of %j', async (body, word) => {
    const [status, said] = failure(await post('/api/v1/send_push', body)) as [number, Record<string, string>]
    expect([status, said['status']]).toEqual([200, 'FAIL'])
    expect(said['error']).toContain(word)
  })

  it('says what the proxy says of a platform that nobody has, and tells the operator the mend', async () => {
    const [, said] = failure(await push({ platform: 'apple_tv-v2' })) as [number, Record<string, string>]
    expect(said['error']).toBe('Did not send message because of missing platform property type=apple_tv-v2')
    expect(place.house.log.join('')).toContain('no app has a match of platform apple_tv-v2 or apple_tv')
    const [, alien] = failure(await push({}, 'no token of Apple’s')) as [number, Record<string, string>]
    expect(alien).toMatchObject({ status: 'FAIL' })
  })

  it('takes pushes of the servers on its list alone', async () => {
    expect(failure(await push({ server_id: 'capulet' }))).toMatchObject([
      200,
      { status: 'FAIL', error: 'this server may not send pushes here' },
    ])
  })

  it('takes nothing of a server with a key that is not signed with it, but for tests', async () => {
    const b64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const signed = (claims: object, alg = 'ES256', key = signer.privateKey): string => {
      const head = `${b64({ alg, typ: 'JWT' })}.${b64(claims)}`
      return `${head}.${sign('sha256', Buffer.from(head), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
    }
    const claims = { ack_id: 'a'.repeat(26), device_id: ios }
    const from = (signature: string, more: object = {}) => push({ server_id: 'mantua', signature, ...more })
    expect(both(await from(signed(claims)))).toEqual(OK)
    const { privateKey: other } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const wrong = ['', 'a.b.c', signed({ ...claims, device_id: android }), signed(claims, 'none')]
    for (const signature of [...wrong, signed({ ...claims, ack_id: 'b' }), signed(claims, 'ES256', other)]) {
      expect(failure(await from(signature))).toMatchObject([200, { status: 'FAIL' }])
    }
    expect(both(await from('', { type: 'test', badge: -1 }))).toEqual(OK)
    expect(lastApns()?.payload).toMatchObject({ signature: 'NO_SIGNATURE' })
  })

  it('tells one server that sends too much to stop, and no other; and no header makes another of it', async () => {
    const statuses: number[] = []
    for (let each = 0; each < 45; each++) {
      const said = { server_id: 'padua', device_id: ios, platform: 'nobody' }
      statuses.push(
        (await place.ask('POST', '/api/v1/send_push', said, { 'x-forwarded-for': `10.0.0.${each}` })).status,
      )
    }
    expect([statuses.filter((status) => status === 200).length, statuses.at(-1)]).toEqual([40, 429])
    expect((await push()).status).toBe(200)
  })

  it('hears acks, and counts them where one can see it', async () => {
    const ack = { id: 'a'.repeat(26), received_at: 1, platform: 'ios', type: 'message', post_id: 'p1' }
    expect(both(await post('/api/v1/ack', ack))).toEqual(OK)
    for (const missing of ['id', 'platform', 'type']) {
      const { [missing as 'id']: _, ...rest } = ack
      expect(failure(await post('/api/v1/ack', rest))).toMatchObject([200, { status: 'FAIL' }])
    }
    const { text } = await place.ask('GET', '/metrics')
    expect(text).toContain('service_delivered_total{platform="ios",type="message"} 1')
    expect(text).toMatch(/service_notifications_total\{platform="apple_rn",type="message",transport="standard"\} \d/)
    expect(text).toMatch(/service_removal_total\{platform="apple_rn",transport="standard",reason="dead token"\} 2/)
    expect(text).toMatch(/service_bad_request_total [1-9]/)
    expect(text).toMatch(/service_apns_request_duration_seconds_count [1-9]/)
    expect(text).toMatch(/service_fcm_request_duration_seconds_count [1-9]/)
  })

  it('says that it is there', async () => {
    expect(JSON.parse((await place.ask('GET', '/version')).text)).toMatchObject({ hash: '', version: '0.1.0' })
    expect((await place.ask('GET', '/')).text).toContain('<html>')
  })

  it('cuts a message and a name within no character', async () => {
    expect(cutAt('aé', 2)).toBe('a')
    expect(cutAt('😄😄', 7)).toBe('😄')
    expect(cutAt('abc', 3)).toBe('abc')
    await push({ message: '€'.repeat(700), channel_name: `${'n'.repeat(63)}é` })
    const aps = lastApns()?.payload?.['aps'] as { readonly alert: { readonly title: string; readonly body: string } }
    expect([aps.alert.title, aps.alert.body]).toEqual(['n'.repeat(63), '€'.repeat(682)])
  })

  it('keeps no text where anyone could read it: not in the database, the log, or the story of a push', async () => {
    place.house.apns.script({ answer: answers.refuse('ServiceUnavailable'), times: 1 })
    await push({ message: secret })
    const files = readdirSync(join(place.house.folder, 'data'))
      .filter((name) => !name.endsWith('.sock'))
      .map((name) => readFileSync(join(place.house.folder, 'data', name)).toString('latin1'))
    expect(files.length).toBeGreaterThan(2)
    const config = join(place.house.folder, 'component.config.json')
    const waiting = await callAt(place.house.clock, 'outbox', 'list', '--config', config)
    const id = /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(waiting.out)?.[0] ?? ''
    const told = await callAt(place.house.clock, 'explain', id, '--config', config)
    expect(told.out).toContain('503')
    const everywhere = [...files, place.house.log.join(''), waiting.out, told.out]
    expect(everywhere.filter((text) => text.includes(secret))).toEqual([])
    await place.house.pass(61_000)
    expect(JSON.stringify(lastApns()?.payload)).toContain(secret)
  })
})
