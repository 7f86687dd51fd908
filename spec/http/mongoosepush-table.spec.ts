/** What a push that failed is told as: MongoosePush's table of answers, each row by its vendor, in every version. */
import { answers } from '../../lib/sim/apns-answers'
import { type FcmRowName } from '../../lib/sim/fcm-rows'
import { IOS } from '../support/house'
import { matchedApps, startHttpHouse, type HttpHouse } from '../support/http-house'
import { like } from '../support/like'

const ios = `b4${'a5c6'.repeat(15)}d7`
const android = 'fcm-token:APA91b-of-a-caller'
const alert = { title: 'juliet@x.example', body: 'Art thou not Romeo?' }
const json = { 'content-type': 'application/json' }
/** So short that nothing is tried again: the caller hears the end. */
const time_to_live = '1'

/** Opens a house for one push, since what fails holds back what comes after it. */
async function told(
  version: 'v1' | 'v2' | 'v3',
  prepare: (place: HttpHouse) => void | Promise<void>,
  body: object,
  device = ios,
): Promise<readonly [number, unknown]> {
  const place = await startHttpHouse(['mongoosepush'], { apps: matchedApps('mongoosepush') })
  try {
    place.house.apns.addDevice({ token: ios, topic: IOS })
    place.house.apns.addDevice({ token: ios, topic: `${IOS}.voip` })
    place.house.fcm.setDevice(android, 'live')
    await prepare(place)
    const reply = await place.ask('POST', `/${version}/notification/${device}`, body, json)
    expect(place.house.log.join('')).not.toContain(device)
    return [reply.status, JSON.parse(reply.text)]
  } finally {
    await place.close()
  }
}

const apple = (reason: Parameters<typeof answers.refuse>[0]) => (place: HttpHouse) =>
  void place.house.apns.script({ answer: answers.refuse(reason), times: 2 })
const google = (row: FcmRowName) => (place: HttpHouse) =>
  place.house.fcm.inject({ is: 'row', row }, { times: Infinity })

const toApple = { service: 'apns', alert, time_to_live }
const toGoogle = { service: 'fcm', alert, time_to_live }
const call = { service: 'apns', topic: `${IOS}.voip`, data: { type: 'jmi', 'jmi-sid': 's1' } }

describe('http/mongoosepush, by the word of Apple', () => {
  it.each<[Parameters<typeof answers.refuse>[0], number, string]>([
    ['BadDeviceToken', 400, 'invalid_request'],
    ['DeviceTokenNotForTopic', 400, 'invalid_request'],
    ['TopicDisallowed', 400, 'invalid_request'],
    ['BadCollapseId', 400, 'invalid_request'],
    ['PayloadEmpty', 400, 'invalid_request'],
    ['Forbidden', 400, 'invalid_request'],
    ['Unregistered', 410, 'unregistered'],
    ['PayloadTooLarge', 413, 'payload_too_large'],
    ['TooManyRequests', 429, 'too_many_requests'],
    ['TooManyProviderTokenUpdates', 429, 'too_many_requests'],
    ['BadTopic', 503, 'internal_config'],
    ['MissingTopic', 503, 'internal_config'],
    ['BadPriority', 503, 'internal_config'],
    ['InternalServerError', 503, 'service_internal'],
    ['ServiceUnavailable', 503, 'service_internal'],
    ['Shutdown', 503, 'service_internal'],
    ['BadCertificate', 503, 'service_internal'],
    ['InvalidProviderToken', 503, 'service_internal'],
  ])('%s is %d %s, and 500 with that word to the older versions', async (reason, status, word) => {
    expect(await told('v3', apple(reason), toApple)).toEqual([status, { reason: word }])
    expect(await told('v2', apple(reason), toApple)).toEqual([500, { details: reason }])
  })

  it('is 500 with that word to version 1', async () => {
    expect(await told('v1', apple('BadDeviceToken'), { service: 'apns', ...alert })).toEqual([
      500,
      { details: 'BadDeviceToken' },
    ])
  })
})

describe('http/mongoosepush, by the word of Google', () => {
  it.each<[FcmRowName, number, string, string]>([
    ['invalid argument', 400, 'invalid_request', 'INVALID_ARGUMENT'],
    ['too big', 413, 'payload_too_large', 'INVALID_ARGUMENT'],
    ['unregistered', 410, 'unregistered', 'UNREGISTERED'],
    ['sender mismatch', 503, 'service_internal', 'SENDER_ID_MISMATCH'],
    ['permission denied', 503, 'service_internal', 'PERMISSION_DENIED'],
    ['device quota', 429, 'too_many_requests', 'QUOTA_EXCEEDED'],
    ['project quota', 429, 'too_many_requests', 'QUOTA_EXCEEDED'],
    ['internal', 503, 'service_internal', 'INTERNAL'],
    ['unavailable', 503, 'service_internal', 'UNAVAILABLE'],
    ['UNSPECIFIED_ERROR, 400', 520, 'unspecified', 'UNSPECIFIED_ERROR'],
    ['UNSPECIFIED_ERROR, 500', 520, 'unspecified', 'UNSPECIFIED_ERROR'],
  ])('%s is %d %s, and 500 with its word to the older versions', async (row, status, word, details) => {
    expect(await told('v3', google(row), toGoogle, android)).toEqual([status, { reason: word }])
    expect(await told('v2', google(row), toGoogle, android)).toEqual([500, { details }])
  })
})

describe('http/mongoosepush, by what becomes of the connection', () => {
  const lost = (place: HttpHouse) => void place.house.apns.script({ answer: answers.wire('tcp-reset'), times: 2 })

  it('is lost where nobody knows whether a call rings', async () => {
    expect(await told('v3', lost, call)).toEqual([503, { reason: 'connection_lost' }])
    expect(await told('v2', lost, call)).toMatchObject([500, { details: like('') }])
  })

  it('is none where the push service can not be reached', async () => {
    const gone = (place: HttpHouse) => place.house.apns.close()
    expect(await told('v3', gone, toApple)).toEqual([503, { reason: 'unable_to_connect' }])
    expect(await told('v2', gone, toApple)).toEqual([503, { details: 'Please try again later' }])
  })
})

describe('http/mongoosepush, by what is wrong before anyone is asked', () => {
  const nothing = () => undefined

  it('is no notification where its data stands in the way of what Apple reads, and is in order at Google', async () => {
    const data = { aps: { alert: 'mine' } }
    expect(await told('v3', nothing, { service: 'apns', data })).toEqual([400, { reason: 'invalid_notification' }])
    expect(await told('v2', nothing, { service: 'apns', data })).toEqual([500, { details: 'invalid_notification' }])
    expect(await told('v3', nothing, { service: 'fcm', data }, android)).toEqual([200, null])
  })

  it('is too large for Apple', async () => {
    const data = { text: 'x'.repeat(5_000) }
    expect(await told('v3', nothing, { service: 'apns', data })).toEqual([413, { reason: 'payload_too_large' }])
    expect((await told('v2', nothing, { service: 'apns', data }))[0]).toBe(500)
  })

  it('is too large for us: 413, and 500 to the older versions', async () => {
    const body = { service: 'apns', data: { text: 'x'.repeat(70_000) } }
    expect(await told('v3', nothing, body)).toEqual([413, { reason: 'payload_too_large' }])
    expect(await told('v2', nothing, body)).toEqual([500, { details: 'payload_too_large' }])
  })

  it('may be nested, as data may', async () => {
    expect(await told('v3', nothing, { service: 'fcm', data: { a: { b: [1] } } }, android)).toEqual([200, null])
  })
})
