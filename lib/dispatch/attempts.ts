/** One claimed delivery at its push service: where a token may belong to either of two environments, the other one is tried once. */
import { type Clock } from '../clock'
import { type VendorContent } from '../model/content'
import { type Delivery } from '../model/notification'
import { type Opaque } from '../model/opaque'
import { type Outcome } from '../model/outcome'
import { type Environment, type Registration } from '../model/registration'
import { type Observe } from '../observe'
import { type Provider } from '../providers/provider'
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

  async function once(provider: Provider, sending: Sending, environment: Environment | undefined): Promise<Outcome> {
    const { delivery, address, content } = sending
    try {
      const outcome = await provider.attempt({
        id: delivery.id,
        address,
        content,
        expiresAt: delivery.notification.expiresAt,
        ...(environment === undefined ? {} : { environment }),
      })
      proofOf(provider).note(keyOf(delivery.app, environment), outcome)
      return outcome
    } catch (error) {
      // A provider never rejects; if one does, it is a bug, and whether the push left is unknown.
      const text = `an attempt broke: ${error instanceof Error ? error.message : String(error)}`
      observe({ at: 'trouble', about: `app ${delivery.app}`, text })
      return { is: 'down', why: 'a fault of our own', ambiguous: true }
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

  return async (provider, sending) => {
    const { delivery, registration } = sending
    const begunAt = clock.now()
    const environments = provider.environments ?? []
    const told = delivery.target.to === 'address' ? delivery.target.environment : registration?.environment
    const known = told !== undefined && environments.includes(told) ? told : undefined
    const first = known ?? environments[0]
    const other = known === undefined ? environments[1] : undefined
    let environment = first
    let outcome = await once(provider, sending, first)
    if (outcome.is === 'suspect' && other !== undefined) {
      const elsewhere = await once(provider, sending, other)
      // «Bad» in both is still about the first: that is where the app's usual builds are.
      if (elsewhere.is !== 'suspect') {
        outcome = elsewhere
        environment = other
      }
    }
    if (outcome.is === 'delivered' && environments.length > 1 && environment !== undefined) {
      await remember(sending, environment)
    }
    return { outcome, begunAt, isProven: proofOf(provider).holds(keyOf(delivery.app, environment)) }
  }
}

function keyOf(app: string, environment: Environment | undefined): string {
  return environment === undefined ? app : `${app} ${environment}`
}
