/**
 * Siskin, Snikket iOS, Stork: `register-device` and `unregister-device` of Tigase's push component.
 * There is no secret: the node is the only capability.
 */
import { createHash } from 'node:crypto'
import { type Dialect, type DialectCommand, type Fields, type FormField, type OfferedApp, type Wish } from './dialect'

const ENCRYPT = 'tigase:push:encrypt:0'

function first(fields: Fields, name: string): string | undefined {
  return fields.get(name)?.[0]?.trim()
}

/** Which of a form's required fields are missing, in words; undefined if none is. */
function missing(fields: Fields, ...names: readonly string[]): string | undefined {
  const absent = names.filter((name) => first(fields, name) === undefined)
  return absent.length === 0 ? undefined : `The form lacks ${absent.map((name) => `"${name}"`).join(' and ')}.`
}

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

const tokenField: FormField = { var: 'device-token', type: 'text-single', label: 'Device token', required: true }

const register: DialectCommand = {
  node: 'register-device',
  name: 'Register device',
  instructions: 'Choose the app and give the token that the device got from its push service.',
  form: (apps) => [
    appField(apps),
    tokenField,
    { var: 'device-second-token', type: 'text-single', label: 'Second token, for calls (PushKit)' },
  ],
  read(fields): Wish {
    const wrong = missing(fields, 'provider', 'device-token')
    const app = first(fields, 'provider')
    const address = first(fields, 'device-token')
    if (app === undefined || address === undefined) return { wants: 'nothing', wrong: wrong ?? '' }
    const callAddress = first(fields, 'device-second-token')
    return {
      wants: 'register',
      app,
      device: deviceOf(address),
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
  form: (apps) => [appField(apps), tokenField],
  read(fields): Wish {
    const wrong = missing(fields, 'provider', 'device-token')
    const app = first(fields, 'provider')
    const address = first(fields, 'device-token')
    if (app === undefined || address === undefined) return { wants: 'nothing', wrong: wrong ?? '' }
    return { wants: 'unregister', app, device: deviceOf(address) }
  },
  write: (registration) => [{ var: 'node', type: 'text-single', values: [registration.node] }],
}

export const tigase: Dialect = Object.freeze({
  name: 'tigase',
  commands: [register, unregister],
  // Martin's findPushComponent takes the first component that has the provider's name among its features.
  features: (apps: readonly OfferedApp[]) => apps.map((app) => app.name),
})
