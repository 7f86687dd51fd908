/**
 * Why the slowest hundredth of answers was slow: each is held against the moments in which a thread of the service, of the load or of the push
 * service came late, and what that thread did then. `npx tsx bench/late.ts [per second] [seconds]`, after `npm run build`.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { measure } from './cost'
import { makeHouse, unlimited } from './house'

const [perSecond = 6_500, seconds = 10] = process.argv.slice(2, 4).map(Number)
const DEVICES = 10_000
const WARM = 30_000

/** Milliseconds; `from` and `to` since 1970. */
interface Stall {
  readonly from: number
  readonly to: number
  readonly ran: number
  readonly waited: number
  readonly gc: number
}

interface Told {
  readonly whose: string
  readonly stalls: readonly Stall[]
}

const names: Readonly<Record<string, string>> = {
  'cli.js': 'main thread',
  'sqlite-worker.js thread': 'store’s thread',
  'xmpp-load.ts': 'the load itself',
  'light-peer.ts': 'the push service',
}

/** What most of it was. */
function causeOf({ from, to, ran, waited, gc }: Stall): string {
  const blocked = to - from - ran - waited
  if (waited >= Math.max(ran, blocked)) return 'waited for a core'
  if (blocked > ran) return 'was blocked (disk)'
  return gc > ran / 2 ? 'collected garbage' : 'was at work'
}

const print = (name: string, value: string): void => void process.stdout.write(`${name.padEnd(52)}${value}\n`)
const percent = (count: number, of: number): string => `${((100 * count) / Math.max(1, of)).toFixed(0)} %`

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'xmpp-push-stalls-'))
  process.env['BENCH_STALLS'] = folder
  process.env['NODE_OPTIONS'] = `--require ${join(__dirname, 'late', 'stalls.cjs')}`
  const house = await makeHouse('apns', unlimited)
  try {
    const service = await house.startWith(DEVICES)
    await measure(house, service, { count: WARM, window: 200 })
    const begun = Date.now()
    const { p50, p99, slowest } = await measure(house, service, {
      ...{ count: perSecond * seconds, window: 20_000, perSecond },
    })
    const ended = Date.now()
    await service.stop()
    house.load.end()
    house.peer.end()
    await new Promise((done) => setTimeout(done, 1_000))

    print(`${perSecond} a second for ${seconds} s, p50, p99`, `${p50.toFixed(1)}, ${p99.toFixed(1)} ms`)
    const all: { readonly whose: string; readonly stall: Stall }[] = []
    for (const file of readdirSync(folder)) {
      const told = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Told
      const whose = names[told.whose]
      if (whose === undefined) continue
      for (const stall of told.stalls) if (stall.from > begun && stall.to < ended) all.push({ whose, stall })
    }
    for (const whose of Object.values(names)) {
      const its = all.filter((each) => each.whose === whose).map(({ stall }) => stall)
      const sum = (of: (stall: Stall) => number): string => its.reduce((so, each) => so + of(each), 0).toFixed(0)
      const longest = its.reduce((most, { from, to }) => Math.max(most, to - from), 0).toFixed(0)
      const parts = `waited ${sum(({ waited }) => waited)}, ran ${sum(({ ran }) => ran)} (garbage ${sum(({ gc }) => gc)})`
      print(`${whose}: late`, `${its.length} times, ${longest} ms at the most; ms in all: ${parts}`)
    }
    const causes = new Map<string, number>()
    for (const [sent, answered] of slowest) {
      const overlap = ({ stall: { from, to } }: { readonly stall: Stall }): number =>
        Math.min(answered, to) - Math.max(sent, from)
      const worst = all.reduce<(typeof all)[number] | undefined>(
        (most, each) => (overlap(each) > (most === undefined ? 0 : overlap(most)) ? each : most),
        undefined,
      )
      const cause = worst === undefined ? 'nobody was late' : `${worst.whose} ${causeOf(worst.stall)}`
      causes.set(cause, (causes.get(cause) ?? 0) + 1)
    }
    for (const [cause, count] of [...causes].sort(([, one], [, two]) => two - one)) {
      print(`of the slowest ${slowest.length}: ${cause}`, percent(count, slowest.length))
    }
  } finally {
    house.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

void main()
