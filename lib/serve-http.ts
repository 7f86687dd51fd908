/** Every configured listener, served: its interfaces with their settings, who may ask, what it proves itself with. Part of the composition root. */
import { type Config } from './config'
import { interfaces } from './http/interfaces'
import { type CommandCall, type HttpSurroundings } from './http/interface'
import { startHttp, type HttpServer, type HttpTls } from './http/server'
import { type DoorApp } from './intake/app'
import { type Register, type RegisterAnswer } from './intake/register'
import { dialects } from './kinds'
import { bareOf } from './model/jid'

type Http = Config['http']

/** Rejects where a listener can't listen, or two interfaces of it claim one path. */
export async function serveHttp(
  { listeners, trustedProxies, interfaces: settings }: Http,
  rest: Omit<HttpSurroundings, 'offers' | 'command'> & { readonly register: Register },
): Promise<HttpServer> {
  const { register, ...common } = rest
  const { apps, clock, observe } = rest
  const command = ({ dialect, command: node, service, requester, fields }: CommandCall): Promise<RegisterAnswer> => {
    const spoken = dialects.find(({ name }) => name === dialect)?.commands.find((each) => each.node === node)
    if (spoken === undefined) throw new Error(`the dialect ${dialect} has no command ${node}`)
    const wish = spoken.read(fields, { bare: bareOf(requester) }, [...apps().values()])
    return register({ service, requester, dialect, wish })
  }
  const offers = (): ReadonlyMap<string, DoorApp['offers']> =>
    new Map([...apps()].flatMap(([name, app]) => (Object.keys(app.offers).length === 0 ? [] : [[name, app.offers]])))
  const http = await startHttp({
    listeners: listeners.map(({ tokens, limit, serve, ...place }) => ({
      ...place,
      serve: serve.map((name) => interfaces[name]({ ...common, command, offers }, settings)),
      ...(limit === undefined ? {} : { pace: limit }),
      ...(tokens === undefined ? {} : { auth: { tokens, certificates: place.tls?.clients !== undefined } }),
    })),
    ...{ trustedProxies, clock, observe },
  })
  http.urls.forEach((url, at) => {
    const serves = listeners[at]?.serve ?? []
    const isOpen = listeners[at]?.tokens === undefined && serves.length > 0
    observe({ at: 'listening', url, serves, isOpen })
  })
  return http
}

/** What each listener proves itself with, in their order. */
export function tlsOf({ listeners }: Http): readonly (HttpTls | undefined)[] {
  return listeners.map(({ tls }) => tls)
}
