/** What operators may ask of the running service, by whatever way they ask: the desk, and what it needs of the other parts. Part of the composition root. */
import { type Certificates } from './admin/certificates'
import { makeDesk } from './admin/desk'
import { type Exchange } from './admin/exchange'
import { makeHandIn, viewsOf, type CheckHandedIn } from './admin/hand-in'
import { makeHistory } from './admin/history'
import { makeHoldingStill } from './admin/holding-still'
import { type Live } from './admin/live'
import { type PreviewTest } from './admin/preview'
import { type Proving } from './admin/proving'
import { type Ask, type Reloaded } from './admin/questions'
import { type Clock } from './clock'
import { type SendingApp } from './dispatch/sender'
import { type DoorApps } from './intake/app'
import { makeTestPush, testDeliveryOf } from './intake/test-push'
import { type Observe } from './observe'
import { type Outbox } from './outbox/outbox'
import { type Store } from './stores/store'

export interface OperatingOptions {
  readonly store: Store
  /** The store's own file, where it has one. */
  readonly place: string | undefined
  /** The store's own, watched by whoever traces. */
  readonly outbox: Outbox
  readonly live: Live
  readonly proving: Pick<Proving, 'now'>
  readonly sending: () => ReadonlyMap<string, SendingApp>
  /** Names of the apps that are configured. */
  readonly configured: () => readonly string[]
  readonly apps: () => DoorApps
  /** How many pushes of each device are told. */
  readonly perDevice: () => number
  /** Why nothing is accepted at the moment. */
  readonly closed: () => string | undefined
  /** Reads the configuration again; absent where it was not read from a file. */
  readonly reload: (() => Promise<Reloaded>) | undefined
  readonly exchange: Exchange | undefined
  readonly certificates: Certificates
  /** The apps that take a certificate, by name. */
  readonly takers: () => ReadonlyMap<string, CheckHandedIn>
  /** Brings into force what certificates are kept. */
  readonly renew: () => Promise<void>
  readonly clock: Clock
  readonly observe: Observe
}

export function makeOperating(options: OperatingOptions): { readonly ask: Ask; readonly stop: () => void } {
  const { store, outbox, live, configured, apps, perDevice, closed, reload, clock, observe } = options
  const { certificates, takers, proving, sending, exchange } = options
  const { records, registry, upkeep } = store
  const history = makeHistory({ records, clock })
  const test = makeTestPush({ outbox, apps, clock, closed })
  const preview = makePreview({ apps, sending, clock })
  const handIn = makeHandIn(options)
  const kept = async () => ({ fuses: live.fuses(), handedIn: viewsOf(certificates.kept(), takers(), clock.now()) })
  const still = makeHoldingStill(options)
  const running = {
    live,
    registry,
    upkeep,
    observe,
    history,
    test,
    preview,
    proving,
    handIn,
    still,
    ...(reload === undefined ? {} : { reload }),
    ...(exchange === undefined ? {} : { exchange }),
  }
  const ask = makeDesk({ records, running, apps: configured, perDevice, kept, clock })
  const stop = (): void => {
    history.stop()
    still.stop()
  }
  return Object.freeze({ ask, stop })
}

/** What a test push would be, from its writing to its request. */
function makePreview({
  apps,
  sending,
  clock,
}: {
  readonly apps: () => DoorApps
  readonly sending: () => ReadonlyMap<string, SendingApp>
  readonly clock: Clock
}): PreviewTest {
  return (to) => {
    const [door, sender] = [apps().get(to.app), sending().get(to.app)]
    if (door === undefined) return `its app ${to.app} is no longer in the configuration`
    if (sender === undefined) return `the credentials of app ${to.app} could not be used; \`xmpp-push check\` tells why`
    const { id, notification } = testDeliveryOf(to, door, clock.now())
    const written = sender.write({ id, notification, registration: to })
    if (written.is === 'silence') return `the profile of app ${to.app} sends nothing for it`
    const address = to[written.slot]
    if (address === undefined) return 'its client made the node itself, and no publish has named the device yet'
    const { environment } = to
    const attempt = { id, address, content: written.content, expiresAt: notification.expiresAt }
    return (
      sender.provider.preview?.(environment === undefined ? attempt : { ...attempt, environment }) ??
      'what would be sent to its push service can not be shown'
    )
  }
}

/** How many deliveries are not over; 0 where the store can't tell. */
export async function waitingIn(store: Store): Promise<number> {
  try {
    const accounts = await store.accounts()
    return [...accounts.values()].reduce((sum, account) => sum + account.waiting + account.inFlight, 0)
  } catch {
    return 0
  }
}
