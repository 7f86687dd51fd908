/**
 * Where the database is: `postgres://user@host:port/database`, as libpq spells it (PostgreSQL 15, §34.1.1.2), several hosts too. Knows no
 * client; never shows a password.
 */
import { type Credential } from '../model/opaque'

export interface Host {
  /** A name, an address, or the folder of a Unix socket. */
  readonly host: string
  readonly port: number
}

/** What a connection is made with. */
export interface DatabaseAddress {
  /** Those that may be the one that takes writing, in the order in which they are tried. */
  readonly hosts: readonly [Host, ...Host[]]
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
const SEVERAL = 'postgres://user@host:5432,host:5432/database'

function tlsOf(mode: string | null, host: string): DatabaseAddress['tls'] {
  if (mode === null) return 'plain'
  if (!Object.hasOwn(MODES, mode)) {
    throw new AddressFault(`has sslmode=${mode}`, 'Write sslmode=disable, require or verify-full')
  }
  return host.startsWith('/') ? 'plain' : MODES[mode as keyof typeof MODES]
}

function urlOf(text: string): URL {
  try {
    return new URL(text)
  } catch {
    throw new AddressFault('is no address', `Write ${FORM}`)
  }
}

/** `postgres://user:password@` · `host:port,host:port` · the rest. A list is nothing that a URL may hold. */
const parts = /^([a-z]+:\/\/(?:[^/?#]*@)?)([^/?#@]*)(.*)$/is

function withFirstOf(text: string): { readonly url: URL; readonly others: readonly URL[] } {
  const [, head = '', hosts = '', rest = ''] = parts.exec(text) ?? []
  const [first = '', ...others] = hosts.split(',')
  if (others.length === 0) return { url: urlOf(text), others: [] }
  if ([first, ...others].includes('')) throw new AddressFault('has a host without a name', `Write ${SEVERAL}`)
  return { url: urlOf(`${head}${first}${rest}`), others: others.map((each) => urlOf(`postgres://${each}/`)) }
}

function checkTarget(target: string | null): void {
  if (target === null || ['read-write', 'primary'].includes(target)) return
  throw new AddressFault(
    `has target_session_attrs=${target}`,
    'Write target_session_attrs=read-write, or leave it out: the server that takes writing is looked for in any case',
  )
}

const hostOf = (name: string, port: string): Host => ({
  host: name.replace(/^\[|\]$/g, ''),
  port: port === '' ? PORT : Number(port),
})

const shownAs = ({ host, port }: Host): string =>
  host.startsWith('/') ? `${host}, port ${port}` : `${host.includes(':') ? `[${host}]` : host}:${port}`

/**
 * Reads an address; throws `AddressFault`. `///database?host=/folder&user=name` goes by a Unix socket; `?sslmode=` as libpq has it. Of several
 * hosts (`a:5432,b:5432`) the one that takes writing is meant.
 */
export function readAddress(text: string, password?: string): DatabaseAddress {
  const { url, others: more } = withFirstOf(text)
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:') {
    throw new AddressFault('does not begin with postgres://', `Write ${FORM}`)
  }
  const known = ['host', 'user', 'sslmode', 'target_session_attrs']
  const others = [...url.searchParams.keys()].filter((key) => !known.includes(key))
  if (others.length > 0)
    throw new AddressFault(
      `has a part that is not known: "${others[0] ?? ''}"`,
      'Leave it out: host, user, sslmode and target_session_attrs are known',
    )
  const host = url.searchParams.get('host') ?? (url.hostname === '' ? 'localhost' : decodeURIComponent(url.hostname))
  const database = decodeURIComponent(url.pathname.slice(1))
  if (database === '') throw new AddressFault('names no database', `Write ${FORM}`)
  const user = url.username === '' ? (url.searchParams.get('user') ?? '') : decodeURIComponent(url.username)
  if (user === '') throw new AddressFault('names no user', `Write ${FORM}`)
  const ofUrl = url.password === '' ? undefined : decodeURIComponent(url.password)
  checkTarget(url.searchParams.get('target_session_attrs'))
  const hosts: DatabaseAddress['hosts'] = [
    hostOf(host, url.port),
    ...more.map(({ hostname, port }) => hostOf(decodeURIComponent(hostname), port)),
  ]
  const tls = tlsOf(url.searchParams.get('sslmode'), hosts[0].host)
  const shown = `${database} at ${hosts.map(shownAs).join(' or ')}`
  return { hosts, database, user, password: password ?? ofUrl, tls, shown }
}

/** The address of the configuration, its password elsewhere if need be. Throws `AddressFault`. */
export function addressOf(url: Credential, password: Credential | undefined): DatabaseAddress {
  return readAddress(url.text(), password?.text())
}
