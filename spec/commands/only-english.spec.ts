import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const onlyEnglish = join(__dirname, '../../lib/commands/only-english')

/** What a process of its own tells that loads zod, after `before`. */
async function loading(before: string): Promise<{ readonly languages: number; readonly said: string }> {
  const code = `
    ${before}
    const { z } = require('zod')
    const languages = Object.keys(require.cache).filter((file) => /zod\\/v4\\/locales\\//.test(file)).length
    const said = z.strictObject({ port: z.int() }).safeParse({ port: 'x' }).error.issues[0].message
    console.log(JSON.stringify({ languages, said }))`
  const { stdout } = await run(process.execPath, ['--require', 'tsx/cjs', '-e', code])
  return JSON.parse(stdout) as { languages: number; said: string }
}

describe('commands/only-english', () => {
  it('keeps zod from loading languages that nobody reads, and leaves what it says as it is', async () => {
    const [ours, usual] = await Promise.all([loading(`require(${JSON.stringify(onlyEnglish)})`), loading('')])
    expect(ours.said).toBe(usual.said)
    // English, and the place of all others.
    expect(ours.languages).toBe(2)
    expect(usual.languages).toBeGreaterThan(40)
  })
})
