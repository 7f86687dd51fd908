import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startServerProcess, type ServerProgram } from '../../lib/sim/server-process'

/** A server of two lines: says that it is up, and goes when it is told to. */
const POLITE = `
  process.on('SIGTERM', () => { console.log('stopped in order'); process.exit() })
  setInterval(() => undefined, 1000)
  console.log('up as ' + process.pid)
  process.stderr.write('and complaining\\n')
`

function program(script: string, more: Partial<ServerProgram> = {}): ServerProgram {
  const directory = mkdtempSync(join(tmpdir(), 'server-process-'))
  writeFileSync(join(directory, 'data'), 'kept')
  return { name: 'the server', command: process.execPath, args: ['-e', script], directory, ready: [/up as/], ...more }
}

describe('lib/sim/server-process', () => {
  it('is up when its log says so, hears both outputs, and leaves nothing when it is stopped', async () => {
    const polite = program(POLITE, { ready: [/up as/, /complaining/] })
    const server = await startServerProcess(polite)
    expect(server.log()).toMatch(/up as \d+/)
    await server.stop()
    expect(server.log()).toContain('stopped in order')
    expect(existsSync(polite.directory)).toBe(false)
  })

  it('starts another process for a restart, with the data of the first', async () => {
    const polite = program(POLITE)
    const server = await startServerProcess(polite)
    await server.restart()
    const pids = server.log().match(/up as \d+/g) ?? []
    expect(new Set(pids).size).toBe(2)
    expect(existsSync(join(polite.directory, 'data'))).toBe(true)
    await server.stop()
  })

  it.each([
    ['one that is not installed', { command: '/nowhere/prosody' }, /ENOENT/],
    ['one that ends at once', { args: ['-e', 'console.log("port in use")'] }, /ended before it was up[^]*port in use/],
  ])('rejects with the log and leaves nothing of %s', async (_what, more, why) => {
    const broken = program(POLITE, more)
    await expect(startServerProcess(broken)).rejects.toThrow(why)
    expect(existsSync(broken.directory)).toBe(false)
  })

  it('gives its program no other environment than it was told', async () => {
    const server = await startServerProcess(program(`console.log('up as', process.env.A)`, { env: { A: 'b' } }))
    expect(server.log()).toContain('up as b')
    await server.stop()
  })
})
