/** The figures of a run as a table. */
import { cpus } from 'node:os'
import { type Claim } from '../kill/judgement'
import { type Evidence } from './judgement'
import { type Kind, type Publish } from './load'

export interface Table {
  readonly seed: number
  readonly seconds: number
  /** From the end of the faults until nothing waited. */
  readonly settling: number
  /** How often each fault was drawn. */
  readonly drawn: ReadonlyMap<string, number>
  /** Whether the disk could be filled and frozen. */
  readonly isReal: boolean
  readonly lives: number
  readonly evidence: Evidence
  readonly claims: readonly Claim[]
}

const write = (text: string): void => void process.stdout.write(`${text}\n`)
const line = (name: string, value: string): void => write(`${name.padEnd(34)}${value}`)

function printLoad(publishes: readonly Publish[]): void {
  const answers = ['result', 'wait', 'unknown', 'unanswered', 'bounced', 'refused'] as const
  write(`${'publishes'.padEnd(34)}${['all', ...answers].map((name) => name.padStart(11)).join('')}`)
  for (const kind of ['wake-up', 'content', 'call'] satisfies readonly Kind[]) {
    const own = publishes.filter((one) => one.kind === kind)
    const figures = [own.length, ...answers.map((answer) => own.filter((one) => one.answer === answer).length)]
    line(`  ${kind}`, figures.map((figure) => String(figure).padStart(11)).join(''))
  }
}

export function print({ seed, seconds, settling, drawn, isReal, lives, evidence, claims }: Table): void {
  line('seed', String(seed))
  line('machine', `${cpus().length} cores, ${cpus()[0]?.model ?? '?'}, Node ${process.version}`)
  line('took', `${seconds.toFixed(0)} s, ${settling.toFixed(0)} s of them after the last fault`)
  line('lives of the process', String(lives))
  if (!isReal) line('disk', 'a plain folder: filling and freezing one takes root, loop devices and fsfreeze')
  const families = new Map<string, string[]>()
  for (const [name, times] of [...drawn].sort(([a], [b]) => a.localeCompare(b))) {
    const [family = '', rest] = name.includes(': ') ? name.split(/: (.*)/s) : ['process', name]
    families.set(family, [...(families.get(family) ?? []), `${rest ?? name}${times > 1 ? ` ×${times}` : ''}`])
  }
  write('faults')
  for (const [family, names] of families) line(`  ${family}`, names.join(', '))
  printLoad(evidence.load.publishes)
  line('requests to the push services', String(evidence.arrivals.length))
  write('')
  for (const { claim, figures, holds } of claims) write(`${holds ? 'holds ' : 'FAILS '} ${claim.padEnd(78)} ${figures}`)
  write('')
  const failed = claims.filter(({ holds }) => !holds).length
  write(failed === 0 ? 'all of it holds' : `${failed} do not hold; the same plan again: --seed ${seed}`)
}
