import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Whether V8 makes a hot function optimized in a process that was called with this word. */
async function optimizes(word: string): Promise<string> {
  const code = `
    require(${JSON.stringify(join(__dirname, '../../lib/commands/held-back'))})
    const hot = (n) => { let sum = 0; for (let i = 0; i < n; i++) sum += i % 7; return sum }
    for (let round = 0; round < 20_000 && !%ActiveTierIsTurbofan(hot); round++) hot(1_000)
    console.log(%ActiveTierIsTurbofan(hot))`
  // `-e` has no file: the word is the third all the same, behind a stand-in for it.
  const words = ['--require', 'tsx/cjs', '--allow-natives-syntax', '-e', code, 'cli.js', word]
  return (await run(process.execPath, words)).stdout.trim()
}

describe('commands/held-back', () => {
  it('has V8 optimize nothing while the service starts, and leaves the other commands alone', async () => {
    expect(await Promise.all(['run', 'check'].map(optimizes))).toEqual(['false', 'true'])
  })
})
