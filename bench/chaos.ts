/**
 * The program under load while everything around it fails: push services, network, XMPP server, disk, clock and the
 * process itself, drawn from a seed. Then its books are held against what the world saw; exits with 1 if anything does
 * not hold. `npm run chaos -- [--seed N] [--minutes M] [--rate N] [--without words] [--program folder] [--keep]`
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { systemClock } from '../lib/clock'
import { arrivalsAt } from './chaos/arrivals'
import { dealer } from './chaos/dealer'
import { inflict } from './chaos/defects'
import { makeDisk, type Disk } from './chaos/disk'
import { faultFamilies } from './chaos/faults'
import { judge, type Evidence } from './chaos/judgement'
import { makeLoad, type Load } from './chaos/load'
import { print } from './chaos/print'
import { clockFile, processFaults, type Host, type ProcessFault } from './chaos/process-faults'
import { watchViolations, type Span, type ViolationWatch } from './chaos/violations'
import { DOMAIN, makeWorld, type World } from './chaos/world'
import { makeChance } from './kill/chance'
import { copyProgram, type Life, type Program } from './kill/lives'
import { snapshot } from './kill/snapshot'

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
    // A folder with another build: `dist`, `package.json` and `node_modules`.
    program: { type: 'string', default: join(__dirname, '..') },
    /** Leaves out the faults in whose name these words stand. */
    without: { type: 'string' },
    /** Breaks the program first, by the name of a defect: see chaos-proof.ts. */
    defect: { type: 'string' },
    // Leaves databases and logs where they are.
    keep: { type: 'boolean', default: false },
  },
})
const [seed, minutes, rate] = [values.seed, values.minutes, values.rate].map(Number) as [number, number, number]

const sleep = (ms: number): Promise<void> => systemClock.sleep(Math.max(0, ms))

async function until(isSo: () => boolean, within: number): Promise<boolean> {
  for (const end = performance.now() + within; performance.now() < end; await sleep(20)) if (isSo()) return true
  return isSo()
}

interface Run {
  readonly world: World
  readonly load: Load
  readonly program: Program
  readonly disk: Disk
  readonly folder: string
  readonly database: string
  readonly complaints: string[]
  readonly closedAt: boolean[]
  readonly drawn: Map<string, number>
  readonly violations: ViolationWatch
  readonly wrongClock: Span[]
  readonly kills: number[]
  memory: number
}

const note = ({ drawn }: Run, name: string): void => void drawn.set(name, (drawn.get(name) ?? 0) + 1)

/** Looks at the most memory that the process ever held, in MiB. */
function weigh(run: Run, { pid }: Life): void {
  try {
    const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    run.memory = Math.max(run.memory, Number(peak ?? 0) / 1024)
  } catch {
    // it has ended
  }
}

/** What is in the database at this moment, from a copy; undefined where the copy is torn. */
function look({ folder, database }: Run): ReturnType<typeof snapshot> {
  const at = join(folder, 'copy')
  try {
    return snapshot(database, at)
  } catch {
    return undefined
  } finally {
    rmSync(at, { recursive: true, force: true })
  }
}

function makeHost(run: Run, config: string): Host & { begin(): Promise<void> } {
  const clock = join(run.folder, 'clock')
  const setClock = clockFile(clock)
  const preload = `--require ${join(__dirname, 'chaos', 'wall-clock.cjs')}`
  let life: Life | undefined
  const begin = async (): Promise<void> => {
    life = run.program.start(config, { CHAOS_CLOCK: clock, NODE_OPTIONS: preload })
    const fresh = life
    // By its own word: the server may not have noticed yet that the last life's connection is dead.
    const isOnline = (): boolean => fresh.log().some((line) => line['at'] === 'link' && line['is'] === 'online')
    const isUp = await until(() => isOnline() || fresh.isOver(), 60_000)
    if (!isUp || life.isOver()) throw new Error(`the program does not attach: ${life.complaints()}`)
  }
  return {
    disk: run.disk,
    setClock(wrong) {
      const since = run.wrongClock.at(-1)
      if (wrong !== 0) run.wrongClock.push({ from: performance.now() })
      else if (since !== undefined) since.to = performance.now()
      setClock(wrong)
    },
    sleep,
    begin,
    async ring() {
      const { entries } = run.world.apns.journal
      let [seen, isThere] = [entries.length, false]
      run.load.ring()
      for (const end = performance.now() + 2_000; performance.now() < end && !isThere; await sleep(2)) {
        isThere = entries.slice(seen).some(({ headers }) => headers['apns-push-type'] === 'voip')
        seen = entries.length
      }
    },
    life() {
      if (life === undefined) throw new Error('no life has begun')
      return life
    },
    async restart(how) {
      const last = life
      if (last === undefined) return
      weigh(run, last)
      if (last.isOver()) run.complaints.push(`a process ended by itself: ${last.complaints()}`)
      if (how === 'SIGKILL') {
        await last.kill()
        run.kills.push(performance.now())
        run.closedAt.push(look(run)?.closes === true)
      } else {
        const code = await last.stop()
        if (code !== 0) run.complaints.push(`SIGTERM ended with ${String(code)}: ${last.complaints()}`)
      }
      await begin()
    },
  }
}

