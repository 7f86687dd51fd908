/** What one broken setup is, and what those have in common that break something. */
import { mkdirSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { dirname } from 'node:path'
import { systemClock } from '../../lib/clock'
import { sqlite } from '../../lib/stores/sqlite'
import { type Store } from '../../lib/stores/store'
import { type Breakable, type Breaking } from './broken-house'

export interface Setup extends Breaking {
  /** Words that name the cause, and such that name the cure: `check`, the log, `/ready` and the page must have both. */
  readonly cause: RegExp
  readonly cure: RegExp
  /** Only `check --live` finds it; `nothing`: not even that does, before the service was at work. */
  readonly found?: 'live'
  /** The service does not start with it. */
  readonly starts?: false
  /** Why it can't be tried on this machine. */
  readonly untried?: string | undefined
}

/** By what is wrong. */
export type Setups = Readonly<Record<string, Setup>>

export function change(of: Breakable, part: string, changes: Readonly<Record<string, unknown>>): void {
  of.config[part] = { ...of.config[part], ...changes }
}

export function changeApp(of: Breakable, app: string, changes: Readonly<Record<string, unknown>>): void {
  const apps = of.config['apps'] as Record<string, Record<string, unknown>>
  apps[app] = { ...apps[app], ...changes }
}

export async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((done) => server.once('listening', done))
  const { port } = server.address() as AddressInfo
  await new Promise((done) => server.close(done))
  return port
}

/** The path of the database that is configured; its folder is there. */
export function databaseOf(of: Breakable): string {
  const path = of.path(String(of.config['store']?.['file']))
  mkdirSync(dirname(path), { recursive: true })
  return path
}

export function openAt(file: string): Promise<Store> {
  return sqlite.open({ file, maxDeliveries: 1000 }, { clock: systemClock, trouble: () => undefined })
}
