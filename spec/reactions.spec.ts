/** Every answer of APNs and FCM, followed to the far end: the registry, the answer to the next publish, the accounting and the log. */
import { closes, type Account } from '../lib/model/accounting'
import { answers } from '../lib/sim/apns-answers'
import { REASONS, type Reason } from '../lib/sim/apns-findings'
import { fcmRows, type FcmRowName } from '../lib/sim/fcm-rows'
import { ANDROID, DOMAIN, IOS, startHouse, type House } from './support/house'

/** What must follow, in the words of the design. */
type Reaction =
  /** The token is forgotten; the next publish is told `item-not-found`. */
  | 'gone'
  /** This notification is dropped; the device stays, the next one arrives. */
  | 'dropped'
  /** The app is held and the operator told; afterwards the same notification arrives. */
  | 'held'
  /** The same notification arrives later. */
  | 'later'
  /** Mended inside the attempt: it arrives at once. */
  | 'at once'

const apnsReactions: Readonly<Record<Reason, Reaction>> = {
  BadCollapseId: 'dropped',
  BadDeviceToken: 'dropped',
  BadExpirationDate: 'dropped',
  BadMessageId: 'dropped',
  BadPriority: 'dropped',
  BadTopic: 'held',
  DeviceTokenNotForTopic: 'dropped',
  DuplicateHeaders: 'dropped',
  IdleTimeout: 'later',
  InvalidPushType: 'dropped',
  MissingDeviceToken: 'dropped',
  MissingTopic: 'held',
  PayloadEmpty: 'dropped',
  TopicDisallowed: 'held',
  BadCertificate: 'held',
  BadCertificateEnvironment: 'held',
  BadEnvironmentKeyIdInToken: 'held',
  BadEnvironmentKeyInToken: 'held',
  ExpiredProviderToken: 'at once',
  Forbidden: 'held',
  InvalidProviderToken: 'at once',
  MissingProviderToken: 'held',
  UnrelatedKeyIdInToken: 'at once',
  BadPath: 'dropped',
  MethodNotAllowed: 'dropped',
  ExpiredToken: 'gone',
  Unregistered: 'gone',
  PayloadTooLarge: 'dropped',
  TooManyProviderTokenUpdates: 'held',
  TooManyRequests: 'later',
  InternalServerError: 'later',
  ServiceUnavailable: 'later',
  Shutdown: 'later',
}

const fcmReactions: Readonly<Record<FcmRowName, Reaction>> = {
  'not a token': 'gone',
  'not a token, message only': 'gone',
  'not a token, violation only': 'gone',
  'APNs token disabled': 'gone',
  'APNs BadDeviceToken': 'dropped',
  'APNs DeviceTokenNotForTopic': 'dropped',
  'bare invalid argument': 'dropped',
  'invalid argument': 'dropped',
  'bad field': 'dropped',
  'reserved key': 'dropped',
  'bad ttl': 'dropped',
  'too big': 'dropped',
  'no target': 'dropped',
  'credential missing': 'at once',
  'token expired': 'at once',
  'token invalid': 'at once',
  // The project's Apple key is wrong: its Android phones must not wait for that.
  'APNs key invalid': 'later',
  'APNs key for the other environment': 'later',
  APNS_AUTH_ERROR: 'dropped',
  'sender mismatch': 'dropped',
  'permission denied': 'held',
  'service disabled': 'held',
  unregistered: 'gone',
  'unregistered at APNs': 'gone',
  'not found': 'held',
  'not found, page': 'held',
  'project quota': 'held',
  'device quota': 'later',
  'topic quota': 'held',
  'bare quota': 'held',
  internal: 'later',
  'bare internal': 'later',
  'bad gateway': 'later',
  'gateway timeout': 'later',
  unavailable: 'later',
  'unavailable, empty': 'later',
  'UNSPECIFIED_ERROR, 400': 'dropped',
  'UNSPECIFIED_ERROR, 500': 'later',
  'unheard-of, 400': 'dropped',
  'unheard-of, 500': 'later',
}

interface Device {
  readonly node: string
  readonly client: string
}

/** «Bad token»: believed only while the credential is proven good, which an hour without a delivery undoes. */
const suspects: readonly string[] = [
  'BadDeviceToken',
  'DeviceTokenNotForTopic',
  'APNs BadDeviceToken',
  'APNs DeviceTokenNotForTopic',
  'sender mismatch',
]

let house: House
let devices = 0

async function register(app: string, token: string): Promise<Device> {
  const client = `user${(devices += 1)}@example.com`
  const answer = await house.server
    .client(`${client}/phone`)
    .iq(
      `<iq type='set' to='${DOMAIN}'><command xmlns='http://jabber.org/protocol/commands' node='register-device'>` +
        `<x xmlns='jabber:x:data' type='submit'><field var='provider'><value>${app}</value></field>` +
        `<field var='device-token'><value>${token}</value></field></x></command></iq>`,
    )
  const fields = answer.child('command')?.child('x')?.elements('field') ?? []
  return { client, node: fields[0]?.child('value')?.text() ?? '' }
}

async function publish({ node }: Device): Promise<string> {
  const answer = await house.server.request(
    `<iq type='set' id='p' from='example.com' to='${DOMAIN}'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='${node}'><item>` +
      `<notification xmlns='urn:xmpp:push:0'><x xmlns='jabber:x:data' type='form'><field var='last-message-body'><value>New Message!</value></field></x>` +
      `</notification></item></publish></pubsub></iq>`,
  )
  return answer.attrs['type'] === 'result' ? 'result' : (answer.child('error')?.elements()[0]?.name ?? 'error')
}

