/**
 * The other carrier: HTTP/1.1 listeners, each with the interfaces that it serves. Bodies and waiting are bounded; what
 * an interface does is its own.
 */
import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo } from 'node:net'
import { createAdaptorServer, type HttpBindings } from '@hono/node-server'
import { Hono, type Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { type Clock } from '../clock'
import { makePacer, type Pace } from '../gate'
import { type Observe } from '../observe'
import { addressOf, makeNaming, trusting, type Auth } from './caller'
import { type HttpInterface, type HttpRoute, type Refusal } from './interface'

/** PEM of what a listener proves itself with; `clients`: the authorities whose client certificates it believes. */
export interface HttpTls {
  readonly certificate: Buffer
  readonly key: Buffer
  readonly clients?: Buffer
}

export interface HttpListener {
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
  readonly serve: readonly HttpInterface[]
  readonly tls?: HttpTls
  /** Absent: whoever reaches it may ask. */
  readonly auth?: Auth
  /** What one caller may ask: 200 a second and 2,000 at once if it is left out. */
  readonly pace?: Pace
}

export interface HttpOptions {
  readonly listeners: readonly HttpListener[]
  /** Addresses and networks whose `X-Forwarded-For` is believed. */
  readonly trustedProxies?: readonly string[]
  readonly clock: Clock
  readonly observe: Observe
}

export interface HttpServer {
  /** `http://address:port` of each listener, in their order; `https:` with TLS. */
  readonly urls: readonly string[]
  /** Proves itself with another certificate from now on, at each listener, in their order; undefined: as it was. */
  renew(tls: readonly (HttpTls | undefined)[]): void
  /** Takes no more, lets what is under way end for so many milliseconds, then breaks it off. Idempotent. */
  close(grace: number): Promise<void>
}

const MOST_BODY = 64 * 1024
/** Milliseconds in which a request must have come whole. */
const REQUEST_WITHIN = 30_000
const MOST_CONNECTIONS = 1000
const USUAL_PACE: Pace = { burst: 2_000, perSecond: 200 }

/** Listens on every listener, or rejects with where and why, and then on none. */
export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  const { listeners, clock } = options
  const apps = listeners.map((listener) => [listener, appOf(listener, options)] as const)
  const open: Server[] = []
  const urls: string[] = []
  const closeAll = async (grace: number): Promise<void> =>
    void (await Promise.all(open.map((server) => close(server, clock, grace))))
  try {
    for (const [listener, app] of apps) {
      const server = serverFor(listener, app)
      server.requestTimeout = REQUEST_WITHIN
      server.maxConnections = MOST_CONNECTIONS
      urls.push(await listen(server, listener))
      open.push(server)
    }
  } catch (error) {
    await closeAll(0)
    throw error
  }
  let closing: Promise<void> | undefined
  return Object.freeze({
    urls,
    renew(tls: readonly (HttpTls | undefined)[]) {
      open.forEach((server, at) => {
        const fresh = tls[at]
        if (fresh !== undefined && 'setSecureContext' in server) {
          ;(server as ReturnType<typeof createTlsServer>).setSecureContext(secureOptions(fresh))
        }
      })
    },
    close: (grace: number) => (closing ??= closeAll(grace)),
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

const plainly: Readonly<Record<Refusal, readonly [400 | 401 | 413 | 429 | 500, string]>> = {
  unauthorized: [401, 'This needs a bearer token, or a client certificate.'],
  'too-many': [429, 'Too many requests.'],
  'too-large': [413, 'The body is too large.'],
  broken: [500, 'This did not work; it is our fault.'],
}

function refusal(of: HttpInterface, context: Context, why: Refusal): Response {
  const own = of.refuse?.(context, why)
  if (own !== undefined) return own
  const [status, text] = plainly[why]
  if (why === 'unauthorized') context.header('www-authenticate', 'Bearer')
  if (why === 'too-many') context.header('retry-after', '1')
  return context.text(`${text}\n`, status)
}

/** Throws where two interfaces of a listener claim one path. */
function appOf(listener: HttpListener, { trustedProxies = [], clock, observe }: HttpOptions): Hono {
  const app = new Hono()
  const claims = new Map<string, string>()
  const isTrusted = trusting(trustedProxies)
  const naming = listener.auth === undefined ? undefined : makeNaming(listener.auth)
  const pacer = makePacer(listener.pace ?? USUAL_PACE, clock)

  async function answer(of: HttpInterface, route: HttpRoute, context: Context): Promise<Response> {
    const { incoming } = context.env as HttpBindings
    const request = incoming
    const address = addressOf(request, isTrusted)
    const name = naming?.(request)
    if (naming !== undefined && name === undefined && of.for === 'callers') return refusal(of, context, 'unauthorized')
    if (pacer.take(name ?? address, 1) > 0) return refusal(of, context, 'too-many')
    try {
      return await route.answer(context, { address, ...(name === undefined ? {} : { name }) })
    } catch (error) {
      const why = error instanceof Error ? (error.stack ?? error.message) : String(error)
      // The path may hold a device's token.
      const text = `a request to ${of.name} (${route.method} ${route.path}) could not be handled: ${why}`
      observe({ at: 'trouble', about: `http listener ${spell(listener)}`, text })
      return refusal(of, context, 'broken')
    }
  }

  for (const each of listener.serve) {
    const { name, routes, mostBody = MOST_BODY } = each
    const bounded = bodyLimit({ maxSize: mostBody, onError: (context) => refusal(each, context, 'too-large') })
    for (const route of routes) {
      const claim = `${route.method} ${route.path}`
      const other = claims.get(claim)
      if (other !== undefined) {
        throw new Error(
          `http listener ${spell(listener)}: ${other} and ${name} both claim ${claim}; serve them on listeners of their own`,
        )
      }
      claims.set(claim, name)
      app.on(route.method, route.path, bounded, (context) => answer(each, route, context))
    }
  }
  app.notFound((context) => context.text('There is nothing here.\n', 404))
  app.onError((error, context) => {
    observe({
      at: 'trouble',
      about: `http listener ${spell(listener)}`,
      text: `a request broke: ${error.stack ?? error.message}`,
    })
    return context.text('This did not work; it is our fault.\n', 500)
  })
  return app
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
