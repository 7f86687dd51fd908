/** The small interfaces: Tigase's REST, Matrix, Rocket.Chat; each as its real caller asks it. */
import { answers } from '../../lib/sim/apns-answers'
import { DOMAIN, IOS } from '../support/house'
import { matchedApps, startHttpHouse, type HttpHouse } from '../support/http-house'

const ios = `b4${'a5c6'.repeat(15)}d7`
const dead = `b5${'a5c6'.repeat(15)}d7`
const android = 'fcm-token:APA91b-of-a-caller'
const json = { 'content-type': 'application/json' }

/** A house with devices that live. */
async function startWith(name: string, profile: string): Promise<HttpHouse> {
  const place = await startHttpHouse([name], { apps: matchedApps(profile, { match: { mode: 'prod', topic: IOS } }) })
  for (const token of [ios, dead]) place.house.apns.addDevice({ token, topic: IOS })
  place.house.fcm.setDevice(android, 'live')
  return place
}

describe('http/tigase', () => {
  let place: HttpHouse
  beforeAll(async () => void (place = await startWith('tigase', 'generic')))
  afterAll(() => place.close())

  const register = (): Promise<unknown> =>
    place.house.server
      .client('romeo@example.com/phone')
      .iq(
        `<iq type='set' to='${DOMAIN}'><command xmlns='http://jabber.org/protocol/commands' node='register-device'><x xmlns='jabber:x:data' type='submit'>` +
          `<field var='provider'><value>${IOS}</value></field><field var='device-token'><value>${ios.toUpperCase()}</value></field></x></command></iq>`,
      )
  const right = { account: 'romeo@example.com', provider: IOS, 'device-token': ios }
  const devices = async (): Promise<number> => (await place.house.service().devices(DOMAIN, 'romeo@example.com')).length

  it.each(['/unregister-device', '/rest/push/unregister-device'])('unregisters a device at %s, once', async (path) => {
    await register()
    expect(await devices()).toBe(1)
    const ask = () => place.ask('POST', `${path}/${DOMAIN}`, right, json)
    expect([(await ask()).text, await devices()]).toEqual(['{"result":"success"}', 0])
    const again = await ask()
    expect([again.status, again.text]).toEqual([200, '{"result":"failure"}'])
  })

  it.each<[string, string, object | string]>([
    ['another JID', '/unregister-device/push.example.net', right],
    ['no account', `/unregister-device/${DOMAIN}`, { ...right, account: undefined }],
    ['no token', `/unregister-device/${DOMAIN}`, { ...right, 'device-token': undefined }],
    ['a number for a text', `/unregister-device/${DOMAIN}`, { ...right, provider: 1 }],
    ['a full JID', `/unregister-device/${DOMAIN}`, { ...right, account: 'romeo@example.com/phone' }],
    ['a server', `/unregister-device/${DOMAIN}`, { ...right, account: 'example.com' }],
    ['no JSON', `/unregister-device/${DOMAIN}`, '{'],
  ])('knows nothing of %s, and says no more than that', async (_, path, body) => {
    await register()
    const reply = await place.ask('POST', path, body, json)
    expect([reply.status, reply.text, await devices()]).toEqual([404, '', 1])
  })

  it('lets an address ask so often and no more', async () => {
    const statuses: number[] = []
    for (let each = 0; each < 25; each++) {
      statuses.push((await place.ask('POST', `/unregister-device/${DOMAIN}`, '{', json)).status)
    }
    expect(new Set(statuses)).toEqual(new Set([404, 429]))
    expect(statuses.at(-1)).toBe(429)
  })
})

