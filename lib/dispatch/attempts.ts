/** One claimed delivery at its push service: where a token may belong to either of two environments, the other one is tried once. */
import { type Clock } from '../clock'
import { type VendorContent } from '../model/content'
import { type Delivery } from '../model/notification'
import { type Opaque } from '../model/opaque'
import { type Outcome } from '../model/outcome'
import { type Environment, type Registration } from '../model/registration'
import { type Observe } from '../observe'
import { type Attempt, type Provider } from '../providers/provider'
import { type Registry } from '../stores/store'
import { makeProof, type Proof } from './proof'

/** What is sent where. */
export interface Sending {
  readonly delivery: Delivery
  readonly registration: Registration | undefined
  readonly address: Opaque
  readonly content: VendorContent
}

export interface Tried {
  readonly outcome: Outcome
  /** When it was begun, by the registry's clock: what registers later is not meant by its outcome. */
  readonly begunAt: number
  /** Whether the credential is proven good, so that a «bad token» may be believed; asked of nothing else. */
  readonly isProven: boolean
}

export interface AttemptsOptions {
  readonly registry: Pick<Registry, 'now' | 'prove'>
  readonly clock: Clock
  readonly observe: Observe
}

/** Attempts once; `told` hears what came of it, once, and must not throw. */
export type AttemptOnce = (provider: Provider, sending: Sending, told: (tried: Tried) => void) => void

/** Never throws. What is told is told after the call, never in it. */
export function makeAttempts(options: AttemptsOptions): AttemptOnce {
  const { registry, clock, observe } = options
  /** A credential that took another's place has yet to prove itself. */
  const proofs = new WeakMap<Provider, Proof>()

  /** By environment and app: put together once, not for each push. */
  const keys: Readonly<Record<Environment, Map<string, string>>> = { production: new Map(), sandbox: new Map() }

  function keyOf(app: string, environment: Environment | undefined): string {
    if (environment === undefined) return app
    let key = keys[environment].get(app)
    if (key === undefined) keys[environment].set(app, (key = `${app} ${environment}`))
    return key
  }

  function proofOf(provider: Provider): Proof {
    let proof = proofs.get(provider)
    if (proof === undefined) proofs.set(provider, (proof = makeProof(clock)))
    return proof
  }

  /** A provider never rejects; if one does, it is a bug, and whether the push left is unknown. */
  function broken(app: string, error: unknown): Outcome {
    const text = `an attempt broke: ${error instanceof Error ? error.message : String(error)}`
    observe({ at: 'trouble', about: `app ${app}`, text })
    return { is: 'down', why: 'a fault of our own', ambiguous: true }
  }

  /** One request; `told` is what becomes of its outcome. */
  function once(
    provider: Provider,
    sending: Sending,
    environment: Environment | undefined,
    told: (outcome: Outcome) => void,
  ): void {
    const { delivery, address, content } = sending
    const { id, app, notification } = delivery
    const attempt: { -readonly [K in keyof Attempt]: Attempt[K] } = {
      id,
      address,
      content,
      expiresAt: notification.expiresAt,
    }
    if (environment !== undefined) attempt.environment = environment
    if (notification.class === 'call') attempt.isCall = true
    const failed = (error: unknown): void => told(broken(app, error))
    try {
      void provider.attempt(attempt).then(told, failed)
    } catch (error) {
      queueMicrotask(() => failed(error))
    }
  }

  async function remember({ registration, address }: Sending, environment: Environment): Promise<void> {
    if (registration === undefined || registration.environment === environment) return
    try {
      // An address that the device registered meanwhile may belong to the other environment: nothing is proven of that.
      await registry.prove(registration.id, environment, address)
    } catch (error) {
      // It is found out again with the next push.
      observe({ at: 'trouble', about: 'registry', text: `an environment could not be remembered: ${String(error)}` })
    }
  }

  /** Where both environments are possible, «bad» in both is still about the first: that is where the app's usual builds are. */
  async function either(
    provider: Provider,
    sending: Sending,
    [first, other]: readonly [Environment, Environment],
  ): Promise<readonly [Outcome, Environment]> {
    const at = (environment: Environment): Promise<Outcome> =>
      new Promise((told) => {
        once(provider, sending, environment, (outcome) => {
          proofOf(provider).note(keyOf(sending.delivery.app, environment), outcome)
          told(outcome)
        })
      })
    const outcome = await at(first)
    if (outcome.is !== 'suspect') return [outcome, first]
    const elsewhere = await at(other)
    return elsewhere.is === 'suspect' ? [outcome, first] : [elsewhere, other]
  }

  return (provider, sending, told) => {
    const { delivery, registration } = sending
    const begunAt = registry.now()
    const environments = provider.environments ?? NONE
    const named = delivery.target.to === 'address' ? delivery.target.environment : registration?.environment
    const known = named !== undefined && environments.includes(named) ? named : undefined
    const [first, other] = environments
    const proof = proofOf(provider)
    if (known === undefined && first !== undefined && other !== undefined) {
      void either(provider, sending, [first, other]).then(async ([outcome, environment]) => {
        if (outcome.is === 'delivered') await remember(sending, environment)
        told({ outcome, begunAt, isProven: proof.holds(keyOf(delivery.app, environment)) })
      })
      return
    }
    const environment = known ?? first
    const key = keyOf(delivery.app, environment)
    once(provider, sending, environment, (outcome) => {
      proof.note(key, outcome)
      told({ outcome, begunAt, isProven: outcome.is === 'suspect' && proof.holds(key) })
    })
  }
}

const NONE: readonly Environment[] = []
