/**
 * Name resolution under the guard: each time a connection is made, only to the addresses that were judged a moment before, so that a name
 * can't change its mind in between (DNS rebinding). Knows nothing of TLS.
 */
import { lookup, type LookupAddress } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { type Clock } from '../clock'
import { whyForbidden, type Endpoint } from './guard'

/** The code of the error by which a forbidden address is told from a name that is not found. */
export const FORBIDDEN = 'ERR_FORBIDDEN_ADDRESS'

/** One forbidden address among several is enough: nobody has public and private ones together by chance. */
function judged(addresses: readonly LookupAddress[], endpoint: Endpoint): Error | undefined {
  const why = addresses.map(({ address }) => whyForbidden(address, endpoint)).find((one) => one !== undefined)
  return why === undefined ? undefined : Object.assign(new Error(why), { code: FORBIDDEN })
}

/** A `lookup` for one endpoint's sockets; Node calls it for names, not for addresses. */
export function guardedLookup(endpoint: Endpoint): LookupFunction {
  return (name, options, done) => {
    lookup(name, { ...options, all: true }, (error, addresses) => {
      const wrong = error ?? judged(addresses, endpoint)
      const [first] = addresses ?? []
      if (wrong !== null && wrong !== undefined) return done(wrong, [])
      if (options.all === true) return done(null, addresses)
      done(null, first?.address ?? '', first?.family)
    })
  }
}

/**
 * Why the host must not be connected to as it resolves now; undefined if it may, or if it can't be said within so many milliseconds:
 * connecting will judge again.
 */
export function whyNotThere(endpoint: Endpoint, within: number, clock: Clock): Promise<string | undefined> {
  if (isIP(endpoint.host) !== 0) return Promise.resolve(whyForbidden(endpoint.host, endpoint))
  return new Promise((done) => {
    const cancel = clock.after(within, () => done(undefined))
    lookup(endpoint.host, { all: true }, (error, addresses) => {
      cancel()
      done(error === null ? judged(addresses, endpoint)?.message : undefined)
    })
  })
}
