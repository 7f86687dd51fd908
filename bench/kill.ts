/**
 * The program killed with SIGKILL at random moments while it is published to, and started again each time; then what it
 * says of its deliveries is compared with what the push services saw. Exits with 1 if anything does not hold.
 * `npm run bench:kill -- [--kills 50] [--publishes 2000] [--seed N] [--program folder] [--keep]`
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { systemClock } from '../lib/clock'
import { arrivalsAt } from './kill/arrivals'
import { makeChance, type Chance } from './kill/chance'
import { type Evidence, type Kill } from './kill/evidence'
import { judge, type Claim } from './kill/judgement'
import { copyProgram, type Life, type Program, type Settled } from './kill/lives'
import { makeLoad, type Load } from './kill/load'
import { drawMoments, makePace, type Moment, type Pace, type StartUp } from './kill/plan'
import { printRun, type Births } from './kill/print'
import { snapshot } from './kill/snapshot'
import { DOMAIN, setStage, type Stage } from './kill/stage'

const DEVICES = 300
/** Devices that register between the kills. */
const LATE = 50
/** Kills while a database is being made. */
const BIRTHS = 8
const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    publishes: { type: 'string', default: '2000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    // A folder with another build: `dist`, `package.json` and `node_modules`.
    program: { type: 'string', default: join(__dirname, '..') },
    // Leaves the databases and logs where they are.
    keep: { type: 'boolean', default: false },
  },
})
const [kills, publishes, seed] = [values.kills, values.publishes, values.seed].map(Number) as [number, number, number]

const sleep = (ms: number): Promise<void> => systemClock.sleep(Math.max(0, ms))

/** Resolves with true when it came true, with false after so many milliseconds. */
async function until(isSo: () => boolean, within: number): Promise<boolean> {
  for (const end = performance.now() + within; performance.now() < end; await sleep(5)) if (isSo()) return true
  return isSo()
}

/** What every part of a run needs. */
interface Run {
  readonly stage: Stage
  readonly program: Program
  readonly load: Load
  readonly chance: Chance
  readonly folder: string
  readonly complaints: string[]
}

const isAttached = ({ stage }: Run): boolean => stage.server.connections(DOMAIN) > 0

async function attach(run: Run, config: string): Promise<Life> {
  const life = run.program.start(config)
  if (await until(() => isAttached(run) || life.isOver(), 20_000)) return life
  throw new Error(`the program does not attach: ${life.complaints()}`)
}

async function detached(run: Run): Promise<void> {
  if (!(await until(() => !isAttached(run), 5_000)))
    throw new Error('the server keeps the connection of a dead process')
}

/** Registers most devices in a life that is not killed, and takes the time of a start. */
async function calmLife(run: Run, config: string): Promise<StartUp> {
  const spawnedAt = Date.now()
  const life = await attach(run, config)
  const attached = performance.now() - life.since
  for (const device of run.stage.devices.slice(LATE)) await run.load.register(device)
  const started = life.log().find(({ at }) => at === 'started')?.['time']
  if ((await life.stop()) !== 0) run.complaints.push('the first life did not end with 0')
  await detached(run)
  return { started: typeof started === 'string' ? Date.parse(started) - spawnedAt : attached, attached }
}

