import { createHash } from 'node:crypto'
import { tigase } from '../../lib/dialects/tigase'
import { type OfferedApp } from '../../lib/dialects/dialect'
import { type Registration } from '../../lib/model/registration'
import { dialectContract } from '../contracts/dialect'
import { IOS } from '../support/house'

const app: OfferedApp = {
  name: 'org.example.ios',
  speaks: 'apns',
  offers: {},
  passesEncrypted: true,
  maxEncryptedSize: 3000,
}
const apps = [app]
const requester = { bare: 'romeo@example.com' }
const [register, unregister] = tigase.commands
const fields = (values: Record<string, string>): ReadonlyMap<string, readonly string[]> =>
  new Map(Object.entries(values).map(([name, value]) => [name, [value]]))

const registration: Registration = {
  id: 'r1',
  service: 'push.example.com',
  node: 'n1',
  owner: 'romeo@example.com',
  dialect: 'tigase',
  device: 'd1',
  app: app.name,
  hints: {},
  registeredAt: 0,
  seenAt: 0,
}

describe('dialects/tigase', () => {
  const token = (device: string, which: 'first' | 'renewed' = 'first'): string =>
    createHash('sha256')
      .update(device + which)
      .digest('hex')
      .toUpperCase()

  dialectContract({
    dialect: tigase,
    registering: [
      {
        register: 'register-device',
        unregister: 'unregister-device',
        submit: (device, which) => ({ provider: IOS, 'device-token': token(device, which) }),
        remove: (device) => ({ provider: IOS, 'device-token': token(device) }),
        required: ['provider', 'device-token'],
        result: { node: 'text-single', features: 'text-multi', 'max-payload-size': 'text-single' },
        knowsDeviceByName: false,
      },
    ],
  })

  it('announces one feature per app, as Martin looks for', () => {
    expect(tigase.features([app])).toEqual(['org.example.ios'])
  })

  it('reads a registration with a second token and asks for no secret', () => {
    const wish = register?.read(
      fields({ provider: app.name, 'device-token': 'AB12', 'device-second-token': 'cd34' }),
      requester,
      apps,
    )
    expect(wish).toMatchObject({
      wants: 'register',
      app: app.name,
      address: 'AB12',
      callAddress: 'cd34',
      withSecret: false,
    })
  })

  it('knows the same device by its token, in upper or lower case hex', () => {
    const read = (token: string) =>
      register?.read(fields({ provider: app.name, 'device-token': token }), requester, apps)
    const [upper, lower, other] = [read('AB12'), read('ab12'), read('AB13')]
    expect(upper).toMatchObject({ device: (lower as { device: string }).device })
    expect(upper).not.toMatchObject({ device: (other as { device: string }).device })
  })

  it('knows FCM tokens by their case', () => {
    const read = (token: string) =>
      register?.read(fields({ provider: app.name, 'device-token': token }), requester, apps)
    expect(read('fcm:Ab')).not.toMatchObject({ device: (read('fcm:aB') as { device: string }).device })
  })

  it('names the fields that are missing', () => {
    expect(register?.read(fields({ provider: app.name }), requester, apps)).toEqual({
      wants: 'nothing',
      wrong: 'The form lacks "device-token".',
    })
    expect(unregister?.read(new Map(), requester, apps)).toEqual({
      wants: 'nothing',
      wrong: 'The form lacks "provider" and "device-token".',
    })
  })

  it('unregisters the device that it registered', () => {
    const form = fields({ provider: app.name, 'device-token': 'AB12' })
    const registered = register?.read(form, requester, apps)
    const unregistered = unregister?.read(form, requester, apps)
    expect(unregistered).toEqual({
      wants: 'unregister',
      app: app.name,
      device: (registered as { device: string }).device,
    })
  })

  it('answers with the node, and with features as text-multi where the app takes ciphertext', () => {
    expect(register?.write(registration, app)).toEqual([
      { var: 'node', type: 'text-single', values: ['n1'] },
      { var: 'features', type: 'text-multi', values: ['tigase:push:encrypt:0'] },
      { var: 'max-payload-size', type: 'text-single', values: ['3000'] },
    ])
  })

  it('promises no encryption to an app that cannot read it', () => {
    expect(register?.write(registration, { ...app, passesEncrypted: false })).toEqual([
      { var: 'node', type: 'text-single', values: ['n1'] },
    ])
  })
})
