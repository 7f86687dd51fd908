/** What processes use, as Linux accounts them: proc(5), `stat`, `status`, and `schedstat` of each thread. */
import { readFileSync, readdirSync } from 'node:fs'

const TICKS_PER_SECOND = 100

export interface Usage {
  /** Seconds, of all threads. */
  readonly cpu: number
  /** Seconds that its threads were ready to run and had no core, added up. */
  readonly waited: number
  /** Mebibytes; `peak`: of the whole life so far. */
  readonly resident: number
  readonly peak: number
}

function fieldsOf(pid: number): readonly string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

const seconds = (...ticks: readonly (string | undefined)[]): number =>
  ticks.reduce((sum, each) => sum + Number(each), 0) / TICKS_PER_SECOND

function secondsWaited(pid: number): number {
  let nanoseconds = 0
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[1])
    } catch {
      // It ended meanwhile.
    }
  }
  return nanoseconds / 1e9
}

/** Of one process that lives. */
export function usageOf(pid: number): Usage {
  const fields = fieldsOf(pid)
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const mebibytes = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024
  return {
    cpu: seconds(fields[11], fields[12]),
    waited: secondsWaited(pid),
    resident: mebibytes('VmRSS'),
    peak: mebibytes('VmHWM'),
  }
}

/** Seconds of CPU of a process and of its children, those that ended too. */
export function secondsOfFamily(root: number): number {
  let sum = 0
  for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
    try {
      const fields = fieldsOf(Number(name))
      if (Number(name) === root) sum += seconds(...fields.slice(11, 15))
      else if (Number(fields[1]) === root) sum += seconds(fields[11], fields[12])
    } catch {
      // It ended meanwhile.
    }
  }
  return sum
}
