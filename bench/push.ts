/**
 * CPU time per push, pushes per second and memory: XMPP publish in → durable → accepted by APNs → settled. The service runs as it does in
 * production, in a process of its own; load and push service run in others and cost little. The floor is measured in the same run.
 * `npm run bench -- [count] [window] [devices]`
 */
import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { makeProviderKey } from '../lib/sim/certificates'
import { type FloorOrder, type FloorTold } from './floor'
import { apps, makeHouse, usage, type BenchHouse, type Service } from './house'

const [count = 40_000, window = 200, devices = 20_000] = process.argv.slice(2).map(Number)
const WARM = 5_000

const print = (name: string, value: string): void => void process.stdout.write(`${name.padEnd(44)}${value}\n`)

/** Waits until the log, which has a line for each settled delivery, grows no more. */
async function settled(service: Service): Promise<void> {
  for (let before = -1; before !== service.logged();) {
    before = service.logged()
    await new Promise((done) => setTimeout(done, 500))
  }
}

async function taken({ peer }: BenchHouse): Promise<number> {
  return (await peer.ask({ do: 'count' }, 'count')).count
}

/** What the same work costs with nothing around it. */
async function floorAt({ url, ca }: BenchHouse, tokens: readonly string[]): Promise<FloorTold> {
  const child = fork(join(__dirname, 'floor.ts'), [], { execArgv: ['--require', 'tsx/cjs'] })
  child.send({ url, ca, key: makeProviderKey().privatePem, tokens, count } satisfies FloorOrder)
  return new Promise((resolve) => child.once('message', (told: FloorTold) => resolve(told)))
}

async function main(): Promise<void> {
  const house = await makeHouse('apns')
  try {
    const service = await house.start()
    const tokens = Array.from({ length: devices }, () => randomBytes(32).toString('hex'))
    const { nodes } = await house.load.ask({ do: 'register', app: apps.apns, tokens }, 'registered')
    // Connections, code, caches.
    await house.load.ask({ do: 'publish', count: WARM, window }, 'published')
    await settled(service)

    const [before, takenBefore] = [usage(service.pid), await taken(house)]
    const begun = performance.now()
    const { results, errors, p50, p99 } = await house.load.ask({ do: 'publish', count, window }, 'published')
    const seconds = (performance.now() - begun) / 1000
    await settled(service)
    const [after, takenAfter] = [usage(service.pid), await taken(house)]
    const code = await service.stop()
    const floor = await floorAt(house, tokens)

    const micros = ((after.cpu - before.cpu) * 1e6) / count
    print('machine', `${cpus().length} cores, ${cpus()[0]?.model ?? '?'}, Node ${process.version}`)
    print('publishes', `${count}, at most ${window} unanswered, ${nodes} devices`)
    print('answered', `${results} result, ${errors} error; p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`)
    print('taken by the push service', `${takenAfter - takenBefore}; the service ended with ${String(code)}`)
    print('CPU per push', `${micros.toFixed(0)} µs`)
    print('publishes per second, one process', (count / seconds).toFixed(0))
    print('memory afterwards, at its peak', `${after.resident.toFixed(0)} MiB, ${after.peak.toFixed(0)} MiB`)
    print('floor: bare node:http2 request', `${floor.http2.toFixed(0)} µs`)
    print('floor: bare parse of the stanza (ltx)', `${floor.xml.toFixed(0)} µs`)
    print('CPU per push ÷ floor', (micros / (floor.http2 + floor.xml)).toFixed(2))
  } finally {
    house.close()
  }
}

void main()
