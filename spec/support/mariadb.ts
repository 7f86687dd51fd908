/** A real MariaDB (10.6 or later) for specs: on a socket in a directory of its own, without a port. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { startServerProcess } from '../../lib/sim/server-process'
import { programPath } from './available'

export interface MariaDb {
  /** Runs SQL as the administrator. */
  run(sql: string): void
  /** What `mariadb-dump` prints with these words. */
  dump(...words: readonly string[]): string
  stop(): Promise<void>
}

const program = (name: string): string => programPath(name) ?? name

export async function startMariaDb(): Promise<MariaDb> {
  const directory = mkdtempSync(join(tmpdir(), 'mariadb-'))
  const data = join(directory, 'data')
  const socket = join(directory, 's')
  const user = userInfo().username
  const install = [`--datadir=${data}`, `--user=${user}`, '--auth-root-authentication-method=normal', '--skip-test-db']
  execFileSync(program('mariadb-install-db'), ['--no-defaults', ...install], { stdio: 'ignore' })
  const server = await startServerProcess({
    name: 'MariaDB',
    command: program('mariadbd'),
    args: ['--no-defaults', `--datadir=${data}`, `--user=${user}`, `--socket=${socket}`, '--skip-networking'],
    directory,
    ready: [/ready for connections/],
  })
  const as = ['--no-defaults', '--user=root', `--socket=${socket}`]
  return {
    run(sql) {
      execFileSync(program('mariadb'), as, { input: sql, stdio: ['pipe', 'ignore', 'pipe'] })
    },
    dump: (...words) =>
      execFileSync(program('mariadb-dump'), [...as, ...words], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }),
    stop: () => server.stop(),
  }
}