describe('http/matrix', () => {
  let place: HttpHouse
  beforeAll(async () => void (place = await startWith('matrix', 'matrix')))
  afterAll(() => place.close())

  const event = {
    ...{ event_id: '$1', room_id: '!r:x.example', type: 'm.room.message', sender: '@juliet:x.example' },
    ...{ sender_display_name: 'Juliet', content: { msgtype: 'm.text', body: 'But soft!' }, counts: { unread: 3 } },
  }
  const notify = (devices: readonly object[], notification: object = event) =>
    place.ask('POST', '/_matrix/push/v1/notify', { notification: { ...notification, devices } }, json)
  const device = (pushkey: string, app_id = 'chat.ios', data: object = {}) => ({ app_id, pushkey, data })

  it('wakes every device of a notification, and rejects none that lives', async () => {
    const reply = await notify([
      device(ios, 'chat.ios', { default_payload: { aps: { sound: 'ping' } } }),
      device(android, 'chat.android'),
    ])
    expect([reply.status, reply.text]).toEqual([200, '{"rejected":[]}'])
    expect(place.house.apns.journal.entries.at(-1)).toMatchObject({
      headers: { 'apns-push-type': 'alert', 'apns-priority': '10' },
      payload: {
        aps: { alert: { title: 'Juliet', body: 'But soft!' }, badge: 3, sound: 'ping', 'mutable-content': 1 },
        ...{ event_id: '$1', room_id: '!r:x.example', unread_count: 3 },
      },
    })
    expect(JSON.parse(place.house.fcm.journal.at(-1)?.body ?? '')).toMatchObject({
      message: { data: { event_id: '$1', body: 'But soft!', unread_count: '3' }, android: { priority: 'HIGH' } },
    })
  })

  it('clears in the background where only the counts are told', async () => {
    await notify([device(ios)], { counts: { unread: 0 } })
    expect(place.house.apns.journal.entries.at(-1)).toMatchObject({
      headers: { 'apns-push-type': 'background', 'apns-priority': '5' },
      payload: { aps: { 'content-available': 1, badge: 0 }, unread_count: 0 },
    })
  })

  it('rejects a token that its push service calls dead, at once and from then on', async () => {
    place.house.apns.script({ answer: answers.refuse('Unregistered'), times: 1 })
    expect((await notify([device(dead)])).text).toBe(JSON.stringify({ rejected: [dead] }))
    const before = place.house.apns.journal.entries.length
    expect((await notify([device(dead), device(ios)])).text).toBe(JSON.stringify({ rejected: [dead] }))
    expect(place.house.apns.journal.entries).toHaveLength(before + 1)
  })

  it('rejects what can be no token, and nobody for an app that the operator has not added', async () => {
    expect((await notify([device('no token')])).text).toBe('{"rejected":["no token"]}')
    expect((await notify([device(ios, 'org.unknown')])).text).toBe('{"rejected":[]}')
    expect(place.house.log.join('')).toContain('no app is called \\"org.unknown\\"')
  })

  it('rejects a bad token once the credential is proven good', async () => {
    place.house.apns.script({ answer: answers.refuse('BadDeviceToken'), times: 1 })
    const fresh = `b6${ios.slice(2)}`
    expect((await notify([device(fresh)])).text).toBe(JSON.stringify({ rejected: [fresh] }))
  })

  it('asks the homeserver to come again where nothing was taken', async () => {
    place.house.failStore(true)
    expect((await notify([device(ios)])).status).toBe(503)
    place.house.failStore(false)
  })

  it.each([
    ['{'],
    [{}],
    [{ notification: {} }],
    [{ notification: { devices: [{}] } }],
    [{ notification: { devices: 1 } }],
  ])('says what is wrong with %j', async (body) => {
    const reply = await place.ask('POST', '/_matrix/push/v1/notify', body, json)
    expect([reply.status, JSON.parse(reply.text)]).toMatchObject([400, { errcode: 'M_BAD_JSON' }])
  })
})

describe('http/rocketchat', () => {
  let place: HttpHouse
  beforeAll(async () => void (place = await startWith('rocketchat', 'rocketchat')))
  afterAll(() => place.close())

  const options = {
    ...{ uniqueId: 'u1', from: 'push', title: 'Juliet', text: 'But soft!', badge: 2, sound: 'default', notId: 7 },
    ...{ topic: IOS, apn: { category: 'MESSAGE' }, gcm: { style: 'inbox', image: 'https://x.example/a.png' } },
    payload: { rid: 'r1', host: 'https://chat.example' },
  }
  const send = (kind: string, token: string, its: object = options) =>
    place.ask('POST', `/push/${kind}/send`, { token, options: its }, { ...json, authorization: 'Bearer server' })

  it('sends to Apple', async () => {
    expect((await send('apn', ios)).status).toBe(200)
    expect(place.house.apns.journal.entries.at(-1)).toMatchObject({
      headers: { 'apns-push-type': 'alert', 'apns-topic': IOS },
      payload: {
        aps: { alert: { title: 'Juliet', body: 'But soft!' }, badge: 2, sound: 'default', category: 'MESSAGE' },
        ejson: JSON.stringify(options.payload),
      },
    })
  })

  it('sends to Google', async () => {
    expect((await send('gcm', android)).status).toBe(200)
    expect(JSON.parse(place.house.fcm.journal.at(-1)?.body ?? '')).toMatchObject({
      message: {
        data: {
          ejson: JSON.stringify(options.payload),
          title: 'Juliet',
          message: 'But soft!',
          notId: '7',
          msgcnt: '2',
          style: 'inbox',
        },
      },
    })
  })

  it('answers 406 for a dead token, which the server then deletes, and 422 for what is never taken', async () => {
    place.house.apns.script({ answer: answers.refuse('Unregistered'), times: 1 })
    expect((await send('apn', dead)).status).toBe(406)
    expect((await send('apn', dead)).status).toBe(406)
    place.house.apns.script({ answer: answers.refuse('PayloadTooLarge'), times: 1 })
    expect((await send('apn', ios)).status).toBe(422)
    expect((await send('apn', 'no token')).status).toBe(422)
    expect((await place.ask('POST', '/push/apn/send', '{', json)).status).toBe(422)
  })

  it('answers 422 where no app matches, and tells the operator', async () => {
    expect((await send('apn', ios, { ...options, topic: 'org.other' })).status).toBe(422)
    expect(place.house.log.join('')).toContain('no app matches service apns, topic org.other')
  })

  it('asks for another try where nothing was taken', async () => {
    place.house.failStore(true)
    expect((await send('apn', ios)).status).toBe(503)
    place.house.failStore(false)
  })
})
