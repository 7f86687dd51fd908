/**
 * Whether the chaos run can fail: it is run with one broken program after another, and each must fail by the claim that is
 * there for it. Exits with 1 if one passes. `npm run chaos:proof -- [--minutes M] [--seed N] [--only words]`
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { defects, type Defect } from './chaos/defects'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    // A folder with another build, to be broken in its place.
    program: { type: 'string' },
    /** Only the defects in whose name these words stand. */
    only: { type: 'string', default: '' },
  },
})

async function failedClaims({ name, without, isShared, outbox }: Defect): Promise<readonly string[]> {
  const less = without === undefined ? [] : ['--without', without]
  const several = isShared === true ? ['--instances', '3', '--store', 'postgres'] : []
  const queue = outbox === undefined ? [] : ['--outbox', outbox]
  const program = values.program === undefined ? [] : ['--program', values.program]
  const words = [
    ...program,
    '--seed',
    values.seed,
    '--minutes',
    values.minutes,
    '--defect',
    name,
    ...less,
    ...several,
    ...queue,
  ]
  const child = spawn(process.execPath, ['--require', 'tsx/cjs', join(__dirname, 'chaos.ts'), ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece))
  await once(child, 'close')
  return [...text.matchAll(/^FAILS +(.+?) {2,}/gm)].map(([, claim = '']) => claim)
}

async function main(): Promise<void> {
  for (const defect of defects.filter(({ name }) => name.includes(values.only))) {
    const failed = await failedClaims(defect)
    const isFound = failed.some((claim) => claim.startsWith(defect.claim))
    if (!isFound) process.exitCode = 1
    process.stdout.write(`${isFound ? 'found  ' : 'MISSED '} ${defect.name.padEnd(66)} ${failed.join(' | ')}\n`)
  }
}

void main()
