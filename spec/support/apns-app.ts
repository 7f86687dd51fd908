/** An app that speaks to the APNs simulator, both at one hand-moved time: for specs of the provider. */
import { z } from 'zod'
import { type ApnsContent } from '../../lib/model/content'
import { Credential, Opaque } from '../../lib/model/opaque'
import { type OptionWords } from '../../lib/model/options'
import { type Outcome } from '../../lib/model/outcome'
import { apns, type ApnsOptions } from '../../lib/providers/apns'
import { type Attempt, type Keep, type Provider } from '../../lib/providers/provider'
import { startApnsSimulator, type ApnsSimulator, type ApnsSimulatorOptions } from '../../lib/sim/apns'
import { makeProviderKey } from '../../lib/sim/certificates'
import { handClock, type HandClock } from './hand-clock'

export const TOPIC = 'org.example.ios'
export const PHONE = 'a1'.repeat(32)
export const VOIP = 'c3'.repeat(32)
export const KEY = makeProviderKey()
export const ID = '11111111-2222-4333-8444-555555555555'

export const credential = (text: string | Buffer, where = 'the spec'): Credential =>
  new Credential(Buffer.from(text), where)

export const byToken = {
  topic: TOPIC,
  key: credential(KEY.privatePem, 'file /etc/push/AuthKey_KEY1234567.p8'),
  keyId: 'KEY1234567',
  teamId: 'TEAM123456',
} satisfies ApnsOptions

export const ALERT: ApnsContent = {
  speaks: 'apns',
  pushType: 'alert',
  priority: 10,
  payload: { aps: { alert: 'You have mail' } },
}

export interface MemoryKeep extends Keep {
  readonly values: Map<string, { readonly value: string; readonly at: number }>
}

/** What a store keeps over a restart. */
export function memoryKeep(): MemoryKeep {
  const values = new Map<string, { value: string; at: number }>()
  return {
    values,
    get: async (name) => values.get(name),
    put: async (name, value, at) => void values.set(name, { value, at }),
  }
}

/** The option schema with words that take what a spec has at hand. */
export function schemaOf(): z.ZodType<ApnsOptions> {
  const words: OptionWords = {
    credential: z.instanceof(Credential),
    endpoint: z.string(),
    path: z.string(),
    proxy: z.literal('none'),
  }
  return apns.options(words)
}

export interface AppUnderTest {
  readonly sim: ApnsSimulator
  readonly clock: HandClock
  readonly notices: readonly string[]
  readonly keep: MemoryKeep
  /** Opens a provider; a second one is a restart if it has the same keep. */
  readonly open: (options?: Partial<ApnsOptions>, keep?: Keep) => Provider
  readonly push: (provider: Provider, more?: Partial<Attempt>) => Promise<Outcome>
  close(): Promise<void>
}

export async function startApp(options: ApnsSimulatorOptions = {}): Promise<AppUnderTest> {
  const clock = handClock(Date.UTC(2026, 5, 1, 12))
  const sim = await startApnsSimulator({ now: () => clock.now(), ...options })
  sim.addKey({ keyId: 'KEY1234567', teamId: 'TEAM123456', key: KEY.publicKey })
  sim.addDevice({ token: PHONE, topic: TOPIC })
  sim.addDevice({ token: VOIP, topic: `${TOPIC}.voip` })
  const notices: string[] = []
  const keep = memoryKeep()
  const opened: Provider[] = []
  return {
    sim,
    clock,
    notices,
    keep,
    open(own = {}, ownKeep = keep) {
      const provider = apns.open(
        { ...byToken, endpoint: sim.url, ca: credential(sim.ca), ...own },
        { app: TOPIC, clock, keep: ownKeep, notice: (text) => notices.push(text) },
      )
      opened.push(provider)
      return provider
    },
    push: (provider, more = {}) =>
      provider.attempt({
        id: ID,
        address: new Opaque(PHONE),
        content: ALERT,
        expiresAt: clock.now() + 3600_000,
        ...more,
      }),
    async close() {
      const closed = Promise.all(opened.map((provider) => provider.close()))
      await clock.advance(20_000)
      await closed
      await sim.close()
    },
  }
}
