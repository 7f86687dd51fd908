/** One claimed delivery: its address as of now, one attempt, the verdict, and what follows from it. */
import { type Clock } from '../clock'
import { type Written } from '../model/content'
import { type Delivery } from '../model/notification'
import { type Opaque } from '../model/opaque'
import { type Outcome } from '../model/outcome'
import { type AddressSlot, type Registration } from '../model/registration'
import { type Event, type Observe } from '../observe'
import { type Claimed, type Outbox, type Settlement } from '../outbox/outbox'
import { type Subject } from '../profiles/profile'
import { type Provider } from '../providers/provider'
import { type Registry } from '../stores/store'
import { makeAttempts, type Tried } from './attempts'
import { type Fuse } from './fuse'
import { type Holds } from './holds'
import { makeSettling } from './settling'
import { judge, type History, type Verdict } from './verdict'

/** An app as the dispatcher sees it. */
export interface SendingApp {
  readonly provider: Provider
  readonly write: (subject: Subject) => Written
}

export interface SenderOptions {
  readonly outbox: Outbox
  readonly registry: Registry
  readonly apps: () => ReadonlyMap<string, SendingApp>
  readonly holds: Holds
  readonly fuse: Pick<Fuse, 'allows' | 'spare'>
  readonly clock: Clock
  readonly observe: Observe
  /** Aborted when the process gives up waiting for what is out. */
  readonly stopping: AbortSignal
}

type End = Extract<Verdict, { is: 'ended' }>['end']

const TAKEN: Verdict = Object.freeze({ is: 'ended', end: 'delivered' })

/** In the order of what was claimed. */
type Found = readonly (Registration | undefined)[]

/** Called once for each delivery: its verdict is durable, or the process ends before it is. */
type Settled = (app: string) => void

/** A delivery that was tried, or that nothing had to be tried for. */
interface Case {
  readonly claimed: Claimed
  readonly registration: Registration | undefined
  readonly settled: Settled
}

