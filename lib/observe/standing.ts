/** What is read of the service each time somebody asks how it stands: accounting, queues, links, apps. Knows no store; it is handed what is read. */
import { ends, type Account } from '../model/accounting'
import { counterOf, gaugeOf, type Figure, type FigureSpec, type Sample } from './figures'

/** The service as it stands. Times are ms since 1970. */
export interface Standing {
  readonly version: string
  readonly now: number
  readonly links: readonly { readonly domain: string; readonly isOnline: boolean; readonly isStandby?: true }[]
  readonly apps: readonly string[]
  /** By app. */
  readonly held: ReadonlyMap<string, string>
  readonly fuses: ReadonlyMap<string, string>
  readonly expiries: ReadonlyMap<string, number>
  /** What the store says; undefined where it does not answer. */
  readonly records:
    | {
        readonly accounts: ReadonlyMap<string, Account>
        readonly registrations: ReadonlyMap<string, number>
        /** When the oldest delivery that waits or is out was accepted. */
        readonly oldest: ReadonlyMap<string, number>
      }
    | undefined
}

interface Reading {
  readonly spec: FigureSpec
  readonly as: typeof counterOf
  readonly read: (standing: Standing) => readonly Sample[]
}

const yes = (is: boolean): number => (is ? 1 : 0)

function perAccount(standing: Standing, value: (account: Account) => number): readonly Sample[] {
  return [...(standing.records?.accounts ?? [])].map(([app, account]) => ({ labels: [app], value: value(account) }))
}

const readings: readonly Reading[] = [
  {
    spec: {
      name: 'xmpp_push_build_info',
      help: 'Always 1; its labels say what runs.',
      labels: ['version', 'node'],
    },
    as: gaugeOf,
    read: ({ version }) => [{ labels: [version, process.version], value: 1 }],
  },
  {
    spec: {
      name: 'xmpp_push_component_online',
      help: 'Whether the component is attached to its XMPP server.',
      labels: ['component'],
    },
    as: gaugeOf,
    read: ({ links }) => links.map(({ domain, isOnline }) => ({ labels: [domain], value: yes(isOnline) })),
  },
  {
    spec: {
      name: 'xmpp_push_component_standby',
      help: 'Whether the component stands by, for another instance is attached.',
      labels: ['component'],
    },
    as: gaugeOf,
    read: ({ links }) => links.map(({ domain, isStandby }) => ({ labels: [domain], value: yes(isStandby === true) })),
  },
  {
    spec: { name: 'xmpp_push_store_up', help: 'Whether the store answers.', labels: [] },
    as: gaugeOf,
    read: ({ records }) => [{ labels: [], value: yes(records !== undefined) }],
  },
  {
    spec: {
      name: 'xmpp_push_accepted_total',
      help: 'Notifications that were accepted since the first one, kept in the store.',
      labels: ['app'],
    },
    as: counterOf,
    read: (standing) => perAccount(standing, ({ accepted }) => accepted),
  },
  {
    spec: {
      name: 'xmpp_push_ended_total',
      help: 'How accepted notifications ended, kept in the store: accepted = all ends + waiting + in flight.',
      labels: ['app', 'end'],
    },
    as: counterOf,
    read: ({ records }) =>
      [...(records?.accounts ?? [])].flatMap(([app, account]) =>
        ends.map((end) => ({ labels: [app, end], value: account[end] })),
      ),
  },
  {
    spec: {
      name: 'xmpp_push_resent_total',
      help: 'Attempts that were repeated although an earlier one may have arrived.',
      labels: ['app'],
    },
    as: counterOf,
    read: (standing) => perAccount(standing, ({ resent }) => resent),
  },
  {
    spec: { name: 'xmpp_push_waiting', help: 'Deliveries that wait in the outbox.', labels: ['app'] },
    as: gaugeOf,
    read: (standing) => perAccount(standing, ({ waiting }) => waiting),
  },
  {
    spec: { name: 'xmpp_push_in_flight', help: 'Deliveries that are out and not settled.', labels: ['app'] },
    as: gaugeOf,
    read: (standing) => perAccount(standing, ({ inFlight }) => inFlight),
  },
  {
    spec: {
      name: 'xmpp_push_oldest_seconds',
      help: 'Age of the oldest delivery that waits or is out; 0 where there is none.',
      labels: ['app'],
    },
    as: gaugeOf,
    read: ({ records, now, apps }) =>
      records === undefined
        ? []
        : [...new Set([...apps, ...records.oldest.keys()])].map((app) => {
            const at = records.oldest.get(app)
            return { labels: [app], value: at === undefined ? 0 : Math.max(0, now - at) / 1000 }
          }),
  },
  {
    spec: { name: 'xmpp_push_registrations', help: 'Devices that are registered.', labels: ['app'] },
    as: gaugeOf,
    read: ({ records, apps }) =>
      records === undefined
        ? []
        : [...new Set([...apps, ...records.registrations.keys()])].map((app) => ({
            labels: [app],
            value: records.registrations.get(app) ?? 0,
          })),
  },
  {
    spec: {
      name: 'xmpp_push_app_held',
      help: 'Whether an app is held (its breaker is shut), so that its pushes wait.',
      labels: ['app'],
    },
    as: gaugeOf,
    read: ({ apps, held }) => apps.map((app) => ({ labels: [app], value: yes(held.has(app)) })),
  },
  {
    spec: {
      name: 'xmpp_push_fuse_blown',
      help: 'Whether the fuse of an app has blown, so that no token is forgotten.',
      labels: ['app'],
    },
    as: gaugeOf,
    read: ({ apps, fuses }) => apps.map((app) => ({ labels: [app], value: yes(fuses.has(app)) })),
  },
  {
    spec: {
      name: 'xmpp_push_credential_expiry_timestamp_seconds',
      help: 'When the credential of an app expires, where it does (seconds since 1970).',
      labels: ['app'],
    },
    as: gaugeOf,
    read: ({ expiries }) => [...expiries].map(([app, at]) => ({ labels: [app], value: at / 1000 })),
  },
]

/** Every figure of the standing; an undefined one tells the figures without a value. */
export function figuresOf(standing: Standing | undefined): readonly Figure[] {
  return readings.map(({ spec, as, read }) => as(spec, () => (standing === undefined ? [] : read(standing))))
}
