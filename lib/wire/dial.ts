/**
 * TCP, TLS and ALPN (RFC 7301) to one host, directly or through a proxy. Knows when a peer does not speak HTTP/2 and says so in words; knows nothing of frames.
 */
import { isIP, type LookupFunction, type Socket, type TcpNetConnectOpts } from 'node:net'
import { connect, createSecureContext, type ConnectionOptions, type SecureContext, type TLSSocket } from 'node:tls'
import { type Clock } from '../clock'
import { awaiting, NEXT_ADDRESS_AFTER, wordsOf, type NotDialled } from './socket'
import { beside, TLS, trusting } from './trust'
import { nameOfProxy, tunnel } from './tunnel'
import { type OriginOptions, type Proxy } from './wire'

export { wordsOf, type NotDialled }

export interface Place {
  readonly host: string
  readonly port: number
  readonly context: SecureContext
  /** Milliseconds for TCP and TLS together. */
  readonly timeout: number
  /** In place of the system's own, for a name; not asked where there is a proxy, which resolves by itself. */
  readonly lookup?: LookupFunction
  /** What stands in between. */
  readonly proxy?: Proxy
}

/** Throws what OpenSSL says about an unreadable certificate, key or authority. */
export function placeOf(options: OriginOptions): Place {
  const url = new URL(options.url)
  if (url.protocol !== 'https:') throw new Error(`${options.url}: only https:// can be spoken to over HTTP/2`)
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 443 : Number(url.port),
    timeout: options.connectTimeout,
    ...(options.proxy === undefined ? {} : { proxy: options.proxy }),
    context: contextOf(options),
  }
}

function contextOf({ ca, cert, key, passphrase }: OriginOptions): SecureContext {
  if (cert === undefined && key === undefined) return trusting(ca)
  return createSecureContext({
    ...TLS,
    ...beside(ca),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(passphrase === undefined ? {} : { passphrase }),
  })
}

/** Makes one connection: `done` is told once, the function returned gives up. */
export type Dial<S extends Socket = TLSSocket> = (done: (result: S | NotDialled) => void) => () => void

/**
 * One TLS handshake that offers these protocols (ALPN), through the proxy where there is one. `done` is told once. The function returned
 * gives up.
 */
export function handshake(
  place: Place,
  protocols: string[],
  clock: Clock,
  done: (result: TLSSocket | NotDialled) => void,
): () => void {
  const { host, port, proxy, timeout } = place
  const how: ConnectionOptions = {
    host,
    secureContext: place.context,
    ALPNProtocols: protocols,
    ...(isIP(host) === 0 ? { servername: host } : {}),
  }
  if (proxy === undefined) {
    const direct: ConnectionOptions & TcpNetConnectOpts = {
      ...how,
      host,
      port,
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_AFTER,
      ...(place.lookup === undefined ? {} : { lookup: place.lookup }),
    }
    return awaiting(connect(direct), 'secureConnect', timeout, clock, done)
  }
  const startedAt = clock.elapsed()
  let giveUp = tunnel(proxy, { host, port }, timeout, clock, (result) => {
    if ('why' in result) return done(result)
    const left = startedAt + timeout - clock.elapsed()
    giveUp = awaiting(connect({ ...how, socket: result }), 'secureConnect', left, clock, (end) => {
      // The raw socket outlives a handshake that failed.
      if ('why' in end) result.destroy()
      done('why' in end ? { ...end, why: `${end.why} (through the proxy ${nameOfProxy(proxy)})` } : end)
    })
  })
  return () => giveUp()
}

/**
 * Connects and requires `h2`. `done` is told once, synchronously with the end of the handshake so that no byte is missed:
 * the socket, or why there is none, which names what the peer offered. The function returned gives up.
 */
export function dial(place: Place, clock: Clock, done: (result: TLSSocket | NotDialled) => void): () => void {
  let giveUp = handshake(place, ['h2'], clock, (first) => {
    if ('why' in first) {
      if (first.code !== 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL') return done(first)
      // It refused the handshake, which does not say what it would have spoken: asked once more, for the operator's sake.
      giveUp = handshake(place, ['http/1.1', 'http/1.0'], clock, (second) => {
        const offered = 'why' in second ? 'nothing that is known here' : second.alpnProtocol || 'no protocol at all'
        if (!('why' in second)) second.destroy()
        done({ why: `the peer does not speak HTTP/2: it refused h2 and offers ${offered} (ALPN)` })
      })
      return
    }
    if (first.alpnProtocol === 'h2') return done(first)
    const offered = first.alpnProtocol || 'no protocol at all'
    first.destroy()
    done({ why: `the peer does not speak HTTP/2: asked for h2 it offered ${offered} (ALPN)` })
  })
  return () => giveUp()
}