/** Sends what was claimed; `settled` is called once for each delivery, when its verdict is durable. Never throws. */
export function makeSender(options: SenderOptions): (claimed: readonly Claimed[], settled: Settled) => void {
  const { outbox, registry, holds, fuse, clock, observe } = options
  const attempt = makeAttempts({ registry, clock, observe })
  const settle = makeSettling({ outbox, clock, observe, stopping: options.stopping })

  async function addresses(claimed: readonly Claimed[]): Promise<Found | undefined> {
    const ids: string[] = []
    for (const { delivery } of claimed) {
      if (delivery.target.to === 'registration') ids.push(delivery.target.registration)
    }
    if (ids.length === 0) return []
    try {
      const known = await registry.get(ids)
      if (ids.length === claimed.length) return known
      let next = 0
      return claimed.map(({ delivery }) => (delivery.target.to === 'registration' ? known[next++] : undefined))
    } catch (error) {
      observe({ at: 'trouble', about: 'registry', text: `addresses could not be read: ${messageOf(error)}` })
      return undefined
    }
  }

  /** What it throws is a fault of ours. No promise of its own: a push may cost no chain of them. */
  function one(its: Case, isRead: boolean): void {
    const { claimed, registration } = its
    const { delivery } = claimed
    const { id, target, notification } = delivery
    if (notification.expiresAt <= clock.now()) return ended(its, 'expired')
    if (claimed.ambiguous && notification.class === 'call') return ended(its, 'abandoned')
    if (!isRead) return again(its, 'our own registry could not be read')
    if (target.to === 'registration' && registration === undefined) return ended(its, 'unregistered')
    const app = options.apps().get(delivery.app)
    if (app === undefined) return again(its, `app ${delivery.app} is no longer configured`)
    const written = app.write(registration === undefined ? { id, notification } : { id, notification, registration })
    if (written.is === 'silence') return ended(its, 'quiet')
    const address = addressOf(delivery, registration, written.slot)
    if (address === undefined) return ended(its, 'unregistered')
    const { provider } = app
    attempt(provider, { delivery, registration, address, content: written.content }, (tried) => {
      try {
        judged(its, provider.credential, address, tried)
      } catch (error) {
        failed(its, error)
      }
    })
  }

  function ended(its: Case, end: End): void {
    conclude(its, { is: 'ended', end })
  }

  function judged(its: Case, credential: string | undefined, address: Opaque, tried: Tried): void {
    const { outcome } = tried
    const { claimed, registration } = its
    // The story of what was taken matters to nobody.
    const verdict =
      outcome.is === 'delivered' ? TAKEN : judge(outcome, historyOf(claimed, tried), clock.now(), clock.random())
    holds.heed(claimed.delivery.app, credential, outcome, verdict)
    if (verdict.forget === undefined) return conclude(its, verdict, outcome)
    forget(claimed.delivery, registration?.owner, address, verdict.forget)
      .then(() => conclude(its, verdict, outcome))
      .catch((error: unknown) => failed(its, error))
  }

  function failed(its: Case, error: unknown): void {
    const { id } = its.claimed.delivery
    observe({ at: 'trouble', about: 'dispatcher', text: `delivery ${id}: ${messageOf(error)}` })
    again({ ...its, registration: undefined }, 'a fault of our own', true)
  }

  /** The delivery's story, this attempt included. */
  function historyOf({ delivery, attempts }: Claimed, { begunAt, isProven }: Omit<Tried, 'outcome'>): History {
    return {
      class: delivery.notification.class,
      attempts: attempts + 1,
      expiresAt: delivery.notification.expiresAt,
      begunAt,
      isProven,
      isListenedTo: outbox.isListenedTo(delivery.id),
    }
  }

  /** Nobody but us is to blame: due again, without a word to the app's breaker. `ambiguous`: it may have been sent. */
  function again({ claimed, settled }: Case, why: string, ambiguous = false): void {
    const outcome: Outcome = { is: 'down', why, ambiguous }
    const now = clock.now()
    const history = { ...historyOf(claimed, { begunAt: now, isProven: false }), isListenedTo: false }
    const verdict = judge(outcome, history, now, clock.random())
    conclude({ claimed, registration: undefined, settled }, verdict, outcome, false)
  }

  async function forget(
    delivery: Delivery,
    owner: string | undefined,
    address: Opaque,
    word: NonNullable<Verdict['forget']>,
  ): Promise<void> {
    try {
      if (!(await fuse.allows(delivery.app, owner))) return
      const concerned = await registry.forget({ app: delivery.app, address, at: registry.now(), ...word })
      if (concerned.length === 0 && delivery.target.to === 'registration') fuse.spare(delivery.app, owner)
      // For who brings the same address along without registering it.
      else await registry.markDead({ app: delivery.app, address, why: word.why, at: registry.now() })
      for (const { registration, slot } of concerned) {
        const { app, owner, id } = registration
        observe({ at: 'forgotten', app, owner, registration: id, slot, why: word.why })
      }
    } catch (error) {
      // The token stays; the next push to it is told the same again.
      observe({ at: 'trouble', about: 'registry', text: `a dead token could not be forgotten: ${messageOf(error)}` })
    }
  }

  function conclude(
    { claimed, registration, settled }: Case,
    verdict: Verdict,
    outcome?: Outcome,
    mayHaveArrived = outcome !== undefined && !(outcome.is === 'down' && !outcome.ambiguous),
  ): void {
    const { id, app } = claimed.delivery
    const resent = mayHaveArrived && claimed.ambiguous
    const settlement: Draft<Settlement> =
      verdict.is === 'ended'
        ? { id, app, resent, end: verdict.end }
        : {
            ...{ id, app, resent, dueAt: verdict.at, attempts: claimed.attempts + 1 },
            // What may have arrived once may have arrived, whatever later attempts came to.
            ambiguous: claimed.ambiguous || verdict.ambiguous,
          }
    if (outcome !== undefined) settlement.outcome = outcome
    settle(settlement, (isDurable, now) => {
      if (isDurable) observe(eventOf({ claimed, registration, verdict, outcome, resent }, now))
      settled(app)
    })
  }

  return (claimed, settled) => {
    void addresses(claimed).then((found) => {
      for (const [place, each] of claimed.entries()) {
        const its: Case = { claimed: each, registration: found?.[place], settled }
        try {
          one(its, found !== undefined)
        } catch (error) {
          failed(its, error)
        }
      }
    })
  }
}

/** While it is being made. */
type Draft<T> = T extends unknown ? { -readonly [K in keyof T]: T[K] } : never

type SettledEvent = Extract<Event, { at: 'settled' }>

interface Concluded extends Omit<Case, 'settled'> {
  readonly verdict: Verdict
  readonly outcome: Outcome | undefined
  readonly resent: boolean
}

/** `now`: milliseconds since 1970. */
function eventOf({ claimed, registration, verdict, outcome, resent }: Concluded, now: number): SettledEvent {
  const { id, app, notification, acceptedAt } = claimed.delivery
  const attempt = claimed.attempts + 1
  const event: Draft<SettledEvent> = {
    at: 'settled',
    delivery: id,
    app,
    class: notification.class,
    attempt,
    age: now - acceptedAt,
    resent,
  }
  if (registration !== undefined) {
    event.registration = registration.id
    event.owner = registration.owner
  }
  if (outcome !== undefined) event.outcome = outcome
  if (verdict.is === 'ended') event.end = verdict.end
  else event.againIn = verdict.at - now
  return event
}

function addressOf(delivery: Delivery, registration: Registration | undefined, slot: AddressSlot): Opaque | undefined {
  return delivery.target.to === 'address' ? delivery.target.address : registration?.[slot]
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
