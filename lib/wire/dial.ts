/**
 * TCP, TLS and ALPN (RFC 7301) to one host. Knows when a peer does not speak HTTP/2 and says so in words; knows nothing of frames.
 */
import { isIP, type TcpNetConnectOpts } from 'node:net'
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
}

/** A name with several addresses, one of them dead, costs at most this many milliseconds per dead one. */
const NEXT_ADDRESS_AFTER = 1000

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

/** What an error of the network or of TLS says, whichever of Node's shapes it has. */
export function wordsOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(wordsOf).join('; ')
  if (error instanceof Error) return error.message === '' ? error.name : error.message
  return String(error)
}

function refusesAlpn(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL'
}

/** One TLS handshake. `done` is told once: a socket, or the error. The function returned gives up. */
function handshake(
  place: Place,
  protocols: string[],
  clock: Clock,
  done: (result: TLSSocket | Error) => void,
): () => void {
  const how: ConnectionOptions & TcpNetConnectOpts = {
    host: place.host,
    port: place.port,
    secureContext: place.context,
    ALPNProtocols: protocols,
    ...(isIP(place.host) === 0 ? { servername: place.host } : {}),
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_AFTER,
  }
  const socket = connect(how)
  let over = false
  const cancel = clock.after(place.timeout, () => end(new Error(`no connection within ${place.timeout} ms`)))
  const end = (result: TLSSocket | Error): void => {
    if (over) return
    over = true
    cancel()
    socket.off('close', closed)
    if (result !== socket) socket.destroy()
    done(result)
  }
  const closed = (): void => end(new Error('the peer closed the connection during the TLS handshake'))
  // Stays for the socket's life: an error without a listener would end the process.
  socket.on('error', end)
  socket.once('close', closed)
  socket.once('secureConnect', () => {
    socket.setNoDelay(true)
    end(socket)
  })
  return () => end(new Error('given up'))
}

/**
 * Connects and requires `h2`. `done` is told once, synchronously with the end of the handshake so that no byte is missed:
 * the socket, or an error whose message names what the peer offered. The function returned gives up.
 */
export function dial(place: Place, clock: Clock, done: (result: TLSSocket | Error) => void): () => void {
  let giveUp = handshake(place, ['h2'], clock, (first) => {
    if (first instanceof Error) {
      if (!refusesAlpn(first)) return done(first)
      // It refused the handshake, which does not say what it would have spoken: asked once more, for the operator's sake.
      giveUp = handshake(place, ['http/1.1', 'http/1.0', 'spdy/3.1'], clock, (second) => {
        const offered =
          second instanceof Error ? 'nothing that is known here' : second.alpnProtocol || 'no protocol at all'
        if (!(second instanceof Error)) second.destroy()
        done(new Error(`the peer does not speak HTTP/2: it refused ALPN protocol h2 and offers ${offered}`))
      })
      return
    }
    if (first.alpnProtocol === 'h2') return done(first)
    const offered = first.alpnProtocol || 'no protocol at all'
    first.destroy()
    done(new Error(`the peer does not speak HTTP/2: asked by ALPN for h2 it offered ${offered}`))
  })
  return () => giveUp()
}
