/**
 * What the page costs and how quick it is: a million registrations, publishes at a steady rate, the page in a real Chromium, and ten
 * pages open. The service runs as it does in production, in a process of its own. `npm run bench:page -- [registrations] [perSecond]`
 */
import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { askService } from '../lib/admin/asking'
import { systemClock } from '../lib/clock'
import { type Chromium, startChromium, type Tab } from '../spec/support/chromium'
import { apps, makeHouse, type BenchHouse } from './house'

const [registrations = 1_000_000, perSecond = 1_000] = process.argv.slice(2).map(Number)
const DEVICES = 2_000
const APP = apps.apns
const PAGES = 10
/** Milliseconds of load between two looks at the processor time, and how many of them with and without pages. */
const ROUND = 8_000
const ROUNDS = 4
const UPDATES = 5

const print = (name: string, value: string): void => void process.stdout.write(`${name.padEnd(52)}${value}\n`)
const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms))
/** Publishes so many a second until it is told to stop; resolves with how many were answered, and in how long (ms). */
function publishing({ load }: BenchHouse): { stop(): Promise<{ readonly results: number; readonly took: number }> } {
  let isOver = false
  const begun = performance.now()
  async function go(): Promise<{ readonly results: number; readonly took: number }> {
    let results = 0
    for (let due = performance.now(); !isOver; due += 200) {
      await sleep(Math.max(0, due - performance.now()))
      const order = { do: 'publish', count: Math.round(perSecond / 5), window: 400 } as const
      results += (await load.ask(order, 'published')).results
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

interface Traced {
  readonly name: string
  readonly pid: number
  /** Microseconds of the thread's own processor time. */
  readonly tdur?: number
  readonly args: { readonly data?: { readonly message?: string }; readonly name?: string }
  readonly tid: number
}

/** Notes what each task costs; resolves with the function that ends it and tells the dearest of the page's main thread, in ms of its processor. */
async function tracing(browser: Chromium, tab: Tab): Promise<() => Promise<number>> {
  const categories = 'toplevel,devtools.timeline,__metadata'
  await browser.send('Tracing.start', { categories, transferMode: 'ReportEvents' })
  return async () => {
    await tab.evaluate(`console.timeStamp('the page')`)
    await browser.send('Tracing.end')
    for (let looks = 0; looks < 100 && browser.told('Tracing.tracingComplete').length === 0; looks++) await sleep(100)
    const events = browser.told('Tracing.dataCollected').flatMap(({ value }) => value as readonly Traced[])
    const its = events.find(({ args }) => args.data?.message === 'the page')
    const tasks = events.filter(({ pid, tid }) => pid === its?.pid && tid === its.tid)
    return Math.max(...tasks.map(({ tdur = 0 }) => tdur)) / 1000
  }
}

async function inBrowser(url: string, socket: string): Promise<void> {
  const browser = await startChromium()
  try {
    const tab = await browser.open('about:blank')
    const dearest = await tracing(browser, tab)
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
    // On a machine with much else to do a task waits for its turn in the midst of itself.
    print('dearest task on the main thread', `${(await dearest()).toFixed(0)} ms of processor time`)
  } finally {
    await browser.close()
  }
}

async function main(): Promise<void> {
  const house = await makeHouse('apns', { http: { listeners: [{ listen: '127.0.0.1:0', serve: ['page'] }] } })
  const { folder, load } = house
  const first = await house.start()
  const tokens = Array.from({ length: DEVICES }, () => randomBytes(32).toString('hex'))
  const { nodes } = await load.ask({ do: 'register', app: APP, tokens }, 'registered')
  await first.stop()
  house.fill(registrations)
  print('machine', `${cpus().length} cores, ${cpus()[0]?.model ?? '?'}, Node ${process.version}`)
  print('registrations', (registrations + nodes).toLocaleString('en'))

  const service = await house.start()
  const url = /"url":"(http:[^"]+)"/.exec(service.log())?.[1] ?? ''
  const loading = publishing(house)
  await sleep(5_000)
  const shares: { alone: number[]; watched: number[] } = { alone: [], watched: [] }
  for (let round = 0; round < ROUNDS * 2; round++) {
    const which = round % 2 === 0 ? 'alone' : 'watched'
    const pages = which === 'alone' ? [] : await Promise.all(Array.from({ length: PAGES }, () => openPage(url)))
    const [cpu, begun] = [service.usage().cpu, performance.now()]
    await sleep(ROUND)
    shares[which].push((service.usage().cpu - cpu) / ((performance.now() - begun) / 1000))
    for (const close of pages) close()
  }
  const mean = (values: readonly number[]): number => values.reduce((sum, each) => sum + each, 0) / values.length
  const [alone, watched] = [mean(shares.alone), mean(shares.watched)]
  const rounds = (values: readonly number[]): string => values.map((each) => (each * 100).toFixed(1)).join(', ')
  print('service CPU, no page open', `${(alone * 100).toFixed(1)} % of a core (${rounds(shares.alone)})`)
  print(`service CPU, ${PAGES} pages open`, `${(watched * 100).toFixed(1)} % of a core (${rounds(shares.watched)})`)
  print('more for the pages', `${((watched - alone) * 100).toFixed(1)} % of a core`)
  await inBrowser(url, join(folder, 'bench.db.sock'))
  const { results, took } = await loading.stop()
  print('pushes per second, meanwhile', (results / (took / 1000)).toFixed(0))
  await service.stop()
  house.close()
}

void main()
