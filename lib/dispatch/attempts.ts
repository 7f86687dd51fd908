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
  /** Milliseconds since 1970 at which it was begun: what registers later is not meant by its outcome. */
  readonly begunAt: number
  /** Whether the credential is proven good, so that a «bad token» may be believed. */
  readonly isProven: boolean
}

export interface AttemptsOptions {
  readonly registry: Pick<Registry, 'prove'>
  readonly clock: Clock
  readonly observe: Observe
}

/** Attempts once and says what came of it; never rejects. */
export function makeAttempts(options: AttemptsOptions): (provider: Provider, sending: Sending) => Promise<Tried> {
  const { registry, clock, observe } = options
  /** A credential that took another's place has yet to prove itself. */
  const proofs = new WeakMap<Provider, Proof>()

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
  function once<T>(
    provider: Provider,
    sending: Sending,
    environment: Environment | undefined,
    told: (outcome: Outcome) => T,
  ): Promise<T> {
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
    const failed = (error: unknown): T => told(broken(app, error))
    try {
      return provider.attempt(attempt).then(told, failed)
    } catch (error) {
      return Promise.resolve(failed(error))
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
      once(provider, sending, environment, (outcome) => {
        proofOf(provider).note(keyOf(sending.delivery.app, environment), outcome)
        return outcome
      })
    const outcome = await at(first)
    if (outcome.is !== 'suspect') return [outcome, first]
    const elsewhere = await at(other)
    return elsewhere.is === 'suspect' ? [outcome, first] : [elsewhere, other]
  }

  return (provider, sending) => {
    const { delivery, registration } = sending
    const begunAt = clock.now()
    const environments = provider.environments ?? NONE
    const told = delivery.target.to === 'address' ? delivery.target.environment : registration?.environment
    const known = told !== undefined && environments.includes(told) ? told : undefined
    const [first, other] = environments
    const proof = proofOf(provider)
    if (known === undefined && first !== undefined && other !== undefined) {
      return either(provider, sending, [first, other]).then(async ([outcome, environment]) => {
        if (outcome.is === 'delivered') await remember(sending, environment)
        return { outcome, begunAt, isProven: proof.holds(keyOf(delivery.app, environment)) }
      })
    }
    const environment = known ?? first
    const key = keyOf(delivery.app, environment)
    return once(provider, sending, environment, (outcome) => {
      proof.note(key, outcome)
      return { outcome, begunAt, isProven: proof.holds(key) }
    })
  }
}

const NONE: readonly Environment[] = []

function keyOf(app: string, environment: Environment | undefined): string {
  return environment === undefined ? app : `${app} ${environment}`
}
