/** A PostgreSQL store for specs, with the options that most of them share. */
import { Credential } from '../../lib/model/opaque'
import { openPostgres as open, type PostgresOptions } from '../../lib/stores/postgres-store'
import { type DatabaseClock } from '../../lib/stores/postgres-time'
import { type Store, type StoreSurroundings } from '../../lib/stores/store'
import { type RealPostgres } from './postgres'

export const credential = (text: string, where = 'the configuration'): Credential =>
  new Credential(Buffer.from(text), where)

export const CONTENT_KEY = credential(Buffer.alloc(32, 7).toString('base64'), 'store.contentKey')

/** What a store of this server is opened with, at an address that `database()` gave. */
export function optionsOf(server: RealPostgres, url: string, more: Partial<PostgresOptions> = {}): PostgresOptions {
  return {
    ...{ url: credential(url, 'store.url'), password: credential(server.password), contentKey: CONTENT_KEY },
    ...{ schema: 'xmpp_push', connections: 6, maxDeliveries: 1000, ...more },
  }
}

/** `askClock`: what the database's clock says; hand clocks have nothing to do with its own. */
export function openPostgres(
  server: RealPostgres,
  url: string,
  surroundings: StoreSurroundings,
  more: Partial<PostgresOptions> = {},
  askClock?: DatabaseClock,
): Promise<Store> {
  return open(optionsOf(server, url, more), surroundings, askClock)
}
