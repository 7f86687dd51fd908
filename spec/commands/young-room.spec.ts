import { execFile } from 'node:child_process'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { makeSpending } from '../../lib/commands/working'
import { boundYoungRoom } from '../../lib/commands/young-room'
import { handClock } from '../support/hand-clock'

const run = promisify(execFile)
const MIB = 1024 * 1024

/** A process whose work and room are set by hand. */
function make() {
  const clock = handClock()
  const its = { busy: 0, room: MIB, flags: [] as string[] }
  const set = (flags: string): void => void its.flags.push(flags)
  const stop = boundYoungRoom({ clock, busy: () => its.busy, room: () => its.room, set })
  const look = () => clock.advance(500)
  return { clock, its, stop, look }
}

/** MiB of young objects in a process of its own that makes many, of which some live for a while. */
async function roomOf(busy: number): Promise<number> {
  const code = `
    const { boundYoungRoom } = require(${JSON.stringify(join(__dirname, '../../lib/commands/young-room'))})
    const { getHeapSpaceStatistics } = require('node:v8')
    const room = () => getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size
    const looks = []
    boundYoungRoom({ clock: { after: (ms, then) => (looks.push(then), () => undefined) }, busy: () => ${busy} })
    const live = []
    for (let round = 0; round < 3_000; round++) {
      live.push(Array.from({ length: 500 }, (_each, n) => ({ n, text: 'number ' + n })))
      if (live.length > 60) live.shift()
      looks.shift()()
    }
    console.log(room())`
  const { stdout } = await run(process.execPath, ['--require', 'tsx/cjs', '-e', code])
  return Number(stdout) / MIB
}

const calm = '--semi-space-growth-factor=1 --heap-growing-percent=50'
const loaded = '--semi-space-growth-factor=2 --heap-growing-percent=100'

describe('commands/young-room', () => {
  it('leaves it to V8 while there is little', async () => {
    const { its, look } = make()
    its.room = 8 * MIB - 1
    for (let round = 0; round < 10; round++) await look()
    expect(its.flags).toEqual([])
  })

  it('has it grow no more once there is enough for who is not busy', async () => {
    const { its, look } = make()
    its.room = 8 * MIB
    its.busy = 0.44
    for (let round = 0; round < 10; round++) await look()
    expect(its.flags).toEqual([calm])
  })

  it('has it grow under load, and no more after it', async () => {
    const { its, look } = make()
    its.room = 8 * MIB
    await look()
    its.busy = 0.45
    for (let round = 0; round < 3; round++) await look()
    expect(its.flags).toHaveLength(1)
    await look()
    await look()
    its.room = 32 * MIB
    its.busy = 0.2
    await look()
    expect(its.flags).toEqual([calm, loaded, calm])
  })

  it('leaves it to V8 again once the room was given back', async () => {
    const { its, look } = make()
    its.room = 8 * MIB
    await look()
    its.room = MIB
    await look()
    expect(its.flags).toEqual([calm, loaded])
  })

  it('looks no more when it is stopped', async () => {
    const { clock, its, stop, look } = make()
    stop()
    its.room = 8 * MIB
    await look()
    expect(its.flags).toEqual([])
    expect(clock.waiting).toBe(0)
  })

  it('takes the processor’s time of all threads for the work, once', () => {
    const spent = makeSpending()
    for (const begun = process.cpuUsage(); process.cpuUsage(begun).user < 20_000;) Math.sqrt(2)
    expect(spent()).toBeGreaterThan(0)
    expect(spent()).toBeLessThan(cpus().length + 1)
  })

  it('is what V8 does', async () => {
    const [resting, busy] = await Promise.all([roomOf(0), roomOf(1)])
    expect(resting).toBeLessThanOrEqual(16)
    expect(busy).toBeGreaterThanOrEqual(2 * resting)
  })
})
