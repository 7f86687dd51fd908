// The door of the simulator of Web Push: TLS with HTTP/2, HTTP/1.1 or both, and all that an answer can do to a connection.
// It knows nothing of pushes.

import { once } from 'node:events'
import { type IncomingMessage, type ServerResponse } from 'node:http'
import { constants, createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import { createServer } from 'node:https'
import { type Socket } from 'node:net'
import { type Writable } from 'node:stream'
import { type TLSSocket } from 'node:tls'
import { type Certified } from './certificates'
import { closing } from './closing'
import { flatHeaders, readBody } from './http-journal'
import { type Now } from './time'

const STREAMS = 100

/** What the server offers by ALPN. */
export type Protocols = 'h2' | 'http/1.1' | 'both'

/** One request with its body whole, and the ways to answer it. */
export interface Exchange {
  readonly protocol: 'h2' | 'http/1.1'
  /** Counts connections from 1. */
  readonly connection: number
  /** What the client sent as SNI. */
  readonly servername: string | undefined
  readonly method: string
  readonly path: string
  /** `:authority`, or `Host`. */
  readonly authority: string
  /** Lower-case names, without pseudo-headers. */
  readonly headers: Readonly<Record<string, string>>
  /** Lower-case names as they came, repeated ones included. */
  readonly headerNames: readonly string[]
  readonly body: Buffer
  /** Sends an informational answer (1xx). */
  readonly inform: (status: number) => void
  readonly answer: (status: number, headers: Readonly<Record<string, string>>, body: string | Buffer) => void
  /** Sends the head, and answers with where the body goes. */
  readonly begin: (status: number, headers: Readonly<Record<string, string>>) => Writable
  /** The connection ends at once, and everything on it. */
  readonly tear: () => void
  /** GOAWAY (RFC 9113 §6.8), this request included or left out; over HTTP/1.1 the connection closes. */
  readonly goaway: (code: number, processed: boolean) => void
}

/** A door that is open. */
export interface Door {
  readonly port: number
  /** Whether connections are closed before TLS begins. */
  readonly refuse: (refuse: boolean) => void
  readonly close: () => Promise<void>
}

const namesIn = (raw: readonly string[]): readonly string[] =>
  raw.flatMap((name, index) => (index % 2 === 0 && !name.startsWith(':') ? [name.toLowerCase()] : []))

const servernameOf = (socket: object): string | undefined => {
  const name: unknown = 'servername' in socket ? socket.servername : undefined
  return typeof name === 'string' ? name : undefined
}

/** Opens the door; rejects when the port is taken. */
export const openDoor = async (options: {
  readonly host: string
  readonly port: number
  readonly protocols: Protocols
  readonly certificate: Certified
  /** What the `date` of its answers says. */
  readonly now: Now
  readonly onExchange: (exchange: Exchange) => Promise<void>
}): Promise<Door> => {
  const { certificate, protocols, now, onExchange } = options
  const numbers = new WeakMap<object, number>()
  let connections = 0
  let isRefusing = false

  const facts = (
    request: IncomingMessage | Http2ServerRequest,
    connection: object | undefined,
    socket: object | undefined,
    body: Buffer,
  ) => ({
    connection: (connection === undefined ? undefined : numbers.get(connection)) ?? 0,
    servername: socket === undefined ? undefined : servernameOf(socket),
    method: request.method ?? '',
    path: request.url ?? '',
    headers: flatHeaders(request.headers),
    headerNames: namesIn(request.rawHeaders),
    body,
  })

  const overOne = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { socket } = request
    const begin = (status: number, headers: Readonly<Record<string, string>>) =>
      response.writeHead(status, { date: new Date(now()).toUTCString(), ...headers })
    await onExchange({
      ...facts(request, socket, socket, await readBody(request)),
      protocol: 'http/1.1',
      authority: request.headers.host ?? '',
      inform: (status) => void socket.write(`HTTP/1.1 ${status} Informational\r\n\r\n`),
      answer: (status, headers, body) => void begin(status, headers).end(body),
      begin,
      tear: () => void socket.destroy(),
      goaway: (_code, processed) => {
        if (processed) response.once('finish', () => socket.end())
        else socket.destroy()
      },
    })
  }

  const overTwo = async (request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> => {
    const { stream } = response
    const { session } = stream
    const begin = (status: number, headers: Readonly<Record<string, string>>) => {
      response.writeHead(status, { date: new Date(now()).toUTCString(), ...headers })
      return response.stream
    }
    const seen = request.headers
    await onExchange({
      ...facts(request, session, session?.socket, await readBody(request)),
      protocol: 'h2',
      authority: seen[':authority'] ?? seen.host ?? '',
      inform: (status) => {
        if (!stream.destroyed) stream.additionalHeaders({ ':status': status })
      },
      answer: (status, headers, body) => {
        if (!stream.destroyed) begin(status, headers).end(body)
      },
      begin,
      tear: () => session?.destroy(),
      goaway: (code, processed) => {
        session?.goaway(code, processed ? stream.id : Math.max(0, (stream.id ?? 1) - 2))
        if (processed) return
        stream.close(constants.NGHTTP2_REFUSED_STREAM)
        session?.close()
      },
    })
  }

  const tls = { cert: certificate.certPem, key: certificate.keyPem }
  const serve = (
    request: IncomingMessage | Http2ServerRequest,
    response: ServerResponse | Http2ServerResponse,
  ): void => {
    const served =
      'stream' in request
        ? overTwo(request, response as Http2ServerResponse)
        : overOne(request, response as ServerResponse)
    served.catch(() => response.destroy())
  }
  const server =
    protocols === 'http/1.1'
      ? createServer(tls, serve)
      : createSecureServer(
          { ...tls, allowHTTP1: protocols === 'both', settings: { maxConcurrentStreams: STREAMS } },
          serve,
        )
  const close = closing(server)
  server.on('connection', (socket: Socket) => {
    socket.setNoDelay(true)
    if (isRefusing) socket.destroy()
  })
  // Before the one of node:http2, which makes the session and announces it.
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    numbers.set(socket, (connections += 1))
    socket.on('error', () => undefined)
  })
  server.on('session', (session: object) => numbers.set(session, connections))
  server.on('sessionError', () => undefined)
  server.on('tlsClientError', () => undefined)
  server.listen(options.port, options.host)
  await once(server, 'listening')
  const address = server.address()
  return Object.freeze({
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    refuse: (refuse: boolean) => {
      isRefusing = refuse
    },
    close,
  })
}
