/**
 * CPU time per push on the whole way, XMPP publish in → durable → accepted by APNs → settled, beside its floor: for those who work on it.
 * `npm run bench:push -- [count] [window] [registrations] [kind]`; with `BENCH_PROFILE=folder` each thread writes a CPU profile.
 */
import { cpus } from 'node:os'
import { measure } from './cost'
import { floorAt, floorOf } from './floors'
import { makeHouse, unlimited } from './house'
import { type LightKind } from './light-peer'

const [count = 40_000, window = 200, registrations = 20_000] = process.argv.slice(2, 5).map(Number)
const kind = (process.argv[5] ?? 'apns') as LightKind
const WARM = 5_000

const print = (name: string, value: string): void => void process.stdout.write(`${name.padEnd(44)}${value}\n`)

async function main(): Promise<void> {
  const house = await makeHouse(kind, unlimited)
  try {
    const service = await house.startWith(registrations)
    // Connections, code, caches.
    await measure(house, service, { count: WARM, window })
    const cost = await measure(house, service, { count, window })
    const code = await service.stop()
    const floor = await floorAt(house, Math.min(count, 20_000))

    print('machine', `${cpus().length} cores, ${cpus()[0]?.model ?? '?'}, Node ${process.version}`)
    print(
      'publishes',
      `${count}, at most ${window} unanswered, ${registrations} registrations; ended with ${String(code)}`,
    )
    print('answered', `p50 ${cost.p50.toFixed(1)} ms, p99 ${cost.p99.toFixed(1)} ms`)
    print('CPU per push', `${cost.micros.toFixed(0)} µs`)
    print('pushes per second, one process', cost.rate.toFixed(0))
    print('memory afterwards, at its peak', `${cost.resident.toFixed(0)} MiB, ${cost.peak.toFixed(0)} MiB`)
    print(
      'floor: frames, scan, durable row',
      [floor.frames, floor.scan, floor.store].map((each) => each.toFixed(1)).join(', '),
    )
    print('for comparison: node:http2, ltx', [floor.http2, floor.ltx].map((each) => each.toFixed(1)).join(', '))
    print('CPU per push ÷ floor', (cost.micros / floorOf(floor)).toFixed(2))
  } finally {
    house.close()
  }
}

void main()
