import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { optimizeOnceBusy } from '../../lib/commands/optimizing'
import { handClock } from '../support/hand-clock'

const run = promisify(execFile)

/** A process whose work is set by hand. */
function make() {
  const clock = handClock()
  const its = { busy: 0, flags: [] as string[] }
  const { started, stop } = optimizeOnceBusy({
    clock,
    busy: () => its.busy,
    set: (flags) => void its.flags.push(...flags.split(' ', 1)),
  })
  return { clock, its, started, stop }
}

describe('commands/optimizing', () => {
  it('holds the compiler back while the process rests', async () => {
    const { clock, its, started } = make()
    started()
    its.busy = 0.14
    for (let look = 0; look < 100; look++) await clock.advance(500)
    expect(its.flags).toEqual(['--no-opt'])
  })

  it('holds it back through a start, however long that takes', async () => {
    const { clock, its } = make()
    its.busy = 1
    for (let look = 0; look < 100; look++) await clock.advance(500)
    expect(its.flags).toEqual(['--no-opt'])
  })

  it('lets it work once four looks in a row find work, and looks no more', async () => {
    const { clock, its, started } = make()
    started()
    its.busy = 0.15
    for (let look = 0; look < 3; look++) await clock.advance(500)
    expect(its.flags).toEqual(['--no-opt'])
    await clock.advance(500)
    expect(its.flags).toEqual(['--no-opt', '--opt'])
    expect(clock.waiting).toBe(0)
  })

  it('takes a short burst for no work', async () => {
    const { clock, its, started } = make()
    started()
    for (let look = 0; look < 20; look++) {
      its.busy = look % 4 === 3 ? 0 : 1
      await clock.advance(500)
    }
    expect(its.flags).toEqual(['--no-opt'])
  })

  it('leaves it to V8 again when it is stopped, and looks no more', async () => {
    const { clock, its, started, stop } = make()
    started()
    stop()
    its.busy = 1
    for (let look = 0; look < 5; look++) await clock.advance(500)
    expect(its.flags).toEqual(['--no-opt', '--opt'])
    expect(clock.waiting).toBe(0)
  })

  it('has V8 optimize a function that is hot only when the process is busy', async () => {
    const code = `
      const { optimizeOnceBusy } = require(${JSON.stringify(join(__dirname, '../../lib/commands/optimizing'))})
      const hot = (n) => { let sum = 0; for (let i = 0; i < n; i++) sum += i % 7; return sum }
      const isOptimized = () => %ActiveTierIsTurbofan(hot)
      const work = () => { for (let round = 0; round < 5_000; round++) hot(1_000) }
      const looks = []
      optimizeOnceBusy({ clock: { after: (ms, then) => (looks.push(then), () => undefined) }, busy: () => 1 }).started()
      work()
      const before = isOptimized()
      while (looks.length > 0) looks.shift()()
      for (let round = 0; round < 1_000 && !isOptimized(); round++) work()
      console.log(before, isOptimized())`
    const { stdout } = await run(process.execPath, ['--require', 'tsx/cjs', '--allow-natives-syntax', '-e', code])
    expect(stdout).toBe('false true\n')
  })
})
