/**
 * Opens the database, or says in words for the operator why not. Looks before it writes: what a newer program or a wrong
 * key meets is left as it was.
 */
import { type ContentCipher, makeContentCipher } from './content-cipher'
import { type Database, type Session } from './postgres-database'
import { SCHEMA_VERSION, migrate, standOf } from './postgres-schema'
import { codeOf, NO_WRITER, saidBy } from './postgres-trouble'
import { type DatabaseAddress } from './postgres-url'
import { NothingStored, StoreRefused } from './store'

const FACT = 'content key'

/** What is said of each fault while opening, by SQLSTATE or the system's name of it; PostgreSQL's own sentence goes along. */
function mendOf(code: string, { database, user }: DatabaseAddress, schema: string): string | undefined {
  switch (code) {
    case '28P01':
      return `the password of user ${user} is not taken; put the right one into store.password`
    case '28000':
      return `the server does not let user ${user} in; make the user (CREATE ROLE ${user} LOGIN), or look at its pg_hba.conf`
    case '3D000':
      return `there is no database ${database}; make it: CREATE DATABASE ${database} OWNER ${user}`
    case '42501':
      return (
        `user ${user} may not make the tables; as an administrator of database ${database}, run: ` +
        `CREATE SCHEMA "${schema}" AUTHORIZATION ${user}`
      )
    case '25006':
      return 'the server is a standby, or takes no writing; name the one that does in store.url'
    case NO_WRITER:
      return 'none of its servers takes writing; start the one that does, or promote another'
    case '53300':
      return 'the server has no connection left; raise its max_connections, or lower store.connections'
    case '57P03':
      return 'the server is starting or recovering; start again when it is up'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the name of its host is not known; mend store.url'
    case 'ECONNREFUSED':
    case 'ENOENT':
      return 'nobody listens there; start the server, or mend store.url'
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'the server does not answer; look at it and at the network between, or mend store.url'
    default:
      return undefined
  }
}

/** pg's own words for a server without TLS or with a certificate that is not good. */
const tlsFault = /does not support SSL|certificate|self-signed|unable to verify|altnames/i

/** Why it can't be opened; undefined where that is a bug. */
export function refusalOf(error: unknown, address: DatabaseAddress, schema: string): StoreRefused | undefined {
  if (error instanceof StoreRefused) return error
  const said = saidBy(error)
  const says = (mend: string) => new StoreRefused(`store ${address.shown} can't be opened: ${mend} (${said})`)
  if (tlsFault.test(said)) {
    return says('its TLS is not as store.url wants it; put its authority into store.ca, or mend sslmode in store.url')
  }
  if (/password must be a string|no password supplied/i.test(said)) {
    return says(`the server asks user ${address.user} for a password; put it into store.password`)
  }
  const code = codeOf(error)
  if (code === undefined) return undefined
  return says(mendOf(code, address, schema) ?? 'look at the log of the server')
}

/** Rejects where the tables are newer than this program can work on. */
export async function refuseNewer(database: Database, address: DatabaseAddress, schema: string): Promise<void> {
  const stand = await standOf(database, schema)
  if (stand === undefined || stand.needs <= SCHEMA_VERSION) return
  throw new StoreRefused(
    `store ${address.shown} was brought to tables of version ${stand.version} by a newer xmpp-push, and an older one than ` +
      `version ${stand.needs} can't work on them (this program knows ${SCHEMA_VERSION}); run the newer program; nothing was touched`,
  )
}

/** What names our tables among those of all servers: a copy of them on another one is started at another moment. */
export async function identityOf(session: Session): Promise<string> {
  const [row] = await session.rows<{ name: string }>(
    `SELECT concat_ws(' ', (SELECT oid FROM pg_database WHERE datname = current_database()), 'fact'::regclass::oid,
       extract(epoch FROM pg_postmaster_start_time())) AS name`,
  )
  return row?.name ?? ''
}

/** Rejects with `NothingStored` where there is nothing to read yet. */
export async function refuseEmpty(database: Database, address: DatabaseAddress, schema: string): Promise<void> {
  if ((await standOf(database, schema)) !== undefined) return
  throw new NothingStored(`there are no tables of ours in ${address.shown} yet; \`xmpp-push run\` makes them`)
}

async function admitKey(database: Database, key: Buffer, address: DatabaseAddress): Promise<ContentCipher> {
  const cipher = makeContentCipher(key)
  await database.transaction(async (session) => {
    const put = 'INSERT INTO fact (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING'
    await session.rows(put, [FACT, cipher.fingerprint])
    const [known] = await session.rows<{ value: string }>('SELECT value FROM fact WHERE name = $1 FOR UPDATE', [FACT])
    if (known?.value === cipher.fingerprint) return
    const [found] = await session.rows<{ sealed: boolean }>(
      `SELECT EXISTS (SELECT 1 FROM keep) OR EXISTS (SELECT 1 FROM dead_address)
         OR EXISTS (SELECT 1 FROM delivery WHERE sealed IS NOT NULL) OR EXISTS (SELECT 1 FROM instance) AS sealed`,
    )
    if (found?.sealed === true) {
      throw new StoreRefused(
        `store ${address.shown} is encrypted with another key than the configuration's (store.contentKey); every instance ` +
          'needs the key that the first one began with: put that one back',
      )
    }
    await session.rows('UPDATE fact SET value = $2 WHERE name = $1', [FACT, cipher.fingerprint])
  })
  return cipher
}

/** Checks, migrates, and takes the key. Rejects with `StoreRefused`; any other rejection is a bug. */
export async function openTables(
  database: Database,
  options: { readonly address: DatabaseAddress; readonly schema: string; readonly key: Buffer },
): Promise<ContentCipher> {
  const { address, schema, key } = options
  try {
    await refuseNewer(database, address, schema)
    await migrate(database, schema)
    return await admitKey(database, key, address)
  } catch (error) {
    throw refusalOf(error, address, schema) ?? error
  }
}
