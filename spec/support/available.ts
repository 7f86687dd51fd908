/** Specs that need a program which not every machine has: run where it is there, told as skipped where it is not. */
import { execFileSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { postgresPrograms } from './postgres'

/** Directories that hold servers and are often not on a user's PATH. */
const SYSTEM = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/bin', '/bin']

/** The path of an executable on the PATH or in the system's own directories. */
export function programPath(name: string): string | undefined {
  const directories = [...(process.env['PATH'] ?? '').split(delimiter), ...SYSTEM]
  return directories.map((directory) => join(directory, name)).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function hasProgram(name: string, debian: string): string | undefined {
  return programPath(name) === undefined ? `${name} is not installed (Debian: ${debian})` : undefined
}

function hasPythonModule(name: string, debian: string): string | undefined {
  try {
    const find = `import importlib.util, sys; sys.exit(importlib.util.find_spec('${name}') is None)`
    execFileSync('/usr/bin/python3', ['-c', find], { stdio: 'ignore' })
    return undefined
  } catch {
    return `the Python module ${name} is not installed (Debian: ${debian})`
  }
}

function hasFile(directories: readonly string[], file: string, debian: string): string | undefined {
  if (directories.some((directory) => existsSync(join(directory, file)))) return undefined
  return `${file} is not in ${directories.join(' or ')} (Debian: ${debian})`
}

/** Where Debian keeps the community modules of Prosody. */
export const PROSODY_MODULES = ['/usr/lib/prosody/modules', '/usr/local/lib/prosody/modules']

/** What a spec may need; each tells why it is not met, or undefined where it is. */
const NEEDS = {
  prosody: () =>
    hasProgram('prosody', 'prosody') ??
    hasFile(PROSODY_MODULES, 'mod_cloud_notify/mod_cloud_notify.lua', 'prosody-modules'),
  ejabberd: () => hasProgram('ejabberdctl', 'ejabberd') ?? hasProgram('erl', 'erlang-base'),
  slixmpp: () => hasPythonModule('slixmpp', 'python3-slixmpp'),
  expat: () => hasPythonModule('xml.parsers.expat', 'python3'),
  nghttpd: () => hasProgram('nghttpd', 'nghttp2-server'),
  prometheus: () => hasProgram('prometheus', 'prometheus') ?? hasProgram('promtool', 'prometheus'),
  nginx: () => hasProgram('nginx', 'nginx-light'),
  caddy: () => hasProgram('caddy', 'caddy'),
  go: () => hasProgram('go', 'golang-go'),
  tinyproxy: () => hasProgram('tinyproxy', 'tinyproxy-bin'),
  openssl: () => hasProgram('openssl', 'openssl'),
  chromium: () => hasProgram('chromium', 'chromium'),
  curl: () => hasProgram('curl', 'curl'),
  mariadb: () => hasProgram('mariadbd', 'mariadb-server') ?? hasProgram('mariadb-dump', 'mariadb-client'),
  postgres: () => (postgresPrograms() === undefined ? 'PostgreSQL is not installed (Debian: postgresql)' : undefined),
  nats: () => hasProgram('nats-server', 'nats-server'),
  'systemd-analyze': () => hasProgram('systemd-analyze', 'systemd'),
  mandoc: () => hasProgram('mandoc', 'mandoc'),
  groff: () => hasProgram('groff', 'groff-base'),
  prlimit: () => hasProgram('prlimit', 'util-linux'),
} satisfies Record<string, () => string | undefined>

export type Need = keyof typeof NEEDS

/** Why a need is not met on this machine, with the package that would meet it; undefined where it is met. */
export function missing(need: Need): string | undefined {
  return NEEDS[need]()
}

/**
 * `describe` for specs that need a program of the machine. Where it is missing, one skipped test stands for them and
 * its name tells why; with `CI_REAL=1` in the environment that is a failure instead.
 */
export function realDescribe(need: Need, name: string, body: () => void): void {
  const why = missing(need)
  if (why === undefined) {
    describe(name, body)
  } else if (process.env['CI_REAL'] === '1') {
    describe(name, () => {
      it(`needs ${need}`, () => {
        throw new Error(`CI_REAL=1 forbids skipping, and ${why}`)
      })
    })
  } else {
    describe.skip(name, () => {
      it(`is skipped: ${why}`, () => undefined)
    })
  }
}
