/** HTTP/2 servers on loopback for specs of the wire: real `node:http2` with a certificate, and a line in front of it that can be frozen. */
import { once } from 'node:events'
import {
  createSecureServer,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type Settings,
} from 'node:http2'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { makeAuthority } from '../../lib/sim/certificates'

export const authority = makeAuthority()
export const ca = Buffer.from(authority.caPem)

export interface Peer {
  readonly port: number
  readonly server: Http2SecureServer
  /** All there ever were, in order. */
  readonly sessions: readonly ServerHttp2Session[]
  /** Paths in the order in which they arrived. */
  readonly paths: readonly string[]
  /** The most streams that were open at once on one connection. */
  most(): number
  close(): Promise<void>
}

export type OnStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, session: number) => void

/** Answers a stream with 200. */
export function ok(stream: ServerHttp2Stream): void {
  if (stream.destroyed) return
  stream.respond({ ':status': 200 })
  stream.end()
}

export async function portOf(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** `identity`: another certificate than one for localhost. */
export async function makePeer(
  onStream: OnStream,
  settings: Settings = {},
  identity?: { readonly cert: string; readonly key: string },
): Promise<Peer> {
  const { certPem, keyPem } = authority.issueServer()
  const server = createSecureServer({ cert: certPem, key: keyPem, settings, ...identity })
  const sessions: ServerHttp2Session[] = []
  const paths: string[] = []
  let most = 0
  server.on('session', (session) => {
    const number = sessions.push(session) - 1
    let streams = 0
    session.on('error', () => undefined)
    session.on('stream', (stream, headers) => {
      most = Math.max(most, ++streams)
      stream.on('close', () => streams--)
      stream.on('error', () => undefined)
      stream.resume()
      paths.push(String(headers[':path']))
      onStream(stream, headers, number)
    })
  })
  server.on('sessionError', () => undefined)
  const port = await portOf(server)
  return {
    port,
    server,
    sessions,
    paths,
    most: () => most,
    async close() {
      for (const session of sessions) session.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

export interface Line {
  readonly port: number
  /** Connections made so far. */
  made(): number
  /** From now on no byte passes, in either direction, and nobody is told. */
  freeze(): void
  /** Resets every connection there is (TCP RST). */
  cut(): void
  close(): Promise<void>
}

/** A TCP line to a port on loopback. */
export async function makeLine(to: number): Promise<Line> {
  const sockets = new Set<Socket>()
  let made = 0
  let frozen = new Set<Socket>()
  const server = createServer((near) => {
    made++
    const far = connect(to, '127.0.0.1')
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.on('data', (bytes) => {
        if (!frozen.has(from)) into.write(bytes)
      })
      from.on('error', () => undefined)
      from.on('close', () => {
        sockets.delete(from)
        if (!frozen.has(from)) into.destroy()
      })
    }
  })
  return {
    port: await portOf(server),
    made: () => made,
    freeze() {
      frozen = new Set(sockets)
    },
    cut() {
      for (const socket of sockets) socket.resetAndDestroy()
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
