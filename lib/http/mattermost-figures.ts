/** What Mattermost's push proxy counts of itself, by its own names, so that its dashboards go on showing something. */
import { makeCounter, makeHistogram, type Figure } from '../observe/figures'

export interface MattermostFigures {
  readonly figures: readonly Figure[]
  /** A push was asked for. */
  asked(platform: string, type: string, transport: string, version: string): void
  /** It was answered, after so many seconds. */
  answered(platform: string, type: string, reply: MattermostCounted, seconds: number): void
  /** A push service's word came, so many seconds after the push was asked for. */
  heard(speaks: string, seconds: number): void
  /** A device says that it has one. */
  acknowledged(platform: string, type: string): void
  badRequest(): void
  /** All of it in one line. */
  status(): string
}

export type MattermostCounted =
  | { readonly status: 'OK'; readonly isAckWanted: boolean }
  | { readonly status: 'REMOVE'; readonly transport: string }
  | { readonly status: 'FAIL'; readonly transport: string; readonly reason: string }

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const

const TYPES: ReadonlySet<string> = new Set(['message', 'clear', 'update_badge', 'session', 'test'])
/** As phones name themselves in an ack. */
const PHONES: ReadonlySet<string> = new Set(['ios', 'android'])

/** No label holds what a stranger made up. */
const typeOf = (type: string): string => (TYPES.has(type) ? type : 'other')
const versionOf = (version: string): string => (/^\d{1,3}$/.test(version) ? version : 'other')

/** `isKnown`: whether some app has this platform, its version left out. */
export function makeMattermostFigures(isKnown: (platform: string) => boolean): MattermostFigures {
  const platformOf = (platform: string): string => (PHONES.has(platform) || isKnown(platform) ? platform : 'other')
  const counter = (name: string, help: string, ...labels: readonly string[]) => makeCounter({ name, help, labels })
  const asked = counter(
    ...(['service_notifications_total', "Pushes that Mattermost's servers asked for."] as const),
    ...['platform', 'type', 'transport'],
  )
  const byVersion = counter(
    ...(['service_notifications_by_app_version_total', 'The same, by the version of the app.'] as const),
    ...['platform', 'type', 'version'],
  )
  const success = counter('service_success_total', 'Pushes answered with OK.', 'platform', 'type')
  const withAck = counter(
    ...(['service_success_with_ack_total', 'The same, of those that the device is to acknowledge.'] as const),
    ...['platform', 'type'],
  )
  const delivered = counter('service_delivered_total', 'Pushes that devices acknowledged.', 'platform', 'type')
  const failure = counter('service_failure_total', 'Pushes answered with FAIL.', 'platform', 'type')
  const withReason = counter(
    ...(['service_failure_with_reason_total', 'The same, by what stood in the way.'] as const),
    ...['platform', 'type', 'transport', 'reason'],
  )
  const removal = counter(
    ...(['service_removal_total', 'Pushes answered with REMOVE: the device is gone.'] as const),
    ...['platform', 'transport', 'reason'],
  )
  const bad = counter('service_bad_request_total', 'Requests that could not be read.')
  const request = makeHistogram({
    ...{ name: 'service_request_duration_seconds', help: 'Until a push was answered.', labels: [], bounds: SECONDS },
  })
  const notification = makeHistogram({
    ...{ name: 'service_notification_duration_seconds', help: 'The same, by platform.' },
    ...{ labels: ['platform'], bounds: SECONDS },
  })
  const vendors = new Map<string, ReturnType<typeof makeHistogram>>(
    (['apns', 'fcm'] as const).map((name) => {
      const help = `The same, of those that ${name === 'fcm' ? 'FCM' : 'APNs'} answered meanwhile.`
      const spec = { name: `service_${name}_request_duration_seconds`, help, labels: [], bounds: SECONDS }
      return [name, makeHistogram(spec)] as const
    }),
  )
  const counts = { asked: 0, OK: 0, REMOVE: 0, FAIL: 0, acknowledged: 0 }
  bad.add([], 0)
  for (const each of [request, ...vendors.values()]) each.expect([])
  const counted = [asked, byVersion, success, withAck, delivered, failure, withReason, removal, bad]
  const all = [...counted, request, notification, ...vendors.values()]
  return Object.freeze({
    figures: all.map(({ figure }) => figure),
    asked(platform: string, type: string, transport: string, version: string) {
      counts.asked += 1
      const [its, kind] = [platformOf(platform), typeOf(type)]
      asked.add([its, kind, transport])
      byVersion.add([its, kind, versionOf(version)])
    },
    answered(platform: string, type: string, reply: MattermostCounted, seconds: number) {
      const [its, kind] = [platformOf(platform), typeOf(type)]
      counts[reply.status] += 1
      request.add([], seconds)
      notification.add([its], seconds)
      switch (reply.status) {
        case 'OK':
          success.add([its, kind])
          if (reply.isAckWanted) withAck.add([its, kind])
          return
        case 'REMOVE':
          return removal.add([its, reply.transport, 'dead token'])
        case 'FAIL':
          failure.add([its, kind])
          withReason.add([its, kind, reply.transport, reply.reason])
      }
    },
    heard: (speaks: string, seconds: number) => vendors.get(speaks)?.add([], seconds),
    acknowledged(platform: string, type: string) {
      counts.acknowledged += 1
      delivered.add([platformOf(platform), typeOf(type)])
    },
    status: () =>
      `${counts.asked} pushes asked for = ${counts.OK} OK + ${counts.REMOVE} REMOVE + ${counts.FAIL} FAIL + ` +
      `${counts.asked - counts.OK - counts.REMOVE - counts.FAIL} being answered; ${counts.acknowledged} acknowledged by phones`,
    badRequest: () => bad.add([]),
  })
}
