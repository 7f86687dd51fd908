/**
 * Siskin, Snikket iOS, Stork: `register-device` and `unregister-device` of Tigase's push component; in place of the
 * token they take a Web Push subscription, too. There is no secret: the node is the only capability.
 */
import { createHash } from 'node:crypto'
import {
  type Dialect,
  type DialectCommand,
  type Fields,
  type FormField,
  type OfferedApp,
  type Requester,
  type Wish,
} from './dialect'
import { deviceIdField, deviceIn, first, missing, NO_DEVICE } from './fields'
import { addressIn, offerFields, SUBSCRIPTION, subscriptionFields, webPushApps } from './subscription'

const ENCRYPT = 'tigase:push:encrypt:0'

/** The device is its token: Tigase's clients tell nothing else that is stable. Hex is compared without case. */
function deviceOf(token: string): string {
  const folded = /^[0-9a-f]+$/i.test(token) ? token.toLowerCase() : token
  return createHash('sha256').update(folded).digest('base64url').slice(0, 22)
}

function appField(apps: readonly OfferedApp[]): FormField {
  return {
    var: 'provider',
    type: 'list-single',
    label: 'App',
    required: true,
    options: apps.map((app) => app.name),
  }
}

/** Required where every app is reached by a token. */
function tokenField(apps: readonly OfferedApp[]): FormField {
  const required = webPushApps(apps).length === 0
  return { var: 'device-token', type: 'text-single', label: 'Device token', ...(required ? { required } : {}) }
}

/** Fields beside the token's, where an app is reached by Web Push. */
function webPushFields(apps: readonly OfferedApp[], fields: readonly FormField[]): readonly FormField[] {
  return webPushApps(apps).length === 0 ? [] : [...fields, deviceIdField]
}

/** The app, and the device by its token or, of a subscription, by its name; or what is missing. */
function whoIn(
  fields: Fields,
  requester: Requester,
): { readonly app: string; readonly device: string; readonly token?: string } | { readonly wrong: string } {
  const isSubscription = [...SUBSCRIPTION, 'device-id'].some((name) => fields.has(name))
  const [app, token] = [first(fields, 'provider'), first(fields, 'device-token')]
  const required = token === undefined && isSubscription ? ['provider'] : ['provider', 'device-token']
  if (app === undefined) return { wrong: missing(fields, ...required) ?? '' }
  if (token !== undefined) return { app, device: deviceOf(token), token }
  if (!isSubscription) return { wrong: missing(fields, 'device-token') ?? '' }
  const device = deviceIn(fields, requester)
  return device === undefined ? { wrong: NO_DEVICE } : { app, device }
}

const register: DialectCommand = {
  node: 'register-device',
  name: 'Register device',
  instructions: 'Choose the app and give the token that the device got from its push service.',
  form: (apps) => [
    appField(apps),
    tokenField(apps),
    { var: 'device-second-token', type: 'text-single', label: 'Second token, for calls (PushKit)' },
    ...webPushFields(apps, subscriptionFields(false)),
    ...offerFields(apps, 'hidden'),
  ],
  read(fields, requester): Wish {
    const who = whoIn(fields, requester)
    if ('wrong' in who) return { wants: 'nothing', ...who }
    const { app, device, token } = who
    const address = token ?? addressIn(fields)
    if (address === undefined) return { wants: 'nothing', wrong: missing(fields, ...SUBSCRIPTION) ?? '' }
    const callAddress = first(fields, 'device-second-token')
    return {
      wants: 'register',
      app,
      device,
      address,
      ...(callAddress === undefined ? {} : { callAddress }),
      withSecret: false,
      hints: {},
    }
  },
  write: (registration, app) => [
    { var: 'node', type: 'text-single', values: [registration.node] },
    // COMPAT(Martin ≤ 3): reads `features` only as text-multi, else encryption is silently off.
    ...(app?.passesEncrypted === true
      ? [
          { var: 'features', type: 'text-multi', values: [ENCRYPT] } as const,
          { var: 'max-payload-size', type: 'text-single', values: [String(app.maxEncryptedSize)] } as const,
        ]
      : []),
  ],
}

const unregister: DialectCommand = {
  node: 'unregister-device',
  name: 'Unregister device',
  instructions: 'Give the app and the token with which the device was registered.',
  form: (apps) => [appField(apps), tokenField(apps), ...webPushFields(apps, [])],
  read(fields, requester): Wish {
    const who = whoIn(fields, requester)
    return 'wrong' in who ? { wants: 'nothing', ...who } : { wants: 'unregister', app: who.app, device: who.device }
  },
  write: (registration) => [{ var: 'node', type: 'text-single', values: [registration.node] }],
}

export const tigase: Dialect = Object.freeze({
  name: 'tigase',
  commands: [register, unregister],
  // Martin's findPushComponent takes the first component that has the provider's name among its features.
  features: (apps: readonly OfferedApp[]) => apps.map((app) => app.name),
})
