/** One claimed delivery: its address as of now, one attempt, the verdict, and what follows from it. */
import { type Clock } from '../clock'
import { type Written } from '../model/content'
import { type Delivery } from '../model/notification'
import { type Opaque } from '../model/opaque'
import { type Outcome } from '../model/outcome'
import { type AddressSlot, type Registration } from '../model/registration'
import { type Observe } from '../observe'
import { type Claimed, type Outbox, type Settlement } from '../outbox/outbox'
import { type Subject } from '../profiles/profile'
import { type Provider } from '../providers/provider'
import { type Registry } from '../stores/store'
import { makeAttempts } from './attempts'
import { type Fuse } from './fuse'
import { type Holds } from './holds'
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

/** Milliseconds until a settle that the store refused is tried again. */
const PAUSE = 1_000

type End = Extract<Verdict, { is: 'ended' }>['end']

/** Sends what was claimed; `settled` is called once for each delivery, when its verdict is durable. Never throws. */
export function makeSender(
  options: SenderOptions,
): (claimed: readonly Claimed[], settled: (app: string) => void) => void {
  const { outbox, registry, holds, fuse, clock, observe } = options
  const attempt = makeAttempts({ registry, clock, observe })

  async function addresses(claimed: readonly Claimed[]): Promise<ReadonlyMap<string, Registration> | undefined> {
    const ids = claimed.flatMap(({ delivery: { target } }) =>
      target.to === 'registration' ? [target.registration] : [],
    )
    if (ids.length === 0) return new Map()
    try {
      const found = await registry.get(ids)
      return new Map(found.flatMap((each) => (each === undefined ? [] : [[each.id, each]])))
    } catch (error) {
      observe({ at: 'trouble', about: 'registry', text: `addresses could not be read: ${messageOf(error)}` })
      return undefined
    }
  }

  async function one(claimed: Claimed, found: ReadonlyMap<string, Registration> | undefined): Promise<void> {
    const { delivery } = claimed
    const { target, notification } = delivery
    const registration = target.to === 'registration' ? found?.get(target.registration) : undefined
    const ended = (end: End): Promise<void> => conclude(claimed, registration, { is: 'ended', end })
    if (notification.expiresAt <= clock.now()) return ended('expired')
    if (claimed.ambiguous && notification.class === 'call') return ended('abandoned')
    if (found === undefined) return again(claimed, 'our own registry could not be read')
    if (target.to === 'registration' && registration === undefined) return ended('unregistered')
    const app = options.apps().get(delivery.app)
    if (app === undefined) return again(claimed, `app ${delivery.app} is no longer configured`)
    const written = app.write({
      id: delivery.id,
      notification,
      ...(registration === undefined ? {} : { registration }),
    })
    if (written.is === 'silence') return ended('quiet')
    const address = addressOf(delivery, registration, written.slot)
    if (address === undefined) return ended('unregistered')

    const { content } = written
    const { outcome, ...tried } = await attempt(app.provider, { delivery, registration, address, content })
    const isListenedTo = outbox.isListenedTo(delivery.id)
    const verdict = judge(outcome, { ...historyOf(claimed), ...tried, isListenedTo }, clock.now(), clock.random())
    holds.heed(delivery.app, app.provider.credential, outcome, verdict)
    if (verdict.forget !== undefined) await forget(delivery, registration?.owner, address, verdict.forget)
    await conclude(claimed, registration, verdict, outcome)
  }

  /** Nobody but us is to blame: due again, without a word to the app's breaker. `ambiguous`: it may have been sent. */
  function again(claimed: Claimed, why: string, ambiguous = false): Promise<void> {
    const outcome: Outcome = { is: 'down', why, ambiguous }
    const now = clock.now()
    const history = { ...historyOf(claimed), begunAt: now, isProven: false, isListenedTo: false }
    return conclude(claimed, undefined, judge(outcome, history, now, clock.random()), outcome, false)
  }

  async function forget(
    delivery: Delivery,
    owner: string | undefined,
    address: Opaque,
    word: NonNullable<Verdict['forget']>,
  ): Promise<void> {
    try {
      if (!(await fuse.allows(delivery.app, owner))) return
      const concerned = await registry.forget({ app: delivery.app, address, at: clock.now(), ...word })
      if (concerned.length === 0 && delivery.target.to === 'registration') fuse.spare(delivery.app, owner)
      // For who brings the same address along without registering it.
      else await registry.markDead({ app: delivery.app, address, why: word.why, at: clock.now() })
      for (const { registration, slot } of concerned) {
        const { app, owner, id } = registration
        observe({ at: 'forgotten', app, owner, registration: id, slot, why: word.why })
      }
    } catch (error) {
      // The token stays; the next push to it is told the same again.
      observe({ at: 'trouble', about: 'registry', text: `a dead token could not be forgotten: ${messageOf(error)}` })
    }
  }

  async function conclude(
    claimed: Claimed,
    registration: Registration | undefined,
    verdict: Verdict,
    outcome?: Outcome,
    mayHaveArrived = outcome !== undefined && !(outcome.is === 'down' && !outcome.ambiguous),
  ): Promise<void> {
    const { delivery } = claimed
    const resent = mayHaveArrived && claimed.ambiguous
    const common = { id: delivery.id, app: delivery.app, resent, ...(outcome === undefined ? {} : { outcome }) }
    const settlement: Settlement =
      verdict.is === 'ended'
        ? { ...common, end: verdict.end }
        : {
            ...common,
            dueAt: verdict.at,
            attempts: claimed.attempts + 1,
            // What may have arrived once may have arrived, whatever later attempts came to.
            ambiguous: claimed.ambiguous || verdict.ambiguous,
          }
    if (!(await persist(settlement))) return
    observe({
      at: 'settled',
      delivery: delivery.id,
      app: delivery.app,
      class: delivery.notification.class,
      ...(registration === undefined ? {} : { registration: registration.id, owner: registration.owner }),
      attempt: claimed.attempts + 1,
      ...(outcome === undefined ? {} : { outcome }),
      ...(verdict.is === 'ended' ? { end: verdict.end } : { againIn: verdict.at - clock.now() }),
      age: clock.now() - delivery.acceptedAt,
      resent,
    })
  }

  /** The verdict is kept in memory until the store takes it; false if the process stops first (it then comes back as ambiguous). */
  async function persist(settlement: Settlement): Promise<boolean> {
    for (let isTold = false; ; isTold = true) {
      try {
        await outbox.settle([settlement])
        return true
      } catch (error) {
        if (!isTold) {
          const text = `delivery ${settlement.id} could not be settled, tried again each second: ${messageOf(error)}`
          observe({ at: 'trouble', about: 'outbox', text })
        }
        if (options.stopping.aborted) return false
        await clock.sleep(PAUSE, options.stopping)
      }
    }
  }

  return (claimed, settled) => {
    void addresses(claimed).then((found) => {
      for (const each of claimed) {
        one(each, found)
          .catch((error: unknown) => {
            observe({ at: 'trouble', about: 'dispatcher', text: `delivery ${each.delivery.id}: ${messageOf(error)}` })
            return again(each, 'a fault of our own', true)
          })
          .finally(() => settled(each.delivery.app))
      }
    })
  }
}

function historyOf({ delivery, attempts }: Claimed): Pick<History, 'class' | 'attempts' | 'expiresAt'> {
  return {
    class: delivery.notification.class,
    attempts: attempts + 1,
    expiresAt: delivery.notification.expiresAt,
  }
}

function addressOf(delivery: Delivery, registration: Registration | undefined, slot: AddressSlot): Opaque | undefined {
  return delivery.target.to === 'address' ? delivery.target.address : registration?.[slot]
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
