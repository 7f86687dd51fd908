import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const MIB = 1024 * 1024
/** The V8 of Node 24 and later collects as soon by itself. */
const isSoonAnyway = Number(process.versions.node.split('.')[0]) >= 24

/** MiB that the heap of a process of its own takes at most, while what is old in it is replaced again and again. */
async function heapAtMost(prepare: string): Promise<number> {
  const code = `
    const { collectOldSooner } = require(${JSON.stringify(join(__dirname, '../../lib/commands/young-objects'))})
    ${prepare}
    let made = 0
    let most = 0
    const make = () => ({ made: made++, text: 'number ' + made, more: [made, made, made] })
    const live = Array.from({ length: 100_000 }, make)
    for (let round = 0; round < 15; round++) {
      for (let n = 0; n < live.length; n += 2) live[(n * 7919 + round) % live.length] = make()
      most = Math.max(most, process.memoryUsage().heapTotal)
    }
    console.log(most)`
  const { stdout } = await run(process.execPath, ['--require', 'tsx/cjs', '-e', code])
  return Number(stdout) / MIB
}

describe('commands/young-objects', () => {
  it(`lets what is old and dead take ${isSoonAnyway ? 'no more' : 'less'} room than V8 does by itself`, async () => {
    const [ours, usual] = await Promise.all([heapAtMost('collectOldSooner()'), heapAtMost('')])
    expect(ours).toBeLessThan(usual * (isSoonAnyway ? 1.1 : 0.9))
  })
})
