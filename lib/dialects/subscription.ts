/**
 * A Web Push subscription as fields of a form: `endpoint`, `p256dh`, `auth`, as a browser's PushSubscription and a
 * UnifiedPush distributor hand them out. Knows no command, and not what makes an endpoint good.
 */
import { type Fields, type FormField, type OfferedApp } from './dialect'
import { first } from './fields'

export const SUBSCRIPTION = ['endpoint', 'p256dh', 'auth'] as const

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

/** The address as the provider takes it: JSON of the three; undefined where one is missing. */
export function addressIn(fields: Fields): string | undefined {
  const [endpoint, p256dh, auth] = SUBSCRIPTION.map((name) => first(fields, name))
  if (endpoint === undefined || p256dh === undefined || auth === undefined) return undefined
  return JSON.stringify({ endpoint, p256dh, auth })
}

/** Apps that are reached by Web Push. */
export function webPushApps(apps: readonly OfferedApp[]): readonly OfferedApp[] {
  return apps.filter((app) => app.speaks === 'webpush')
}

/** `vapid-public-key` for people. */
function labelOf(what: string): string {
  return what === 'vapid-public-key' ? 'Key to subscribe with (VAPID)' : `To be known: ${what}`
}

/**
 * What the apps offer, as fields with a value: `app#vapid-public-key` for each, and plain `vapid-public-key` where
 * there is only one Web Push app.
 */
export function offerFields(apps: readonly OfferedApp[], type: 'hidden' | 'text-single'): readonly FormField[] {
  const own = webPushApps(apps)
  const named = own.flatMap(({ name, offers }) =>
    Object.entries(offers).map(([what, value]) => ({
      var: `${name}#${what}`,
      type,
      label: labelOf(what),
      values: [value],
    })),
  )
  const only = own.length === 1 ? Object.entries(own[0]?.offers ?? {}) : []
  return [...only.map(([what, value]) => ({ var: what, type, label: labelOf(what), values: [value] })), ...named]
}
