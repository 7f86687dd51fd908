import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { systemClock } from '../../lib/clock'
import { collectAll, giveBackAtRest } from '../../lib/commands/giving-back'
import { handClock, settle } from '../support/hand-clock'

const MIB = 1024 * 1024
const clock = `require(${JSON.stringify(join(__dirname, '../../lib/clock'))}).systemClock`

/** A process whose heap and work are set by hand; what is collected leaves 20 MiB. */
function make() {
  const clock = handClock()
  const its = { heap: 40 * MIB, busy: 0, collected: 0 }
  const stop = giveBackAtRest({
    clock,
    busy: () => its.busy,
    heap: () => its.heap,
    collect: () => {
      its.collected += 1
      its.heap = 20 * MIB
      return Promise.resolve()
    },
  })
  return { clock, its, stop }
}

describe('commands/giving-back', () => {
  it('collects once the process rests after its start', async () => {
    const { clock, its } = make()
    await clock.advance(1_000)
    expect(its.collected).toBe(0)
    await clock.advance(1_000)
    expect(its.collected).toBe(1)
  })

  it('does not while it works', async () => {
    const { clock, its } = make()
    its.busy = 0.5
    for (let second = 0; second < 60; second++) await clock.advance(1_000)
    expect(its.collected).toBe(0)
  })

  it('takes a short pause between two bursts for no rest', async () => {
    const { clock, its } = make()
    for (let second = 0; second < 60; second++) {
      its.busy = second % 2 === 0 ? 0.5 : 0
      await clock.advance(1_000)
    }
    expect(its.collected).toBe(0)
  })

  it('collects nothing more where little has come since', async () => {
    const { clock, its } = make()
    for (let second = 0; second < 60; second++) {
      await clock.advance(1_000)
      its.heap = Math.min(its.heap + MIB / 20, 40 * MIB)
    }
    expect(its.collected).toBe(1)
  })

  it('collects again after a burst', async () => {
    const { clock, its } = make()
    for (let second = 0; second < 3; second++) await clock.advance(1_000)
    its.heap = 90 * MIB
    its.busy = 1
    await clock.advance(1_000)
    its.busy = 0
    for (let second = 0; second < 3; second++) await clock.advance(1_000)
    expect(its.collected).toBe(2)
    expect(its.heap).toBe(20 * MIB)
  })

  it('looks no more when it is stopped', async () => {
    const { clock, its, stop } = make()
    stop()
    for (let second = 0; second < 5; second++) await clock.advance(1_000)
    expect(its.collected).toBe(0)
  })

  it('leaves a process that ends by itself', async () => {
    const file = JSON.stringify(join(__dirname, '../../lib/commands/giving-back'))
    const code = `require(${file}).collectAll(${clock}).then(() => console.log('collected'))`
    const child = spawn(process.execPath, ['--require', 'tsx/cjs', '-e', code], { stdio: 'ignore', timeout: 20_000 })
    expect((await once(child, 'exit')) as unknown[]).toEqual([0, null])
  })

  it('collects what nobody refers to in another thread', async () => {
    const thread = new Worker(
      `const lost = new WeakRef(Array.from({ length: 1_000 }, () => ({})))
       const { parentPort } = require('node:worker_threads')
       parentPort.on('message', () => parentPort.postMessage(lost.deref() === undefined ? 'lost' : 'kept'))
       parentPort.postMessage('made')`,
      { eval: true },
    )
    const ask = async (): Promise<unknown> => {
      const [told] = (await once(thread, 'message')) as unknown[]
      return told
    }
    expect(await ask()).toBe('made')
    await collectAll(systemClock)
    thread.postMessage('which?')
    expect(await ask()).toBe('lost')
    await thread.terminate()
  })

  it('does not wait longer than a second for a thread that hangs', async () => {
    const shared = new Int32Array(new SharedArrayBuffer(4))
    const thread = new Worker(
      `const { parentPort, workerData } = require('node:worker_threads')
       parentPort.postMessage('hangs')
       Atomics.wait(workerData, 0, 0)
       parentPort.postMessage('goes on')`,
      { eval: true, workerData: shared },
    )
    await once(thread, 'message')
    const time = handClock()
    const collected = collectAll(time)
    while (time.waiting === 0) await settle()
    await time.advance(1_000)
    await collected
    const goesOn = once(thread, 'message')
    Atomics.store(shared, 0, 1)
    Atomics.notify(shared, 0)
    expect(await goesOn).toEqual(['goes on'])
    await once(thread, 'exit')
  })

  it('collects what nobody refers to', async () => {
    const kept: { text: string }[] = [{ text: 'kept' }]
    const refs = ['kept', 'lost'].map((text) => new WeakRef(text === 'kept' ? (kept[0] ?? { text }) : { text }))
    // What was just looked at is kept till the end of the turn.
    await new Promise((done) => setImmediate(done))
    await collectAll(systemClock)
    expect(refs.map((ref) => ref.deref()?.text)).toEqual(['kept', undefined])
  })
})
