/** The other carrier: HTTP/1.1 listeners, over TCP or TLS. Knows sockets and how long one may wait; who may ask what, the door knows. */
import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import { type AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { type Hono } from 'hono'
import { type Clock } from '../clock'
import { type Pace } from '../gate'
import { type Observe } from '../observe'
import { type Tracing } from '../observe/tracing'
import { trusting, type Auth } from './caller'
import { makeDoor } from './door'
import { type HttpInterface } from './interface'
import { watchCertificates, type HttpTls } from './renewal'

/** What a listener proves itself with, and whom it believes. */
export interface HttpProof {
  readonly tls?: HttpTls
  /** Absent: whoever reaches it may ask. */
  readonly auth?: Auth
}

export interface HttpListener extends HttpProof {
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
  readonly serve: readonly HttpInterface[]
  /** What one caller may ask: 200 a second and 2,000 at once if it is left out. */
  readonly pace?: Pace
}

export interface HttpOptions {
  readonly listeners: readonly HttpListener[]
  /** Addresses and networks whose `X-Forwarded-For` is believed. */
  readonly trustedProxies?: readonly string[]
  readonly clock: Clock
  readonly observe: Observe
  /** Absent: nothing is traced. */
  readonly tracing?: Pick<Tracing, 'asked'>
}

export interface HttpServer {
  /** `http://address:port` of each listener, in their order; `https:` with TLS. */
  readonly urls: readonly string[]
  /**
   * Proves itself with other certificates and knows other tokens from now on, at each listener, in their order. Whether a
   * listener speaks TLS and asks who asks stays as it was.
   */
  renew(proofs: readonly HttpProof[]): void
  /** Takes no more, lets what is under way end for so many milliseconds, then breaks it off. Idempotent. */
  close(grace: number): Promise<void>
}

/** Milliseconds in which the head of a request must have come, and in which all of it must. */
const HEAD_WITHIN = 10_000
const REQUEST_WITHIN = 30_000
/** Milliseconds for which a connection is kept for the next request; longer than the minute of usual proxies. */
const IDLE = 75_000
const MOST_CONNECTIONS = 1000

/** Listens on every listener, or rejects with where and why, and then on none. */
export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  const { listeners, trustedProxies = [], clock, observe, tracing } = options
  const isTrusted = trusting(trustedProxies)
  const auths = listeners.map(({ auth }) => auth)
  const doors = listeners.map((listener, at) => {
    const { serve, pace } = listener
    const asked = { where: spell(listener), serve, auth: () => auths[at], isTrusted, clock, observe }
    return [
      listener,
      makeDoor({ ...asked, ...(pace === undefined ? {} : { pace }), ...(tracing === undefined ? {} : { tracing }) }),
    ] as const
  })
  const open: Server[] = []
  const urls: string[] = []
  const closeAll = async (grace: number): Promise<void> =>
    void (await Promise.all(open.map((server) => close(server, clock, grace))))
  try {
    for (const [listener, door] of doors) {
      const server = serverFor(listener, door)
      server.headersTimeout = HEAD_WITHIN
      server.keepAliveTimeout = IDLE
      server.requestTimeout = REQUEST_WITHIN
      server.maxConnections = MOST_CONNECTIONS
      urls.push(await listen(server, listener))
      open.push(server)
    }
  } catch (error) {
    await closeAll(0)
    throw error
  }
  const tlss = listeners.map(({ tls }) => tls)
  function renewTls(at: number, tls: HttpTls): void {
    const server = open[at]
    tlss[at] = tls
    // A server of TLS is the only one that has it.
    if (server !== undefined && 'setSecureContext' in server) (server as TlsServer).setSecureContext(secureOptions(tls))
  }
  const unwatch = watchCertificates({
    tls: () => listeners.map((listener, at) => [spell(listener), tlss[at]] as const),
    renew(at, tls) {
      renewTls(at, tls)
      observe({ at: 'renewed', url: urls[at] ?? '' })
    },
    ...{ clock, observe },
  })
  let closing: Promise<void> | undefined
  return Object.freeze({
    urls,
    renew(proofs: readonly HttpProof[]) {
      proofs.forEach(({ tls, auth }, at) => {
        if (auth !== undefined && auths[at] !== undefined) auths[at] = auth
        if (tls !== undefined && tlss[at] !== undefined) renewTls(at, tls)
      })
    },
    close(grace: number) {
      unwatch()
      return (closing ??= closeAll(grace))
    },
  })
}

/** A client without a certificate is let in, and asked for a token. */
function secureOptions({ certificate, key, clients }: HttpTls) {
  return {
    ...{ cert: certificate, key, minVersion: 'TLSv1.2' as const },
    ...(clients === undefined ? {} : { ca: clients, requestCert: true, rejectUnauthorized: false }),
  }
}

function serverFor({ tls }: HttpListener, app: Hono): Server {
  const { fetch } = app
  const server =
    tls === undefined
      ? createAdaptorServer({ fetch, createServer })
      : createAdaptorServer({ fetch, createServer: createTlsServer, serverOptions: secureOptions(tls) })
  return server as Server
}

function spell({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

const causes: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there; choose another port, or stop it',
  EACCES: 'this user may not listen there; choose a port from 1024 on',
  EADDRNOTAVAIL: 'this machine has no such address; listen on one that it has',
  ENOTFOUND: 'there is no such name; write an address of this machine',
}

function listen(server: Server, listener: HttpListener): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const code = error.code ?? error.message
      reject(new Error(`http listener ${spell(listener)}: can't listen (${code}): ${causes[code] ?? error.message}`))
    })
    server.listen(listener.port, listener.host, () => {
      // A server that listens on a port has an address, not a path.
      const { port } = server.address() as AddressInfo
      resolve(`${listener.tls === undefined ? 'http' : 'https'}://${spell({ host: listener.host, port })}`)
    })
  })
}

function close(server: Server, clock: Clock, grace: number): Promise<void> {
  return new Promise((done) => {
    const cancel = clock.after(grace, () => server.closeAllConnections())
    server.close(() => {
      cancel()
      done()
    })
    server.closeIdleConnections()
  })
}
