/** A child process that prints one JSON object a line, and the waiting for one of them. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

export interface ChildLines {
  readonly lines: readonly Readonly<Record<string, unknown>>[]
  /** The first line, past or to come, with this value of `event`; rejects when the process ends before it. */
  until(event: string): Promise<Readonly<Record<string, unknown>>>
  /** Ends the process and resolves when it is gone. */
  stop(): Promise<void>
}

/** Starts a process; what it writes to its standard error is told where a wait for it fails. */
export function startChild(command: string, args: readonly string[]): ChildLines {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const lines: Record<string, unknown>[] = []
  const looking = new Set<() => void>()
  let complaints = ''
  let isGone = false
  child.stderr.on('data', (bytes: Buffer) => (complaints += bytes.toString('utf8')))
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(JSON.parse(line) as Record<string, unknown>)
    looking.forEach((look) => look())
  })
  const gone = new Promise<void>((done) => child.on('close', () => done())).then(() => {
    isGone = true
    looking.forEach((look) => look())
  })
  return {
    lines,
    until: (event) =>
      new Promise((found, failed) => {
        const look = (): void => {
          const line = lines.find((each) => each['event'] === event)
          if (line === undefined && !isGone) return
          looking.delete(look)
          if (line !== undefined) found(line)
          else failed(new Error(`${command} ended without the event ${event}:\n${complaints}`))
        }
        looking.add(look)
        look()
      }),
    stop() {
      child.kill('SIGKILL')
      return gone
    },
  }
}
