/**
 * The stores side by side, from put to settled: pushes per second, and processor time per push, of this process and of the
 * database. SQLite, and a PostgreSQL of this machine (Debian's package) with one instance and with two.
 * `npx tsx bench/stores.ts [count] [batch]`
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../lib/clock'
import { sqlite } from '../lib/stores/sqlite'
import { type Store } from '../lib/stores/store'
import { postgresPrograms, startPostgres } from '../spec/support/postgres'
import { openPostgres } from '../spec/support/postgres-store'
import { secondsOfFamily } from './usage'
import { APP, wakeUps } from './wake-ups'

const [count = 60_000, batch = 500] = process.argv.slice(2, 4).map(Number)
const ROUNDS = 4
const PRODUCERS = 4
const ROOM = new Map([[APP, 2_000]])

const say = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

/** What one process does: publishers put in batches, what is handed out is settled as delivered. */
async function work(store: Store, share: number): Promise<void> {
  let done = 0
  const publish = async (): Promise<void> => {
    for (let put = 0; put < share / PRODUCERS; put += batch) {
      await Promise.all(wakeUps(batch, 'example.com').map((each) => store.outbox.put([each])))
    }
  }
  const all = Math.ceil(share / PRODUCERS / batch) * batch * PRODUCERS
  const dispatch = async (): Promise<void> => {
    const settling: Promise<void>[] = []
    while (done < all) {
      const claimed = await store.outbox.claim(ROOM)
      done += claimed.length
      settling.push(
        store.outbox.settle(claimed.map(({ delivery: { id } }) => ({ id, app: APP, end: 'delivered', resent: false }))),
      )
    }
    await Promise.all(settling)
  }
  await Promise.all([dispatch(), ...Array.from({ length: PRODUCERS }, publish)])
}

async function measure(name: string, stores: readonly Store[], server: number | undefined): Promise<void> {
  say(`${name}: put, handed out and settled, gathered up to ${batch}`)
  for (let round = 1; round <= ROUNDS; round++) {
    const before = (await stores[0]?.accounts())?.get(APP)?.delivered ?? 0
    const [cpu, start, theirs] = [
      process.cpuUsage(),
      performance.now(),
      server === undefined ? 0 : secondsOfFamily(server),
    ]
    await Promise.all(stores.map((store) => work(store, count / stores.length)))
    const seconds = (performance.now() - start) / 1000
    const { user, system } = process.cpuUsage(cpu)
    const pushes = ((await stores[0]?.accounts())?.get(APP)?.delivered ?? 0) - before
    const perPush = (microseconds: number) => (microseconds / pushes).toFixed(1).padStart(6)
    const database =
      server === undefined ? '' : `, ${perPush((secondsOfFamily(server) - theirs) * 1e6)} µs of the database`
    say(`  round ${round}: ${Math.round(pushes / seconds)} pushes/s, ${perPush(user + system)} µs CPU here${database}`)
  }
  await Promise.all(stores.map((store) => store.close()))
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'xmpp-push-bench-'))
  const surroundings = { clock: systemClock, trouble: say }
  const maxDeliveries = 10_000_000
  await measure('SQLite', [await sqlite.open({ file: join(folder, 's.db'), maxDeliveries }, surroundings)], undefined)
  rmSync(folder, { recursive: true })
  if (postgresPrograms() === undefined) return say('PostgreSQL is not installed (Debian: postgresql)')
  const server = await startPostgres()
  for (const instances of [1, 2]) {
    const url = await server.database()
    const stores: Store[] = []
    for (let n = 0; n < instances; n++) stores.push(await openPostgres(server, url, surroundings, { maxDeliveries }))
    await measure(`PostgreSQL, ${instances} instance${instances === 1 ? '' : 's'}`, stores, server.pid)
  }
  await server.stop()
}

void main()
