/**
 * The engines side by side, the whole way from publish to settled: pushes per second and CPU per push with SQLite, with PostgreSQL, and with
 * JetStream beside PostgreSQL, with one instance and with two; and what a push costs at 1,000, 100,000 and 1,000,000 registrations.
 * `npx tsx bench/scale.ts [count] [most registrations] [engines | lookups]`; needs Debian's postgresql and nats-server.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { startNats } from '../spec/support/nats-cluster'
import { postgresPrograms, startPostgres } from '../spec/support/postgres'
import { programPath } from '../spec/support/available'
import { measure, type Cost } from './cost'
import { apps, makeHouse, unlimited, type BenchHouse, type Service } from './house'
import { secondsOfFamily } from './usage'

const [count = 40_000, most = 1_000_000] = process.argv.slice(2, 4).map(Number)
const only = process.argv[4]
const WINDOW = 500
const REGISTRATIONS = 60_000
const LOOKUPS = [1_000, 100_000, 1_000_000].filter((each) => each <= most)
/** A device may have one push in two seconds for long. */
const EVEN = 400
const ROUNDS = 4
const WARM = 10_000
/** Pushes, after which a service that rested while the others were measured has its memory and its caches again: where 400 come in a second, none rests. */
const RUN_UP = 1_000
/** Milliseconds in which several that start have found one another. */
const SETTLING = 2_000
/** Milliseconds after a start by which a service has read what it reads once an hour: twenty thousand registrations, which is no push's cost. */
const HOURLY = 70_000

const say = (...cells: readonly string[]): void =>
  void process.stdout.write(`${cells.map((cell, at) => cell.padEnd(at === 0 ? 44 : 26)).join('')}\n`)

/** Several as one. */
function together(services: readonly Service[]): Service {
  const sum = (of: (service: Service) => number): number => services.reduce((total, each) => total + of(each), 0)
  return {
    usage: () => ({
      cpu: sum((each) => each.usage().cpu),
      waited: sum((each) => each.usage().waited),
      resident: sum((each) => each.usage().resident),
      peak: sum((each) => each.usage().peak),
    }),
    logged: () => sum((each) => each.logged()),
    log: () => services.map((each) => each.log()).join(''),
    stop: async (signal) =>
      (await Promise.all(services.map((each) => each.stop(signal)))).find((code) => code !== 0) ?? 0,
  }
}

/** As devices would leave them; nobody else is in this database. */
async function fillPostgres(url: string, password: string, rows: number): Promise<void> {
  const withPassword = new URL(url)
  withPassword.password = password
  const client = new Client({ connectionString: withPassword.href })
  await client.connect()
  await client.query(
    `INSERT INTO xmpp_push.registration (id, service, node, owner, dialect, device, app, address, hints, registered_at, seen_at)
     SELECT gen_random_uuid()::text, 'push.example.com', 'node' || lpad(i::text, 20, '0'), 'other' || i / 2 || '@example.com', 'tigase',
       'device' || i, $1, lpad(to_hex(i), 64, '0'), '{}', $2, $2 FROM generate_series(0, $3::int - 1) AS i`,
    [apps.apns, Date.now(), rows],
  )
  await client.query('ANALYZE xmpp_push.registration')
  await client.end()
}

interface Engine {
  readonly name: string
  readonly more: object
  readonly instances: number
  /** Processes that work besides. */
  readonly pids: readonly number[]
  fill(house: BenchHouse, rows: number): Promise<void>
}

/** With a database and a stream of its own. */
type Fresh = () => Promise<Engine>

interface Run {
  readonly cost: Cost
  /** Microseconds of CPU per push of the engine's own processes. */
  readonly engine: number
}

/** A service, or several, on one engine, warm. */
interface Side {
  readonly name: string
  measured(stretch: { readonly count: number; readonly perSecond?: number }): Promise<Run>
  close(): Promise<void>
}

