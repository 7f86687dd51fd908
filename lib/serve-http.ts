/** Every configured listener, served: its interfaces with their settings, who may ask, what it proves itself with. Part of the composition root. */
import { type Config } from './config'
import { type CommandCall, type HttpInterface, type HttpSurroundings } from './http/interface'
import type * as Server from './http/server'
import { type DoorApp } from './intake/app'
import { type Register, type RegisterAnswer } from './intake/register'
import { dialects } from './kinds'
import { bareOf } from './model/jid'
import { type Figure } from './observe/figures'
import { type Tracing } from './observe/tracing'

type Http = Config['http']
type HttpServer = Server.HttpServer

/** Loaded where something is served at all. */
const server = () => module.require('./http/server') as typeof Server
const silent: HttpServer = Object.freeze({ urls: [], renew: () => undefined, close: () => Promise.resolve() })

/** Every interface as it is served, one for each listener that serves it. */
export interface Everywhere {
  readonly all: HttpInterface[]
  /** What those say of themselves that have a word. */
  status(): readonly { readonly name: string; readonly text: string }[]
}

/** Nothing is served yet. */
export function makeEverywhere(): Everywhere {
  const all: HttpInterface[] = []
  return Object.freeze({
    all,
    status: () => all.flatMap(({ name, status }) => (status === undefined ? [] : [{ name, text: status() }])),
  })
}

/** Rejects where a listener can't listen, or two interfaces of it claim one path. */
export async function serveHttp(
  { listeners, trustedProxies, interfaces }: Http,
  rest: Omit<HttpSurroundings, 'offers' | 'command' | 'beside' | 'metrics'> & {
    readonly register: Register
    readonly everywhere: Everywhere
    /** Absent: nothing is traced. */
    readonly tracing?: Pick<Tracing, 'asked'> | undefined
    /** `figures`: what interfaces count of themselves. */
    readonly metrics: (figures: readonly Figure[]) => ReturnType<HttpSurroundings['metrics']>
  },
): Promise<HttpServer> {
  if (listeners.length === 0) return silent
  const { register, metrics, tracing, everywhere, ...common } = rest
  const { apps, clock, observe } = rest
  const command = (call: CommandCall): Promise<RegisterAnswer> => {
    const { dialect, command: node, service, requester, fields, standIn } = call
    const spoken = dialects.find(({ name }) => name === dialect)?.commands.find((each) => each.node === node)
    if (spoken === undefined) throw new Error(`the dialect ${dialect} has no command ${node}`)
    const wish = spoken.read(fields, { bare: bareOf(requester) }, [...apps().values()])
    const asked = { service, requester, dialect, wish, isUnseen: true as const }
    return register(standIn === undefined ? asked : { ...asked, standIn })
  }
  const offers = (): ReadonlyMap<string, DoorApp['offers']> =>
    new Map([...apps()].flatMap(([name, app]) => (Object.keys(app.offers).length === 0 ? [] : [[name, app.offers]])))
  const own = (): readonly Figure[] => everywhere.all.flatMap(({ figures = [] }) => figures)
  /** What a listener serves: opened for it alone. */
  const opened = (serve: readonly string[]): readonly HttpInterface[] => {
    const all: HttpInterface[] = []
    const surroundings = { ...common, command, offers, beside: () => all, metrics: () => metrics(own()) }
    for (const name of serve) all.push(...[interfaces[name]].flatMap((open) => open?.(surroundings) ?? []))
    everywhere.all.push(...all)
    return all
  }
  const http = await server().startHttp({
    listeners: listeners.map(({ limit, serve, host, port, ...proof }) => ({
      ...{ host, port, serve: opened(serve) },
      ...(limit === undefined ? {} : { pace: limit }),
      ...proofOf(proof),
    })),
    ...{ trustedProxies, clock, observe },
    ...(tracing === undefined ? {} : { tracing }),
  })
  http.urls.forEach((url, at) => {
    const serves = listeners[at]?.serve ?? []
    const isOpen = listeners[at]?.tokens === undefined && serves.length > 0
    observe({ at: 'listening', url, serves, isOpen })
  })
  return http
}

/** What a listener proves itself with, and whom it believes. */
function proofOf({ tls, tokens }: Pick<Http['listeners'][number], 'tls' | 'tokens'>): Server.HttpProof {
  return {
    ...(tls === undefined ? {} : { tls }),
    ...(tokens === undefined ? {} : { auth: { tokens, certificates: tls?.clients !== undefined } }),
  }
}

/** What each listener proves itself with, and whom it believes, in their order. */
export function proofsOf({ listeners }: Http): readonly Server.HttpProof[] {
  return listeners.map(proofOf)
}
