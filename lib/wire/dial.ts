/**
 * TCP, TLS and ALPN (RFC 7301) to one host. Knows when a peer does not speak HTTP/2 and says so in words; knows nothing of frames.
 */
import { isIP, type LookupFunction, type Socket, type TcpNetConnectOpts } from 'node:net'
import {
  connect,
  createSecureContext,
  rootCertificates,
  type ConnectionOptions,
  type SecureContext,
  type TLSSocket,
} from 'node:tls'
import { type Clock } from '../clock'
import { type OriginOptions } from './wire'

export interface Place {
  readonly host: string
  readonly port: number
  readonly context: SecureContext
  /** Milliseconds for TCP and TLS together. */
  readonly timeout: number
  /** In place of the system's own, for a name. */
  readonly lookup?: LookupFunction
}

/** A name with several addresses, one of them dead, costs at most this many milliseconds per dead one. */
export const NEXT_ADDRESS_AFTER = 1000

/** Throws what OpenSSL says about an unreadable certificate, key or authority. */
export function placeOf(options: OriginOptions): Place {
  const url = new URL(options.url)
  if (url.protocol !== 'https:') throw new Error(`${options.url}: only https:// can be spoken to over HTTP/2`)
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 443 : Number(url.port),
    timeout: options.connectTimeout,
    context: createSecureContext({
      minVersion: 'TLSv1.2',
      ...(options.ca === undefined ? {} : { ca: [...rootCertificates, options.ca] }),
      ...(options.cert === undefined ? {} : { cert: options.cert }),
      ...(options.key === undefined ? {} : { key: options.key }),
      ...(options.passphrase === undefined ? {} : { passphrase: options.passphrase }),
    }),
  }
}

/** Why there is no connection, in words, and by Node's or OpenSSL's code where there is one. */
export interface NotDialled {
  readonly why: string
  readonly code?: string
}

/** What an error of the network or of TLS says, whichever of Node's shapes it has. */
export function wordsOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error)
  // Of a name with several addresses: one error for each.
  if ('errors' in error && Array.isArray(error.errors) && error.errors.length > 0) {
    return error.errors.map(wordsOf).join('; ')
  }
  return 'message' in error && typeof error.message === 'string' && error.message !== ''
    ? error.message
    : 'no reason given'
}

function failed(error: unknown): NotDialled {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return { why: wordsOf(error), ...(typeof code === 'string' ? { code } : {}) }
}

/** Makes one connection: `done` is told once, the function returned gives up. */
export type Dial<S extends Socket = TLSSocket> = (done: (result: S | NotDialled) => void) => () => void

/** One TLS handshake that offers these protocols (ALPN). `done` is told once. The function returned gives up. */
export function handshake(
  place: Place,
  protocols: string[],
  clock: Clock,
  done: (result: TLSSocket | NotDialled) => void,
): () => void {
  const how: ConnectionOptions & TcpNetConnectOpts = {
    host: place.host,
    port: place.port,
    secureContext: place.context,
    ALPNProtocols: protocols,
    ...(isIP(place.host) === 0 ? { servername: place.host } : {}),
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_AFTER,
    ...(place.lookup === undefined ? {} : { lookup: place.lookup }),
  }
  return awaiting(connect(how), 'secureConnect', place.timeout, clock, done)
}

/** Waits until a socket is ready. `done` is told once. The function returned gives up. */
export function awaiting<S extends Socket>(
  socket: S,
  ready: 'connect' | 'secureConnect',
  timeout: number,
  clock: Clock,
  done: (result: S | NotDialled) => void,
): () => void {
  let over = false
  const cancel = clock.after(timeout, () => end({ why: `no connection within ${timeout} ms` }))
  const end = (result: S | NotDialled): void => {
    if (over) return
    over = true
    cancel()
    socket.off('close', closed)
    if (result !== socket) socket.destroy()
    done(result)
  }
  const closed = (): void => end({ why: 'the peer closed the connection during the TLS handshake' })
  // Stays for the socket's life: an error without a listener would end the process.
  socket.on('error', (error) => end(failed(error)))
  socket.once('close', closed)
  socket.once(ready, () => {
    socket.setNoDelay(true)
    end(socket)
  })
  return () => end({ why: 'given up' })
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
