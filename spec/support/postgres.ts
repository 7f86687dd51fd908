/** A real PostgreSQL for specs: its own data folder, a port of 127.0.0.1, every commit flushed; ended with the spec. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { freePort } from '../../lib/sim/server-process'

const PLACE = '/usr/lib/postgresql'

/** The folder of the newest PostgreSQL's programs, as Debian has it. */
export function postgresPrograms(): string | undefined {
  try {
    const [newest] = readdirSync(PLACE).sort((a, b) => Number(b) - Number(a))
    return newest === undefined ? undefined : join(PLACE, newest, 'bin')
  } catch {
    return undefined
  }
}

export interface RealPostgres {
  readonly port: number
  /** Of its first process, the parent of all others. */
  readonly pid: number
  /** The password of user `xmpp_push`, who owns every database that is made. */
  readonly password: string
  /** Makes a database of its own and returns its address. */
  database(): Promise<string>
  /** Runs SQL as the administrator, in a database. */
  sql(text: string, database?: string): Promise<readonly Readonly<Record<string, unknown>>[]>
  /** Kills it: no word of goodbye, no checkpoint. */
  kill(): Promise<void>
  /** Stops it in order, breaking connections. */
  halt(): Promise<void>
  /** Starts it again on the same data and port. */
  start(): Promise<void>
  stop(): Promise<void>
}

/** PostgreSQL refuses to run as root. */
function servant(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const entry = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((line) => line.startsWith('postgres:'))
  const [, , uid, gid] = entry?.split(':') ?? []
  return { uid: Number(uid), gid: Number(gid) }
}

/** Half a minute and more: one that was killed under load reads its log first. */
const MOST_TRIES = 600

export interface PostgresPlace {
  /** The folder in which it makes its own; the system's for such things if it is left out. */
  readonly within?: string
  /** Settings of its own, by name. */
  readonly settings?: Readonly<Record<string, string>>
}

export async function startPostgres({
  within = tmpdir(),
  settings: more = {},
}: PostgresPlace = {}): Promise<RealPostgres> {
  const programs = postgresPrograms() ?? ''
  const who = servant()
  const folder = mkdtempSync(join(within, 'xmpp-push-postgres-'))
  if (who.uid !== undefined && who.gid !== undefined) chownSync(folder, who.uid, who.gid)
  const data = join(folder, 'data')
  const password = 'a "password" with \\ and ü'
  const options = { cwd: folder, stdio: 'ignore', ...who } as const
  execFileSync(
    join(programs, 'initdb'),
    // Its own first files need not outlast the machine.
    ['-D', data, '-U', 'admin', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'],
    options,
  )
  const rules = [
    'local all admin trust',
    'host all admin 127.0.0.1/32 trust',
    'host all all 127.0.0.1/32 scram-sha-256',
  ]
  writeFileSync(join(data, 'pg_hba.conf'), `${rules.join('\n')}\n`)
  const port = await freePort()
  let server: ChildProcess | undefined
  let made = 0
  // A run that is broken off must leave no server behind.
  const leave = (): void => void server?.kill('SIGQUIT')
  process.once('exit', leave)

  const sql: RealPostgres['sql'] = async (text, database = 'postgres') => {
    const client = new Client({ host: '127.0.0.1', port, user: 'admin', database })
    client.on('error', () => undefined)
    await client.connect()
    try {
      const { rows } = await client.query<Readonly<Record<string, unknown>>>(text)
      return rows
    } finally {
      await client.end()
    }
  }

  const isUp = async (): Promise<boolean> => {
    try {
      await sql('SELECT 1')
      return true
    } catch {
      return false
    }
  }

  const start = async (): Promise<void> => {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      // What a killed one left running holds the data folder for a moment.
      if (server === undefined || server.exitCode !== null || server.signalCode !== null) {
        const own = { port: String(port), listen_addresses: '127.0.0.1', unix_socket_directories: folder, fsync: 'on' }
        const settings = Object.entries({ ...own, ...more }).map(([name, value]) => `${name}=${value}`)
        const args = ['-D', data, ...settings.flatMap((each) => ['-c', each])]
        server = spawn(join(programs, 'postgres'), args, options)
      }
      if (await isUp()) return
      await new Promise((done) => setTimeout(done, 50))
    }
    throw new Error('PostgreSQL did not come up')
  }

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const ending = server
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return
    const gone = once(ending, 'exit')
    ending.kill(signal)
    await gone
  }

  await start()
  await sql(`CREATE ROLE xmpp_push LOGIN PASSWORD '${password}'`)
  return Object.freeze({
    port,
    password,
    get pid() {
      return server?.pid ?? 0
    },
    async database() {
      const name = `store_${++made}`
      await sql(`CREATE DATABASE ${name} OWNER xmpp_push`)
      return `postgres://xmpp_push@127.0.0.1:${port}/${name}`
    },
    sql,
    kill: () => end('SIGKILL'),
    halt: () => end('SIGINT'),
    start,
    async stop() {
      await end('SIGQUIT')
      process.off('exit', leave)
      rmSync(folder, { recursive: true, force: true })
    },
  })
}
