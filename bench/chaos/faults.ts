/**
 * Every fault of push services, network and XMPP link that a run draws from: how each begins, and how it ends. Those of the
 * process and its disk are in process-faults.ts.
 */
import { answers, type ApnsAnswer } from '../../lib/sim/apns-answers'
import { type FcmFault } from '../../lib/sim/fcm'
import { type FcmRowName } from '../../lib/sim/fcm-rows'
import { type OauthFault } from '../../lib/sim/oauth'
import { type WebPushFault, type WebPushRowName } from '../../lib/sim/webpush'
import { type Greeting } from '../../lib/sim/xmpp-server'
import { type Chance } from '../kill/chance'
import { troubles } from './network'
import { type World } from './world'

export interface Fault {
  readonly name: string
  /** Begins it; the function returned ends it. */
  begin(world: World, chance: Chance): () => void
}

const DAY = 24 * 3600_000
const soon = (): string => new Date(Date.now() + 3_000).toUTCString()

/** So many requests in a hundred are met with this as long as it lasts. */
const apns = (name: string, percent: number, answer: () => ApnsAnswer): Fault => ({
  name: `APNs: ${name}`,
  begin: ({ apns: simulator }) => simulator.script({ answer: answer(), times: 'always', chance: percent / 100 }).cancel,
})

const apnsAnswers: readonly Fault[] = [
  apns('503', 100, () => answers.refuse('ServiceUnavailable')),
  apns('503, Retry-After as a date', 50, () =>
    answers.refuse('ServiceUnavailable', { headers: { 'retry-after': soon() } }),
  ),
  apns('500', 50, () => answers.refuse('InternalServerError')),
  apns('Shutdown', 30, () => answers.refuse('Shutdown')),
  apns('TooManyRequests', 40, () => answers.refuse('TooManyRequests')),
  // Longer than a call lives.
  apns('TooManyRequests, Retry-After 40 s', 60, () =>
    answers.refuse('TooManyRequests', { headers: { 'retry-after': '40' } }),
  ),
  apns('PayloadTooLarge', 5, () => answers.refuse('PayloadTooLarge')),
  apns('an unheard-of 400', 5, () => answers.status(400, '{"reason":"SomethingNew"}')),
  apns('IdleTimeout', 20, () => answers.refuse('IdleTimeout')),
  apns('ExpiredProviderToken', 100, () => answers.refuse('ExpiredProviderToken')),
  apns('InvalidProviderToken', 30, () => answers.refuse('InvalidProviderToken')),
  apns('TopicDisallowed', 30, () => answers.refuse('TopicDisallowed')),
  apns('TooManyProviderTokenUpdates', 20, () => answers.refuse('TooManyProviderTokenUpdates')),
  apns('a late 410', 20, () => answers.refuse('Unregistered', { timestamp: Date.now() - 30 * DAY })),
  apns('HTML 502', 50, () => answers.html(502)),
  apns('HTML 429', 30, () => answers.html(429)),
  apns('silence', 20, () => answers.silence),
  apns('headers only', 20, () => answers.headersOnly()),
  ...(['REFUSED_STREAM', 'INTERNAL_ERROR', 'CANCEL'] as const).flatMap((code) => [
    apns(`RST ${code}`, 30, () => answers.reset(code)),
    apns(`RST ${code} after headers`, 30, () => answers.reset(code, 'after-headers')),
  ]),
  apns('GOAWAY', 10, () => answers.goaway()),
  apns('two-step GOAWAY', 10, () => answers.goaway({ isTwoStep: true })),
  apns('GOAWAY with an error, older streams only', 10, () =>
    answers.goaway({ code: 2, lastStreamId: 'before', reason: 'InternalServerError' }),
  ),
  apns('GOAWAY that admits to nothing', 10, () => answers.goaway({ lastStreamId: 'none' })),
  apns('GOAWAY and silence', 5, () => answers.goaway({ then: 'hang' }, 'unanswered')),
  apns('FIN', 5, () => answers.wire('fin')),
  apns('RST of TCP', 5, () => answers.wire('tcp-reset')),
  apns('black hole', 3, () => answers.wire('black-hole')),
]

const apnsConnections: readonly Fault[] = [
  {
    name: 'APNs: SETTINGS with few streams',
    begin({ apns: { connections } }, chance) {
      const limit = [1, 2, 10][chance.whole(3)] ?? 1
      for (const connection of connections) if (connection.isOpen()) connection.limitStreams(limit)
      return () => {
        for (const connection of connections) if (connection.isOpen()) connection.limitStreams(1000)
      }
    },
  },
  {
    name: 'APNs: PING unanswered',
    begin({ apns: { connections } }) {
      for (const connection of connections) connection.acknowledgePings(false)
      return () => {
        for (const connection of connections) connection.acknowledgePings(true)
      }
    },
  },
  {
    name: 'APNs: TLS fails',
    begin({ apns: simulator }) {
      simulator.refuseConnections(true)
      for (const connection of simulator.connections) if (connection.isOpen()) connection.inflict({ kind: 'fin' })
      return () => simulator.refuseConnections(false)
    },
  },
]

const fcm = (name: string, fault: () => FcmFault, times = Infinity): Fault => ({
  name: `FCM: ${name}`,
  begin({ fcm: simulator }) {
    simulator.inject(fault(), { times })
    return simulator.heal
  },
})
const fcmRow = (row: FcmRowName, retryAfter?: () => string, times = Infinity): Fault =>
  fcm(row, () => ({ is: 'row', row, ...(retryAfter === undefined ? {} : { retryAfter: retryAfter() }) }), times)