const isWanted = ({ name }: { readonly name: string }): boolean =>
  values.without === undefined || !name.includes(values.without)

/** Faults of push services, network and link, several at a time. */
async function troubleTheWorld(run: Run, end: number): Promise<void> {
  const chance = makeChance(seed + 1)
  const deals = faultFamilies.map((family) => dealer(family.filter(isWanted), chance))
  const under: Promise<void>[] = []
  while (performance.now() < end) {
    await sleep(chance.between(100, 900))
    const fault = deals[chance.whole(deals.length)]?.()
    if (fault === undefined) continue
    note(run, fault.name)
    const over = fault.begin(run.world, chance)
    under.push(sleep(Math.min(chance.between(300, 4_000), end - performance.now())).then(over))
  }
  await Promise.all(under)
  run.world.apns.clearScripts()
  run.world.fcm.heal()
  run.world.web.heal()
  run.world.oauth.heal()
}

async function troubleTheProcess(run: Run, host: Host, end: number): Promise<void> {
  const chance = makeChance(seed + 2)
  const possible = processFaults.filter(isWanted).filter(({ name }) => run.disk.isReal || !name.startsWith('disk'))
  const deal = dealer<ProcessFault>(possible, chance)
  while (performance.now() < end) {
    await sleep(chance.between(500, 4_000))
    weigh(run, host.life())
    const fault = deal()
    if (fault === undefined || performance.now() > end) continue
    note(run, fault.name)
    await fault.run(host, chance)
  }
}

async function loadIt({ world, load, violations }: Run, end: number): Promise<void> {
  const chance = makeChance(seed + 3)
  for (const begun = performance.now(); performance.now() < end; await sleep(chance.between(5, 100))) {
    violations.look()
    const due = ((performance.now() - begun) / 1000) * rate
    if (world.server.connections(DOMAIN) === 0) continue
    for (let left = Math.min(50, due - load.publishes.length); left > 0; left--) load.publish()
  }
}

/** Phones that die, come back after a while with another token, and phones that only get another token. */
async function liveTheirLives({ world, load }: Run, end: number): Promise<void> {
  const chance = makeChance(seed + 4)
  const { all, kill, revive } = world.devices
  const away = (): boolean => world.server.connections(DOMAIN) === 0
  while (performance.now() < end) {
    await sleep(chance.between(200, 800))
    const device = all[chance.whole(all.length)]
    if (device === undefined || away()) continue
    if (!device.isAlive) revive(device)
    else if (device.isRegistered && chance.unit() < 0.5) kill(device)
    else if (device.isRegistered && chance.unit() < 0.3) revive(device)
    for (const each of all) if (each.isAlive && !each.isRegistered && !away()) void load.register(each)
  }
}

/** Whether all came to its end; registers who is left over first. */
async function settle(run: Run): Promise<boolean> {
  const { world, load } = run
  await until(() => world.server.connections(DOMAIN) > 0, 60_000)
  for (let turn = 0; turn < 20; turn++) {
    const left = world.devices.all.filter(({ isAlive, isRegistered }) => isAlive && !isRegistered)
    if (left.length === 0) break
    await Promise.all(left.map((device) => load.register(device)))
    await sleep(500)
  }
  await load.quiet()
  const isEmpty = (): boolean => {
    run.violations.look()
    return look(run)?.left.length === 0
  }
  for (const end = performance.now() + PATIENCE; performance.now() < end; await sleep(1_000)) if (isEmpty()) return true
  return isEmpty()
}

