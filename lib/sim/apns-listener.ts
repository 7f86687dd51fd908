// The door of the simulator of APNs: TCP and TLS 1.2 or newer with ALPN h2 and nothing else, client certificates if an authority is given.
// It hands on connections that may speak; what they say it does not hear. A client certificate that is not trusted ends the connection.

import { once } from 'node:events'
import { type Socket } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import { type Certified } from './certificates'

/** Where and as whom to listen. */
export interface ListenerOptions {
  readonly host: string
  /** 0 for any. */
  readonly port: number
  readonly certificate: Certified
  /** Whose client certificates are trusted; without it, none is asked for. */
  readonly clientCa: string | undefined
  /** A connection with TLS up, and the TCP connection below it. */
  readonly onConnection: (socket: TLSSocket, raw: Socket) => void
  /** A handshake that failed, in the words of TLS. */
  readonly onFailure: (why: string) => void
}

/** A door that is open. */
export interface Listener {
  readonly port: number
  /** Whether TCP connections are closed before TLS begins. */
  readonly refuse: (refuse: boolean) => void
  /** Ends all connections at once and frees the port. */
  readonly close: () => Promise<void>
}

/** Opens the door; rejects when the port is taken. */
export const listen = async (options: ListenerOptions): Promise<Listener> => {
  const sockets = new Map<string, Socket>()
  let isRefusing = false
  const peer = ({ remoteAddress, remotePort }: Socket) => `${String(remoteAddress)} ${String(remotePort)}`

  const server = createServer(
    {
      cert: options.certificate.certPem,
      key: options.certificate.keyPem,
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['h2'],
      ...(options.clientCa === undefined ? {} : { ca: options.clientCa, requestCert: true, rejectUnauthorized: false }),
    },
    (socket) => {
      socket.on('error', () => undefined)
      const raw = sockets.get(peer(socket))
      const refusal =
        socket.alpnProtocol !== 'h2'
          ? 'the client did not offer h2 by ALPN'
          : socket.getPeerX509Certificate() !== undefined && !socket.authorized
            ? `client certificate: ${String(socket.authorizationError)}`
            : undefined
      if (refusal === undefined && raw !== undefined) {
        options.onConnection(socket, raw)
        return
      }
      socket.destroy()
      options.onFailure(refusal ?? 'the client has gone')
    },
  )
  server.on('connection', (raw: Socket) => {
    const key = peer(raw)
    sockets.set(key, raw)
    raw.setNoDelay(true)
    raw.on('error', () => undefined)
    raw.once('close', () => {
      if (sockets.get(key) === raw) sockets.delete(key)
    })
    if (isRefusing) raw.destroy()
  })
  server.on('tlsClientError', (error) => {
    options.onFailure(error.message)
  })
  server.listen(options.port, options.host)
  await once(server, 'listening')
  const address = server.address()
  return Object.freeze({
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    refuse: (refuse: boolean) => {
      isRefusing = refuse
    },
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      for (const raw of sockets.values()) raw.destroy()
      await closed
    },
  })
}
