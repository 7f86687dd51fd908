/** The suite of the contract, for every provider that there is. */
import { fcm, type FcmOptions } from '../../lib/providers/fcm'
import * as kinds from '../../lib/kinds'
import { relay, type RelayOptions } from '../../lib/providers/relay'
import { apns, type ApnsOptions } from '../../lib/providers/apns'
import { webpush } from '../../lib/providers/webpush'
import { answers } from '../../lib/sim/apns-answers'
import { startFcmSimulator } from '../../lib/sim/fcm'
import { startOauthSimulator } from '../../lib/sim/oauth'
import { startPushProxySimulator } from '../../lib/sim/push-proxy'
import { type ProviderScene, providerContract } from '../contracts/provider'
import { ALERT, byToken, credential, KEY, memoryKeep, PHONE, startApp } from '../support/apns-app'
import { closedPort } from '../support/broken-setup'
import { handClock } from '../support/hand-clock'
import { content, startWebPushScene } from '../support/webpush-scene'

const at = (url: string, port: number | undefined): string => {
  const to = new URL(url)
  if (port !== undefined) to.port = String(port)
  return to.href.replace(/\/$/, '')
}
const surroundings = (clock: ReturnType<typeof handClock>) => ({
  ...{ app: 'the app', clock, keep: memoryKeep(), notice: () => undefined },
})
/** The middle of a PEM: what must never be read. */
const secretOf = (pem: string): string => pem.split('\n')[1] ?? pem

async function apnsScene(): Promise<ProviderScene> {
  const app = await startApp()
  const options = (port?: number): ApnsOptions => ({
    ...byToken,
    endpoint: at(app.sim.url, port),
    ca: credential(app.sim.ca),
  })
  let asked = 0
  app.sim.onRequest(() => void asked++)
  return {
    clock: app.clock,
    open: (port) => apns.open(options(port), surroundings(app.clock)),
    content: ALERT,
    address: PHONE,
    asked: () => asked,
    next: (is) =>
      void app.sim.script({
        answer: is === 'silence' ? answers.silence : answers.refuse('Unregistered', { timestamp: app.clock.now() }),
        times: 1,
      }),
    check: () => apns.check(options(), app.clock.now()),
    secrets: [secretOf(KEY.privatePem)],
    close: () => app.close(),
  }
}

async function fcmScene(): Promise<ProviderScene> {
  const clock = handClock()
  const now = (): number => clock.now()
  const oauth = await startOauthSimulator({ now })
  const simulator = await startFcmSimulator({ oauth, now, chance: () => 0 })
  const account = oauth.newServiceAccount({ projectId: 'demo' })
  simulator.newProject('demo', [account.client_email])
  simulator.setDevice('a-device-of-fcm', 'live')
  const options = (port?: number): FcmOptions => ({
    serviceAccount: credential(JSON.stringify(account)),
    endpoint: at(simulator.endpoint, port),
    ca: credential(simulator.ca),
  })
  return {
    clock,
    open: (port) => fcm.open(options(port), surroundings(clock)),
    content: { speaks: 'fcm', data: { account: 'ec1649' }, priority: 'HIGH' },
    address: 'a-device-of-fcm',
    asked: () => simulator.journal.length,
    next(is) {
      if (is === 'silence') simulator.inject({ is: 'silence' })
      else simulator.setDevice('a-device-of-fcm', 'unregistered')
    },
    check: () => fcm.check(options(), clock.now()),
    secrets: [secretOf(account.private_key)],
    close: () => Promise.all([simulator.close(), oauth.close()]),
  }
}

async function webpushScene(): Promise<ProviderScene> {
  const scene = await startWebPushScene()
  const subscription = scene.subscribe()
  const options = scene.options()
  const vapid = options.vapid?.privateKey.text() ?? ''
  let address = scene.address(subscription)
  return {
    clock: scene.clock,
    open(port) {
      if (port === undefined) return scene.open()
      // The device names the push service.
      const { host } = new URL(scene.simulator.origin)
      address = address.replaceAll(host, `localhost:${port}`)
      return scene.open({ allowPrivate: [`localhost:${port}`] })
    },
    content,
    get address() {
      return address
    },
    asked: () => scene.simulator.journal.length,
    next(is) {
      if (is === 'silence') scene.simulator.inject({ is: 'silence' })
      else subscription.become('gone')
    },
    check: () => webpush.check(options, scene.clock.now()),
    secrets: [secretOf(vapid), subscription.keys.auth],
    close: () => scene.close(),
  }
}

async function relayScene(): Promise<ProviderScene> {
  const clock = handClock()
  const upstream = await startPushProxySimulator({ token: 'our-very-own-token' })
  const options = (port?: number): RelayOptions => ({
    upstream: at(upstream.url, port),
    ca: credential(upstream.ca),
    token: credential('our-very-own-token'),
  })
  return {
    clock,
    open: (port) => relay.open(options(port), surroundings(clock)),
    content: { speaks: 'relay', body: { platform: 'apple_rn', server_id: 'verona', type: 'message', message: 'hi' } },
    address: 'a-device-of-the-relay',
    asked: () => upstream.journal.length,
    next: (is) => upstream.inject(is === 'silence' ? { is } : { is: 'reply', status: 'REMOVE' }),
    check: () => relay.check(options(), clock.now()),
    secrets: ['our-very-own-token'],
    close: () => upstream.close(),
  }
}

const scenes = { apns: apnsScene, fcm: fcmScene, webpush: webpushScene, relay: relayScene }

describe.each(Object.entries(scenes))('lib/providers/%s', (_, scene) => providerContract(scene, closedPort))

describe('the suite of providers', () => {
  it('is run for every one that there is', () => {
    expect(Object.keys(scenes).sort()).toEqual(Object.keys(kinds.providers).sort())
  })
})
