/**
 * A real ejabberd (23.01 or later) for specs, on loopback and in a directory of its own. `erl` is started itself:
 * `ejabberdctl` runs only as root or its own user, with /etc/ejabberd and epmd.
 */
import { mkdtemp, readdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, startServerProcess, type ServerProcess } from '../../lib/sim/server-process'
import { programPath } from './available'

export interface EjabberdOptions {
  /** The users' domain; `localhost` if left out. */
  readonly domain?: string
  readonly componentDomain: string
  readonly secret: string
  readonly users: readonly { readonly name: string; readonly password: string }[]
  /** More domains of components on the same port, with the same secret. */
  readonly moreDomains?: readonly string[]
  /** Whom it may reach by s2s, which is where it looks for a component that is not there: everybody but these domains. */
  readonly withoutS2s?: readonly string[]
  /** More lines of YAML for the top of the configuration. */
  readonly more?: string
}

export interface EjabberdProcess extends ServerProcess {
  readonly domain: string
  /** `xmpp://127.0.0.1:<port>` for clients, without TLS. */
  readonly clientService: string
  /** `xmpp://127.0.0.1:<port>` for the component. */
  readonly componentService: string
  readonly directory: string
}

interface Ports {
  readonly client: number
  readonly component: number
}

/** JSON strings are YAML strings. */
const yaml = (text: string): string => JSON.stringify(text)

function configuration(options: EjabberdOptions, { client, component }: Ports): string {
  const { componentDomain, moreDomains = [], secret, withoutS2s = [] } = options
  const hosts = [componentDomain, ...moreDomains].map((domain) => `${yaml(domain)}: { password: ${yaml(secret)} }`)
  return `
hosts: [${yaml(options.domain ?? 'localhost')}]
loglevel: info
auth_method: internal
auth_password_format: plain
# COMPAT(@xmpp/client 0.13.1): its SCRAM answers with nothing since sasl-scram-sha-1 1.3.0 became asynchronous.
disable_sasl_mechanisms: [SCRAM-SHA-1, SCRAM-SHA-256, SCRAM-SHA-512, DIGEST-MD5, X-OAUTH2]
acl:
  unreachable:
    server: [${withoutS2s.map(yaml).join(', ')}]
access_rules:
  s2s:
    - deny: unreachable
    - allow: all
s2s_access: s2s
s2s_dns_timeout: 1
s2s_dns_retries: 1
${options.more ?? ''}
listen:
  - port: ${client}
    ip: "127.0.0.1"
    module: ejabberd_c2s
    starttls: false
  - port: ${component}
    ip: "127.0.0.1"
    module: ejabberd_service
    access: all
    global_routes: false
    hosts: { ${hosts.join(', ')} }
modules:
  mod_disco: {}
  mod_time: {}
  mod_version: {}
  mod_offline: {}
  mod_ping: {}
  mod_push: {}
  mod_roster: {}
  mod_stream_mgmt: {}
`
}

/** The directory whose subdirectories are Erlang's libraries, ejabberd among them, as Debian lays them. */
async function librariesPath(): Promise<string> {
  for (const name of await readdir('/usr/lib')) {
    const path = join('/usr/lib', name)
    const inside = await readdir(path).catch(() => [])
    if (inside.some((each) => /^ejabberd-\d/.test(each))) return path
  }
  throw new Error('no /usr/lib/*/ejabberd-<version> on this machine (Debian: ejabberd)')
}

const binary = (text: string): string => `<<${[...Buffer.from(text)].join(',')}>>`

/** Starts ejabberd with a component's port and mod_push, where `realDescribe('ejabberd', …)` found it. */
export async function startEjabberd(options: EjabberdOptions): Promise<EjabberdProcess> {
  const domain = options.domain ?? 'localhost'
  const directory = await mkdtemp(join(tmpdir(), 'ejabberd-'))
  const ports = { client: await freePort(), component: await freePort() }
  const config = join(directory, 'ejabberd.yml')
  await writeFile(config, configuration(options, ports), { mode: 0o600 })
  const register = options.users.map(
    ({ name, password }) => `ejabberd_auth:try_register(${[name, domain, password].map(binary).join(',')})`,
  )
  const server = await startServerProcess({
    name: 'ejabberd',
    command: programPath('erl') ?? 'erl',
    args: [
      ...['-noinput', '-mnesia', 'dir', JSON.stringify(join(directory, 'spool'))],
      ...['-s', 'ejabberd', '-eval', [...register, 'io:format("accounts are there~n")'].join(',')],
    ],
    env: {
      ...process.env,
      ERL_LIBS: await librariesPath(),
      EJABBERD_CONFIG_PATH: config,
      EJABBERD_LOG_PATH: join(directory, 'ejabberd.log'),
      ERL_CRASH_DUMP: join(directory, 'crash.dump'),
      HOME: directory,
      // Names are looked up by the C library, and no spec waits for a name server that is not there.
      RES_OPTIONS: 'timeout:1 attempts:1',
    },
    directory,
    // The slowest of all to start: half a minute on a machine that does ten other things.
    startWithin: 90_000,
    ready: [
      /accounts are there/,
      new RegExp(`accepting TCP connections at 127.0.0.1:${ports.client}`),
      new RegExp(`accepting TCP connections at 127.0.0.1:${ports.component}`),
    ],
  })
  return Object.freeze({
    ...server,
    domain,
    clientService: `xmpp://127.0.0.1:${ports.client}`,
    componentService: `xmpp://127.0.0.1:${ports.component}`,
    directory,
  })
}
