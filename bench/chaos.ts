/**
 * The program under load while everything around it fails: push services, network, XMPP server, disk or database, clock and
 * the process itself, drawn from a seed. Then its books are held against what the world saw; exits with 1 if anything does
 * not hold. `npm run chaos -- [--seed N] [--minutes M] [--rate N] [--without words] [--program folder] [--keep]
 * [--instances N] [--store postgres] [--outbox nats] [--older folder]`
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { systemClock } from '../lib/clock'
import { arrivalsAt } from './chaos/arrivals'
import { inflict } from './chaos/defects'
import { close } from './chaos/ending'
import { makeHost, type Notes } from './chaos/hosts'
import { judge, type Evidence } from './chaos/judgement'
import { makeLoad } from './chaos/load'
import { tellLeftovers } from './chaos/leftover'
import { watchLogs, type LogWatch } from './chaos/log-watch'
import { buildOlder, NoHistory } from './chaos/older'
import { makeNatsGround } from './chaos/nats-ground'
import { makePostgresGround } from './chaos/postgres-ground'
import { print } from './chaos/print'
import { makeSqliteGround } from './chaos/sqlite-ground'
import {
  KILLED,
  liveTheirLives,
  troubleTheGround,
  troubleTheProcess,
  troubleTheWorld,
  type Troubled,
} from './chaos/troubles'
import { watchViolations, type ViolationWatch } from './chaos/violations'
import { DOMAIN, makeWorld } from './chaos/world'
import { makeChance } from './kill/chance'
import { copyProgram, type Program } from './kill/lives'

/** Of each app. */
const DEVICES = 60
/** Longest that the service may take to work off what the faults have left, in milliseconds. */
const PATIENCE = 150_000

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    minutes: { type: 'string', default: '1' },
    /** Publishes a second. */
    rate: { type: 'string', default: '100' },
    instances: { type: 'string', default: '1' },
    store: { type: 'string', default: 'sqlite' },
    // `nats`: three servers for what waits, beside PostgreSQL.
    outbox: { type: 'string' },
    // A folder with another build: `dist`, `package.json` and `node_modules`.
    program: { type: 'string', default: join(__dirname, '..') },
    /**
     * A build that every instance begins with, to go over to the program one after the other; `first`: the first version that had the
     * store, from this repository's history.
     */
    older: { type: 'string' },
    /** Leaves out the faults in whose name these words stand. */
    without: { type: 'string' },
    /** Breaks the program first, by the name of a defect: see chaos-proof.ts. */
    defect: { type: 'string' },
    // Leaves databases and logs where they are.
    keep: { type: 'boolean', default: false },
  },
})
const [seed, minutes, rate, instances] = [values.seed, values.minutes, values.rate, values.instances].map(Number) as [
  number,
  number,
  number,
  number,
]

const sleep = (ms: number): Promise<void> => systemClock.sleep(Math.max(0, ms))

async function until(isSo: () => boolean, within: number): Promise<boolean> {
  for (const end = performance.now() + within; performance.now() < end; await sleep(20)) if (isSo()) return true
  return isSo()
}

interface Run extends Troubled {
  readonly violations: ViolationWatch
  readonly logs: LogWatch
}

async function loadIt({ world, load, violations, logs }: Run, end: number): Promise<void> {
  const chance = makeChance(seed + 3)
  for (const begun = performance.now(); performance.now() < end; await sleep(chance.between(5, 100))) {
    violations.look()
    logs.look()
    const due = ((performance.now() - begun) / 1000) * rate
    if (world.server.connections(DOMAIN) === 0) continue
    for (let left = Math.min(50, due - load.publishes.length); left > 0; left--) load.publish()
  }
}

