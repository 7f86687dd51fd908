/** Where operators reach a running service: its socket, and the housekeeping beside it. Of several instances at one place the first has the socket. */
import { dirname, join } from 'node:path'
import { type Clock } from '../clock'
import { type Observe } from '../observe'
import { type Store } from '../stores/store'
import { type Keeping, makeHousekeeping } from './housekeeping'
import { type Ask } from './questions'
import { isServed, type Listening, listenForOperators, socketBeside } from './socket'

export interface OfficeOptions {
  readonly store: Pick<Store, 'upkeep' | 'keep'>
  readonly ask: Ask
  /** Where the socket is. */
  readonly path: string
  /** Other instances may be at work on the store, and one of them be at this place. */
  readonly isShared: boolean
  readonly keeping: () => Keeping
  readonly clock: Clock
  readonly observe: Observe
}

/** The socket of the service with this configuration file and, where it is a file, this store. */
export function socketPath(config: string, store: string | undefined): string {
  return socketBeside(store ?? join(dirname(config), 'xmpp-push'))
}

/** Milliseconds between two looks whether the place is free. */
const LOOK = 5_000

/** Opens it; the function returned closes it. */
export async function openOffice(options: OfficeOptions): Promise<() => Promise<void>> {
  const { store, ask, path, isShared, keeping, clock, observe } = options
  const { upkeep, keep } = store
  const housekeeping = makeHousekeeping({ upkeep, keep, keeping, clock, observe })
  let cancel = (): void => undefined
  let isClosed = false
  let listening: Promise<Listening> | undefined
  let isTold = false

  const listen = async (): Promise<void> => {
    if (isShared && (await isServed(path))) {
      const text =
        `${path} is another instance's, and commands reach that one; to ask this one too, give it a configuration file in a ` +
        'folder of its own'
      if (!isTold) observe({ at: 'notice', about: 'the socket', text })
      isTold = true
      cancel = isClosed ? cancel : clock.after(LOOK, () => void listen())
    } else if (!isClosed) {
      listening = listenForOperators({ path, ask, clock, observe })
      await listening
    }
  }

  await listen()
  housekeeping.start()
  return async () => {
    isClosed = true
    cancel()
    housekeeping.stop()
    await (await listening)?.close()
  }
}
