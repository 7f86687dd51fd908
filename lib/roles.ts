/** What a process leaves to others that share its store, by its roles. Part of the composition root. */
import { type Config, type Role } from './config'
import { type Outbox } from './outbox/outbox'

/** Interfaces that tell of the process itself, and take nothing in. */
const OWN: readonly string[] = ['health', 'metrics', 'openapi', 'page']

export const takesIn = ({ roles }: { readonly roles: readonly Role[] }): boolean => roles.includes('ingest')
export const sends = ({ roles }: { readonly roles: readonly Role[] }): boolean => roles.includes('dispatch')

/** Where HTTP is served by this process. A listener without an interface left is none. */
export function servedBy(config: Pick<Config, 'http' | 'roles'>): Config['http'] {
  const { http } = config
  if (takesIn(config)) return http
  const listeners = http.listeners
    .map((listener) => ({ ...listener, serve: listener.serve.filter((name) => OWN.includes(name)) }))
    .filter(({ serve }) => serve.length > 0)
  return { ...http, listeners }
}

/** The outbox of a process that sends nothing: what comes of a delivery is heard where it is sent, so nobody waits for it here. */
export function unheard(outbox: Outbox): Outbox {
  return Object.freeze({ ...outbox, heard: () => Promise.resolve(undefined) })
}
