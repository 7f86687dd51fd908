import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { askService } from '../../lib/admin/asking'
import { listenForOperators, type Listening } from '../../lib/admin/socket'
import { type Ask } from '../../lib/admin/questions'
import { systemClock } from '../../lib/clock'
import { type Event } from '../../lib/observe'
import { makeFolder } from '../support/folder'
import { handClock } from '../support/hand-clock'

const folder = makeFolder()
const clock = handClock()
const events: Event[] = []
const asked: unknown[] = []
let path = ''
let listening: Listening | undefined
let made = 0

const ask = (async (question: { readonly ask: string }) => {
  asked.push(question)
  if (question.ask === 'erase') throw new Error('the disk is full')
  return { is: 'answer', answer: { retried: 7 } }
}) as unknown as Ask

async function listen(): Promise<void> {
  listening = await listenForOperators({ path, ask, clock, observe: (event) => void events.push(event) })
}

/** What comes back for these bytes, until the service hangs up. */
async function say(text: string, end = false): Promise<unknown> {
  const socket = connect(path)
  let heard = ''
  socket.setEncoding('utf8').on('data', (part: string) => (heard += part))
  socket.on('error', () => undefined)
  if (end) socket.end(text)
  else socket.write(text)
  await once(socket, 'close')
  expect(heard.endsWith('\n')).toBe(true)
  return JSON.parse(heard) as unknown
}

beforeEach(() => {
  path = join(folder.path, `${++made}.sock`)
  asked.length = 0
  events.length = 0
})

afterEach(async () => {
  await listening?.close()
  listening = undefined
})

describe('lib/admin/socket', () => {
  it('answers one question per connection, and nothing that follows it', async () => {
    await listen()
    const question = '{"ask":"retry","app":"a"}\n'
    expect(await say(question + question)).toEqual({ is: 'answer', answer: { retried: 7 } })
    expect(asked).toEqual([{ ask: 'retry', app: 'a' }])
    expect(await say(question, true)).toMatchObject({ is: 'answer' })
  })

  it.each([
    ['status\n', 'a question is one line of JSON'],
    ['null\n', 'a question is an object with "ask"'],
    ['{"ask":"everything"}\n', 'this version of the service knows no question "everything"'],
    ['{"ask":"__proto__"}\n', 'knows no question'],
    ['{"ask":"explain"}\n', '"about" of "explain" is missing'],
    ['{"ask":"explain","about":""}\n', '"about" of "explain" is missing'],
    ['{"ask":"outbox","limit":1001}\n', '"limit" of "outbox" is missing or not what it should be'],
    ['{"ask":"status","loud":true}\n', '"status" has no "loud"'],
    [`{"ask":"explain","about":"${'x'.repeat(70_000)}"}`, 'a question has at most 65536 bytes'],
  ])('says what is wrong with %.30s', async (text, why) => {
    await listen()
    expect(await say(text)).toEqual({ is: 'failed', why: expect.stringContaining(why) as string })
    expect(asked).toEqual([])
  })

  it('says what is wrong with half a question', async () => {
    await listen()
    expect(await say('{"ask":"status"}', true)).toEqual({ is: 'failed', why: 'a question ends with a line end' })
  })

  it('waits ten seconds for a question and no longer', async () => {
    await listen()
    const answer = say('{"ask"')
    while (clock.waiting === 0) await new Promise((done) => setImmediate(done))
    await clock.advance(10_000)
    expect(await answer).toEqual({ is: 'failed', why: 'no question came' })
  })

  it('answers in words where the question could not be answered, and tells the operator', async () => {
    await listen()
    expect(await say('{"ask":"erase","owner":"a@b"}\n')).toEqual({ is: 'failed', why: 'the disk is full' })
    expect(events).toMatchObject([{ at: 'trouble', text: '"erase" could not be answered: the disk is full' }])
  })

  it('belongs to its owner alone, whatever the umask, and leaves the umask as it was', async () => {
    const before = process.umask(0)
    try {
      await listen()
      expect(statSync(path).mode & 0o777).toBe(0o600)
      expect(process.umask()).toBe(0)
    } finally {
      process.umask(before)
    }
  })

  it('takes the place of a socket that a killed process left', async () => {
    const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(existsSync(path)).toBe(true)
    expect(await askService(path, { ask: 'status' }, systemClock)).toEqual({ is: 'nobody' })
    await listen()
    expect(await say('{"ask":"retry","app":"a"}\n')).toMatchObject({ is: 'answer' })
    expect(events).toEqual([])
  })

  it('leaves a file in its place untouched, tells the operator and listens nowhere', async () => {
    writeFileSync(path, 'precious')
    await listen()
    expect(readFileSync(path, 'utf8')).toBe('precious')
    expect(events).toMatchObject([{ at: 'trouble', about: 'the socket' }])
    expect(events).toMatchObject([{ text: expect.stringContaining("commands can't reach this service") as string }])
  })

  it('tells plainly of a path that no socket can have', async () => {
    const deep = join(folder.path, 'x'.repeat(100))
    mkdirSync(deep)
    path = join(deep, 'a.sock')
    await listen()
    const why = expect.stringMatching(/its path has \d+ bytes, and a socket's may have 10\d: .*shorter path/) as string
    expect(events).toMatchObject([{ text: why }])
    expect(await askService(path, { ask: 'status' }, systemClock)).toEqual({ is: 'silent', why })
  })

  it('is gone once closed', async () => {
    await listen()
    await listening?.close()
    expect(existsSync(path)).toBe(false)
  })
})

describe('lib/admin/asking', () => {
  it('finds nobody where there is no socket', async () => {
    expect(await askService(path, { ask: 'status' }, systemClock)).toEqual({ is: 'nobody' })
  })

  it.each([
    ['hangs up', (): string => ''],
    ['ends in the middle of its answer', (): string => '{"is":"answer","ans'],
  ])('says so where the service %s', async (_what, answer) => {
    const server = createServer({ allowHalfOpen: true }, (socket) => void socket.end(answer())).listen(path)
    await once(server, 'listening')
    expect(await askService(path, { ask: 'status' }, systemClock)).toEqual({
      is: 'silent',
      why: expect.stringContaining('ended before its answer was whole') as string,
    })
    server.close()
  })

  it('gives up on a service that does not answer', async () => {
    const patience = handClock()
    const server = createServer(() => undefined).listen(path)
    await once(server, 'listening')
    const answer = askService(path, { ask: 'status' }, patience)
    await once(server, 'connection')
    await patience.advance(120_000)
    expect(await answer).toMatchObject({ is: 'silent', why: expect.stringContaining('does not answer') as string })
    server.close()
  })
})