/** Whether all came to its end; registers who is left over first. */
async function settle({ world, load, ground, violations, logs }: Run): Promise<boolean> {
  await until(() => world.server.connections(DOMAIN) > 0, 60_000)
  for (let turn = 0; turn < 20; turn++) {
    const left = world.devices.all.filter(({ isAlive, isRegistered }) => isAlive && !isRegistered)
    if (left.length === 0) break
    await Promise.all(left.map((device) => load.register(device)))
    await sleep(500)
  }
  const isEmpty = async (): Promise<boolean> => {
    violations.look()
    logs.look()
    return (await ground.look())?.left === 0
  }
  const emptied = async (within: number): Promise<boolean> => {
    await load.quiet()
    for (const end = performance.now() + within; performance.now() < end; await sleep(500))
      if (await isEmpty()) return true
    return isEmpty()
  }
  const isSettled = await emptied(PATIENCE)
  // A phone that died just before may not have been published to since: the first one is told of its death, the second answered with it.
  for (let times = 0; isSettled && times < 2; times++) {
    load.wake(world.devices.all.filter(({ isAlive }) => !isAlive))
    if (!(await emptied(PATIENCE))) return false
  }
  return isSettled
}

/** What waits, in lines for whoever reads of a run that failed. */
async function tellLeft({ ground, programs }: Run): Promise<readonly string[]> {
  const lives = programs.flatMap((program) => program.lives)
  try {
    return tellLeftovers(await ground.leftovers(), lives)
  } catch (error) {
    return [`what waits can't be told: ${String(error)}`, ...tellLeftovers([], lives)]
  }
}

/** What a run of several instances is there for. */
function metBy({ hosts, drawn, ground, programs, logs, isWanted }: Run): Evidence['met'] {
  const surely = [{ name: 'SIGKILL' }, ...ground.faults.slice(0, 2)]
  if (hosts.length === 1 || !surely.every(isWanted)) return undefined
  const killed = hosts.filter((host) => host.kills() > 0).length
  const kills = `${killed} of ${hosts.length} instances killed`
  const [newer, older] = programs
  if (older !== undefined) {
    const ended = (program: Program): number => program.lives.reduce((sum, life) => sum + logs.endsIn(life), 0)
    const words = `the older program ended ${ended(older)}, the newer ${ended(newer)} of the pushes; ${kills}`
    return { words, isMet: ended(older) > 0 && ended(newer) > 0 && killed >= KILLED }
  }
  const met = ground.faults.filter(({ name }) => drawn.has(name)).length
  return {
    words: `${kills}, ${met} of ${ground.faults.length} faults of what they share`,
    isMet: killed >= KILLED && ground.faults.slice(0, 2).every(({ name }) => drawn.has(name)),
  }
}

async function chaos(run: Run): Promise<number> {
  const { world, load, hosts, ground, notes, logs } = run
  await Promise.all(hosts.map((host) => host.begin()))
  for (const device of world.devices.all) await load.register(device)
  const begun = performance.now()
  const end = begun + minutes * 60_000
  await Promise.all([
    loadIt(run, end),
    liveTheirLives(run, end),
    troubleTheWorld(run, end),
    troubleTheGround(run, end),
    ...hosts.map((host, number) => troubleTheProcess(run, host, number, end)),
  ])
  const calmSince = performance.now()
  const isSettled = await settle(run)
  const settling = (performance.now() - calmSince) / 1000
  // As long as whoever has it lives, and can be asked.
  const leftovers = isSettled ? [] : await tellLeft(run)
  for (const host of hosts) {
    host.weigh()
    if ((await host.life().stop()) !== 0) notes.complaints.push('the last life did not end with 0')
  }
  logs.look()
  const lives = run.programs.flatMap((program) => program.lives)
  // What an older program warns of, nobody can mend any more; that one ends by itself is noted anyway.
  const crashes = (run.programs[0]?.lives ?? []).map((life) => life.complaints()).filter((text) => text !== '')
  const signed = new Set(
    world.apns.journal.entries.flatMap(({ client }) => (client.kind === 'token' ? [client.jwt] : [])),
  )
  const met = metBy(run)
  const evidence: Evidence = {
    ...{ minutes, load, isSettled, memory: notes.memory, closedAt: notes.closedAt, signed: signed.size },
    arrivals: arrivalsAt(world),
    devices: world.devices.all,
    ...(await ground.books(world.devices.all)),
    violations: run.violations.found({ ...notes, instances }),
    complaints: [...notes.complaints, ...crashes],
    ...{ drawn: run.drawn, lives: lives.length, endedBy: logs.endedBy, lines: logs.told },
    ...(met === undefined ? {} : { met }),
  }
  const claims = judge(evidence)
  print({
    ...{ seed, settling, drawn: run.drawn, isReal: ground.disk.isReal, lives: lives.length, evidence, claims },
    seconds: (performance.now() - begun) / 1000,
  })
  for (const each of leftovers) process.stdout.write(`${each}\n`)
  return claims.some(({ holds }) => !holds) ? 1 : 0
}

