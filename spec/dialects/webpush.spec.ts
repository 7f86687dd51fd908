import { type OfferedApp } from '../../lib/dialects/dialect'
import { tigase } from '../../lib/dialects/tigase'
import { webpush } from '../../lib/dialects/webpush'
import { Opaque } from '../../lib/model/opaque'
import { type Registration } from '../../lib/model/registration'
import { startWebPushSimulator, type WebPushSimulator } from '../../lib/sim/webpush'
import { dialectContract } from '../contracts/dialect'

const web: OfferedApp = {
  name: 'org.example.web',
  speaks: 'webpush',
  offers: { 'vapid-public-key': 'BKey' },
  passesEncrypted: true,
  maxEncryptedSize: 2800,
}
const distributor: OfferedApp = { ...web, name: 'org.example.up', offers: {} }
const phone: OfferedApp = { ...web, name: 'org.example.ios', speaks: 'apns', offers: {} }
const requester = { bare: 'romeo@example.com', resource: 'browser' }
const keys = { endpoint: 'https://push.example.net/a', p256dh: 'BP', auth: 'au' }
const address = JSON.stringify(keys)
const [register, unregister] = webpush.commands
const [registerDevice, unregisterDevice] = tigase.commands

const fields = (values: Record<string, string>): ReadonlyMap<string, readonly string[]> =>
  new Map(Object.entries(values).map(([name, value]) => [name, [value]]))

const registration: Registration = {
  id: 'r1',
  service: 'push.example.com',
  node: 'n1',
  owner: requester.bare,
  dialect: 'webpush',
  device: 'd1',
  secret: new Opaque('s3cret'),
  app: web.name,
  hints: {},
  registeredAt: 0,
  seenAt: 0,
}

