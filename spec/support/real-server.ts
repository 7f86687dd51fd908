/** A real XMPP server that one file's stories share: who lives there, and its one start and stop. */
import { type ServerProcess } from '../../lib/sim/server-process'

export interface RealServer extends ServerProcess {
  readonly domain: string
  readonly clientService: string
  readonly componentService: string
}

export interface RealServerOptions {
  readonly componentDomain: string
  readonly secret: string
  readonly users: readonly { readonly name: string; readonly password: string }[]
}

export const PUSH = 'push.localhost'
export const SECRET = 'a "secret" with \\ and ü'
export const juliet = { name: 'juliet', password: 'rose' }
export const romeo = { name: 'romeo', password: 'wherefore' }
export const admin = { name: 'admin', password: 'montague' }
export const nurse = { name: 'nurse', password: 'angelica' }
export const paris = { name: 'paris', password: 'county' }
export const mercutio = { name: 'mercutio', password: 'mab' }
export const benvolio = { name: 'benvolio', password: 'peace' }

/** What `startProsody` and `startEjabberd` are given. */
export const TOWN: RealServerOptions = {
  componentDomain: PUSH,
  secret: SECRET,
  users: [juliet, romeo, admin, nurse, paris, mercutio, benvolio],
}

/** Starts a server before the tests of a `describe` and stops it after them; in between, it is what the function returns. */
export function serverForAll<Server extends { stop(): Promise<unknown> }>(start: () => Promise<Server>): () => Server {
  let server: Server | undefined
  beforeAll(async () => {
    server = await start()
  }, 120_000)
  afterAll(() => server?.stop())
  return () => {
    if (server === undefined) throw new Error('the server is not up yet')
    return server
  }
}
