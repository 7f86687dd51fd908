/**
 * Runs a real Prosody of the machine (0.12 or later) on loopback, in a directory of its own, with a component's port and
 * mod_cloud_notify. Knows how it is configured, and nothing of what is attached to it.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from './time'

export interface ProsodyOptions {
  /** The users' domain; `localhost` if left out. */
  readonly domain?: string
  readonly componentDomain: string
  readonly secret: string
  readonly users: readonly { readonly name: string; readonly password: string }[]
  /** More lines for the component's section of the configuration, in Lua. */
  readonly componentOptions?: string
  /** More modules for the users' host. */
  readonly modules?: readonly string[]
  /** Where community modules lie; Debian's places if left out. */
  readonly pluginPaths?: readonly string[]
  /** The executable; `prosody` on the PATH if left out. */
  readonly program?: string
}

export interface ProsodyProcess {
  readonly domain: string
  /** `xmpp://127.0.0.1:<port>` for clients, without TLS. */
  readonly clientService: string
  /** `xmpp://127.0.0.1:<port>` for the component. */
  readonly componentService: string
  /** The directory with its configuration and data. */
  readonly directory: string
  /** All that it has logged, at level debug. */
  log(): string
  /** Resolves when the log, past or to come, matches; rejects after 20 s. */
  logged(pattern: RegExp): Promise<void>
  /** Stops it in order and starts it again on the same ports, with the same data. */
  restart(): Promise<void>
  /** Stops it in order and removes its directory. */
  stop(): Promise<void>
}

const MODULES = ['roster', 'saslauth', 'disco', 'ping', 'version', 'offline', 'smacks', 'carbons', 'cloud_notify']
const PLUGIN_PATHS = ['/usr/lib/prosody/modules', '/usr/local/lib/prosody/modules']
const START_WITHIN = 30_000
const STOP_WITHIN = 10_000

const lua = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')}"`
const list = (items: readonly string[]): string => `{ ${items.map(lua).join('; ')} }`

function configuration(options: ProsodyOptions, directory: string, ports: Ports): string {
  return `
-- Started by hand or by a test: no system files, no daemon, loopback alone.
run_as_root = true
daemonize = false
pidfile = ${lua(join(directory, 'prosody.pid'))}
data_path = ${lua(join(directory, 'data'))}
certificates = ${lua(directory)}
plugin_paths = ${list(options.pluginPaths ?? PLUGIN_PATHS)}
log = { { levels = { min = "debug" }; to = "console" } }
interfaces = { "127.0.0.1" }
c2s_ports = { ${ports.client} }
c2s_direct_tls_ports = { }
component_ports = { ${ports.component} }
component_interfaces = { "127.0.0.1" }
modules_disabled = { "s2s"; "tls" }
modules_enabled = ${list([...MODULES, ...(options.modules ?? [])])}
authentication = "internal_plain"
storage = "internal"
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
-- COMPAT(@xmpp/client 0.13.1): its SCRAM answers with nothing since sasl-scram-sha-1 1.3.0 became asynchronous.
disable_sasl_mechanisms = { "SCRAM-SHA-1"; "SCRAM-SHA-256" }

VirtualHost ${lua(options.domain ?? 'localhost')}

Component ${lua(options.componentDomain)}
	component_secret = ${lua(options.secret)}
	${options.componentOptions ?? ''}
`
}

interface Ports {
  readonly client: number
  readonly component: number
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const address = server.address()
  await new Promise((closed) => server.close(closed))
  if (typeof address !== 'object' || address === null) throw new Error('the system gave no port')
  return address.port
}

/** Prosody's file names: everything but letters and digits as `%` and two hex digits. */
const fileName = (text: string): string =>
  [...Buffer.from(text)]
    .map((byte) => String.fromCharCode(byte))
    .map((sign) => (/[A-Za-z0-9]/.test(sign) ? sign : `%${sign.charCodeAt(0).toString(16).padStart(2, '0')}`))
    .join('')

async function writeFiles(options: ProsodyOptions, directory: string, ports: Ports): Promise<string> {
  const accounts = join(directory, 'data', fileName(options.domain ?? 'localhost'), 'accounts')
  await mkdir(accounts, { recursive: true, mode: 0o700 })
  for (const { name, password } of options.users) {
    await writeFile(join(accounts, `${fileName(name)}.dat`), `return { ["password"] = ${lua(password)}; };\n`)
  }
  const config = join(directory, 'prosody.cfg.lua')
  await writeFile(config, configuration(options, directory, ports), { mode: 0o600 })
  return config
}

interface Running {
  readonly child: ChildProcess
  readonly gone: Promise<void>
}

/** Starts it; resolves when both ports are open. Rejects with its log where it does not come up. */
export async function startProsodyProcess(options: ProsodyOptions): Promise<ProsodyProcess> {
  const directory = await mkdtemp(join(tmpdir(), 'prosody-'))
  const ports = { client: await freePort(), component: await freePort() }
  const config = await writeFiles(options, directory, ports)
  let log = ''
  const watchers = new Set<() => void>()

  function run(): Running {
    const child = spawn(options.program ?? 'prosody', ['-F', '--config', config], { cwd: directory })
    const hear = (bytes: Buffer): void => {
      log += bytes.toString('utf8')
      watchers.forEach((watch) => watch())
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    // A run that is broken off must leave no server behind.
    const kill = (): void => void child.kill('SIGKILL')
    process.once('exit', kill)
    const gone = new Promise<void>((done) => {
      child.on('error', (error) => {
        hear(Buffer.from(`cannot start Prosody: ${error.message}\n`))
        done()
      })
      child.on('close', () => {
        process.off('exit', kill)
        done()
      })
    })
    return { child, gone }
  }

  function logged(pattern: RegExp, from = 0, within = START_WITHIN, orGone?: Promise<void>): Promise<void> {
    return new Promise((found, failed) => {
      const fail = (why: string): void => {
        watchers.delete(look)
        giveUp()
        failed(new Error(`Prosody ${why}; its log ends:\n${log.slice(-3000)}`))
      }
      const look = (): void => {
        if (!pattern.test(log.slice(from))) return
        watchers.delete(look)
        giveUp()
        found()
      }
      const giveUp = after(within, () => fail(`did not log ${String(pattern)} in ${within} ms`))
      void orGone?.then(() => fail('ended'))
      watchers.add(look)
      look()
    })
  }

  async function up(): Promise<Running> {
    const from = log.length
    const running = run()
    const isOpen = (service: string, port: number): Promise<void> =>
      logged(new RegExp(`Activated service '${service}' on (.*\\D)?${port}\\b`), from, START_WITHIN, running.gone)
    await Promise.all([isOpen('c2s', ports.client), isOpen('component', ports.component)])
    return running
  }

  async function down({ child, gone }: Running): Promise<void> {
    child.kill('SIGTERM')
    const kill = after(STOP_WITHIN, () => child.kill('SIGKILL'))
    await gone
    kill()
  }

  let running: Running
  try {
    running = await up()
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }

  return Object.freeze({
    domain: options.domain ?? 'localhost',
    clientService: `xmpp://127.0.0.1:${ports.client}`,
    componentService: `xmpp://127.0.0.1:${ports.component}`,
    directory,
    log: () => log,
    logged: (pattern: RegExp) => logged(pattern, 0, 20_000),
    async restart() {
      await down(running)
      running = await up()
    },
    async stop() {
      await down(running)
      await rm(directory, { recursive: true, force: true })
    },
  })
}
