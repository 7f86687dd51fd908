/** The lives of the program: started from a copy of its own, killed or stopped, and what it left in its log. */
import { spawn } from 'node:child_process'
import {
  closeSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type * as Sqlite from '../../lib/stores/sqlite'

/** A log line of a settled delivery, as far as it is looked at. */
export interface Settled {
  readonly at: 'settled'
  readonly delivery: string
  readonly app: string
  readonly class: string
  readonly end?: string
  readonly resent: boolean
}

export interface Life {
  /** By `performance.now()`. */
  readonly since: number
  /** True once the process has ended, by whatever cause. */
  isOver(): boolean
  /** SIGKILL; resolves when the process is gone, with true if it had ended by itself before. */
  kill(): Promise<boolean>
  readonly pid: number
  /** Sends a signal that does not end it. */
  signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGHUP'): void
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>
  /** Where its log is written. */
  readonly logFile: string
  /** The log so far, line by line; a line that was cut is left out. */
  log(): readonly Readonly<Record<string, unknown>>[]
  /** What was written besides the log; nothing once it is excused. */
  complaints(): string
  /** It could not but end: what it wrote about that is no complaint. */
  excuse(): void
}

export interface Program {
  /** `more`: added to its environment. */
  start(config: string, more?: Readonly<Record<string, string>>): Life
  /** All lives so far. */
  readonly lives: readonly Life[]
  /** The store as this program has it. */
  readonly sqlite: (typeof Sqlite)['sqlite']
}

function parse(line: string): readonly Readonly<Record<string, unknown>>[] {
  try {
    return [JSON.parse(line) as Readonly<Record<string, unknown>>]
  } catch {
    return []
  }
}

/** Copies the built program into a folder, so that building again in the meantime changes nothing. */
export function copyProgram(root: string, folder: string): Program {
  mkdirSync(folder, { recursive: true })
  cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true })
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  const cli = join(folder, 'dist', 'cli.js')
  const load = createRequire(cli)
  const lives: Life[] = []
  return {
    lives,
    sqlite: (load('./stores/sqlite.js') as typeof Sqlite).sqlite,
    start(config, more = {}) {
      const out = join(folder, `life-${lives.length}.log`)
      const err = join(folder, `life-${lives.length}.err`)
      const files = [openSync(out, 'w'), openSync(err, 'w')] as const
      const since = performance.now()
      const child = spawn(process.execPath, [cli, 'run', '--config', config], {
        stdio: ['ignore', ...files],
        env: { ...process.env, ...more },
      })
      for (const file of files) closeSync(file)
      let isOver = false
      const over = new Promise<number | null>((done) =>
        child.once('exit', (code) => {
          isOver = true
          done(code)
        }),
      )
      const life: Life = {
        since,
        pid: child.pid ?? 0,
        signal: (name) => void child.kill(name),
        isOver: () => isOver,
        async kill() {
          const wasOver = isOver
          child.kill('SIGKILL')
          await over
          return wasOver
        },
        async stop() {
          child.kill('SIGTERM')
          return over
        },
        logFile: out,
        log: () => readFileSync(out, 'utf8').split('\n').flatMap(parse),
        excuse: () => rmSync(err, { force: true }),
        complaints: () => (existsSync(err) ? readFileSync(err, 'utf8').trim() : ''),
      }
      lives.push(life)
      return life
    },
  }
}
