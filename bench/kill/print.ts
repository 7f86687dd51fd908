/** The figures of a run as a table. */
import { cpus } from 'node:os'
import { ends } from '../../lib/model/accounting'
import { outAtKills, type Evidence } from './evidence'
import { type Claim } from './judgement'
import { type Publish } from './load'
import { type StartUp } from './plan'
import { ANDROID, IOS } from './stage'

/** Databases whose maker was killed: how many had no tables yet, and how many opened afterwards. */
export interface Births {
  readonly of: number
  readonly unfinished: number
  readonly opened: number
}

export interface Run {
  readonly seed: number
  readonly seconds: number
  /** Seconds from the last kill to the last settled delivery. */
  readonly settling: number
  readonly startUp: StartUp
  readonly beforeLastKill: number
  readonly noticed: { readonly connections: number; readonly cut: number }
  readonly evidence: Evidence
  readonly claims: readonly Claim[]
}

const write = (text: string): void => void process.stdout.write(`${text}\n`)
const line = (name: string, value: string): void => write(`${name.padEnd(34)}${value}`)

function printLoad({ load }: Evidence): void {
  const of = (kind: Publish['kind'], answer?: Publish['answer']): string => {
    const own = load.publishes.filter((one) => one.kind === kind && (answer === undefined || one.answer === answer))
    return String(own.length).padStart(12)
  }
  const answers = ['result', 'unanswered', 'bounced', 'refused'] as const
  write(`${'publishes'.padEnd(34)}${['all', ...answers].map((name) => name.padStart(12)).join('')}`)
  for (const kind of ['wake-up', 'content', 'call'] as const) {
    line(`  ${kind}`, [of(kind), ...answers.map((answer) => of(kind, answer))].join(''))
  }
}

function printBooks({ accounts, kills }: Evidence): void {
  write(`${'books'.padEnd(34)}${IOS.padStart(24)}${ANDROID.padStart(24)}`)
  for (const entry of ['accepted', ...ends, 'waiting', 'inFlight', 'resent'] as const) {
    const figures = [IOS, ANDROID].map((app) => accounts.get(app)?.[entry] ?? 0)
    if (entry === 'accepted' || figures.some((figure) => figure > 0)) {
      line(`  ${entry}`, figures.map((figure) => String(figure).padStart(24)).join(''))
    }
  }
  const out = [IOS, ANDROID].map((app) => String(outAtKills(kills, app).length).padStart(24))
  line('  out at the kills', out.join(''))
}

export function printRun({ seed, seconds, settling, startUp, beforeLastKill, noticed, evidence, claims }: Run): void {
  const { kills, arrivals } = evidence
  const attached = kills.filter(({ wasAttached }) => wasAttached).length
  const met = kills.filter(({ left }) => left.some(({ isOut }) => isOut)).length
  line('seed', String(seed))
  line('machine', `${cpus().length} cores, ${cpus()[0]?.model ?? '?'}, Node ${process.version}`)
  line('took', `${seconds.toFixed(0)} s, ${settling.toFixed(0)} s of them after the last kill, until nothing waited`)
  line('a start', `${startUp.started.toFixed(0)} ms to started, ${startUp.attached.toFixed(0)} ms to attached`)
  line('kills', `${kills.length}: ${attached} while attached, ${met} with deliveries out`)
  line('published before the last kill', String(beforeLastKill))
  printLoad(evidence)
  printBooks(evidence)
  line('requests to the push services', String(arrivals.length))
  line('connections to APNs', `${noticed.connections}, ${noticed.cut} warnings: a process that is killed connects anew`)
  write('')
  for (const { claim, figures, holds } of claims) write(`${holds ? 'holds ' : 'FAILS '} ${claim.padEnd(74)} ${figures}`)
  write('')
  const failed = claims.filter(({ holds }) => !holds).length
  write(failed === 0 ? 'all of it holds' : `${failed} do not hold; the same plan again: --seed ${seed}`)
}