const fcmFaults: readonly Fault[] = [
  ...(
    ['unavailable', 'unavailable, empty', 'internal', 'bad gateway', 'bare quota', 'UNSPECIFIED_ERROR, 500'] as const
  ).map((row) => fcmRow(row)),
  fcmRow('unavailable', soon),
  fcmRow('project quota', () => '2'),
  fcmRow('device quota', () => '1'),
  fcmRow('token expired', undefined, 5),
  fcmRow('permission denied'),
  fcmRow('service disabled'),
  // A fault of ours, of which FCM speaks with a 4xx that names no token: nothing may be forgotten.
  fcmRow('bare invalid argument', undefined, 3),
  fcmRow('unheard-of, 400', undefined, 3),
  fcmRow('not found, page', undefined, 3),
  fcmRow('too big', undefined, 3),
  fcm('slow', () => ({ is: 'slow', ms: 400 })),
  fcm('silence', () => ({ is: 'silence' }), 10),
  fcm('cut before the answer', () => ({ is: 'cut', at: 'before the answer' }), 10),
  fcm('cut in the body', () => ({ is: 'cut', at: 'in the body' }), 10),
  fcm('GOAWAY, processed', () => ({ is: 'goaway', code: 0, processed: true }), 10),
  fcm('GOAWAY, never read', () => ({ is: 'goaway', code: 2, processed: false }), 10),
  fcm('endless body', () => ({ is: 'answer', status: 200, body: Buffer.alloc(4 * 1024 * 1024, 'x') }), 5),
]

const web = (name: string, fault: () => WebPushFault, times = Infinity): Fault => ({
  name: `Web Push: ${name}`,
  begin({ web: simulator }) {
    simulator.inject(fault(), { times })
    return simulator.heal
  },
})
const webRow = (row: WebPushRowName, times = Infinity): Fault =>
  web(row, () => ({ is: 'row', row, retryAfter: '1' }), times)

const webFaults: readonly Fault[] = [
  ...(['unavailable', 'internal error', 'bad gateway', 'too many requests', 'gateway timeout'] as const).map((row) =>
    webRow(row),
  ),
  webRow('bad request', 3),
  webRow('too large', 3),
  web('redirect', () => ({ is: 'redirect', status: 307 }), 10),
  web('slow', () => ({ is: 'slow', ms: 400 })),
  web('silence', () => ({ is: 'silence' }), 10),
  web('cut', () => ({ is: 'cut', at: 'in the body' }), 10),
  web('drip', () => ({ is: 'drip', everyMs: 100 }), 5),
  web('endless body', () => ({ is: 'endless' }), 3),
  web('GOAWAY', () => ({ is: 'goaway', code: 0, processed: true }), 10),
  web('GOAWAY, never read', () => ({ is: 'goaway', code: 1, processed: false }), 10),
  {
    name: 'Web Push: TLS fails',
    begin({ web: simulator }) {
      simulator.refuseConnections(true)
      return () => simulator.refuseConnections(false)
    },
  },
]

const oauth = (name: string, fault: OauthFault): Fault => ({
  name: `OAuth: ${name}, all tokens revoked`,
  begin({ oauth: simulator }) {
    simulator.inject(fault, Infinity)
    simulator.revokeTokens()
    return simulator.heal
  },
})

const oauthFaults: readonly Fault[] = [
  oauth('unavailable', { is: 'row', row: 'unavailable' }),
  oauth('internal failure', { is: 'row', row: 'internal failure', retryAfter: '1' }),
  oauth('not JSON', { is: 'row', row: 'not json' }),
  oauth('silence', { is: 'silence' }),
  oauth('cut', { is: 'cut', at: 'in the body' }),
  oauth('slow', { is: 'slow', ms: 400 }),
]

const networkFaults: readonly Fault[] = (['XMPP', 'APNs', 'FCM'] as const).flatMap((where) =>
  troubles.map((kind) => ({
    name: `network to ${where}: ${kind}`,
    begin({ networks }: World, chance: Chance) {
      const end = networks[where].trouble(kind)
      return () => end(chance.unit() < 0.5)
    },
  })),
)

const greeting = (kind: Greeting): Fault => ({
  name: `XMPP: ${kind}`,
  begin({ server: { faults } }) {
    faults.greeting = kind
    faults.drop()
    return () => {
      faults.greeting = 'normal'
      faults.drop()
    }
  },
})

const xmppFaults: readonly Fault[] = [
  greeting('hang up'),
  greeting('silent'),
  greeting('no answer to the handshake'),
  {
    name: 'XMPP: bytes in pieces of 3',
    begin({ server: { faults } }) {
      faults.splitBytes = 3
      return () => {
        faults.splitBytes = undefined
      }
    },
  },
  {
    name: 'XMPP: stream error',
    begin({ server: { faults } }) {
      faults.streamError('system-shutdown')
      return () => undefined
    },
  },
  {
    name: 'XMPP: the server restarts',
    begin({ server: { faults } }) {
      faults.end()
      return () => undefined
    },
  },
]

/** Families in turn equally likely, and within one its faults. */
export const faultFamilies: readonly (readonly Fault[])[] = [
  [...apnsAnswers, ...apnsConnections],
  apnsAnswers,
  fcmFaults,
  webFaults,
  oauthFaults,
  networkFaults,
  xmppFaults,
]
