/** What the package is run with, kept in step with the program: every path, word and variable in `packaging/` and docs/running.md is there. */
import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parse } from 'yaml'
import { readConfig } from '../lib/config'
import { makeProviderKey } from '../lib/sim/certificates'
import { startOauthSimulator } from '../lib/sim/oauth'
import { realDescribe } from './support/available'
import { call } from './support/call'

const root = join(__dirname, '..')
const folder = join(root, 'packaging')
const read = (...path: readonly string[]): string => readFileSync(join(root, ...path), 'utf8')
const isThere = (path: string): boolean => existsSync(join(root, path))

const packed = JSON.parse(read('package.json')) as {
  readonly bin: Readonly<Record<string, string>>
  readonly files: readonly string[]
  readonly man: readonly string[]
  readonly scripts: Readonly<Record<string, string>>
}
const unit = read('packaging', 'xmpp-push.service')
const valuesOf = (key: string): readonly string[] =>
  [...unit.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value = '']) => value)

/** Whether the words of a call are ones that the command line knows: 2 is what it answers to others. */
async function areWords(words: readonly string[]): Promise<boolean> {
  const [name = '', ...rest] = words
  return name === 'xmpp-push' && (await call(...rest)).code !== 2
}

/** What is wrong with a configuration of `packaging`, once the files that it names are somewhere. */
async function faultsOf(path: string, env: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const place = mkdtempSync(join(tmpdir(), 'xmpp-push-'))
  const oauth = await startOauthSimulator()
  try {
    const given: Readonly<Record<string, string>> = {
      'AuthKey_ABC123DEFG.p8': makeProviderKey().privatePem,
      'service-account.json': JSON.stringify(oauth.newServiceAccount({ projectId: 'p' })),
      'component-secret': 'a secret\n',
      'page-token': 'a token\n',
    }
    for (const [name, text] of Object.entries(given)) writeFileSync(join(place, name), text)
    const file = join(place, 'component.config.json')
    writeFileSync(file, read(path).replace(/"file": "[^"]*\/([\w.-]+)"/g, '"file": "$1"'))
    const config = readConfig({ file, env })
    return config.is === 'config' ? [] : config.faults.map(({ path, text }) => `${path}: ${text}`)
  } finally {
    await oauth.close()
    rmSync(place, { recursive: true, force: true })
  }
}

describe('packaging/xmpp-push.service', () => {
  it('is told to read again by the shell alone, for a small system has no other kill', async () => {
    const [, shell = '', script = ''] = /^(\S+) -c '(.*)'$/.exec(valuesOf('ExecReload').join()) ?? []
    const service = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1e6)'], { stdio: 'ignore' })
    try {
      await once(service, 'spawn')
      const ended = once(service, 'exit')
      execFileSync(shell, ['-c', script], { env: { PATH: '/nowhere', MAINPID: String(service.pid) } })
      expect(await ended).toEqual([null, 'SIGHUP'])
    } finally {
      service.kill('SIGKILL')
    }
  })

  it('starts the program with words that it knows', async () => {
    const [start = ''] = valuesOf('ExecStart')
    expect(start).toBe('xmpp-push run --config /etc/xmpp-push/component.config.json')
    expect(await areWords(start.split(' '))).toBe(true)
    expect(await areWords(['xmpp-push', 'serve'])).toBe(false)
    expect(Object.keys(packed.bin)).toEqual(['xmpp-push'])
  })

  it('sets variables that the program reads, over the configuration beside it', async () => {
    const own = valuesOf('Environment')
      .map((each) => each.split('='))
      .filter(([name = '']) => name.startsWith('XMPP_PUSH'))
    const env = Object.fromEntries(own) as Readonly<Record<string, string>>
    expect(env).toEqual({ XMPP_PUSH__LOG__FORMAT: 'journal' })
    const examples = read('packaging', 'etc', 'default').matchAll(/^#? ?(XMPP_PUSH\w+)=(.*)$/gm)
    const given = Object.fromEntries([...examples].map(([, name = '', value = '']) => [name, value || 'x']))
    expect(Object.keys(given)).toContain('XMPP_PUSH_SECRET')
    expect(await faultsOf('packaging/etc/component.config.json', { ...given, ...env })).toEqual([])
    expect(
      await faultsOf('packaging/etc/component.config.json', { ...given, XMPP_PUSH__LOG__COLOUR: 'x' }),
    ).not.toEqual([])
  })

  it('gives the service the places where the configuration has its files', () => {
    const config = read('packaging', 'etc', 'component.config.json')
    expect(valuesOf('StateDirectory')).toEqual(['xmpp-push'])
    expect(config).toContain('"file": "/var/lib/xmpp-push/xmpp-push.db"')
    for (const [, file = ''] of config.matchAll(/"file": "([^"]+)"/g)) {
      expect(file).toMatch(/^\/(etc|var\/lib)\/xmpp-push\//)
    }
    expect(read('packaging', 'xmpp-push.sysusers')).toMatch(/^u xmpp-push /m)
    expect([valuesOf('User'), valuesOf('Group')]).toEqual([['xmpp-push'], ['xmpp-push']])
  })

  it('names a man page that the package brings', () => {
    const [, name = '', section = ''] = /^man:([^(]+)\((\d)\)$/.exec(valuesOf('Documentation')[0] ?? '') ?? []
    const page = `man/${name}.${section}`
    // npm links a list, and no single word.
    expect(packed.man).toEqual([page])
    expect([isThere(page), packed.files.includes('man')]).toEqual([true, true])
  })

  realDescribe('systemd-analyze', 'read by systemd', () => {
    const place = mkdtempSync(join(tmpdir(), 'xmpp-push-'))
    const file = join(place, 'xmpp-push.service')
    // Neither the program nor its man page is installed where this runs.
    writeFileSync(file, unit.replace(/^ExecStart=xmpp-push/m, `ExecStart=${process.execPath}`))
    afterAll(() => rmSync(place, { recursive: true, force: true }))

    it('has nothing in it that systemd objects to', () => {
      expect(execFileSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8', stdio: 'pipe' })).toBe(
        '',
      )
    })

    it('is exposed no more than docs/running.md says', () => {
      const told = execFileSync('systemd-analyze', ['security', '--offline=true', '--no-pager', file], {
        encoding: 'utf8',
      })
      const exposure = /exposure level for [^:]+: ([\d.]+)/.exec(told)?.[1]
      expect(read('docs', 'running.md').replace(/\s+/g, ' ')).toContain(`its exposure ${exposure} of 10`)
    })
  })
})

describe('packaging/Dockerfile', () => {
  const text = read('packaging', 'Dockerfile')
  const last = text.slice(text.lastIndexOf('\nFROM '))
  const copies = [...text.matchAll(/^COPY (?!--from)(.+)$/gm)].flatMap(([, words = '']) =>
    words.split(' ').slice(0, -1),
  )

  it('copies what is there, and what its build is shown', () => {
    const shown = [...read('packaging', 'Dockerfile.dockerignore').matchAll(/^!(.+)$/gm)].map(([, path]) => path)
    expect(copies.length).toBeGreaterThan(8)
    expect(copies.filter((path) => !isThere(path))).toEqual([])
    expect(copies.filter((path) => !shown.includes(path.split('/')[0]))).toEqual([])
  })

  it('has in the image what the package has, but for what is read elsewhere', () => {
    const elsewhere = ['man', 'packaging', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md']
    const there = [...last.matchAll(/^COPY (?:--from=build )?(.+)$/gm)].flatMap(([, words = '']) => words.split(' '))
    expect(packed.files.filter((file) => !elsewhere.includes(file) && !there.includes(file))).toEqual([])
  })

  it('runs scripts that there are, and the program by words that it knows', async () => {
    const scripts = [...text.matchAll(/npm run ([\w:]+)/g)].map(([, name = '']) => name)
    expect(scripts.filter((name) => !(name in packed.scripts))).toEqual([])
    expect(text).toContain(`ENTRYPOINT ["node", "/opt/xmpp-push/${packed.bin['xmpp-push']}"]`)
    const words = JSON.parse(/^CMD (.*)$/m.exec(text)?.[1] ?? '') as readonly string[]
    expect(await areWords(['xmpp-push', ...words, '--config', '/nowhere'])).toBe(true)
  })

  it('runs as nobody in particular, who owns where the store is', () => {
    expect(last).toMatch(/^USER 10357:10357$/m)
    expect(last).toContain('-o 10357 -g 10357 -m 0700 /var/lib/xmpp-push')
    expect(read('docs', 'running.md')).toContain('user and group 10357')
  })

  it('asks for its health where the configuration serves it', async () => {
    const [, script = ''] = /^HEALTHCHECK .*"\/opt\/xmpp-push\/([^"]+)"\]$/m.exec(text) ?? []
    expect(isThere(script)).toBe(true)
    const asked = /http:\/\/([\d.:]+)\/health/.exec(read(script))?.[1]
    expect(read('packaging', 'compose', 'component.config.json')).toContain(
      `{ "listen": "${asked}", "serve": ["health"] }`,
    )

    const server = createServer((request, answer) => answer.writeHead(request.url === '/health' ? 200 : 503).end())
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const { port } = server.address() as AddressInfo
    const ask = (path: string) =>
      promisify(execFile)(process.execPath, [join(root, script), `http://127.0.0.1:${port}${path}`])
    await expect(ask('/health')).resolves.toMatchObject({ stderr: '' })
    await expect(ask('/other')).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('503') as string })
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
    await expect(ask('/health')).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('ECONNREFUSED') as string,
    })
  })
})

