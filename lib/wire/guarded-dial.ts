/**
 * TCP and TLS to an endpoint that the guard let pass: connects to judged addresses only, and takes whichever of HTTP/2 and HTTP/1.1 the
 * peer chooses (ALPN, RFC 7301).
 */
import { connect, isIP, type Socket } from 'node:net'
import { type SecureContext } from 'node:tls'
import { type Clock } from '../clock'
import { handshake, type Dial } from './dial'
import { whyForbidden, type Endpoint } from './guard'
import { FORBIDDEN, guardedLookup, whyNotThere } from './guarded-lookup'
import { awaiting, NEXT_ADDRESS_AFTER, type NotDialled } from './socket'
import { type Proxy } from './wire'

export interface GuardedDialOptions {
  readonly endpoint: Endpoint
  readonly context: SecureContext
  /** Milliseconds for resolving, TCP and TLS together. */
  readonly timeout: number
  /**
   * What stands in between; a host that the operator has named as private is inside with us, and reached without it. The proxy resolves
   * again: what it may reach is for its own rules to say.
   */
  readonly proxy?: Proxy
}

/** Plain TCP where the endpoint is `http:`, which the guard lets pass only where the operator said so. */
export function guardedDial({ endpoint, context, timeout, proxy }: GuardedDialOptions, clock: Clock): Dial<Socket> {
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
  if (proxy !== undefined && !endpoint.mayBePrivate) {
    return throughProxy(
      { endpoint, dial: (done) => handshake({ ...place, context, proxy }, ['h2', 'http/1.1'], clock, done) },
      clock,
    )
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

/** How long we look for ourselves before the proxy is asked, milliseconds: a closed network may have no DNS of the world. */
const RESOLVED_WITHIN = 2000

/** Judges the address as it is written, and as it resolves here if it does; the connection itself is the proxy's. */
function throughProxy(
  { endpoint, dial }: { readonly endpoint: Endpoint; readonly dial: Dial<Socket> },
  clock: Clock,
): Dial<Socket> {
  return (done) => {
    let isOver = false
    let giveUp = (): void => {
      isOver = true
      done({ why: 'given up' })
    }
    void whyNotThere(endpoint, RESOLVED_WITHIN, clock).then((why) => {
      if (isOver) return
      if (why === undefined) giveUp = dial(done)
      else {
        isOver = true
        done({ why, code: FORBIDDEN })
      }
    })
    return () => {
      if (!isOver) giveUp()
    }
  }
}
