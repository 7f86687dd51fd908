/** MongoosePush's interface as MongooseIM calls it: the same bytes out, the same table back. */
import { answers } from '../../lib/sim/apns-answers'
import { IOS } from '../support/house'
import { matchedApps, startHttpHouse, type HttpHouse, type Reply } from '../support/http-house'

const ios = `b4${'a5c6'.repeat(15)}d7`
const android = 'fcm-token:APA91b-of-a-caller'
const alert = { title: 'juliet@x.example', body: 'Art thou not Romeo?' }
const json = { 'content-type': 'application/json' }

let place: HttpHouse
beforeAll(async () => {
  place = await startHttpHouse(['mongoosepush'], { apps: matchedApps('mongoosepush') })
  for (let each = 0; each < 10; each++) place.house.apns.addDevice({ token: token(each), topic: IOS })
  place.house.apns.addDevice({ token: ios, topic: IOS })
  place.house.apns.addDevice({ token: token(11), topic: `${IOS}.voip` })
  place.house.fcm.setDevice(android, 'live')
})
afterAll(() => place.close())

/** Tokens of devices; from 10 on they are nobody's. */
function token(number: number): string {
  return number.toString(16).padStart(2, '0') + ios.slice(2)
}

const post = (path: string, body: string | object): Promise<Reply> => place.ask('POST', path, body, json)
const v3 = (device: string, body: object): Promise<Reply> => post(`/v3/notification/${device}`, body)
const lastApns = () => place.house.apns.journal.entries.at(-1)
const lastFcm = (): unknown => JSON.parse(place.house.fcm.journal.at(-1)?.body ?? '{}')

