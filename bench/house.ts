/** What every figure is taken in: the built program in a process of its own, as in production; the XMPP server and the push service in others. */
import { execFileSync, fork, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { askService } from '../lib/admin/asking'
import { type Status } from '../lib/admin/questions'
import { systemClock } from '../lib/clock'
import { closes, ends, type Account } from '../lib/model/accounting'
import { makeProviderKey } from '../lib/sim/certificates'
import { makeServiceAccount } from '../lib/sim/service-account'
import { usageOf, type Usage } from './usage'
import { type LightKind, type LightOrder, type LightTold } from './light-peer'
import { type Order, type Told } from './xmpp-load'

export const DOMAIN = 'push.example.com'

/** A process of the benchmark, asked and told over IPC. */
export interface Part<O, T extends { readonly is: string }> {
  ask<K extends T['is']>(order: O, is: K): Promise<Extract<T, { is: K }>>
  tell(order: O): void
  hear<K extends T['is']>(is: K): Promise<Extract<T, { is: K }>>
  end(): void
}

/** Starts a file of this folder. */
export function part<O extends object, T extends { readonly is: string }>(
  file: string,
  ...words: readonly string[]
): Part<O, T> {
  const child: ChildProcess = fork(join(__dirname, file), words, { execArgv: ['--require', 'tsx/cjs'] })
  function hear<K extends T['is']>(is: K): Promise<Extract<T, { is: K }>> {
    return new Promise((resolve, reject) => {
      const over = (code: number | null): void => reject(new Error(`${file} ended with ${String(code)}`))
      const listen = (told: T): void => {
        if (told.is !== is) return
        child.off('message', listen)
        child.off('exit', over)
        resolve(told as Extract<T, { is: K }>)
      }
      child.on('message', listen)
      child.once('exit', over)
    })
  }
  return {
    hear,
    ask(order, is) {
      const heard = hear(is)
      child.send(order)
      return heard
    },
    tell: (order) => void child.send(order),
    end: () => void (child.connected && child.disconnect()),
  }
}

export interface Service {
  usage(): Usage
  /** The size of its log in bytes, which only grows. */
  logged(): number
  log(): string
  /** Resolves with the exit code. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<number | null>
}

/** A process of its own. */
export interface Running extends Service {
  readonly pid: number
}

export interface BenchHouse {
  readonly folder: string
  /** Of the push service, and the PEM of who vouches for it. */
  readonly url: string
  readonly ca: string
  readonly load: Part<Order, Told>
  readonly peer: Part<LightOrder, LightTold>
  /** Resolves when it is attached. */
  start(): Promise<Running>
  /** Puts registrations into the store, which `load` then adopts. No service may run. */
  fill(rows: number): void
  /** Starts it with so many registrations in its store, to which `load` publishes. */
  startWith(registrations: number): Promise<Running>
  /**
   * Resolves with the app's account once so many were accepted, nothing waits and nothing is out; rejects if that does not come within so
   * many ms, or the account does not close.
   */
  settled(accepted?: number, within?: number): Promise<Account>
  account(): Promise<Account>
  close(): void
  /** Resolves once it was asked so often whether the credential is taken, as at a start: that is nobody's push. */
  proven(times: number): Promise<void>
}

export const apps: Readonly<Record<LightKind, string>> = {
  apns: 'org.example.ios',
  fcm: 'org.example.android',
  webpush: 'org.example.web',
}

/** Of an app that never had a push. */
const none = Object.fromEntries(
  [...ends, 'accepted', 'resent', 'inFlight', 'waiting'].map((term) => [term, 0]),
) as Account

const wide = { burst: 10_000_000, perSecond: 1_000_000 }

/**
 * Limits that are kept, as always, and meet nobody: what one app or one server may have by default (4,000 and 2,000 a second) is less than
 * what is measured here with one of each.
 */
export const unlimited = { limits: { app: wide, domain: wide } }

/** One app, whose push service costs as little as it can; everything else is as nobody configured it, but for `more` and Node's own flags. */
export async function makeHouse(
  kind: LightKind,
  more: object = {},
  nodeFlags: readonly string[] = [],
): Promise<BenchHouse> {
  const folder = mkdtempSync(join(tmpdir(), 'xmpp-push-bench-'))
  const load = part<Order, Told>('xmpp-load.ts')
  const peer = part<LightOrder, LightTold>('light-peer.ts', kind)
  const [{ port }, { url, ca, tokenUri }] = await Promise.all([load.hear('listening'), peer.hear('listening')])
  const key = makeProviderKey()
  writeFileSync(join(folder, 'key.p8'), key.privatePem)
  writeFileSync(join(folder, 'ca.pem'), ca)
  const { json } = makeServiceAccount({ projectId: 'bench-project', tokenUri })
  writeFileSync(join(folder, 'account.json'), JSON.stringify(json))
  const its = { endpoint: url, ca: { file: 'ca.pem' } }
  const app = {
    apns: {
      ...{ provider: 'apns', profile: 'siskin', topic: apps.apns, key: { file: 'key.p8' } },
      ...{ keyId: 'BENCHKEY01', teamId: 'BENCHTEAM1', ...its },
    },
    fcm: { provider: 'fcm', profile: 'conversations', serviceAccount: { file: 'account.json' }, ...its },
    webpush: {
      ...{ provider: 'webpush', profile: 'webpush', ca: { file: 'ca.pem' }, allowPrivate: [new URL(url).host] },
      vapid: { subject: 'mailto:bench@example.com', privateKey: { file: 'key.p8' } },
    },
  }[kind]
  const file = join(folder, 'component.config.json')
  writeFileSync(
    file,
    JSON.stringify({
      component: { domain: DOMAIN, service: `xmpp://127.0.0.1:${port}`, secret: 'bench' },
      store: { kind: 'sqlite', file: 'bench.db' },
      apps: { [apps[kind]]: app },
      ...more,
    }),
  )
  const database = join(folder, 'bench.db')
  const socket = 'store' in more ? join(folder, 'xmpp-push.sock') : `${database}.sock`
  async function account(): Promise<Account> {
    const asked = await askService(socket, { ask: 'status' }, systemClock)
    if (asked.is !== 'reply' || asked.reply.is !== 'answer') throw new Error(`no status: ${JSON.stringify(asked)}`)
    const found = (asked.reply.answer as Status).apps.find(({ app }) => app === apps[kind])?.account
    return found ?? none
  }
  let starts = 0
  const profile = process.env['BENCH_PROFILE']
  const running: ChildProcess[] = []
  async function start(): Promise<Running> {
    const attached = load.hear('attached')
    const log = join(folder, `service-${++starts}.log`)
    const out = openSync(log, 'w')
    const flags = profile === undefined ? nodeFlags : ['--cpu-prof', `--cpu-prof-dir=${profile}`]
    const child = spawn(
      process.execPath,
      [...flags, join(__dirname, '..', 'dist', 'cli.js'), 'run', '--config', file],
      {
        stdio: ['ignore', out, 'inherit'],
      },
    )
    closeSync(out)
    running.push(child)
    const over = once(child, 'exit') as Promise<[number | null]>
    await Promise.race([attached, over.then(([code]) => Promise.reject(new Error(`the service ended with ${code}`)))])
    return {
      pid: child.pid ?? 0,
      usage: () => usageOf(child.pid ?? 0),
      logged: () => statSync(log).size,
      log: () => readFileSync(log, 'utf8'),
      async stop(signal = 'SIGTERM') {
        child.kill(signal)
        return (await over)[0]
      },
    }
  }
  function fill(rows: number): void {
    const words = [database, apps[kind], String(rows), kind, url]
    const program = ['--require', 'tsx/cjs', join(__dirname, 'registrations.ts')]
    execFileSync(process.execPath, [...program, ...words], { stdio: 'inherit' })
  }
  async function proven(times: number): Promise<void> {
    if (kind === 'webpush') return
    for (let asked = 0; asked < times; asked = (await peer.ask({ do: 'count' }, 'count')).count) {
      await new Promise((done) => setTimeout(done, 100))
    }
  }
  return {
    ...{ folder, load, peer, url, ca, start, fill, proven },
    async startWith(registrations) {
      await (await start()).stop()
      fill(registrations)
      await load.ask({ do: 'adopt', count: registrations }, 'adopted')
      const service = await start()
      await proven(1)
      return service
    },
    account,
    async settled(accepted = 0, within = 60_000) {
      const begun = performance.now()
      for (;;) {
        const now = await account()
        if (now.waiting + now.inFlight === 0 && now.accepted >= accepted) {
          if (!closes(now)) throw new Error(`the account does not close: ${JSON.stringify(now)}`)
          return now
        }
        if (performance.now() - begun > within) throw new Error(`not settled: ${JSON.stringify(now)}`)
        await new Promise((done) => setTimeout(done, 200))
      }
    },
    close() {
      for (const child of running) child.kill('SIGKILL')
      load.end()
      peer.end()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
