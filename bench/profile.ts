/**
 * Where a push's CPU goes, step by step: perf(1) looks at all threads of the service while pushes go through it, and each sample is given to
 * a step. `npm run bench:profile -- [kind] [count] [warm]`. It adds up to what /proc tells: V8's map of its code costs nothing that shows.
 */
import { rmSync } from 'node:fs'
import { cpus } from 'node:os'
import { measure } from './cost'
import { floorAt } from './floors'
import { makeHouse, unlimited } from './house'
import { type LightKind } from './light-peer'
import { RATE, record } from './profile/samples'
import { kindOf, kinds, stepOf, threadsOf } from './profile/steps'

const kind = (process.argv[2] ?? 'apns') as LightKind
const [count = 60_000, warm = 60_000] = process.argv.slice(3, 5).map(Number)
const DEVICES = 10_000
const WINDOW = 200

/** A line of a table in Markdown. */
const row = (...cells: readonly string[]): void => void process.stdout.write(`| ${cells.join(' | ')} |\n`)
const micros = (value: number): string => (value < 0.05 ? '' : value.toFixed(1))

/** Of one row: how many samples of each kind. */
type Tally = Map<string, number>

function add(to: Map<string, Tally>, name: string, kind: string): void {
  const tally = to.get(name) ?? new Map<string, number>()
  to.set(name, tally.set(kind, (tally.get(kind) ?? 0) + 1))
}

const all = (tally: Tally): number => [...tally.values()].reduce((sum, each) => sum + each, 0)

async function main(): Promise<void> {
  const house = await makeHouse(kind, unlimited, [
    '--perf-basic-prof',
    '--no-logfile-per-isolate',
    '--logfile=/dev/null',
  ])
  try {
    const service = await house.startWith(DEVICES)
    await measure(house, service, { count: warm, window: WINDOW })
    const recording = await record(service.pid, house.folder)
    const cost = await measure(house, service, { count, window: WINDOW })
    const samples = await recording.samples()
    await service.stop()
    rmSync(`/tmp/perf-${service.pid}.map`, { force: true })
    const floor = await floorAt(house, 20_000)

    const threadOf = threadsOf(samples, service.pid)
    const threads = new Map<string, Tally>()
    const steps = new Map<string, Map<string, Tally>>()
    for (const sample of samples) {
      const [thread, spent] = [threadOf(sample), kindOf(sample)]
      add(threads, thread, spent)
      const its = steps.get(thread) ?? new Map<string, Tally>()
      steps.set(thread, its)
      add(its, stepOf(sample, thread), spent)
    }
    const perPush = 1e6 / RATE / count
    const line = (name: string, tally: Tally): void =>
      row(name, micros(all(tally) * perPush), ...kinds.map((each) => micros((tally.get(each) ?? 0) * perPush)))

    const seen = samples.length * perPush
    process.stdout.write(
      `${kind}, ${count} pushes after ${warm}, ${DEVICES} devices, ${WINDOW} under way; ${cpus().length} × ${cpus()[0]?.model ?? '?'}, Node ${process.version}\n` +
        `${cost.micros.toFixed(1)} µs of CPU a push, of which perf saw ${seen.toFixed(1)}; ` +
        `floor in the same run: frames ${floor.frames.toFixed(1)}, scan ${floor.scan.toFixed(1)}, durable row ${floor.store.toFixed(1)}\n\n`,
    )
    row('of a push, µs', 'all', ...kinds)
    row(...['', '', ...kinds].map((_each, at) => (at === 0 ? '---' : '---:')))
    for (const [thread, tally] of [...threads].sort(([, one], [, two]) => all(two) - all(one))) {
      line(`**${thread}**`, tally)
      const its = [...(steps.get(thread) ?? [])].sort(([, one], [, two]) => all(two) - all(one))
      for (const [step, each] of its) line(`– ${step}`, each)
    }
  } finally {
    house.close()
  }
}

void main()
