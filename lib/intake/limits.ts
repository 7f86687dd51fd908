/** How much may pass, per device, account, domain and app. A limit only delays: what it holds back is coalesced or sent later. */
import { type Clock } from '../clock'
import { makePacer, type Pace, type Pacer } from '../gate'
import { type Notification } from '../model/notification'

/** The limits of a deployment; each counts what is accepted. */
export interface LimitSettings {
  /** Per device, beside what its push service wants. */
  readonly node: Pace
  /** Per device: calls have a lane of their own. */
  readonly calls: Pace
  readonly account: Pace
  /** Per domain of accounts, so that one flooded server delays no other. */
  readonly domain: Pace
  readonly app: Pace
}

/**
 * Chosen for a server of 100,000 users: at its busiest some 1,000 publishes a second, of which no account has more than a
 * few dozen in a minute.
 */
export const usualLimits: LimitSettings = {
  node: { burst: 30, perSecond: 0.5 },
  calls: { burst: 10, perSecond: 0.2 },
  account: { burst: 120, perSecond: 2 },
  domain: { burst: 20_000, perSecond: 2_000 },
  app: { burst: 40_000, perSecond: 4_000 },
}

/** What a push service wants per device. */
export interface DevicePace {
  /** Of notifications that replace each other. */
  readonly wakeUps?: Pace
  readonly all?: Pace
}

export interface Flow {
  readonly app: string
  /** The registration's id, or a keyed hash of a bare address. */
  readonly target: string
  /** Bare JID of the account, where there is one. */
  readonly owner?: string
  /** Domain of the account, or of the caller that brought an address along. */
  readonly domain: string
  readonly notification: Pick<Notification, 'class' | 'collapseKey'>
}

/** Content is held back for at most an hour, a wake-up for two spacings: the one that waits carries all that follow. */
const LONGEST = 3600_000

/** The milliseconds by which a notification is held back; 0: it goes at once. */
export type Limits = (flow: Flow) => number

export function makeLimits(
  settings: LimitSettings,
  paceOf: (app: string) => DevicePace | undefined,
  clock: Clock,
): Limits {
  const node = makePacer(settings.node, clock)
  const calls = makePacer(settings.calls, clock)
  const account = makePacer(settings.account, clock)
  const domain = makePacer(settings.domain, clock)
  const app = makePacer(settings.app, clock)
  const vendors = new Map<string, { readonly wakeUps?: Pacer; readonly all?: Pacer }>()

  function vendorOf(name: string): { readonly wakeUps?: Pacer; readonly all?: Pacer } {
    let pacers = vendors.get(name)
    if (pacers === undefined) {
      const pace = paceOf(name)
      pacers = {
        ...(pace?.wakeUps === undefined ? {} : { wakeUps: makePacer(pace.wakeUps, clock) }),
        ...(pace?.all === undefined ? {} : { all: makePacer(pace.all, clock) }),
      }
      vendors.set(name, pacers)
    }
    return pacers
  }

  return (flow) => {
    const now = clock.elapsed()
    const isWakeUp = flow.notification.collapseKey !== undefined
    if (flow.notification.class === 'call') return calls.take(flow.target, LONGEST, now)
    const own = node.take(flow.target, isWakeUp ? (2 * 1_000) / settings.node.perSecond : LONGEST, now)
    const vendor = vendorOf(flow.app)
    const pace = paceOf(flow.app)?.wakeUps
    const asked = Math.max(
      own,
      isWakeUp && pace !== undefined ? (vendor.wakeUps?.take(flow.target, (2 * 1_000) / pace.perSecond, now) ?? 0) : 0,
      vendor.all?.take(flow.target, LONGEST, now) ?? 0,
    )
    // What the device's own limit holds back adds nothing to the load of the others at this moment.
    if (asked > 0) return asked
    return Math.max(
      flow.owner === undefined ? 0 : account.take(flow.owner, LONGEST, now),
      domain.take(flow.domain, LONGEST, now),
      app.take(flow.app, LONGEST, now),
    )
  }
}
