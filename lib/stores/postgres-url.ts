/** Where the database is: `postgres://user@host:port/database`, as libpq spells it. Knows no client; never shows a password. */
import { type Credential } from '../model/opaque'

/** What a connection is made with. */
export interface DatabaseAddress {
  /** A name, an address, or the folder of a Unix socket. */
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password: string | undefined
  /** `plain`; `encrypted` with whoever answers; `verified`: its certificate must be good for the host. */
  readonly tls: 'plain' | 'encrypted' | 'verified'
  /** For people: without the password. */
  readonly shown: string
}

/** What is wrong with an address, and how it is mended. */
export class AddressFault extends Error {
  constructor(
    fault: string,
    readonly mend: string,
  ) {
    super(fault)
  }
}

const PORT = 5432
const MODES = { disable: 'plain', require: 'encrypted', 'verify-full': 'verified' } as const
const FORM = 'postgres://user@host:5432/database'

function tlsOf(mode: string | null, host: string): DatabaseAddress['tls'] {
  if (mode === null) return 'plain'
  if (!Object.hasOwn(MODES, mode)) {
    throw new AddressFault(`has sslmode=${mode}`, 'Write sslmode=disable, require or verify-full')
  }
  return host.startsWith('/') ? 'plain' : MODES[mode as keyof typeof MODES]
}

/** Reads an address; throws `AddressFault`. `///database?host=/folder&user=name` goes by a Unix socket; `?sslmode=` as libpq has it. */
export function readAddress(text: string, password?: string): DatabaseAddress {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw new AddressFault('is no address', `Write ${FORM}`)
  }
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:') {
    throw new AddressFault('does not begin with postgres://', `Write ${FORM}`)
  }
  const others = [...url.searchParams.keys()].filter((key) => !['host', 'user', 'sslmode'].includes(key))
  if (others.length > 0)
    throw new AddressFault(
      `has a part that is not known: "${others[0] ?? ''}"`,
      'Leave it out: host, user and sslmode are known',
    )
  const host = url.searchParams.get('host') ?? (url.hostname === '' ? 'localhost' : decodeURIComponent(url.hostname))
  const database = decodeURIComponent(url.pathname.slice(1))
  if (database === '') throw new AddressFault('names no database', `Write ${FORM}`)
  const user = url.username === '' ? (url.searchParams.get('user') ?? '') : decodeURIComponent(url.username)
  if (user === '') throw new AddressFault('names no user', `Write ${FORM}`)
  const port = url.port === '' ? PORT : Number(url.port)
  const ofUrl = url.password === '' ? undefined : decodeURIComponent(url.password)
  const bare = host.replace(/^\[|\]$/g, '')
  const shown = bare.startsWith('/') ? `${database} at ${bare}, port ${port}` : `${database} at ${host}:${port}`
  const tls = tlsOf(url.searchParams.get('sslmode'), bare)
  return { host: bare, port, database, user, password: password ?? ofUrl, tls, shown }
}

/** The address of the configuration, its password elsewhere if need be. Throws `AddressFault`. */
export function addressOf(url: Credential, password: Credential | undefined): DatabaseAddress {
  return readAddress(url.text(), password?.text())
}
