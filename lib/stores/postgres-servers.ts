/** Which of the servers that the address names is asked: the one that was found to take writing, until it fails. No SQL, no client. */
import { type DatabaseAddress, type Host } from './postgres-url'
import { codeOf, NO_WRITER, saidBy } from './postgres-trouble'

export interface Servers {
  /** Whom a new connection goes to. */
  readonly current: Host
  readonly areSeveral: boolean
  /** Connects to one after the other, from the current one on, until one can be worked with. Rejects when each was tried once. */
  connected<T>(connect: () => Promise<T>): Promise<T>
}

/** What pg's pool says when all its connections are busy: nothing is wrong with the server. */
const BUSY = 'timeout exceeded when trying to connect'

const nameOf = ({ host, port }: Host): string => `${host}:${port}`

/** All that was said; under one code where all say the same. */
function noneOf(faults: readonly { readonly host: Host; readonly error: unknown }[]): Error {
  const said = faults.map(({ host, error }) => `${nameOf(host)}: ${saidBy(error)}`).join('; ')
  const codes = new Set(faults.map(({ error }) => codeOf(error)))
  const [code] = codes
  return Object.assign(new Error(said), { code: codes.size === 1 && code !== '25006' ? code : NO_WRITER })
}

export function makeServers({ hosts }: Pick<DatabaseAddress, 'hosts'>): Servers {
  const [first] = hosts
  let current = first
  const passOver = (failed: Host): void => {
    // Several connections may fail at once: the next one is tried once.
    if (current === failed) current = hosts[(hosts.indexOf(failed) + 1) % hosts.length] ?? first
  }
  return Object.freeze({
    get current() {
      return current
    },
    areSeveral: hosts.length > 1,
    async connected<T>(connect: () => Promise<T>): Promise<T> {
      const faults: { readonly host: Host; readonly error: unknown }[] = []
      for (;;) {
        const host = current
        try {
          return await connect()
        } catch (error) {
          if (hosts.length === 1 || saidBy(error) === BUSY) throw error
          faults.push({ host, error })
          passOver(host)
          if (faults.length >= hosts.length) throw noneOf(faults)
        }
      }
    },
  })
}
