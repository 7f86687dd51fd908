/**
 * What the page costs and how quick it is: a million registrations, publishes at a steady rate, the page in a real Chromium, and ten
 * pages open. The service runs as it does in production, in a process of its own. `npm run bench:page -- [registrations] [perSecond]`
 */
import { execFileSync, fork, spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { askService } from '../lib/admin/asking'
import { systemClock } from '../lib/clock'
import { startChromium } from '../spec/support/chromium'
import { type PeerTold } from './apns-peer'
import { type Told } from './xmpp-load'

const [registrations = 1_000_000, perSecond = 1_000] = process.argv.slice(2).map(Number)
const DEVICES = 2_000
const APP = 'org.example.bench'
const PAGES = 10
/** Milliseconds of load between two looks at the processor time, and how many of them with and without pages. */
const ROUND = 8_000
const ROUNDS = 4
const UPDATES = 5

const print = (name: string, value: string): void => void process.stdout.write(`${name.padEnd(52)}${value}\n`)
const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms))
const start = (file: string): ChildProcess => fork(join(__dirname, file), [], { execArgv: ['--require', 'tsx/cjs'] })

function heard<T extends { readonly is: string }, K extends T['is']>(
  child: ChildProcess,
  is: K,
): Promise<Extract<T, { is: K }>> {
  return new Promise((resolve, reject) => {
    const over = (code: number | null): void => reject(new Error(`a part of the benchmark ended with ${String(code)}`))
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

/** Seconds of processor time so far, as Linux accounts them. */
function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

interface Running {
  readonly pid: number
  readonly url: string
  stop(): Promise<void>
}

async function run(folder: string, attached: Promise<unknown>): Promise<Running> {
  const log = join(folder, 'service.log')
  const cli = join(__dirname, '..', 'dist', 'cli.js')
  const child = spawn(process.execPath, [cli, 'run', '--config', join(folder, 'component.config.json')], {
    stdio: ['ignore', openSync(log, 'w'), 'inherit'],
  })
  await attached
  const url = /"url":"(http:[^"]+)"/.exec(readFileSync(log, 'utf8'))?.[1] ?? ''
  return {
    pid: child.pid ?? 0,
    url,
    async stop() {
      const gone = new Promise((done) => child.once('exit', done))
      child.kill('SIGTERM')
      await gone
    },
  }
}

/** Publishes so many a second until it is told to stop; resolves with how many were answered, and in how long (ms). */
function publishing(load: ChildProcess): { stop(): Promise<{ readonly results: number; readonly took: number }> } {
  let isOver = false
  const begun = performance.now()
  async function go(): Promise<{ readonly results: number; readonly took: number }> {
    let results = 0
    for (let due = performance.now(); !isOver; due += 200) {
      await sleep(Math.max(0, due - performance.now()))
      const published = heard<Told, 'published'>(load, 'published')
      load.send({ do: 'publish', count: Math.round(perSecond / 5), window: 400 })
      results += (await published).results
    }
    return { results, took: performance.now() - begun }
  }
  const going = go()
  return {
    stop() {
      isOver = true
      return going
    },
  }
}

/** A page as far as the service sees it: a session, and a stream of events that is read. */
async function openPage(url: string): Promise<() => void> {
  const signed = await fetch(`${url}/page/session`, { method: 'POST' })
  const cookie = (signed.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
  return new Promise((done, failed) => {
    const asked = request(`${url}/page/events`, { headers: { cookie }, agent: false })
    asked.on('error', () => undefined)
    asked.on('response', (answer) => {
      answer.on('error', () => undefined)
      answer.once('data', () => done(() => asked.destroy()))
      answer.resume()
      if (answer.statusCode !== 200) failed(new Error(`the stream is answered ${String(answer.statusCode)}`))
    })
    asked.end()
  })
}

const WATCH = `
  globalThis.tasks = []
  new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask', buffered: true })
  globalThis.seen = (words) => new Promise((done) => {
    const look = () => document.body?.innerText.includes(words) === true ? done(performance.now()) : setTimeout(look, 20)
    look()
  })`

async function inBrowser(url: string, socket: string): Promise<void> {
  const browser = await startChromium()
  try {
    const tab = await browser.open('about:blank')
    await tab.send('Page.addScriptToEvaluateOnNewDocument', { source: WATCH })
    await tab.send('Page.navigate', { url: `${url}/page/` })
    await tab.event('Page.loadEventFired', () => true)
    await sleep(200)
    const first = Number(await tab.evaluate(`seen('${APP}')`))
    print('first view, from the address to all figures', `${first.toFixed(0)} ms`)
    const updates: number[] = []
    for (let nth = 1; nth <= UPDATES; nth++) {
      await sleep(700 + nth * 130)
      const begun = performance.now()
      const seen = tab.evaluate(`seen('of app nothing-${nth};')`)
      await askService(socket, { ask: 'drop', app: `nothing-${nth}` }, systemClock)
      await seen
      updates.push(performance.now() - begun)
    }
    print('an event is seen after, at most', `${Math.max(...updates).toFixed(0)} ms (${UPDATES} times)`)
    const begun = performance.now()
    const asked = `location.hash = '#/about/other1234@example.com'; seen('Account other1234@example.com')`
    await tab.evaluate(asked)
    print('an account is looked up in', `${(performance.now() - begun).toFixed(0)} ms`)
    await tab.evaluate(`location.hash = '#/'`)
    await sleep(10_000)
    const tasks = (await tab.evaluate('tasks')) as readonly number[]
    print('tasks over 100 ms on the main thread', String(tasks.filter((each) => each > 100).length))
    print('longest task on the main thread', tasks.length === 0 ? 'under 50 ms' : `${Math.max(...tasks).toFixed(0)} ms`)
  } finally {
    await browser.close()
  }
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'xmpp-push-bench-'))
  const load = start('xmpp-load.ts')
  const peer = start('apns-peer.ts')
  const [{ port }, { url: endpoint, ca, key }] = await Promise.all([
    heard<Told, 'listening'>(load, 'listening'),
    heard<PeerTold, 'listening'>(peer, 'listening'),
  ])
  const devices = heard<PeerTold, 'devices'>(peer, 'devices')
  peer.send({ do: 'devices', count: DEVICES })
  const { tokens } = await devices
  writeFileSync(join(folder, 'key.p8'), key)
  writeFileSync(join(folder, 'ca.pem'), ca)
  const app = {
    ...{ provider: 'apns', profile: 'siskin', topic: APP, endpoint, ca: { file: 'ca.pem' } },
    ...{ key: { file: 'key.p8' }, keyId: 'BENCHKEY01', teamId: 'BENCHTEAM1' },
  }
  const config = {
    component: { domain: 'push.example.com', service: `xmpp://127.0.0.1:${port}`, secret: 'bench' },
    ...{ store: { kind: 'sqlite', file: 'bench.db' }, apps: { [APP]: app } },
    http: { listeners: [{ listen: '127.0.0.1:0', serve: ['page'] }] },
  }
  writeFileSync(join(folder, 'component.config.json'), JSON.stringify(config))

  const first = await run(folder, heard<Told, 'attached'>(load, 'attached'))
  const registered = heard<Told, 'registered'>(load, 'registered')
  load.send({ do: 'register', app: APP, tokens })
  const { nodes } = await registered
  await first.stop()
  const fill = ['--require', 'tsx/cjs', join(__dirname, 'registrations.ts')]
  execFileSync(process.execPath, [...fill, join(folder, 'bench.db'), APP, String(registrations)], { stdio: 'inherit' })
  print('machine', `${cpus().length} cores, ${cpus()[0]?.model ?? '?'}, Node ${process.version}`)
  print('registrations', (registrations + nodes).toLocaleString('en'))

  const service = await run(folder, heard<Told, 'attached'>(load, 'attached'))
  const loading = publishing(load)
  await sleep(5_000)
  const shares: { alone: number[]; watched: number[] } = { alone: [], watched: [] }
  for (let round = 0; round < ROUNDS * 2; round++) {
    const which = round % 2 === 0 ? 'alone' : 'watched'
    const pages = which === 'alone' ? [] : await Promise.all(Array.from({ length: PAGES }, () => openPage(service.url)))
    const [cpu, begun] = [cpuOf(service.pid), performance.now()]
    await sleep(ROUND)
    shares[which].push((cpuOf(service.pid) - cpu) / ((performance.now() - begun) / 1000))
    for (const close of pages) close()
  }
  const mean = (values: readonly number[]): number => values.reduce((sum, each) => sum + each, 0) / values.length
  const [alone, watched] = [mean(shares.alone), mean(shares.watched)]
  const rounds = (values: readonly number[]): string => values.map((each) => (each * 100).toFixed(1)).join(', ')
  print('service CPU, no page open', `${(alone * 100).toFixed(1)} % of a core (${rounds(shares.alone)})`)
  print(`service CPU, ${PAGES} pages open`, `${(watched * 100).toFixed(1)} % of a core (${rounds(shares.watched)})`)
  print('more for the pages', `${((watched - alone) * 100).toFixed(1)} % of a core`)
  await inBrowser(service.url, join(folder, 'bench.db.sock'))
  const { results, took } = await loading.stop()
  print('pushes per second, meanwhile', (results / (took / 1000)).toFixed(0))
  await service.stop()
  load.disconnect()
  peer.disconnect()
  rmSync(folder, { recursive: true, force: true })
}

void main()
