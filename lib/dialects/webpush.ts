/**
 * Browsers and UnifiedPush (RFC 8030, RFC 8291): `register-push-webpush` and `unregister-push-webpush`, of our own
 * making (docs/webpush.md). Every publish must carry the secret that registering gives.
 */
import { type Dialect, type DialectCommand, type Fields, type FormField, type OfferedApp, type Wish } from './dialect'
import { deviceIdField, deviceIn, first, missing, NO_DEVICE } from './fields'
import { addressIn, offerFields, SUBSCRIPTION, subscriptionFields, webPushApps } from './subscription'

/** Chosen only where there is something to choose. */
function appFields(apps: readonly OfferedApp[]): readonly FormField[] {
  const names = webPushApps(apps).map((app) => app.name)
  const [only] = names
  if (only === undefined) return []
  const values = names.length === 1 ? [only] : undefined
  return [
    {
      var: 'app',
      type: 'list-single',
      label: 'App',
      options: names,
      ...(values === undefined ? { required: true } : { values }),
    },
  ]
}

/** The app that is meant: `app`, also as `provider`, or the only one. Whether it exists is for the intake to say. */
function appIn(fields: Fields, apps: readonly OfferedApp[]): string | { readonly wrong: string } {
  const named = first(fields, 'app') ?? first(fields, 'provider')
  if (named !== undefined) return named
  const names = webPushApps(apps).map((app) => app.name)
  const [only] = names
  if (only === undefined) return { wrong: 'No app here is reached by Web Push.' }
  return names.length === 1 ? only : { wrong: `The form lacks "app"; there is ${names.join(', ')}.` }
}

const serves = (apps: readonly OfferedApp[]): boolean => webPushApps(apps).length > 0

const register: DialectCommand = {
  node: 'register-push-webpush',
  name: 'Register a Web Push or UnifiedPush subscription',
  instructions: 'Give endpoint and keys of the subscription; make it with the VAPID public key, where there is one.',
  serves,
  form: (apps) => [...appFields(apps), ...subscriptionFields(true), deviceIdField, ...offerFields(apps, 'hidden')],
  read(fields, requester, apps): Wish {
    const app = appIn(fields, apps)
    if (typeof app !== 'string') return { wants: 'nothing', ...app }
    const address = addressIn(fields)
    if (address === undefined) return { wants: 'nothing', wrong: missing(fields, ...SUBSCRIPTION) ?? '' }
    const device = deviceIn(fields, requester)
    if (device === undefined) return { wants: 'nothing', wrong: NO_DEVICE }
    return { wants: 'register', app, device, address, withSecret: true, hints: {} }
  },
  write: (registration, app) => [
    { var: 'jid', type: 'jid-single', values: [registration.service] },
    { var: 'node', type: 'text-single', values: [registration.node] },
    ...(registration.secret === undefined
      ? []
      : [{ var: 'secret', type: 'text-single', values: [registration.secret.reveal()] } as const]),
    ...(app?.passesEncrypted === true
      ? [{ var: 'max-payload-size', type: 'text-single', values: [String(app.maxEncryptedSize)] } as const]
      : []),
  ],
}

const unregister: DialectCommand = {
  node: 'unregister-push-webpush',
  name: 'Unregister a Web Push or UnifiedPush subscription',
  instructions: 'Name the device as it was named when it was registered.',
  serves,
  form: (apps) => [...appFields(apps), deviceIdField],
  read(fields, requester, apps): Wish {
    const app = appIn(fields, apps)
    if (typeof app !== 'string') return { wants: 'nothing', ...app }
    const device = deviceIn(fields, requester)
    return device === undefined ? { wants: 'nothing', wrong: NO_DEVICE } : { wants: 'unregister', app, device }
  },
  write: (registration) => [{ var: 'node', type: 'text-single', values: [registration.node] }],
}

export const webpush: Dialect = Object.freeze({
  name: 'webpush',
  commands: [register, unregister],
  // The family that speaks tigase's words announces the names of all apps already.
  features: () => [],
  facts: (apps: readonly OfferedApp[]) => offerFields(apps, 'text-single'),
})
