/** A call of the command line in a process of its own: what it prints, Enter, signals, and how it ends. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { compiled } from './compiled'

export interface CommandProcess {
  /** All that it has printed so far, on standard output and standard error. */
  readonly printed: string
  /** Resolves with the match when what was printed matches. Rejects if the process ends before that. */
  until(pattern: RegExp): Promise<RegExpExecArray>
  enter(): void
  signal(name: NodeJS.Signals): void
  /** Resolves with the exit code when it has ended by itself; `null` after a signal that it did not take. */
  readonly ended: Promise<number | null>
}

const PROGRAM = compiled(join(__dirname, 'command-at-keyboard.ts'))

/** Starts it; its temporary files go into `folder`, and `path` is where it finds programs. */
export function startCommand(
  { folder, path = '' }: { readonly folder: string; readonly path?: string },
  ...words: readonly string[]
): CommandProcess {
  const child = spawn(process.execPath, [PROGRAM, ...words], {
    env: { PATH: path, TMPDIR: folder },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let printed = ''
  let isGone = false
  const looking = new Set<() => void>()
  const look = (): void => looking.forEach((each) => each())
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text
      look()
    })
  }
  child.stdin.on('error', () => undefined)
  const ended = new Promise<number | null>((done) => child.on('close', (code) => done(code))).then((code) => {
    isGone = true
    look()
    return code
  })
  return {
    get printed() {
      return printed
    },
    until: (pattern) =>
      new Promise((found, failed) => {
        const check = (): void => {
          const match = pattern.exec(printed)
          if (match === null && !isGone) return
          looking.delete(check)
          if (match !== null) found(match)
          else failed(new Error(`ended before ${String(pattern)}:\n${printed}`))
        }
        looking.add(check)
        check()
      }),
    enter: () => void child.stdin.write('\n'),
    signal: (name) => void child.kill(name),
    ended,
  }
}