async function open(fresh: Fresh, registrations: number): Promise<Side> {
  const engine = await fresh()
  const house = await makeHouse('apns', { ...unlimited, ...engine.more })
  try {
    // The first makes the tables.
    await (await house.start()).stop()
    await engine.fill(house, registrations)
    await house.load.ask({ do: 'adopt', count: registrations }, 'adopted')
    const services: Service[] = []
    for (let nth = 0; nth < engine.instances; nth++) services.push(await house.start())
    await house.proven(1)
    await new Promise((done) => setTimeout(done, SETTLING))
    const service = together(services)
    // Compiled, and as many nodes asked for as are remembered: a node that is published to later is met as it is on any day.
    await measure(house, service, { count: Math.max(Math.ceil(count / 4), WARM), window: WINDOW })
    // Looked at in the very moments in which the service is: what the benchmark itself asks before and after, such as how many devices there are, is no push's.
    const looks: number[] = []
    const looked: Service = {
      ...service,
      usage() {
        looks.push(engine.pids.reduce((sum, pid) => sum + secondsOfFamily(pid), 0))
        return service.usage()
      },
    }
    return {
      name: engine.name,
      async measured(stretch) {
        const cost = await measure(house, looked, { window: WINDOW, ...stretch })
        const [before = 0, after = 0] = looks.splice(0)
        return { cost, engine: ((after - before) * 1e6) / stretch.count }
      },
      async close() {
        await service.stop()
        house.close()
      },
    }
  } catch (error) {
    house.close()
    throw error
  }
}

async function sideBySide(engines: readonly Fresh[]): Promise<void> {
  say('engine', 'pushes per second', 'CPU per push, ours', 'CPU per push, the engine’s', 'p50, p99 of the answer')
  for (const engine of engines) {
    const side = await open(engine, REGISTRATIONS)
    const { cost, engine: its } = await side.measured({ count })
    await side.close()
    const answer = `${cost.p50.toFixed(1)}, ${cost.p99.toFixed(1)} ms`
    say(side.name, cost.rate.toFixed(0), `${cost.micros.toFixed(0)} µs`, `${its.toFixed(0)} µs`, answer)
  }
}

/** All sizes are up at once, and measured in turn: what else the machine does meets each of them. */
async function lookups(engines: readonly Fresh[]): Promise<void> {
  say('')
  say(`CPU per push at ${EVEN} a second`, ...LOOKUPS.map((each) => `${each} registrations`), 'last ÷ first')
  for (const engine of engines) {
    const sides: Side[] = []
    for (const registrations of LOOKUPS) sides.push(await open(engine, registrations))
    await new Promise((done) => setTimeout(done, HOURLY))
    const costs = sides.map(() => 0)
    for (let round = 0; round < ROUNDS; round++) {
      for (const [at, side] of sides.entries()) {
        await side.measured({ count: RUN_UP, perSecond: EVEN })
        const ran = await side.measured({ count: Math.min(count, 12_000) / ROUNDS, perSecond: EVEN })
        costs[at] = (costs[at] ?? 0) + (ran.cost.micros + ran.engine) / ROUNDS
      }
    }
    for (const side of sides) await side.close()
    const ratio = ((costs.at(-1) ?? 0) / (costs[0] ?? 1)).toFixed(2)
    say(sides[0]?.name ?? '', ...costs.map((each) => `${each.toFixed(0)} µs`), ratio)
  }
}

const sqlite: Fresh = () =>
  Promise.resolve({
    ...{ name: 'SQLite', more: {}, instances: 1, pids: [] },
    fill: (house, rows) => Promise.resolve(house.fill(rows)),
  })

async function main(): Promise<void> {
  if (postgresPrograms() === undefined || programPath('nats-server') === undefined) {
    say('This needs PostgreSQL and NATS: apt-get install postgresql nats-server')
    process.exitCode = 1
    return
  }
  const folder = mkdtempSync(join(tmpdir(), 'xmpp-push-bench-scale-'))
  const file = join(folder, 'content.key')
  writeFileSync(file, Buffer.alloc(32, 7).toString('base64'), { mode: 0o600 })
  const contentKey = { file }
  const server = await startPostgres()
  const nats = await startNats({ size: 3 })
  let streams = 0
  const postgres =
    (instances: number): Fresh =>
    async () => {
      const url = await server.database()
      const store = { kind: 'postgres', url, password: server.password, contentKey }
      return {
        ...{ name: `PostgreSQL, instances: ${instances}`, instances, more: { store }, pids: [server.pid] },
        fill: (_house, rows) => fillPostgres(url, server.password, rows),
      }
    }
  const jetstream =
    (instances: number): Fresh =>
    async () => {
      const engine = await postgres(instances)()
      const outbox = { kind: 'nats', servers: nats.servers, stream: `BENCH_${++streams}`, replicas: 3, contentKey }
      return {
        ...engine,
        name: `JetStream, three nodes, instances: ${instances}`,
        more: { ...engine.more, outbox },
        pids: [...engine.pids, ...nats.pids()],
      }
    }
  try {
    if (only !== 'lookups') await sideBySide([sqlite, postgres(1), postgres(2), jetstream(1), jetstream(2)])
    if (only !== 'engines') await lookups([sqlite, postgres(1)])
  } finally {
    await nats.stop()
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

void main()
