/**
 * Every figure that has a goal, in one run, with the floor and a peer beside them: `npm run bench -- [--only words] [--brief]`. The service
 * runs as it does in production, in a process of its own; load and push service run in others and cost little. `--brief`: smaller counts,
 * for a look; what it prints is no result.
 */
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { measure } from './cost'
import { floorAt, floorOf } from './floors'
import { measureGorush } from './gorush'
import { makeHouse, unlimited, type BenchHouse, type Service } from './house'
import { type LightKind } from './light-peer'

const { values } = parseArgs({ options: { only: { type: 'string' }, brief: { type: 'boolean', default: false } } })
const { only, brief } = values
const of = (whole: number, short: number): number => (brief ? short : whole)

const WINDOW = 200
const WARM = of(10_000, 2_000)
const COUNT = of(60_000, 5_000)
/** Pushes after which what is hot is compiled: the program leaves that to V8 once it has worked for two seconds. */
const STEADY = of(60_000, 2_000)
/** Devices that are published to again and again: their registrations are remembered. */
const BUSY = of(10_000, 2_000)
/** More than are remembered. A device may have one push in two seconds for long: with so many, 20,000 a second meet no limit. */
const MANY = of(40_000, 12_000)
const MILLION = of(1_000_000, 50_000)
const SUSTAINED_SECONDS = of(60, 5)
const OUTAGE_SECONDS = of(3_600, 30)
const BEATS = of(300, 50)
const WAITING = of(100_000, 5_000)
const ROUNDS = 4

function print(name: string, measured: string, goal = ''): void {
  process.stdout.write(`${name.padEnd(64)}${measured.padEnd(24)}${goal}\n`)
}
const micros = (value: number): string => `${value.toFixed(1)} µs`
const ms = (value: number): string => `${value.toFixed(1)} ms`
/** Of mebibytes: the goals are in millions of bytes. */
const megabytes = (value: number): string => `${(value * 1.048576).toFixed(1)} MB`
const sleep = (time: number): Promise<void> => new Promise((done) => setTimeout(done, time))

async function inHouse<T>(
  kind: LightKind,
  work: (house: BenchHouse) => Promise<T>,
  more: object = unlimited,
): Promise<T> {
  const house = await makeHouse(kind, more)
  try {
    return await work(house)
  } finally {
    house.close()
  }
}

/** Warm: connections, code and caches are there. */
async function warm(house: BenchHouse, registrations: number): Promise<Service> {
  const service = await house.startWith(registrations)
  await measure(house, service, { count: WARM, window: WINDOW })
  return service
}

/** As after an hour of work: compiled, with room for young objects, and each device has had its first push of the day. */
async function inUse(house: BenchHouse, devices: number): Promise<Service> {
  const service = await warm(house, devices)
  await measure(house, service, { count: Math.max(devices, STEADY), window: WINDOW })
  return service
}

const costOf = (kind: LightKind, devices = BUSY): Promise<number> =>
  inHouse(kind, async (house) => {
    const service = await inUse(house, devices)
    const { micros } = await measure(house, service, { count: COUNT, window: WINDOW })
    await service.stop()
    return micros
  })

/** What the same work costs bare, what it costs here, and what it costs a peer. */
async function cost(): Promise<void> {
  await inHouse('apns', async (house) => {
    // Not in between: a service that rests for seconds gives back what it has made room for.
    const before = await floorAt(house, 20_000)
    const service = await inUse(house, BUSY)
    const { micros: push } = await measure(house, service, { count: COUNT, window: WINDOW })
    const after = await floorAt(house, 20_000)
    await service.stop()
    const floor = (floorOf(before) + floorOf(after)) / 2
    const parts = (['frames', 'scan', 'store'] as const).map((part) => ((before[part] + after[part]) / 2).toFixed(1))
    print('CPU per push, XMPP → APNs', micros(push), '≤ 40 µs')
    print('floor: frames by hand, scan, durable row', `${micros(floor)} (${parts.join(', ')})`)
    print('CPU per push ÷ floor', (push / floor).toFixed(2), '≤ 1.6')
    print('for comparison, bare: node:http2, ltx', `${micros(after.http2)}, ${micros(after.ltx)}`)
    const peer = await measureGorush(house.folder, of(30_000, 5_000))
    const told = peer.is === 'measured' ? `${micros(peer.micros)} (${peer.version})` : `left out: ${peer.why}`
    print('CPU per push of gorush, HTTP → APNs, in memory only', told, 'more than ours')
  })
  print(`CPU per push, XMPP → APNs, ${MANY} devices in turn`, micros(await costOf('apns', MANY)))
}

async function vendors(): Promise<void> {
  print('CPU per push, XMPP → FCM', micros(await costOf('fcm')), '≤ 50 µs')
  print('CPU per push, XMPP → Web Push, encrypted', micros(await costOf('webpush')), '≤ 300 µs')
}

