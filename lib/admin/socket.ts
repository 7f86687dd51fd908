/**
 * The service's Unix socket: a question is one line of JSON, its answer another, one of each per connection. Whoever may
 * open the socket may ask everything, so it belongs to the user of the service alone.
 */
import { lstatSync, unlinkSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { type Clock } from '../clock'
import { type Observe } from '../observe'
import { type Ask, type Reply } from './questions'
import { readQuestion } from './reading-questions'

/** `sun_path` of unix(7) is 108 bytes, the last of which is 0; macOS has four fewer. */
const LONGEST_PATH = process.platform === 'darwin' ? 103 : 107
const LONGEST_LINE = 64 * 1024
const MOST_CONNECTIONS = 32
/** Milliseconds in which the question must have come. */
const PATIENCE = 10_000

export interface Listening {
  /** Ends every connection and removes the socket. Idempotent. */
  close(): Promise<void>
}

/** Where the socket of a store lies: beside it. */
export function socketBeside(place: string): string {
  return `${place}.sock`
}

/** Says if no socket can have this path. */
export function tooLong(path: string): string | undefined {
  const bytes = Buffer.byteLength(path)
  return bytes <= LONGEST_PATH
    ? undefined
    : `its path has ${bytes} bytes, and a socket's may have ${LONGEST_PATH}: ${path}; put the store into a folder with a shorter path`
}

/** What a process that was killed left behind; whoever holds the store is the only one who may listen here. */
function removeStale(path: string): void {
  try {
    if (lstatSync(path).isSocket()) unlinkSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

/** Whether somebody listens there; what a process that was killed left behind is nobody. */
export function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EACCES'))
  })
}

/** Never seen by others, not for a moment: it is created with no rights for them, in one turn of the event loop. */
function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    const before = process.umask(0o177)
    try {
      server.listen(path, resolve)
    } finally {
      process.umask(before)
    }
  })
}

function spell(reply: Reply): string {
  return `${JSON.stringify(reply)}\n`
}

async function replyTo(line: string, ask: Ask, observe: Observe): Promise<Reply> {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return { is: 'failed', why: 'a question is one line of JSON' }
  }
  const question = readQuestion(value)
  if (typeof question === 'string') return { is: 'failed', why: question }
  try {
    return await ask(question)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    observe({ at: 'trouble', about: 'the socket', text: `"${question.ask}" could not be answered: ${why}` })
    return { is: 'failed', why }
  }
}

/** Listens at `path`, or tells the operator why it can't and listens nowhere: pushes do not depend on it. */
export async function listenForOperators(options: {
  readonly path: string
  readonly ask: Ask
  readonly clock: Clock
  readonly observe: Observe
}): Promise<Listening> {
  const { path, ask, clock, observe } = options
  const open = new Set<Socket>()

  function serve(socket: Socket): void {
    open.add(socket)
    let line = ''
    const answer = (reply: Reply): void => void socket.end(spell(reply))
    const giveUp = clock.after(PATIENCE, () => answer({ is: 'failed', why: 'no question came' }))
    socket.setEncoding('utf8')
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      giveUp()
      open.delete(socket)
    })
    const onData = (text: string): void => {
      line += text
      const end = line.indexOf('\n')
      if (end < 0 && line.length <= LONGEST_LINE) return
      socket.off('data', onData)
      socket.resume()
      giveUp()
      if (end < 0) answer({ is: 'failed', why: `a question has at most ${LONGEST_LINE} bytes` })
      else void replyTo(line.slice(0, end), ask, observe).then(answer)
    }
    socket.on('data', onData)
    // A caller that has said all and no whole question will not say more.
    socket.on('end', () => {
      if (line.indexOf('\n') < 0) answer({ is: 'failed', why: 'a question ends with a line end' })
    })
  }

  const server = createServer({ allowHalfOpen: true }, serve)
  server.maxConnections = MOST_CONNECTIONS
  try {
    const wrong = tooLong(path)
    if (wrong !== undefined) throw new Error(wrong)
    removeStale(path)
    await listen(server, path)
  } catch (error) {
    const text = `commands can't reach this service: ${error instanceof Error ? error.message : String(error)}`
    observe({ at: 'trouble', about: 'the socket', text })
    return { close: () => Promise.resolve() }
  }
  server.on('error', (error) => observe({ at: 'trouble', about: 'the socket', text: error.message }))

  let closed: Promise<void> | undefined
  return Object.freeze({
    close: () =>
      (closed ??= new Promise<void>((resolve) => {
        for (const socket of open) socket.destroy()
        server.close(() => resolve())
      })),
  })
}