describe('packaging/compose.yaml', () => {
  interface Part {
    readonly image?: string
    readonly build?: { readonly context: string; readonly dockerfile: string }
    readonly volumes: readonly string[]
    readonly ports: readonly string[]
    readonly secrets: readonly string[]
  }
  const compose = parse(read('packaging', 'compose.yaml')) as {
    readonly services: Readonly<Record<'prosody' | 'xmpp-push', Part>>
    readonly secrets: Readonly<Record<string, { readonly file: string }>>
    readonly volumes: Readonly<Record<string, unknown>>
  }
  const prosody = read('packaging', 'compose', 'prosody.cfg.lua')
  const config = JSON.parse(read('packaging', 'compose', 'component.config.json')) as {
    readonly component: {
      readonly domain: string
      readonly service: string
      readonly secret: { readonly file: string }
    }
    readonly http: { readonly listeners: readonly { readonly listen: string }[] }
  }

  it('builds from where the Dockerfile is, and mounts what is there', () => {
    const { build } = compose.services['xmpp-push']
    expect(isThere(join('packaging', build?.context ?? '', build?.dockerfile ?? ''))).toBe(true)
    const mounted = Object.values(compose.services).flatMap(({ volumes }) =>
      volumes.map((each) => each.split(':')[0] ?? ''),
    )
    const missing = mounted.filter((each) =>
      each.startsWith('.') ? !existsSync(join(folder, each)) : !(each in compose.volumes),
    )
    expect(missing).toEqual([])
  })

  it('gives both the same secret, domain and port', () => {
    for (const { secrets } of Object.values(compose.services)) expect(secrets).toEqual(Object.keys(compose.secrets))
    const [name = ''] = Object.keys(compose.secrets)
    expect(config.component.secret.file).toBe(`/run/secrets/${name}`)
    expect(prosody).toContain(`FileLine("/run/secrets/${name}")`)
    expect(prosody).toContain(`Component "${config.component.domain}"`)
    const { hostname, port } = new URL(config.component.service)
    expect(hostname in compose.services).toBe(true)
    expect(prosody).toContain(`component_ports = { ${port} }`)
  })

  it('opens to this machine a port at which the service listens', () => {
    const [port = ''] = compose.services['xmpp-push'].ports
    expect(port).toMatch(/^127\.0\.0\.1:/)
    expect(config.http.listeners.map(({ listen }) => listen)).toContain(`0.0.0.0:${port.split(':').at(-1)}`)
  })

  it('configures the service with what it understands', async () => {
    expect(await faultsOf('packaging/compose/component.config.json', {})).toEqual([])
  })
})

