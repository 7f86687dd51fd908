/** All that is known when a run is over: the books of the program on one side, what the world saw on the other. */
import { type Account } from '../../lib/model/accounting'
import { type Arrival } from './arrivals'
import { type Settled } from './lives'
import { type Load } from './load'
import { type Left } from './snapshot'
import { type Device } from './stage'

/** What a kill met. */
export interface Kill {
  readonly left: readonly Left[]
  /** Whether the books closed at that moment. */
  readonly closes: boolean
  /** The process was attached to the server. */
  readonly wasAttached: boolean
}

export interface Evidence {
  readonly load: Load
  readonly kills: readonly Kill[]
  readonly arrivals: readonly Arrival[]
  /** From the store, after the last stop. */
  readonly accounts: ReadonlyMap<string, Account>
  /** From the store: the device's registration as it stands, if there is one. */
  readonly remembered: ReadonlyMap<
    Device,
    { readonly token: string | undefined; readonly callToken: string | undefined }
  >
  /** From the store: how many registrations there are. */
  readonly registrations: number
  readonly devices: readonly Device[]
  /** Lines of the logs of all lives. */
  readonly settled: readonly Settled[]
  /** What the simulators, the lives and the parts of this run complain of. */
  readonly complaints: readonly string[]
}

/** Deliveries of an app that were out at the kills, one for each kill that met it. */
export function outAtKills(kills: readonly Kill[], app: string): readonly Left[] {
  return kills.flatMap(({ left }) => left.filter((each) => each.isOut && each.app === app))
}

/** Pushes that APNs took more than once, beyond the first time. */
export function repeated(arrivals: readonly Arrival[]): number {
  const taken = arrivals.filter(({ id, isTaken }) => isTaken && id !== undefined)
  return taken.length - new Set(taken.map(({ id }) => id)).size
}
