import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { boundYoungRoom } from '../../lib/commands/young-room'
import { handClock } from '../support/hand-clock'

const run = promisify(execFile)
const MIB = 1024 * 1024

/** A process whose objects and room are set by hand. */
function make() {
  const clock = handClock()
  const its = { made: 0, room: MIB, flags: [] as string[], isOver: false }
  const set = (flags: string): void => void its.flags.push(flags)
  const allocating = { perSecond: () => its.made * MIB, stop: () => void (its.isOver = true) }
  const stop = boundYoungRoom({ clock, allocating, room: () => its.room, set })
  const look = () => clock.advance(500)
  return { clock, its, stop, look }
}

/** MiB of young objects in a process of its own that makes many, of which some live for a while. */
async function roomOf(perSecond: number): Promise<number> {
  const code = `
    const { boundYoungRoom } = require(${JSON.stringify(join(__dirname, '../../lib/commands/young-room'))})
    const { getHeapSpaceStatistics } = require('node:v8')
    const room = () => getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size
    const looks = []
    boundYoungRoom({ clock: { after: (ms, then) => (looks.push(then), () => undefined) }, allocating: { perSecond: () => ${perSecond} } })
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

/** Prints how much was made in a second, by a process that makes 64 MiB, and then nothing. */
const makesMuch = `
  const { makeAllocating } = require(${JSON.stringify(join(__dirname, '../../lib/commands/allocating'))})
  const allocating = makeAllocating()
  let kept
  for (let round = 0; round < 8_000_000; round++) kept = { round }
  setImmediate(() => setImmediate(() => {
    const made = allocating.perSecond()
    console.log(made, allocating.perSecond(), kept.round > 0 ? '' : 'never')
    allocating.stop()
  }))`

const calm = '--semi-space-growth-factor=1 --heap-growing-percent=50'
const loaded = '--semi-space-growth-factor=2 --heap-growing-percent=100'

describe('commands/young-room', () => {
  it('leaves it to V8 while there is little', async () => {
    const { its, look } = make()
    its.room = 8 * MIB - 1
    for (let round = 0; round < 10; round++) await look()
    expect(its.flags).toEqual([])
  })

  it('has it grow no more once there is enough for who makes little', async () => {
    const { its, look } = make()
    its.room = 8 * MIB
    its.made = 63
    for (let round = 0; round < 10; round++) await look()
    expect(its.flags).toEqual([calm])
  })

  it('has it grow under load, and no more after it', async () => {
    const { its, look } = make()
    its.room = 8 * MIB
    await look()
    its.made = 64
    for (let round = 0; round < 3; round++) await look()
    expect(its.flags).toHaveLength(1)
    await look()
    await look()
    its.room = 32 * MIB
    its.made = 20
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
    expect(its.isOver).toBe(true)
  })

  it('reckons by what was collected how much was made, and forgets it once asked', async () => {
    const { stdout } = await run(process.execPath, ['--require', 'tsx/cjs', '-e', makesMuch])
    const [made, atRest] = stdout.trim().split(' ').map(Number)
    // 64 MiB in all, within less than ten seconds.
    expect(made).toBeGreaterThan(4 * MIB)
    expect(atRest).toBe(0)
  })

  it('is what V8 does', async () => {
    const [resting, busy] = await Promise.all([roomOf(0), roomOf(1e12)])
    expect(resting).toBeLessThanOrEqual(16)
    expect(busy).toBeGreaterThanOrEqual(2 * resting)
  })
})
