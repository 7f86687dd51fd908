/** What is counted of the events of all stages. Bounded: no label holds what a stranger wrote. */
import { type Event } from '../observe'
import { makeCounter, makeHistogram, type Figure } from './figures'
import { makeReasons } from './reason'

/** Seconds. An answer is given from what is on disk; a delivery may have waited for a push service. */
const ANSWER = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const DELIVERY = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 21600, 86400]

export interface Meters {
  /** Counts one event. */
  see(event: Event): void
  readonly figures: readonly Figure[]
}

/** What is known to come, by its names: it is told from the start, for a rate sees only what comes after the first sight. */
export interface Expected {
  readonly apps: readonly string[]
  readonly components: readonly string[]
}

export function makeMeters({ apps, components }: Expected): Meters {
  const answers = makeCounter({
    name: 'xmpp_push_answers_total',
    help: 'Notifications that were answered, by the way they came in and by the answer; `result` is the good one.',
    labels: ['carrier', 'answer'],
  })
  const answering = makeHistogram({
    name: 'xmpp_push_answer_seconds',
    help: 'Time from a publish to its answer.',
    labels: ['carrier'],
    bounds: ANSWER,
  })
  const attempts = makeCounter({
    name: 'xmpp_push_attempts_total',
    help: 'Attempts that were judged, by what the push service said and, where it was not `delivered`, by its own word for the reason.',
    labels: ['app', 'class', 'outcome', 'reason'],
  })
  const deliveries = makeHistogram({
    name: 'xmpp_push_delivery_seconds',
    help: 'Time from the acceptance of a notification until its push service had it.',
    labels: ['app', 'class'],
    bounds: DELIVERY,
  })
  const devices = makeCounter({
    name: 'xmpp_push_registration_changes_total',
    help: 'Devices that were registered, unregistered by their client or an operator, or forgotten.',
    labels: ['app', 'change'],
  })
  const requests = makeCounter({
    name: 'xmpp_push_http_requests_total',
    help: 'Requests over HTTP that were answered, by interface, route and status.',
    labels: ['interface', 'method', 'route', 'status'],
  })
  const asking = makeHistogram({
    name: 'xmpp_push_http_request_seconds',
    help: 'Time from a request over HTTP to its answer, in which some interfaces wait for the first outcome.',
    labels: ['interface'],
    bounds: ANSWER,
  })
  const holds = makeCounter({
    name: 'xmpp_push_holds_total',
    help: 'How often an app was held because of its credential or its push service.',
    labels: ['app'],
  })
  const links = makeCounter({
    name: 'xmpp_push_component_changes_total',
    help: 'How often a component was attached to its server, refused by it or cut off, or began to stand by.',
    labels: ['component', 'change'],
  })
  const told = makeCounter({
    name: 'xmpp_push_log_events_total',
    help: 'What the log tells the operator: `notice`, what one should know; `trouble`, what is broken on our side.',
    labels: ['level'],
  })
  const reasonOf = makeReasons()
  answers.add(['xmpp', 'result'], 0)
  answers.add(['xmpp', 'trouble'], 0)
  answering.expect(['xmpp'])
  for (const app of apps) {
    holds.add([app], 0)
    for (const change of ['registered', 'unregistered', 'forgotten']) devices.add([app, change], 0)
    for (const each of ['message', 'call', 'dismiss', 'quiet']) {
      attempts.add([app, each, 'delivered', ''], 0)
      deliveries.expect([app, each])
    }
  }
  for (const component of components) links.add([component, 'lost'], 0)
  for (const level of ['notice', 'trouble']) told.add([level], 0)
  const all = [answers, answering, attempts, deliveries, devices, requests, asking, holds, links, told]

  return Object.freeze({
    figures: all.map(({ figure }) => figure),
    see(event: Event) {
      switch (event.at) {
        case 'answered': {
          const carrier = event.over ?? 'xmpp'
          answers.add([carrier, event.answer])
          if (event.took !== undefined) answering.add([carrier], event.took / 1000)
          return
        }
        case 'settled': {
          const { app, outcome } = event
          if (outcome !== undefined) {
            const reason = outcome.is === 'delivered' ? '' : reasonOf(outcome.why)
            attempts.add([app, event.class, outcome.is, reason])
          }
          if (event.end === 'delivered') deliveries.add([app, event.class], event.age / 1000)
          return
        }
        case 'registered':
        case 'unregistered':
        case 'forgotten':
          return devices.add([event.app, event.at])
        case 'asked':
          requests.add([event.interface, event.method, event.path, String(event.status)])
          return asking.add([event.interface], event.took / 1000)
        case 'held':
          return holds.add([event.app])
        case 'link':
          return links.add([event.domain, event.is])
        case 'notice':
        case 'trouble':
          return told.add([event.at])
        default:
          return
      }
    },
  })
}