describe('http/mongoosepush', () => {
  it("sends MongooseIM's alert, whose texts stand for a boolean and a number, and answers null", async () => {
    const reply = await v3(ios, {
      ...{ service: 'apns', mode: 'prod', topic: IOS, priority: 'high', mutable_content: 'true', time_to_live: '3600' },
      alert: { ...alert, tag: 'juliet@x.example', badge: 3, sound: 'default', click_action: 'chat' },
    })
    expect([reply.status, reply.text]).toEqual([200, 'null'])
    expect(lastApns()).toMatchObject({
      headers: { 'apns-push-type': 'alert', 'apns-priority': '10', 'apns-topic': IOS },
      payload: { aps: { alert, badge: 3, sound: 'default', category: 'chat', 'mutable-content': 1 } },
    })
    expect(Number(lastApns()?.headers['apns-expiration'])).toBe(Math.floor(place.house.clock.now() / 1000) + 3600)
  })

  it('sends data to FCM, for a token that stands in the path with its colon, and for one that is encoded', async () => {
    const data = { 'last-message-body': 'hi', 'last-message-sender': 'bob@x.example', 'message-count': 3 }
    for (const device of [android, encodeURIComponent(android)]) {
      expect((await v3(device, { service: 'fcm', data })).status).toBe(200)
      expect(lastFcm()).toMatchObject({
        message: { token: android, data: { 'last-message-body': 'hi', 'message-count': '3' } },
      })
      expect(lastFcm()).not.toMatchObject({ message: { android: { notification: {} } } })
    }
  })

  it('sends an alert to FCM as a notification', async () => {
    await v3(android, { service: 'fcm', priority: 'normal', alert: { ...alert, tag: 't', click_action: '.Chat' } })
    expect(lastFcm()).toMatchObject({
      message: { android: { priority: 'NORMAL', notification: { ...alert, tag: 't', click_action: '.Chat' } } },
    })
  })

  it('sends alert and data together', async () => {
    await v3(ios, { service: 'apns', alert, data: { room: 'garden' } })
    expect(lastApns()).toMatchObject({ payload: { room: 'garden', aps: { alert } } })
  })

  it('sends data alone in the background', async () => {
    await v3(ios, { service: 'apns', data: { room: 'garden' }, priority: 'high' })
    expect(lastApns()).toMatchObject({
      headers: { 'apns-push-type': 'background', 'apns-priority': '5' },
      payload: { room: 'garden', aps: { 'content-available': 1 } },
    })
  })

  it('rings a call of MongooseIM ≥ 6.10, for half a minute', async () => {
    const data = { type: 'jmi', 'jmi-sid': 's1', 'jmi-from': 'juliet@x.example/balcony' }
    const reply = await v3(token(11), { service: 'apns', topic: `${IOS}.voip`, data })
    expect(reply.text).toBe('null')
    expect(lastApns()).toMatchObject({
      headers: { 'apns-push-type': 'voip', 'apns-topic': `${IOS}.voip`, 'apns-priority': '10' },
      payload: data,
    })
    expect(Number(lastApns()?.headers['apns-expiration'])).toBe(Math.floor(place.house.clock.now() / 1000) + 30)
    await v3(android, { service: 'fcm', data })
    expect(lastFcm()).toMatchObject({
      message: { data, android: { priority: 'HIGH', ttl: '30s', collapse_key: 'jmi-s1' } },
    })
  })

  it('takes the flat body of version 1', async () => {
    const reply = await post(`/v1/notification/${ios}`, { service: 'apns', ...alert, badge: '7' })
    expect([reply.status, reply.text]).toEqual([200, 'null'])
    expect(lastApns()).toMatchObject({ payload: { aps: { alert, badge: 7 } } })
  })

  describe('what is wrong with a request', () => {
    const right = { service: 'apns', alert }
    it.each<[string, object | string, string, string]>([
      ['a field that is missing', { service: 'apns', alert: { title: 'x' } }, '/alert/body', 'Missing field: body'],
      ['no service', { alert }, '/service', 'Missing field: service'],
      ['neither alert nor data', { service: 'apns' }, '/alert', 'Missing field: alert'],
      ['a field that there is not', { ...right, sound: 'x' }, '/sound', 'Unexpected field: sound'],
      [
        'one of the alert',
        { ...right, alert: { ...alert, subtitle: 'x' } },
        '/alert/subtitle',
        'Unexpected field: subtitle',
      ],
      ['a word that there is not', { ...right, mode: 'staging' }, '/mode', 'Invalid value for enum'],
      ['a priority that there is not', { ...right, priority: '10' }, '/priority', 'Invalid value for enum'],
      ['what is no number', { ...right, time_to_live: 'soon' }, '/time_to_live', 'Invalid integer. Got: string'],
      ['what is no truth', { ...right, mutable_content: 'maybe' }, '/mutable_content', 'Invalid boolean. Got: string'],
      ['data that is none', { service: 'apns', data: ['x'] }, '/data', 'Invalid object. Got: array'],
      ['no JSON', '{', '/', 'Invalid JSON'],
    ])('is told in the words of its interface: %s', async (_, body, pointer, message) => {
      const before = place.house.apns.journal.entries.length
      for (const version of ['v3', 'v2']) {
        const reply = await post(`/${version}/notification/${ios}`, body)
        expect(reply.status).toBe(422)
        expect(JSON.parse(reply.text)).toMatchObject({
          errors: [{ title: 'Invalid value', source: { pointer }, message }],
        })
      }
      expect(place.house.apns.journal.entries).toHaveLength(before)
    })

    it('is told of version 1, which is never without a title', async () => {
      const reply = await post(`/v1/notification/${ios}`, { service: 'apns', body: 'x' })
      expect([reply.status, reply.text]).toEqual([422, like('Missing field: title')])
    })
  })

  describe('what becomes of a push', () => {
    const both = async (device: string, body: object = { service: 'apns', alert }): Promise<readonly unknown[]> => {
      const reply = await v3(device, body)
      return [reply.status, JSON.parse(reply.text) as unknown]
    }
    const next = (reason: Parameters<typeof answers.refuse>[0]): void => {
      place.house.apns.script({ answer: answers.refuse(reason), times: 1 })
    }

    it.each<[string, Parameters<typeof answers.refuse>[0], number, string]>([
      ['a dead token', 'Unregistered', 410, 'unregistered'],
      ['a token that may be fine', 'BadDeviceToken', 400, 'invalid_request'],
      ['a token of another topic', 'DeviceTokenNotForTopic', 400, 'invalid_request'],
      ['what is too large', 'PayloadTooLarge', 413, 'payload_too_large'],
      ['what Apple never takes', 'BadCollapseId', 400, 'invalid_request'],
    ])('is told by version 3: %s', async (_, reason, status, word) => {
      const device = token(
        ['Unregistered', 'BadDeviceToken', 'DeviceTokenNotForTopic', 'PayloadTooLarge', 'BadCollapseId'].indexOf(
          reason,
        ),
      )
      next(reason)
      expect(await both(device)).toEqual([status, { reason: word }])
    })

    it.each([
      ['Unregistered', 5],
      ['BadCollapseId', 6],
    ] as const)('is told by version 2 as a failure with the vendor’s word: %s', async (reason, device) => {
      next(reason)
      const reply = await post(`/v2/notification/${token(device)}`, { service: 'apns', alert })
      expect([reply.status, JSON.parse(reply.text)]).toEqual([500, { details: reason }])
    })

    it('is told at once of a token that is known to be dead, and nothing is sent', async () => {
      const before = place.house.apns.journal.entries.length
      expect(await both(token(0))).toEqual([410, { reason: 'unregistered' }])
      expect(place.house.apns.journal.entries).toHaveLength(before)
    })

    it('is success where a vendor asks for patience: it is ours, and is sent later', async () => {
      next('TooManyRequests')
      expect(await both(token(7))).toEqual([200, null])
      await place.house.pass(60_000)
      await place.house.rest()
      expect(place.house.apns.received(token(7))).toHaveLength(1)
    })

    it('is success where the vendor is silent for longer than the caller waits', async () => {
      place.house.apns.script({ answer: answers.silence, times: 1 })
      const before = place.house.apns.journal.entries.length
      const asked = v3(token(8), { service: 'apns', alert })
      await place.house.apns.journal.waitFor((each) => each.number > before)
      await place.house.clock.advance(1_500)
      expect((await asked).text).toBe('null')
      await place.house.pass(60_000)
    })

    it('is refused where no app matches, and the operator is told which match is missing', async () => {
      expect(await both(ios, { service: 'apns', mode: 'dev', alert })).toEqual([400, { reason: 'no_matching_pool' }])
      expect(await both(ios, { service: 'apns', tags: ['blue'], alert })).toEqual([400, { reason: 'no_matching_pool' }])
      expect(place.house.log.join('')).toContain('no app matches service apns, mode dev')
      const old = await post(`/v2/notification/${ios}`, { service: 'apns', mode: 'dev', alert })
      expect([old.status, JSON.parse(old.text)]).toEqual([500, { details: 'no_matching_pool' }])
    })

    it('is refused for what can be no token, without a word of it in the log', async () => {
      expect(await both('not-a-token-of-apple')).toEqual([400, { reason: 'invalid_request' }])
      expect(place.house.log.join('')).not.toContain('not-a-token-of-apple')
    })

    it('is a failure to connect while the store fails', async () => {
      place.house.failStore(true)
      expect(await both(token(9))).toEqual([503, { reason: 'unable_to_connect' }])
      const old = await post(`/v2/notification/${token(9)}`, { service: 'apns', alert })
      expect([old.status, JSON.parse(old.text)]).toEqual([503, { details: 'Please try again later' }])
      place.house.failStore(false)
    })

    it('ends what our own credential prevents: the caller is told, and it does not come later', async () => {
      next('InvalidProviderToken')
      next('InvalidProviderToken')
      expect(await both(token(9))).toEqual([503, { reason: 'service_internal' }])
      const unhealthy = await place.ask('GET', '/healthcheck')
      expect(JSON.parse(unhealthy.text)).toMatchObject({
        status: 'warn',
        checks: { 'pool:chat.ios': [{ status: 'fail', output: { connected: 0, disconnected: 1 } }] },
      })
      const account = (await place.house.service().accounts()).get('chat.ios')
      expect(account).toMatchObject({ waiting: 0, inFlight: 0 })
    })
  })
})

describe('http/mongoosepush, told to believe what is proven', () => {
  it('tells a token that was proven bad as a dead one', async () => {
    const other = await startHttpHouse(['mongoosepush'], {
      apps: matchedApps('mongoosepush'),
      http: { interfaces: { mongoosepush: { deadTokenPolicy: 'proven' } } },
    })
    try {
      other.house.apns.addDevice({ token: ios, topic: IOS })
      const ask = (device: string) => other.ask('POST', `/v3/notification/${device}`, { service: 'apns', alert }, json)
      expect((await ask(ios)).status).toBe(200)
      other.house.apns.script({ answer: answers.refuse('BadDeviceToken'), times: 1 })
      expect((await ask(token(1))).status).toBe(410)
      // As the vendor's own word it stays a request that was wrong.
    } finally {
      await other.close()
    }
  })
})

function like(part: string): unknown {
  return expect.stringContaining(part)
}
