/**
 * The other carrier: HTTP/1.1 listeners, each with the interfaces that it serves. Bodies and waiting are bounded; what
 * an interface does is its own.
 */
import { type Server } from 'node:http'
import { type AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { type Clock } from '../clock'
import { type Observe } from '../observe'
import { type HttpInterface } from './interface'

export interface HttpListener {
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
  readonly serve: readonly HttpInterface[]
}

export interface HttpOptions {
  readonly listeners: readonly HttpListener[]
  readonly clock: Clock
  readonly observe: Observe
}

export interface HttpServer {
  /** `http://address:port` of each listener, in their order. */
  readonly urls: readonly string[]
  /** Takes no more, lets what is under way end for so many milliseconds, then breaks it off. Idempotent. */
  close(grace: number): Promise<void>
}

const MOST_BODY = 64 * 1024
/** Milliseconds in which a request must have come whole. */
const REQUEST_WITHIN = 30_000
const MOST_CONNECTIONS = 1000

/** Listens on every listener, or rejects with where and why, and then on none. */
export async function startHttp({ listeners, clock, observe }: HttpOptions): Promise<HttpServer> {
  const apps = listeners.map((listener) => [listener, appOf(listener, observe)] as const)
  const open: Server[] = []
  const urls: string[] = []
  const closeAll = async (grace: number): Promise<void> =>
    void (await Promise.all(open.map((server) => close(server, clock, grace))))
  try {
    for (const [listener, app] of apps) {
      const server = createAdaptorServer({ fetch: app.fetch }) as Server
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
  return Object.freeze({ urls, close: (grace: number) => (closing ??= closeAll(grace)) })
}

function spell({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Throws where two interfaces of a listener claim one path. */
function appOf(listener: HttpListener, observe: Observe): Hono {
  const app = new Hono()
  const claims = new Map<string, string>()
  app.use(bodyLimit({ maxSize: MOST_BODY, onError: (context) => context.text('The body is too large.\n', 413) }))
  for (const { name, routes } of listener.serve) {
    for (const { method, path, answer } of routes) {
      const claim = `${method} ${path}`
      const other = claims.get(claim)
      if (other !== undefined) {
        throw new Error(
          `http listener ${spell(listener)}: ${other} and ${name} both claim ${claim}; serve them on listeners of their own`,
        )
      }
      claims.set(claim, name)
      app.on(method, path, answer)
    }
  }
  app.notFound((context) => context.text('There is nothing here.\n', 404))
  app.onError((error, context) => {
    const text = `a request to ${context.req.path} could not be handled: ${error.stack ?? error.message}`
    observe({ at: 'trouble', about: `http listener ${spell(listener)}`, text })
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
      resolve(`http://${spell({ host: listener.host, port })}`)
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
