/** The service in a process of its own, from its command line: to be killed, and started again with the same files. */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { startApnsSimulator, type ApnsSimulator } from '../../lib/sim/apns'
import { makeProviderKey } from '../../lib/sim/certificates'
import { compiled } from './compiled'

export type LogLine = Readonly<Record<string, unknown>>

export interface RunningService {
  /** Resolves with the first line, past or to come, that has these members and does not stand among `besides`. */
  logged(members: LogLine, besides?: readonly LogLine[]): Promise<LogLine>
  readonly lines: readonly LogLine[]
  /** Resolves once so many publishes were answered with a result. */
  answered(times: number): Promise<void>
  /** SIGTERM; resolves when the process is gone. */
  stop(): Promise<void>
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>
}

export interface RealService {
  readonly apns: ApnsSimulator
  /** The names of its apps, which are the titles of their alerts, too. */
  readonly apps: readonly string[]
  /** Starts a process; `changes` are laid over the component's part of the configuration, `store` is another file for its store. */
  start(changes?: object, store?: string): RunningService
  /** Starts a process of this name, with a folder of its own; `settings` are laid over its configuration: one of several on a store that they share. */
  startInstance(name: string, settings: object): RunningService
  /** What `xmpp-push status --json` prints of the service that runs. */
  status(): Promise<{
    readonly apps: readonly Readonly<Record<string, unknown>>[]
    readonly waiting: number
    readonly inFlight: number
  }>
  close(): Promise<void>
}

/** What both apps have as their topic. */
export const TOPIC = 'org.example.chat'

const CLI = compiled(join(__dirname, '..', '..', 'lib', 'cli.ts'))
const PATIENCE_MS = 30_000

/** Files and a push service for it; nothing runs yet. Two apps of Monal's kind. */
export async function makeRealService(component: {
  readonly domain: string
  readonly service: string
  readonly secret: string
}): Promise<RealService> {
  const folder = mkdtempSync(join(tmpdir(), 'xmpp-push-'))
  const apns = await startApnsSimulator()
  const key = makeProviderKey()
  const apps = ['org.example.one', 'org.example.two']
  apns.addKey({ keyId: 'ABC123DEFG', teamId: 'DEF123GHIJ', key: key.publicKey })
  apns.addApp({ bundleId: TOPIC, teamId: 'DEF123GHIJ' })
  writeFileSync(join(folder, 'key.p8'), key.privatePem)
  writeFileSync(join(folder, 'ca.pem'), apns.ca)
  const app = {
    ...{ provider: 'apns', profile: 'monal', environment: 'production', endpoint: apns.url, ca: { file: 'ca.pem' } },
    ...{ key: { file: 'key.p8' }, keyId: 'ABC123DEFG', teamId: 'DEF123GHIJ' },
  }
  const children: ChildProcess[] = []
  const ends: Promise<void>[] = []

  const common = {
    component,
    apps: Object.fromEntries(apps.map((name) => [name, { ...app, topic: TOPIC, title: name }])),
    ...{ access: { register: ['localhost'] }, log: { level: 'debug' } },
  }

  function startInstance(name: string, settings: object): RunningService {
    mkdirSync(join(folder, name), { recursive: true })
    const file = join(folder, name, 'component.config.json')
    // Its keys lie beside all of the instances.
    const named = JSON.stringify({ ...common, ...settings }).replaceAll('"file":"', '"file":"../')
    writeFileSync(file, named)
    return run(file)
  }

  function start(changes: object = {}, store = 'xmpp-push.db'): RunningService {
    const file = join(folder, `${store}.config.json`)
    const its = { component: { ...component, ...changes }, store: { kind: 'sqlite', file: store } }
    writeFileSync(file, JSON.stringify({ ...common, ...its }))
    return run(file)
  }

  function run(file: string): RunningService {
    const child = spawn(process.execPath, [CLI, 'run', '--config', file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    children.push(child)
    const gone = new Promise<void>((done) => child.on('close', () => done()))
    ends.push(gone)
    const lines: LogLine[] = []
    const looking = new Set<() => void>()
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(JSON.parse(line) as LogLine)
      looking.forEach((look) => look())
    })
    return {
      lines,
      logged: (members, besides = []) =>
        new Promise((found, failed) => {
          const timer = setTimeout(() => {
            looking.delete(look)
            failed(
              new Error(
                `no line ${JSON.stringify(members)} among:\n${lines.map((each) => JSON.stringify(each)).join('\n')}`,
              ),
            )
          }, PATIENCE_MS)
          const look = (): void => {
            const fits = (line: LogLine): boolean =>
              !besides.includes(line) && Object.entries(members).every(([name, value]) => line[name] === value)
            const line = lines.find(fits)
            if (line === undefined) return
            looking.delete(look)
            clearTimeout(timer)
            found(line)
          }
          looking.add(look)
          look()
        }),
      answered: (times) =>
        new Promise((found, failed) => {
          const look = (): void => {
            const all = lines.filter(({ at, answer }) => at === 'answered' && answer === 'result').length
            if (all < times) return
            looking.delete(look)
            clearTimeout(timer)
            found()
          }
          const timer = setTimeout(() => {
            looking.delete(look)
            failed(new Error(`fewer than ${times} publishes were answered`))
          }, PATIENCE_MS)
          looking.add(look)
          look()
        }),
      async stop() {
        child.kill('SIGTERM')
        await gone
      },
      async kill() {
        child.kill('SIGKILL')
        await gone
      },
    }
  }

  return {
    ...{ apns, apps, start, startInstance },
    async status() {
      const file = join(folder, 'xmpp-push.db.config.json')
      const { stdout } = await promisify(execFile)(process.execPath, [CLI, 'status', '--json', '--config', file])
      return JSON.parse(stdout) as Awaited<ReturnType<RealService['status']>>
    },
    async close() {
      for (const child of children) child.kill('SIGKILL')
      await Promise.all(ends)
      await apns.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