async function booksOf({
  world,
  program,
  database,
  complaints,
}: Run): Promise<Pick<Evidence, 'accounts' | 'remembered'>> {
  const store = await program.sqlite.open(
    { file: database, maxDeliveries: 1_000_000 },
    { clock: systemClock, trouble: (text) => complaints.push(text) },
  )
  const remembered = new Map<Evidence['devices'][number], readonly string[]>()
  for (const device of world.devices.all) {
    const owned = await store.registry.ownedBy(DOMAIN, device.owner)
    const its = owned.filter(({ app }) => app === device.app)
    const texts = its.flatMap(({ address, callAddress }) => [address?.reveal() ?? '', callAddress?.reveal() ?? ''])
    // Of Web Push the address is JSON with the endpoint in it.
    remembered.set(
      device,
      texts.map((text) => (text.startsWith('{') ? (JSON.parse(text) as { endpoint: string }).endpoint : text)),
    )
  }
  const accounts = await store.accounts()
  await store.close()
  return { accounts, remembered }
}

async function chaos(run: Run): Promise<number> {
  const { world, load, program, folder } = run
  const host = makeHost(run, world.furnish(folder, run.disk.folder))
  await host.begin()
  for (const device of world.devices.all) await load.register(device)
  const begun = performance.now()
  const end = begun + minutes * 60_000
  await Promise.all([
    loadIt(run, end),
    liveTheirLives(run, end),
    troubleTheWorld(run, end),
    troubleTheProcess(run, host, end),
  ])
  const calmSince = performance.now()
  const isSettled = await settle(run)
  const settling = (performance.now() - calmSince) / 1000
  weigh(run, host.life())
  if ((await host.life().stop()) !== 0) run.complaints.push('the last life did not end with 0')
  const crashes = program.lives.map((life) => life.complaints()).filter((text) => text !== '')
  const signed = new Set(
    world.apns.journal.entries.flatMap(({ client }) => (client.kind === 'token' ? [client.jwt] : [])),
  )
  const evidence: Evidence = {
    ...{ minutes, load, isSettled, memory: run.memory, closedAt: run.closedAt, signed: signed.size },
    arrivals: arrivalsAt(world),
    devices: world.devices.all,
    ...(await booksOf(run)),
    violations: run.violations.found(run),
    complaints: [...run.complaints, ...crashes],
  }
  const claims = judge(evidence)
  print({
    seed,
    seconds: (performance.now() - begun) / 1000,
    settling,
    drawn: run.drawn,
    isReal: run.disk.isReal,
    lives: program.lives.length,
    evidence,
    claims,
  })
  return claims.some(({ holds }) => !holds) ? 1 : 0
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'xmpp-push-chaos-'))
  mkdirSync(join(folder, 'house'))
  const chance = makeChance(seed)
  const world = await makeWorld(DEVICES, seed, chance)
  const disk = makeDisk(folder)
  const program = copyProgram(resolve(values.program), join(folder, 'program'))
  if (values.defect !== undefined) inflict(values.defect, join(folder, 'program'))
  const run: Run = {
    ...{ world, program, disk, folder: join(folder, 'house'), database: join(disk.folder, 'xmpp-push.db') },
    load: makeLoad(world, makeChance(seed + 5)),
    ...{ complaints: [], closedAt: [], drawn: new Map(), memory: 0 },
    ...{ violations: watchViolations(world), wrongClock: [], kills: [] },
  }
  const leave = (): void => {
    for (const life of program.lives) void life.kill()
    disk.close()
    process.exit(130)
  }
  process.once('SIGINT', leave)
  process.once('SIGTERM', leave)
  try {
    process.exitCode = await chaos(run)
  } finally {
    for (const life of program.lives) if (!life.isOver()) await life.kill()
    if (!values.keep) disk.close()
    await world.close()
    if (values.keep) process.stdout.write(`kept: ${folder}\n`)
    else rmSync(folder, { recursive: true, force: true })
  }
}

void main()
