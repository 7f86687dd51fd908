/** A replica of a real PostgreSQL, streaming and synchronous: to be promoted when the primary is gone. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, chownSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { freePort } from '../../lib/sim/server-process'
import { postgresPrograms, type RealPostgres } from './postgres'

export interface Replica {
  readonly port: number
  /** Makes a primary of it; resolves when it takes writing. */
  promote(): void
  stop(): Promise<void>
}

const MOST_TRIES = 600

/** Resolves when every commit of the primary waits for it. */
export async function startReplica(primary: RealPostgres): Promise<Replica> {
  const [{ hba_file: rules = '' } = {}] = await primary.sql('SHOW hba_file')
  appendFileSync(String(rules), 'host replication admin 127.0.0.1/32 trust\n')
  await primary.sql('SELECT pg_reload_conf()')
  const folder = mkdtempSync(join(tmpdir(), 'xmpp-push-replica-'))
  const { uid, gid } = statSync(String(rules))
  chownSync(folder, uid, gid)
  const programs = postgresPrograms() ?? ''
  const data = join(folder, 'data')
  const options = { cwd: folder, stdio: 'ignore', ...(process.getuid?.() === 0 ? { uid, gid } : {}) } as const
  const from = `host=127.0.0.1 port=${primary.port} user=admin application_name=replica`
  execFileSync(join(programs, 'pg_basebackup'), ['-D', data, '-R', '-X', 'stream', '-c', 'fast', '-d', from], options)
  const port = await freePort()
  const settings = [`port=${port}`, 'listen_addresses=127.0.0.1', `unix_socket_directories=${folder}`]
  const server = spawn(join(programs, 'postgres'), ['-D', data, ...settings.flatMap((each) => ['-c', each])], options)
  // A run that is broken off must leave no server behind.
  const leave = (): void => void server.kill('SIGQUIT')
  process.once('exit', leave)

  const replicaIs = async (what: string): Promise<boolean> => {
    const [row] = await primary.sql(`SELECT 1 FROM pg_stat_replication WHERE application_name = 'replica' AND ${what}`)
    return row !== undefined
  }
  const until = async (what: string): Promise<void> => {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      if (await replicaIs(what)) return
      await new Promise((done) => setTimeout(done, 50))
    }
    throw new Error(`the replica is never ${what}`)
  }
  await until(`state = 'streaming'`)
  await primary.sql(`ALTER SYSTEM SET synchronous_standby_names = 'replica'`)
  await primary.sql('SELECT pg_reload_conf()')
  await until(`sync_state = 'sync'`)

  return Object.freeze({
    port,
    promote: () => void execFileSync(join(programs, 'pg_ctl'), ['promote', '-w', '-D', data], options),
    async stop() {
      if (server.exitCode === null && server.signalCode === null) {
        const gone = once(server, 'exit')
        server.kill('SIGQUIT')
        await gone
      }
      process.off('exit', leave)
      rmSync(folder, { recursive: true, force: true })
    },
  })
}

/** What a server says to one question of its administrator. */
export async function asked(port: number, database: string, text: string): Promise<unknown> {
  const client = new Client({ host: '127.0.0.1', port, user: 'admin', database })
  await client.connect()
  try {
    const { rows } = await client.query<Readonly<Record<string, unknown>>>(text)
    return rows
  } finally {
    await client.end()
  }
}