describe('docs/running.md', () => {
  const page = read('docs', 'running.md')
  const files = (at: string): readonly string[] =>
    readdirSync(at).flatMap((name) =>
      statSync(join(at, name)).isDirectory() ? files(join(at, name)) : [join(at, name)],
    )

  it('names no file of packaging that is not there', () => {
    const named = [...page.matchAll(/\bpackaging\/[\w./-]*\w/g)].map(([path]) => path)
    expect(named.length).toBeGreaterThan(6)
    expect(named.filter((path) => !isThere(path))).toEqual([])
  })

  it('leaves none of them out that a person has to do with', () => {
    const unnamed = files(folder)
      .map((path) => path.slice(folder.length + 1))
      .filter((path) => !page.includes(path) && path !== 'Dockerfile.dockerignore')
    expect(unnamed).toEqual([])
  })

  it('tells words that the program knows', async () => {
    const calls = [...page.matchAll(/(?<=^|xmpp-push )xmpp-push ((?:check|run|status)[^\n`|]*)$/gm)].map(
      ([, words = '']) => words,
    )
    expect(calls.length).toBeGreaterThan(2)
    for (const words of calls) {
      const [command = ''] = words.split(' ')
      expect([words, (await call(command, '--config', '/nowhere')).code]).not.toEqual([words, 2])
    }
  })

  it('is led to by README', () => {
    expect(read('README.md')).toContain('(docs/running.md)')
  })
})