/** The older program, where the run begins with one; ends the process where it was asked for and there is no history to build it from. */
function olderIn(folder: string): readonly Program[] {
  if (values.older === undefined) return []
  if (values.older !== 'first') return [copyProgram(resolve(values.older), join(folder, 'older'))]
  try {
    const source = join(folder, 'history')
    process.stdout.write(`begins with version ${buildOlder(join(__dirname, '..'), source)}\n`)
    return [copyProgram(source, join(folder, 'older'))]
  } catch (error) {
    if (!(error instanceof NoHistory)) throw error
    const mustRun = process.env['CI_REAL'] === '1'
    process.stdout.write(`${mustRun ? 'CI_REAL=1 forbids skipping, and' : 'skipped:'} ${error.message}\n`)
    rmSync(folder, { recursive: true, force: true })
    return process.exit(mustRun ? 1 : 0)
  }
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'xmpp-push-chaos-'))
  // The database runs as a user of its own.
  chmodSync(folder, 0o755)
  const older = olderIn(folder)
  const chance = makeChance(seed)
  const world = await makeWorld({ count: DEVICES, seed, chance, server: instances > 1 ? 'ejabberd' : 'prosody' })
  const program = copyProgram(resolve(values.program), join(folder, 'program'))
  if (values.defect !== undefined) inflict(values.defect, join(folder, 'program'))
  const programs = [program, ...older] as const
  const notes: Notes = { complaints: [], closedAt: [], wrongClock: [], kills: [], memory: 0 }
  const complain = (text: string): void => void notes.complaints.push(text)
  const ground =
    values.outbox === 'nats'
      ? await makeNatsGround(folder, complain)
      : values.store === 'postgres'
        ? await makePostgresGround(folder)
        : makeSqliteGround(folder, program, complain)
  const load = makeLoad(world, makeChance(seed + 5))
  const hosts = Array.from({ length: instances }, (_, number) =>
    makeHost({
      ...{ world, ground, load, notes, sleep, until, program: programs.at(-1) ?? program },
      folder: join(folder, `house-${number + 1}`),
    }),
  )
  const lives = () => programs.flatMap((each) => each.lives)
  const run: Run = {
    ...{ seed, world, load, ground, hosts, programs, notes, sleep, drawn: new Map() },
    isWanted: ({ name }) => values.without === undefined || !name.includes(values.without),
    violations: watchViolations(world),
    logs: watchLogs(lives),
  }
  const leave = (): void => {
    for (const life of lives()) void life.kill()
    void ground.close().finally(() => process.exit(130))
  }
  process.once('SIGINT', leave)
  process.once('SIGTERM', leave)
  try {
    process.exitCode = await chaos(run)
  } finally {
    for (const life of lives()) if (!life.isOver()) await life.kill()
    if (values.keep) {
      process.stdout.write(`kept: ${folder}\n`)
      process.exit()
    }
    await close({
      'what the store is on': () => ground.close(),
      'what is around the service': () => world.close(),
      'the folder': async () => rmSync(folder, { recursive: true, force: true }),
    })
  }
}

void main()
