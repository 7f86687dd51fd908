/**
 * Runs a real Prosody of the machine (0.12 or later) on loopback, in a directory of its own, with a component's port and
 * mod_cloud_notify. Knows how it is configured, and nothing of what is attached to it.
 */
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, startServerProcess, type ServerProcess } from './server-process'

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
  /** Where its directory is made; the system's place for temporary files if left out. */
  readonly folder?: string
  /** Milliseconds in which it must be up; 30 s if left out. */
  readonly startWithin?: number
}

export interface ProsodyProcess extends ServerProcess {
  readonly domain: string
  /** `xmpp://127.0.0.1:<port>` for clients, without TLS. */
  readonly clientService: string
  /** `xmpp://127.0.0.1:<port>` for the component. */
  readonly componentService: string
  /** The directory with its configuration and data, removed at the stop. */
  readonly directory: string
}

const MODULES = [
  'roster',
  'saslauth',
  'disco',
  'ping',
  'version',
  'time',
  'offline',
  'smacks',
  'carbons',
  'cloud_notify',
]
const PLUGIN_PATHS = ['/usr/lib/prosody/modules', '/usr/local/lib/prosody/modules']

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

/** Starts it; resolves when both ports are open. Rejects with its log where it does not come up. */
export async function startProsodyProcess(options: ProsodyOptions): Promise<ProsodyProcess> {
  const directory = await mkdtemp(join(options.folder ?? tmpdir(), 'prosody-'))
  const ports = { client: await freePort(), component: await freePort() }
  const config = await writeFiles(options, directory, ports)
  const isOpen = (service: string, port: number): RegExp =>
    new RegExp(`Activated service '${service}' on (.*\\D)?${port}\\b`)
  const server = await startServerProcess({
    name: 'Prosody',
    command: options.program ?? 'prosody',
    args: ['-F', '--config', config],
    directory,
    ready: [isOpen('c2s', ports.client), isOpen('component', ports.component)],
    ...(options.startWithin === undefined ? {} : { startWithin: options.startWithin }),
  })
  return Object.freeze({
    ...server,
    domain: options.domain ?? 'localhost',
    clientService: `xmpp://127.0.0.1:${ports.client}`,
    componentService: `xmpp://127.0.0.1:${ports.component}`,
    directory,
  })
}