/** Kills while the database is being made; what is left must open, and be empty. */
async function births(run: Run, pace: Pace): Promise<Births> {
  let opened = 0
  let unfinished = 0
  for (let birth = 0; birth < BIRTHS; birth++) {
    const folder = join(run.folder, `birth-${birth}`)
    const life = run.program.start(run.stage.furnish(folder))
    await sleep(pace.moment({ of: 'opening', share: run.chance.unit() }))
    if (await life.kill()) run.complaints.push(`birth ${birth}: ended by itself: ${life.complaints()}`)
    await detached(run)
    const file = join(folder, 'xmpp-push.db')
    if (snapshot(file, join(folder, 'copy')) === undefined) unfinished += 1
    try {
      const store = await openStore(run, file)
      const registrations = await store.registry.count()
      await store.close()
      if (registrations.size === 0) opened += 1
    } catch (error) {
      run.complaints.push(`birth ${birth}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return { of: BIRTHS, unfinished, opened }
}

const bornWhole = ({ of, opened, unfinished }: Births): Claim => ({
  claim: 'a database whose maker was killed opens, and is empty',
  figures: `${opened} of ${of}, ${unfinished} without tables yet`,
  holds: opened === of,
})

const openStore = ({ program, complaints }: Run, file: string): ReturnType<Program['sqlite']['open']> =>
  program.sqlite.open(
    { file, maxDeliveries: 1_000_000 },
    { clock: systemClock, trouble: (text) => complaints.push(text) },
  )

/** Publishes so many, in bursts at random moments, until the time is up. */
async function publishWhile(run: Run, count: number, ms: number, mayBeBusy: boolean): Promise<void> {
  const begun = performance.now()
  const bursts: { readonly at: number; readonly size: number }[] = []
  for (let left = count; left > 0; left -= bursts.at(-1)?.size ?? left) {
    bursts.push({ at: run.chance.between(0, ms), size: Math.min(left, 1 + run.chance.whole(12)) })
  }
  for (const { at, size } of bursts.sort((a, b) => a.at - b.at)) {
    await sleep(begun + at - performance.now())
    if (!isAttached(run)) return
    run.load.publish(size, mayBeBusy)
  }
  await sleep(begun + ms - performance.now())
}

/** One life from its start to its kill, and what it left. */
async function killedLife(run: Run, config: string, moments: readonly Moment[], pace: Pace): Promise<Kill> {
  const { stage, load, program } = run
  const [first, ...later] = moments
  const moment = first === undefined ? 0 : pace.moment(first)
  const life = program.start(config)
  const left = (): number => moment - (performance.now() - life.since)
  await until(() => isAttached(run) || life.isOver() || left() <= 0, Math.max(1, left()))
  const wasAttached = isAttached(run)
  if (wasAttached || moment > pace.startUp.attached) pace.heed(performance.now() - life.since)
  if (wasAttached && left() > 0) {
    const stillToCome = later.reduce((sum, next) => sum + pace.attachedBefore(next), 0)
    const share = Math.min(1, left() / (left() + stillToCome))
    const waiting = stage.devices.filter((device) => !load.nodes.has(device)).slice(0, 3)
    for (const device of waiting) void load.register(device)
    // Busy devices get calls in the first half only, so that these have expired soon after the last kill.
    const isEarly = later.length > kills / 2
    await publishWhile(run, Math.round((publishes - load.handed()) * share), left(), isEarly)
  }
  await sleep(left())
  if (await life.kill()) run.complaints.push(`a process ended by itself: ${life.complaints()}`)
  await detached(run)
  const at = join(run.folder, 'copies', String(program.lives.length))
  const found = snapshot(join(run.folder, 'house', 'xmpp-push.db'), at)
  rmSync(at, { recursive: true })
  if (found === undefined) throw new Error('the database has lost its tables')
  return { left: found.left, closes: found.closes, wasAttached }
}

/** The last life: publishes what is left over, registers who is left over, waits until nothing waits, and stops. */
async function lastLife(run: Run, config: string): Promise<void> {
  const { stage, load } = run
  const life = await attach(run, config)
  for (const device of stage.devices) if (!load.nodes.has(device)) await load.register(device)
  const leftOver = publishes - load.handed()
  if (leftOver > 0) await publishWhile(run, leftOver, leftOver * 5, false)
  await load.quiet()
  const waits = (): boolean => {
    const at = join(run.folder, 'copies', 'last')
    try {
      return snapshot(join(run.folder, 'house', 'xmpp-push.db'), at)?.left.length !== 0
    } catch {
      // Copied in the middle of a checkpoint: the next copy will be whole.
      return true
    } finally {
      rmSync(at, { recursive: true, force: true })
    }
  }
  for (let turn = 0; turn < 180 && waits(); turn++) await sleep(500)
  if ((await life.stop()) !== 0) run.complaints.push('the last life did not end with 0')
  await detached(run)
}

async function booksOf(run: Run): Promise<Pick<Evidence, 'accounts' | 'remembered' | 'registrations'>> {
  const store = await openStore(run, join(run.folder, 'house', 'xmpp-push.db'))
  const nodes = [...run.load.nodes]
  const found = await store.registry.find(nodes.map(([, node]) => ({ service: DOMAIN, node })))
  const remembered = new Map(
    nodes.flatMap(([device], index) => {
      const [registration] = found[index] ?? []
      if (registration === undefined || registration.owner !== device.owner) return []
      const { address, callAddress } = registration
      return [[device, { token: address?.reveal(), callToken: callAddress?.reveal() }] as const]
    }),
  )
  const counted = await store.registry.count()
  const accounts = await store.accounts()
  await store.close()
  return { accounts, remembered, registrations: [...counted.values()].reduce((sum, each) => sum + each, 0) }
}

/** One in fifty is refused for the moment, the question at a start too. */
const MET = /could not be asked: 503 /

function complaintsOf({ stage, program }: Run): readonly string[] {
  return [
    ...stage.server.violations.map(({ what, xml }) => `server: ${what} ${xml.slice(0, 200)}`),
    // The header counts whole seconds: in its last one a call goes out with a moment that has just passed. Whether it is
    // too late is judged by its own expiry.
    ...stage.apns.violations
      .filter(({ rule }) => rule !== 'apns-expiration-past')
      .map(({ rule, text }) => `APNs: ${rule}: ${text}`),
    ...stage.fcm.violations.map((what) => `FCM: ${what}`),
    ...stage.oauth.violations.map((what) => `OAuth: ${what}`),
    ...program.lives.flatMap((life) => {
      const troubles = life.log().filter(({ at, msg }) => at === 'trouble' && !MET.test(String(msg)))
      return [...troubles.map(({ msg }) => `log: ${String(msg)}`), life.complaints()].filter((text) => text !== '')
    }),
  ]
}

async function main(): Promise<void> {
  const begun = performance.now()
  const folder = mkdtempSync(join(tmpdir(), 'xmpp-push-kill-'))
  const chance = makeChance(seed)
  const stage = await setStage(DEVICES, seed, chance)
  const program = copyProgram(resolve(values.program), join(folder, 'program'))
  const run: Run = { stage, program, load: makeLoad(stage, chance), chance, folder, complaints: [] }
  const config = stage.furnish(join(folder, 'house'))

  const startUp = await calmLife(run, config)
  const pace = makePace(startUp)
  const born = await births(run, pace)
  const moments = drawMoments(kills, chance)
  const killed: Kill[] = []
  while (killed.length < kills) killed.push(await killedLife(run, config, moments.slice(killed.length), pace))
  const beforeLastKill = run.load.handed()
  const lastKillAt = performance.now()
  await lastLife(run, config)
  const settling = (performance.now() - lastKillAt) / 1000

  const evidence: Evidence = {
    load: run.load,
    kills: killed,
    arrivals: arrivalsAt(stage),
    ...(await booksOf(run)),
    devices: stage.devices,
    settled: program.lives.flatMap((life) =>
      life.log().filter((line) => line['at'] === 'settled'),
    ) as unknown as Settled[],
    complaints: [...run.complaints, ...complaintsOf(run)],
  }
  const claims = [...judge(evidence), bornWhole(born)]
  const seconds = (performance.now() - begun) / 1000
  const noticed = { connections: stage.apns.connections.length, cut: stage.apns.warnings.length }
  printRun({ seed, seconds, settling, startUp, beforeLastKill, noticed, evidence, claims })
  await stage.close()
  if (values.keep) process.stdout.write(`kept: ${folder}\n`)
  else rmSync(folder, { recursive: true, force: true })
  if (claims.some(({ holds }) => !holds)) process.exitCode = 1
}

void main()