/** As much as goes for a minute, then evenly half of that; then one at a time. */
async function speed(): Promise<void> {
  await inHouse('apns', async (house) => {
    const service = await inUse(house, MANY)
    const { answered } = await measure(house, service, { count: COUNT, window: 500 })
    const count = Math.round(answered * SUSTAINED_SECONDS)
    const { rate } = await measure(house, service, { count, window: 500 })
    print(`pushes per second, one process, for ${SUSTAINED_SECONDS} s`, rate.toFixed(0), '≥ 15,000')
    const half = rate / 2
    const even = await measure(house, service, { count: Math.round(half * 10), window: 20_000, perSecond: half })
    print('publish → result at half of that, p50', ms(even.p50), '≤ 5 ms')
    print('publish → result at half of that, p99', ms(even.p99), '≤ 25 ms')
    print('– its threads were ready and had no core, of the time', `${(100 * even.waited).toFixed(0)} %`)
    await house.peer.ask({ do: 'watch' }, 'watched')
    const { sent } = await house.load.ask({ do: 'beat', count: BEATS, every: 20 }, 'beaten')
    await house.settled()
    const { moments } = await house.peer.ask({ do: 'watch' }, 'watched')
    if (moments.length !== sent.length) throw new Error(`${sent.length} published, ${moments.length} requests`)
    const took = sent.map((at, number) => (moments[number] ?? 0) - at).sort((a, b) => a - b)
    print('publish → request at the push service, idle, p50', ms(took[Math.floor(BEATS * 0.5)] ?? 0), '≤ 3 ms')
    print('publish → request at the push service, idle, p99', ms(took[Math.floor(BEATS * 0.99)] ?? 0), '≤ 10 ms')
    await service.stop()
  })
}

/** Both at once and in turn, so that what else the machine does meets both. */
async function registrations(): Promise<void> {
  await inHouse('apns', (few) =>
    inHouse('apns', async (many) => {
      const sides = [
        { house: few, service: await warm(few, 1_000), micros: 0 },
        { house: many, service: await warm(many, MILLION), micros: 0 },
      ]
      // A device may have one push in two seconds for long: a thousand of them are published to as slowly as a million are.
      await sleep(of(60_000, 1_000))
      const stretch = { count: of(5_000, 1_000), window: WINDOW, perSecond: 400 }
      for (let round = 0; round < ROUNDS; round++) {
        for (const side of sides) side.micros += (await measure(side.house, side.service, stretch)).micros / ROUNDS
      }
      for (const { service } of sides) await service.stop()
      const [a = 0, b = 0] = sides.map(({ micros }) => micros)
      print(`CPU per push at ${MILLION} and 1,000 registrations, 400/s`, `${micros(b)}, ${micros(a)}`)
      print('cost per push at 1,000,000 registrations against 1,000', `${(b / a).toFixed(2)} ×`, '≤ 1.2 ×')
    }),
  )
}

async function memory(): Promise<void> {
  await inHouse('apns', async (house) => {
    const service = await house.startWith(1_000)
    await sleep(5_000)
    print('resident memory, idle', megabytes(service.usage().resident), '≤ 80 MB')
    await service.stop()
  })
  await inHouse('apns', async (house) => {
    const service = await house.startWith(MILLION)
    // The most of its whole life, start and load: at rest again it is much less.
    const { peak } = await measure(house, service, { count: COUNT, window: WINDOW, perSecond: 1_000 })
    print('resident memory, peak, 1,000,000 registrations, 1,000 pushes/s', megabytes(peak), '≤ 150 MB')
    await sleep(5_000)
    print('  at rest again', megabytes(service.usage().resident))
    await service.stop()
  })
}

async function outage(): Promise<void> {
  await inHouse('apns', async (house) => {
    const service = await house.startWith(MILLION)
    await house.peer.ask({ do: 'refuse', isDown: true }, 'turned')
    const before = await house.account()
    const count = OUTAGE_SECONDS * 1_000
    // The time is not waited for: as fast as it goes, which is worse.
    const published = await house.load.ask({ do: 'publish', count, window: WINDOW, contentEvery: 5 }, 'published')
    const { accepted, waiting, coalesced } = await house.account()
    const told = `${accepted - before.accepted} accepted, ${published.errors} answered wait, ${coalesced} coalesced, ${waiting} waiting`
    print(`resident memory, peak of ${count} publishes in an outage`, megabytes(service.usage().peak), '≤ 250 MB')
    print('  of these', told)
    await service.stop('SIGKILL')
  })
}

async function starts(): Promise<void> {
  await inHouse('apns', async (house) => {
    await (await house.startWith(MILLION)).stop()
    const begun = performance.now()
    const service = await house.start()
    print('attached after a start, 1,000,000 registrations', ms(performance.now() - begun), '≤ 1,000 ms')
    await house.peer.ask({ do: 'refuse', isDown: true }, 'turned')
    await house.load.ask({ do: 'publish', count: WAITING, window: WINDOW }, 'published')
    const { waiting, inFlight } = await house.account()
    await service.stop('SIGKILL')
    const again = performance.now()
    const next = await house.start()
    const took = performance.now() - again
    print(`attached after SIGKILL, ${waiting + inFlight} waiting`, ms(took), '≤ 3,000 ms')
    await next.stop('SIGKILL')
  })
}

const parts = { cost, vendors, speed, starts, registrations, memory, outage }

async function main(): Promise<void> {
  const told = `${cpus().length} cores, ${cpus()[0]?.model ?? '?'}, Node ${process.version}`
  print('figure', 'measured', 'goal')
  print('machine', told)
  for (const [name, part] of Object.entries(parts)) {
    if (only === undefined || only.split(',').includes(name)) await part()
  }
}

void main()
