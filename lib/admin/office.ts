/** Where operators reach a running service: its socket, and the housekeeping beside it. */
import { dirname, join } from 'node:path'
import { type Clock } from '../clock'
import { type Observe } from '../observe'
import { type Store } from '../stores/store'
import { type Keeping, makeHousekeeping } from './housekeeping'
import { type Ask } from './questions'
import { listenForOperators, socketBeside } from './socket'

export interface OfficeOptions {
  readonly store: Pick<Store, 'upkeep' | 'keep'>
  readonly ask: Ask
  /** Where the socket is. */
  readonly path: string
  readonly keeping: () => Keeping
  readonly clock: Clock
  readonly observe: Observe
}

/** The socket of the service with this configuration file and, where it is a file, this store. */
export function socketPath(config: string, store: string | undefined): string {
  return socketBeside(store ?? join(dirname(config), 'xmpp-push'))
}

/** Opens it; the function returned closes it. */
export async function openOffice(options: OfficeOptions): Promise<() => Promise<void>> {
  const { store, ask, path, keeping, clock, observe } = options
  const { upkeep, keep } = store
  const housekeeping = makeHousekeeping({ upkeep, keep, keeping, clock, observe })
  const listening = await listenForOperators({ path, ask, clock, observe })
  housekeeping.start()
  return async () => {
    housekeeping.stop()
    await listening.close()
  }
}
