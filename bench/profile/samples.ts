/** What perf(1) saw: one sample is a thread and its frames, the innermost first. Knows perf's words, and nothing of ours. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { readCodeMap } from './code-map'

/** Samples a second and thread, of the time in which it has the processor. */
export const RATE = 4_999

export interface Frame {
  readonly name: string
  /** The library's file name; `js` for what V8 compiled. */
  readonly of: string
}

export interface Sample {
  readonly thread: number
  readonly frames: readonly Frame[]
}

export interface Recording {
  /** Ends it. */
  samples(): Promise<readonly Sample[]>
}

/** Of all threads of a process that runs with `--perf-basic-prof`. Throws where perf isn't there, or may not. */
export async function record(pid: number, folder: string): Promise<Recording> {
  const probe = spawnSync('perf', ['stat', '-e', 'cpu-clock', 'true'], { encoding: 'utf8' })
  if (probe.status !== 0) {
    const why = probe.error?.message ?? probe.stderr
    throw new Error(`perf is needed (Debian: linux-perf), as root or with kernel.perf_event_paranoid ≤ 1: ${why}`)
  }
  const file = join(folder, 'perf.data')
  const words = ['-e', 'cpu-clock', '-F', String(RATE), '-g', '-p', String(pid), '-o', file]
  const perf = spawn('perf', ['record', ...words], { stdio: ['ignore', 'ignore', 'pipe'] })
  const over = once(perf, 'exit')
  // It says nothing when it has begun.
  await new Promise((done) => setTimeout(done, 1_000))
  return {
    async samples() {
      perf.kill('SIGINT')
      await over
      return read(file, pid)
    },
  }
}

async function read(file: string, pid: number): Promise<readonly Sample[]> {
  const codeAt = readCodeMap(`/tmp/perf-${pid}.map`)
  const words = ['script', '-i', file, '-F', 'tid,ip,sym,dso', '--no-inline']
  const perf = spawn('perf', words, { stdio: ['ignore', 'pipe', 'ignore'] })
  const samples: { thread: number; frames: Frame[] }[] = []
  for await (const line of createInterface({ input: perf.stdout })) {
    const thread = /^ *(\d+) *$/.exec(line)
    if (thread !== null) samples.push({ thread: Number(thread[1]), frames: [] })
    const found = /^\s+([0-9a-f]+) (.*) \((.*)\)$/.exec(line)
    if (found === null) continue
    const [, address = '', symbol = '', library = ''] = found
    const code = symbol === '[unknown]' || library.includes('perf-') ? codeAt(parseInt(address, 16)) : undefined
    const frame = code === undefined ? { name: symbol, of: library.split('/').at(-1) ?? '' } : { name: code, of: 'js' }
    samples.at(-1)?.frames.push(frame)
  }
  return samples.filter(({ frames }) => frames.length > 0)
}
