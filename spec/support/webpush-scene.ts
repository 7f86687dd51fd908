/** A Web Push provider and the simulator it sends to, on a clock moved by hand. */
import { Credential, Opaque } from '../../lib/model/opaque'
import { type Outcome } from '../../lib/model/outcome'
import { type Attempt, type Provider } from '../../lib/providers/provider'
import { webpush, type WebPushOptions } from '../../lib/providers/webpush'
import { makeProviderKey } from '../../lib/sim/certificates'
import {
  startWebPushSimulator,
  type WebPushSimulator,
  type WebPushSimulatorOptions,
  type WebPushSubscription,
} from '../../lib/sim/webpush'
import { handClock, type HandClock } from './hand-clock'

const key = makeProviderKey()

export interface WebPushScene {
  readonly clock: HandClock
  readonly simulator: WebPushSimulator
  readonly notices: readonly string[]
  /** Of the app's VAPID key. */
  readonly publicKey: string
  /** With the app's key, unless another one is given. */
  readonly subscribe: (applicationServerKey?: string) => WebPushSubscription
  readonly address: (subscription: WebPushSubscription) => string
  readonly options: (more?: Partial<WebPushOptions>) => WebPushOptions
  /** The provider that `send` uses from now on. */
  readonly open: (more?: Partial<WebPushOptions>) => Provider
  readonly send: (subscription: WebPushSubscription, more?: Partial<Attempt>) => Promise<Outcome>
  readonly close: () => Promise<void>
}

export const content = { speaks: 'webpush', payload: '{"v":1}', urgency: 'high', topic: 'wake-up' } as const

/** The operator has named the simulator's host and port, so its words are believed. `ahead`: milliseconds, of the simulator's clock. */
export async function startWebPushScene(options: WebPushSimulatorOptions = {}, ahead = 0): Promise<WebPushScene> {
  const clock = handClock()
  const simulator = await startWebPushSimulator({ ...options, now: () => clock.now() + ahead })
  const notices: string[] = []
  const providers: Provider[] = []
  const secret = (text: string): Credential => new Credential(Buffer.from(text), 'file vapid.pem')
  const usual: WebPushOptions = {
    vapid: { subject: 'mailto:push@example.com', privateKey: secret(key.privatePem) },
    allowPrivate: [new URL(simulator.origin).host],
    ca: secret(simulator.ca),
  }
  const publicKey = webpush.offers?.(usual)['vapid-public-key'] ?? ''
  const addressOf = ({ endpoint, keys }: WebPushSubscription): string =>
    webpush.address(JSON.stringify({ endpoint, ...keys }), usual) ?? JSON.stringify({ endpoint, ...keys })
  const scene: WebPushScene = {
    clock,
    simulator,
    notices,
    publicKey,
    subscribe: (applicationServerKey = publicKey) => simulator.subscribe({ applicationServerKey }),
    address: addressOf,
    options: (more = {}) => ({ ...usual, ...more }),
    open(more = {}) {
      const provider = webpush.open(scene.options(more), {
        app: 'org.example.web',
        clock,
        keep: { get: async () => undefined, put: async () => undefined },
        notice: (text) => notices.push(text),
      })
      providers.push(provider)
      return provider
    },
    send(subscription, more = {}) {
      const provider = providers.at(-1) ?? scene.open()
      return provider.attempt({
        id: '6b9e3ad4-4b7e-4a35-8c2f-0f2f6d3b1a11',
        address: new Opaque(addressOf(subscription)),
        content,
        expiresAt: clock.now() + 24 * 3600_000,
        ...more,
      })
    },
    async close() {
      const closed = Promise.all(providers.map((provider) => provider.close()))
      await clock.advance(15_000)
      await closed
      await simulator.close()
    },
  }
  return scene
}
