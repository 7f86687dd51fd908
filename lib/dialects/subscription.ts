/**
 * A Web Push subscription as fields of a form: `endpoint`, `p256dh`, `auth`, as a browser's PushSubscription and a
 * UnifiedPush distributor hand them out. Knows no command, and not what makes an endpoint good.
 */
import { type Fields, type FormField, type OfferedApp, type Requester } from './dialect'

export const SUBSCRIPTION = ['endpoint', 'p256dh', 'auth'] as const

/** Names the device for as long as it is the same one, while its endpoint may change. */
export const deviceIdField: FormField = {
  var: 'device-id',
  type: 'text-single',
  label: 'A name of the device that stays the same (empty: the resource of this session)',
}

/** The three fields, blank. */
export function subscriptionFields(required: boolean): readonly FormField[] {
  const labels = {
    endpoint: 'Endpoint of the subscription',
    p256dh: 'Public key of the subscription (base64url)',
    auth: 'Authentication secret of the subscription (base64url)',
  }
  return SUBSCRIPTION.map((name) => ({
    var: name,
    type: 'text-single',
    label: labels[name],
    ...(required ? { required } : {}),
  }))
}

/** The first value of a field. */
export function first(fields: Fields, name: string): string | undefined {
  return fields.get(name)?.[0]?.trim()
}

/** Which of a form's required fields are missing, in words; undefined if none is. */
export function missing(fields: Fields, ...names: readonly string[]): string | undefined {
  const absent = names.filter((name) => first(fields, name) === undefined)
  return absent.length === 0 ? undefined : `The form lacks ${absent.map((name) => `"${name}"`).join(' and ')}.`
}

/** The address as the provider takes it: JSON of the three; undefined where one is missing. */
export function addressIn(fields: Fields): string | undefined {
  const [endpoint, p256dh, auth] = SUBSCRIPTION.map((name) => first(fields, name))
  if (endpoint === undefined || p256dh === undefined || auth === undefined) return undefined
  return JSON.stringify({ endpoint, p256dh, auth })
}

/**
 * The device: `device-id`, or the resource that asks, so that a renewed endpoint finds the registration of the old one.
 * Not the resource of an administrator who acts for an account: that is no device of the account's.
 */
export function deviceIn(fields: Fields, { resource }: Requester): string | undefined {
  const named = first(fields, 'device-id')
  if (named !== undefined) return named
  return resource === undefined || fields.has('account') ? undefined : `resource ${resource}`
}

/** What to say where `deviceIn` finds nothing. */
export const NO_DEVICE = 'The form lacks "device-id", and there is no resource of the device to take its place.'

/** Apps that are reached by Web Push. */
export function webPushApps(apps: readonly OfferedApp[]): readonly OfferedApp[] {
  return apps.filter((app) => app.speaks === 'webpush')
}

/**
 * What the apps offer, as fields with a value: `app#vapid-public-key` for each, and plain `vapid-public-key` where
 * there is only one Web Push app.
 */
export function offerFields(apps: readonly OfferedApp[], type: 'hidden' | 'text-single'): readonly FormField[] {
  const own = webPushApps(apps)
  const named = own.flatMap(({ name, offers }) =>
    Object.entries(offers).map(([what, value]) => ({ var: `${name}#${what}`, type, values: [value] })),
  )
  const only = own.length === 1 ? Object.entries(own[0]?.offers ?? {}) : []
  return [...only.map(([what, value]) => ({ var: what, type, values: [value] })), ...named]
}
