/** Runs a server program of the machine as a child: up when its log says so, stopped in order, its directory removed. */
import { spawn, type ChildProcess } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { after } from './time'

export interface ServerProcess {
  /** All that it has written to its standard output and error. */
  log(): string
  /** Resolves when the log, past or to come, matches; rejects after 20 s. */
  logged(pattern: RegExp): Promise<void>
  /** Stops it in order and starts it again, on the same ports and with the same data. */
  restart(): Promise<void>
  /** Stops it in order and removes its directory. */
  stop(): Promise<void>
}

export interface ServerProgram {
  /** For people. */
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** Its environment; this process's own if left out. */
  readonly env?: NodeJS.ProcessEnv
  /** Where it runs and keeps its data; removed at the stop. */
  readonly directory: string
  /** It is up when its log has matched each of these since its start. */
  readonly ready: readonly RegExp[]
  /** Milliseconds in which it must be up; 30 s if left out. */
  readonly startWithin?: number
}

const START_WITHIN = 30_000
const LOGGED_WITHIN = 20_000
const STOP_WITHIN = 10_000

interface Running {
  readonly child: ChildProcess
  readonly gone: Promise<void>
}

/** Below those that systems give to connections going out: one of them could take a port before the program does that it is meant for. */
const [FIRST_PORT, LAST_PORT] = [11_000, 32_000]
const MOST_PORTS = 100

function isFree(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((told) => {
    server.once('error', () => told(false))
    server.listen(port, '127.0.0.1', () => server.close(() => told(true)))
  })
}

/** A port of 127.0.0.1 that nobody holds at this moment, and hardly anybody will in the next. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < MOST_PORTS; tries++) {
    const port = randomInt(FIRST_PORT, LAST_PORT)
    if (await isFree(port)) return port
  }
  throw new Error(`of ${MOST_PORTS} ports between ${FIRST_PORT} and ${LAST_PORT} none was free`)
}

/** Starts a program; resolves when it is ready. Rejects with the end of its log, and leaves nothing, where it is not. */
export async function startServerProcess(program: ServerProgram): Promise<ServerProcess> {
  const { name, directory, startWithin = START_WITHIN } = program
  let log = ''
  const watchers = new Set<() => void>()

  function run(): Running {
    const child = spawn(program.command, program.args, {
      cwd: directory,
      ...(program.env === undefined ? {} : { env: program.env }),
    })
    const hear = (bytes: Buffer): void => {
      log += bytes.toString('utf8')
      watchers.forEach((watch) => watch())
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    // A run that is broken off must leave no server behind.
    const kill = (): void => void child.kill('SIGKILL')
    process.once('exit', kill)
    const gone = new Promise<void>((done) => {
      const ended = (): void => {
        process.off('exit', kill)
        done()
      }
      child.on('close', ended)
      child.on('error', (error) => {
        hear(Buffer.from(`${program.command}: ${error.message}\n`))
        ended()
      })
    })
    return { child, gone }
  }

  function logged(pattern: RegExp, from: number, within: number, orGone?: Promise<void>): Promise<void> {
    return new Promise((found, failed) => {
      const end = (why?: string): void => {
        watchers.delete(look)
        giveUp()
        if (why === undefined) found()
        else failed(new Error(`${name} ${why}; its log ends:\n${log.slice(-3000)}`))
      }
      const look = (): void => {
        if (pattern.test(log.slice(from))) end()
      }
      const giveUp = after(within, () => end(`did not log ${String(pattern)} in ${within} ms`))
      void orGone?.then(() => end('ended before it was up'))
      watchers.add(look)
      look()
    })
  }

  async function down({ child, gone }: Running): Promise<void> {
    child.kill('SIGTERM')
    const kill = after(STOP_WITHIN, () => child.kill('SIGKILL'))
    await gone
    kill()
  }

  async function up(): Promise<Running> {
    const from = log.length
    const started = run()
    try {
      await Promise.all(program.ready.map((pattern) => logged(pattern, from, startWithin, started.gone)))
      return started
    } catch (error) {
      await down(started)
      throw error
    }
  }

  async function stop(): Promise<void> {
    await down(running)
    await rm(directory, { recursive: true, force: true })
  }

  let running: Running
  try {
    running = await up()
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }

  return Object.freeze({
    log: () => log,
    logged: (pattern: RegExp) => logged(pattern, 0, LOGGED_WITHIN),
    async restart() {
      await down(running)
      running = await up()
    },
    stop,
  })
}
