/**
 * What the embedded store costs, with its SQL on the main thread and in a thread of its own: CPU time per push (put, handed
 * out, settled, in batches), and how late a timer of the main thread is while the disk is busy.
 * `npx tsx bench/store.ts [count] [batch] [folder]`
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../lib/clock'
import { type Delivery } from '../lib/model/notification'
import { sqlite } from '../lib/stores/sqlite'
import { makeCommit } from '../lib/stores/sqlite-commit'
import { openStore } from '../lib/stores/sqlite-opening'
import { type Field } from '../lib/stores/sqlite-protocol'
import { pushPut, pushSettled } from '../lib/stores/sqlite-rows'
import { APP, wakeUps } from './wake-ups'

const [count = 30_000, batch = 100] = process.argv.slice(2, 4).map(Number)
const folder = mkdtempSync(join(process.argv[4] ?? tmpdir(), 'xmpp-push-bench-'))
const ROUNDS = 4
const BIG = 20_000
const TICK_MS = 5

const say = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

/** Both ways behind one face: put a batch that a claim waits for, settle it. */
interface Way {
  readonly name: string
  push(puts: readonly Delivery[]): Promise<void>
  close(): Promise<void>
}

const settlement = ({ id, app }: Delivery) => ({ id, app, end: 'delivered', resent: false }) as const

function onMainThread(): Way {
  const file = join(folder, 'main.db')
  const bounds = { maxDeliveries: 1_000_000, maxDeliveriesPerApp: 1_000_000, maxBytes: Infinity }
  const options = { file, contentKey: undefined, contentKeyFrom: '', bounds, now: systemClock.now() }
  const { database, cipher } = openStore(options)
  const commit = makeCommit(database, cipher, bounds, options.now)
  const base = { asked: [], puts: [], delivered: [], settled: [], released: [], claim: [APP, 1_000_000] }
  return {
    name: 'SQL on the main thread',
    async push(puts) {
      const fields: Field[] = []
      const settled: Field[] = []
      for (const put of puts) pushPut(fields, put)
      const done = commit({ ...base, now: systemClock.now(), puts: fields })
      if ('failed' in done) throw new Error(done.failed)
      for (const put of puts) pushSettled(settled, settlement(put))
      commit({ ...base, now: systemClock.now(), settled })
    },
    async close() {
      database.close()
    },
  }
}

async function inItsThread(): Promise<Way> {
  const options = { file: join(folder, 'thread.db'), maxDeliveries: 1_000_000 }
  const store = await sqlite.open(options, { clock: systemClock, trouble: say })
  return {
    name: 'SQL in a thread of its own',
    async push(puts) {
      const { outbox } = store
      const claim = outbox.claim(new Map([[APP, 1_000_000]]))
      await Promise.all(puts.map((put) => outbox.put([put])))
      const claimed = await claim
      await Promise.all(claimed.map(({ delivery }) => outbox.settle([settlement(delivery)])))
    },
    close: () => store.close(),
  }
}

async function cost(way: Way): Promise<string> {
  const all = wakeUps(count)
  const cpu = process.cpuUsage()
  const loop = performance.eventLoopUtilization()
  const start = performance.now()
  for (let at = 0; at < count; at += batch) await way.push(all.slice(at, at + batch))
  const { user, system } = process.cpuUsage(cpu)
  const busy = performance.eventLoopUtilization(loop).active
  const perPush = (microseconds: number) => (microseconds / count).toFixed(1).padStart(6)
  const rate = Math.round(count / ((performance.now() - start) / 1000))
  return `${perPush(user + system)} µs CPU, main thread busy ${perPush(busy * 1000)} µs, ${rate} pushes/s`
}

/** The longest time by which a timer came late while `work` went on. */
async function lateness(work: () => Promise<void>): Promise<number> {
  let worst = 0
  let last = performance.now()
  const ticking = setInterval(() => {
    worst = Math.max(worst, performance.now() - last - TICK_MS)
    last = performance.now()
  }, TICK_MS)
  await work()
  await new Promise((done) => setTimeout(done, 3 * TICK_MS))
  clearInterval(ticking)
  return worst
}

async function main(): Promise<void> {
  for (const way of [onMainThread(), await inItsThread()]) {
    say(`${way.name}: put, handed out and settled in batches of ${batch}`)
    for (let round = 1; round <= ROUNDS; round++) say(`  round ${round}: ${await cost(way)}`)
    const big = wakeUps(BIG)
    const late = await lateness(() => way.push(big))
    say(`  a transaction of ${BIG} rows makes a ${TICK_MS} ms timer late by ${late.toFixed(0)} ms`)
    await way.close()
  }
  rmSync(folder, { recursive: true })
}

void main()