describe('dialects/webpush', () => {
  let push: WebPushSimulator
  beforeAll(async () => void (push = await startWebPushSimulator()))
  afterAll(() => push.close())

  const given = new Map<string, Readonly<Record<string, string>>>()
  /** One subscription for each device and each of its endpoints. */
  const subscription = (device: string, which: string): Readonly<Record<string, string>> => {
    const known = given.get(`${device} ${which}`)
    if (known !== undefined) return known
    const { endpoint, keys } = push.subscribe()
    given.set(`${device} ${which}`, { endpoint, ...keys })
    return { endpoint, ...keys }
  }

  dialectContract({
    dialect: webpush,
    house: {
      apps: () => {
        const allowPrivate = [new URL(push.origin).host]
        return { 'org.example.unified': { provider: 'webpush', profile: 'webpush', allowPrivate, ca: push.ca } }
      },
    },
    registering: [
      {
        register: 'register-push-webpush',
        unregister: 'unregister-push-webpush',
        submit: (device, which) => ({ ...subscription(device, which), 'device-id': device }),
        remove: (device) => ({ 'device-id': device }),
        required: ['endpoint', 'p256dh', 'auth'],
        result: {
          jid: 'jid-single',
          node: 'text-single',
          secret: 'text-single',
          'max-payload-size': 'text-single',
        },
        knowsDeviceByName: true,
      },
    ],
  })

  it('takes a subscription for the only app there is', () => {
    expect(register?.read(fields(keys), requester, [phone, web])).toEqual({
      wants: 'register',
      app: web.name,
      device: 'resource browser',
      address,
      withSecret: true,
      hints: {},
    })
  })

  it('asks which app is meant where there are several', () => {
    expect(register?.read(fields(keys), requester, [web, distributor])).toEqual({
      wants: 'nothing',
      wrong: 'The form lacks "app"; there is org.example.web, org.example.up.',
    })
    const chosen = register?.read(fields({ ...keys, app: distributor.name }), requester, [web, distributor])
    expect(chosen).toMatchObject({ app: distributor.name })
  })

  it.each([
    ['its own name', { ...keys, 'device-id': 'laptop' }, requester, 'laptop'],
    ['the resource', keys, requester, 'resource browser'],
  ])('knows a device by %s, whatever its endpoint', (_what, said, asker, device) => {
    const renewed = { ...said, endpoint: 'https://push.example.net/b' }
    expect(register?.read(fields(said), asker, [web])).toMatchObject({ device })
    expect(register?.read(fields(renewed), asker, [web])).toMatchObject({ device })
    expect(unregister?.read(fields(said), asker, [web])).toEqual({ wants: 'unregister', app: web.name, device })
  })

  it.each([
    ['without a resource', keys, { bare: requester.bare }],
    ['for an account that is acted for', { ...keys, account: 'juliet@example.com' }, requester],
  ])('guesses no device %s', (_what, said, asker) => {
    for (const command of webpush.commands) {
      expect(command.read(fields(said), asker, [web])).toMatchObject({
        wants: 'nothing',
        wrong: expect.stringContaining('device-id') as string,
      })
    }
  })

  it('names the fields that are missing', () => {
    expect(register?.read(fields({ endpoint: keys.endpoint }), requester, [web])).toEqual({
      wants: 'nothing',
      wrong: 'The form lacks "p256dh" and "auth".',
    })
  })

  it('hands out the key to subscribe with, in the blank form and in disco', () => {
    const label = 'Key to subscribe with (VAPID)'
    expect(register?.form([phone, web])).toEqual(
      expect.arrayContaining([
        { var: 'vapid-public-key', type: 'hidden', label, values: ['BKey'] },
        { var: 'org.example.web#vapid-public-key', type: 'hidden', label, values: ['BKey'] },
      ]),
    )
    expect(webpush.facts?.([phone, web]).map((field) => field.var)).toEqual([
      'vapid-public-key',
      'org.example.web#vapid-public-key',
    ])
    expect(webpush.facts?.([phone, web, distributor]).map((field) => field.var)).toEqual([
      'org.example.web#vapid-public-key',
    ])
    expect(webpush.facts?.([phone, distributor])).toEqual([])
  })

  it('offers its commands only where there is an app for them', () => {
    expect(register?.serves?.([phone])).toBe(false)
    expect(register?.serves?.([phone, web])).toBe(true)
  })

  it('answers with jid, node and secret', () => {
    expect(register?.write(registration, web)).toEqual([
      { var: 'jid', type: 'jid-single', values: ['push.example.com'] },
      { var: 'node', type: 'text-single', values: ['n1'] },
      { var: 'secret', type: 'text-single', values: ['s3cret'] },
      { var: 'max-payload-size', type: 'text-single', values: ['2800'] },
    ])
  })
})

describe('dialects/tigase with a Web Push app', () => {
  const form = { ...keys, provider: web.name }

  it('takes a subscription in place of the token', () => {
    expect(registerDevice?.read(fields(form), requester, [web])).toMatchObject({
      wants: 'register',
      app: web.name,
      device: 'resource browser',
      address,
      withSecret: false,
    })
    const gone = unregisterDevice?.read(fields(form), requester, [web])
    expect(gone).toEqual({ wants: 'unregister', app: web.name, device: 'resource browser' })
  })

  it('names what a subscription lacks', () => {
    const { auth: _left, ...rest } = form
    expect(registerDevice?.read(fields(rest), requester, [web])).toMatchObject({ wrong: 'The form lacks "auth".' })
  })

  it('still wants a token where nothing of a subscription is given', () => {
    const wish = registerDevice?.read(fields({ provider: web.name }), requester, [web])
    expect(wish).toMatchObject({ wrong: 'The form lacks "device-token".' })
  })

  it('shows the fields of a subscription only where there is an app for them', () => {
    const names = (apps: readonly OfferedApp[]) => registerDevice?.form(apps).map((field) => field.var)
    expect(names([phone])).toEqual(['provider', 'device-token', 'device-second-token'])
    expect(names([phone, web])).toEqual([
      ...['provider', 'device-token', 'device-second-token', 'endpoint', 'p256dh', 'auth', 'device-id'],
      ...['vapid-public-key', 'org.example.web#vapid-public-key'],
    ])
  })
})
