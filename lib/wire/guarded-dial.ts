/**
 * TCP and TLS to an endpoint that the guard let pass: connects to judged addresses only, and takes whichever of HTTP/2 and HTTP/1.1 the
 * peer chooses (ALPN, RFC 7301).
 */
import { connect, isIP, type Socket } from 'node:net'
import { type SecureContext } from 'node:tls'
import { type Clock } from '../clock'
import { awaiting, handshake, NEXT_ADDRESS_AFTER, type Dial, type NotDialled } from './dial'
import { whyForbidden, type Endpoint } from './guard'
import { FORBIDDEN, guardedLookup } from './guarded-lookup'

export interface GuardedDialOptions {
  readonly endpoint: Endpoint
  readonly context: SecureContext
  /** Milliseconds for resolving, TCP and TLS together. */
  readonly timeout: number
}

/** Plain TCP where the endpoint is `http:`, which the guard lets pass only where the operator said so. */
export function guardedDial({ endpoint, context, timeout }: GuardedDialOptions, clock: Clock): Dial<Socket> {
  const { protocol, port } = new URL(endpoint.origin)
  const isTls = protocol === 'https:'
  const place = {
    host: endpoint.host,
    port: port === '' ? (isTls ? 443 : 80) : Number(port),
    timeout,
    lookup: guardedLookup(endpoint),
  }
  const start = (done: (result: Socket | NotDialled) => void): (() => void) => {
    if (isTls) return handshake({ ...place, context }, ['h2', 'http/1.1'], clock, done)
    const happily = { autoSelectFamily: true, autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_AFTER }
    return awaiting(connect({ ...place, ...happily, timeout: 0 }), 'connect', timeout, clock, done)
  }
  return (done) => {
    const literal = isIP(endpoint.host) === 0 ? undefined : whyForbidden(endpoint.host, endpoint)
    if (literal !== undefined) {
      done({ why: literal, code: FORBIDDEN })
      return () => undefined
    }
    return start((result) => {
      if ('why' in result) return done(result)
      const address = result.remoteAddress
      const why = address === undefined ? undefined : whyForbidden(address, endpoint)
      if (address !== undefined && why === undefined) return done(result)
      result.destroy()
      done(why === undefined ? { why: 'the peer closed the connection' } : { why, code: FORBIDDEN })
    })
  }
}