async function accountOf(app: string): Promise<Account> {
  await house.rest()
  const account = (await house.service().accounts()).get(app)
  if (account === undefined) throw new Error(`nothing was ever accepted for ${app}`)
  return account
}

/** Publishes once, is answered as told by the scripted row, and looks at all that follows. */
async function follow(app: string, device: Device, reaction: Reaction, arrived: () => number): Promise<void> {
  const begun = house.log.length
  const before = await accountOf(app).catch(() => undefined)
  const count = (account: Account | undefined, end: 'delivered' | 'gone' | 'refused' | 'waiting'): number =>
    account?.[end] ?? 0
  expect(await publish(device)).toBe('result')
  const after = await accountOf(app)
  const said = (): string => house.log.slice(begun).join('')

  switch (reaction) {
    case 'gone':
      expect(count(after, 'gone') - count(before, 'gone')).toBe(1)
      expect(said()).toContain('"at":"forgotten"')
      expect(await publish(device)).toBe('item-not-found')
      return
    case 'dropped':
      expect(count(after, 'refused') - count(before, 'refused')).toBe(1)
      break
    case 'at once':
      expect(count(after, 'delivered') - count(before, 'delivered')).toBe(1)
      break
    case 'held':
    case 'later': {
      expect(count(after, 'waiting')).toBe(1)
      expect(said().includes('"at":"held"')).toBe(reaction === 'held')
      for (let minute = 0; count(await accountOf(app), 'waiting') > 0 && minute < 30; minute++) await house.pass(60_000)
      expect(count(await accountOf(app), 'delivered') - count(before, 'delivered')).toBe(1)
    }
  }
  expect(said()).not.toContain('"at":"forgotten"')
  const soFar = arrived()
  expect(await publish(device)).toBe('result')
  await house.rest()
  expect(arrived()).toBe(soFar + 1)
  expect(closes(await accountOf(app))).toBe(true)
}

beforeAll(async () => {
  house = await startHouse()
})

afterAll(async () => {
  await house.close()
})

describe('reactions to APNs', () => {
  const rows = Object.keys(REASONS) as Reason[]

  it.each(rows.map((reason) => [reason, apnsReactions[reason]] as const))('%s: %s', async (reason, reaction) => {
    const token = (devices + 1).toString(16).padStart(64, 'a')
    house.apns.addDevice({ token, topic: IOS })
    // A provider token may be renewed every 20 minutes at most, and this row renews it.
    if (reason === 'ExpiredProviderToken') await house.pass(21 * 60_000)
    if (suspects.includes(reason)) await house.pass(61 * 60_000)
    const device = await register(IOS, token)
    house.apns.script({
      answer: answers.refuse(reason, { timestamp: house.clock.now() + 1 }),
      token,
      times: 1,
    })
    await follow(IOS, device, reaction, () => house.apns.received(token).length)
  })
})

describe('reactions to a bad token while the credential is proven good', () => {
  it.each(['BadDeviceToken', 'DeviceTokenNotForTopic'] as const)('APNs %s: gone', async (reason) => {
    const tokens = ['c', 'd'].map((letter) => (devices + 1).toString(16).padStart(64, letter))
    await house.pass(3 * 3600_000)
    for (const token of tokens) house.apns.addDevice({ token, topic: IOS })
    const [living, dead] = [await register(IOS, tokens[0] ?? ''), await register(IOS, tokens[1] ?? '')]
    await publish(living)
    await house.rest()
    house.apns.script({ answer: answers.refuse(reason), token: tokens[1] ?? '', times: 1 })
    await house.pass(1)
    await follow(IOS, dead, 'gone', () => 0)
    expect(await publish(living)).toBe('result')
  })

  it('FCM SENDER_ID_MISMATCH: gone', async () => {
    const tokens = ['living', 'dead'].map((name) => `fcm-token:${name}-${'y'.repeat(40)}`)
    for (const token of tokens) house.fcm.setDevice(token, 'live')
    const [living, dead] = [await register(ANDROID, tokens[0] ?? ''), await register(ANDROID, tokens[1] ?? '')]
    await publish(living)
    await house.rest()
    house.fcm.inject({ is: 'row', row: 'sender mismatch' }, { times: 1, token: tokens[1] ?? '' })
    await house.pass(1)
    await follow(ANDROID, dead, 'gone', () => 0)
  })
})

describe('reactions to FCM', () => {
  const rows = Object.keys(fcmRows) as FcmRowName[]

  it.each(rows.map((row) => [row, fcmReactions[row]] as const))('%s: %s', async (row, reaction) => {
    const token = `fcm-token:${devices + 1}-${'x'.repeat(40)}`
    house.fcm.setDevice(token, 'live')
    if (suspects.includes(row)) await house.pass(61 * 60_000)
    const device = await register(ANDROID, token)
    house.fcm.inject({ is: 'row', row }, { times: 1, token })
    await house.pass(1)
    const arrived = (): number =>
      house.fcm.journal.filter(
        (each) => each.body.includes(token) && each.answer.is === 'answer' && each.answer.status === 200,
      ).length
    await follow(ANDROID, device, reaction, arrived)
  })
})
