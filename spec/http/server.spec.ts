import { connect } from 'node:net'
import { request } from 'node:http'
import { systemClock } from '../../lib/clock'
import { type HttpInterface } from '../../lib/http/interface'
import { startHttp, type HttpServer } from '../../lib/http/server'
import { Unavailable } from '../../lib/model/unavailable'
import { type Event } from '../../lib/observe'
import { like } from '../support/like'

const events: Event[] = []
const running: HttpServer[] = []

function echo(name: string, path = '/echo'): HttpInterface {
  return {
    name,
    for: 'callers',
    routes: [
      { method: 'GET', path, answer: (context) => context.text(name) },
      { method: 'POST', path, answer: async (context) => context.text(await context.req.text()) },
    ],
  }
}

const faulty: HttpInterface = {
  name: 'faulty',
  for: 'callers',
  routes: [
    {
      method: 'GET',
      path: '/faulty',
      answer: () => {
        throw new Error('a bug')
      },
    },
  ],
}

/** An interface whose store takes nothing. */
function storeless(name: string, refuse?: HttpInterface['refuse']): HttpInterface {
  const answer = (): never => {
    throw new Unavailable('store push.db takes nothing: the disk is full; make room')
  }
  const own = refuse === undefined ? {} : { refuse }
  return { name, for: 'callers', routes: [{ method: 'GET', path: `/${name}`, answer }], ...own }
}

async function start(...listeners: readonly (readonly HttpInterface[])[]): Promise<HttpServer> {
  const server = await startHttp({
    listeners: listeners.map((serve) => ({ host: '127.0.0.1', port: 0, serve })),
    clock: systemClock,
    observe: (event) => void events.push(event),
  })
  running.push(server)
  return server
}

/** Posts a body in chunks without saying how long it will be. */
function postUnmeasured(url: string, chunk: Buffer, times: number): Promise<number> {
  return new Promise((done, failed) => {
    const asked = request(url, { method: 'POST' }, (answer) => {
      answer.resume()
      done(answer.statusCode ?? 0)
    })
    asked.on('error', failed)
    for (let at = 0; at < times; at++) asked.write(chunk)
    asked.end()
  })
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close(0)))
  events.length = 0
})

describe('lib/http/server', () => {
  it('serves each interface on its own listener, and on no other', async () => {
    const { urls } = await start([echo('one')], [echo('two', '/two')])
    expect(await (await fetch(`${urls[0]}/echo`)).text()).toBe('one')
    expect(await (await fetch(`${urls[1]}/two`)).text()).toBe('two')
    expect((await fetch(`${urls[1]}/echo`)).status).toBe(404)
  })

  it('refuses at start two interfaces that claim one path of one listener', async () => {
    await expect(start([echo('one'), echo('two')])).rejects.toThrow(/one and two both claim GET \/echo; serve them on/)
    await expect(start([echo('one')], [echo('two')])).resolves.toBeDefined()
  })

  it('says that a port is taken, and listens nowhere then', async () => {
    const { urls } = await start([echo('one')])
    const taken = Number(new URL(urls[0] ?? '').port)
    const free = { host: '127.0.0.1', port: 0, serve: [echo('two')] }
    const starting = startHttp({
      listeners: [free, { ...free, port: taken }],
      clock: systemClock,
      observe: () => undefined,
    })
    await expect(starting).rejects.toThrow(
      /^http listener 127\.0\.0\.1:\d+: can't listen \(EADDRINUSE\): another program/,
    )
  })

  it('takes a body of 64 KiB and none that is larger, measured or not', async () => {
    const { urls } = await start([echo('one')])
    const url = `${urls[0]}/echo`
    const post = async (size: number) => (await fetch(url, { method: 'POST', body: 'x'.repeat(size) })).status
    expect(await post(64 * 1024)).toBe(200)
    expect(await post(64 * 1024 + 1)).toBe(413)
    expect(await postUnmeasured(url, Buffer.alloc(16 * 1024), 5)).toBe(413)
    expect(await postUnmeasured(url, Buffer.alloc(16 * 1024), 3)).toBe(200)
  })

  it('bounds the bodies and the pace of each interface by itself', async () => {
    const one = { ...echo('one'), mostBody: 1024 }
    const two = { ...echo('two', '/two'), pace: { burst: 1, perSecond: 0.001 } }
    const { urls } = await start([one, two])
    const post = async (path: string, size: number) =>
      (await fetch(`${urls[0]}${path}`, { method: 'POST', body: 'x'.repeat(size) })).status
    expect([await post('/echo', 1024), await post('/echo', 1025)]).toEqual([200, 413])
    expect([await post('/two', 1025), await post('/two', 1), await post('/echo', 1)]).toEqual([200, 429, 200])
  })

  it('tells of each request by its route, never by its path', async () => {
    const { urls } = await start([echo('one', '/device/:token')])
    await fetch(`${urls[0]}/device/s3cr3t`)
    expect(events).toMatchObject([
      { at: 'asked', interface: 'one', method: 'GET', path: '/device/:token', status: 200 },
    ])
    expect(JSON.stringify(events)).not.toContain('s3cr3t')
  })

  it('answers 500 to a bug, tells the operator, and tells the caller nothing of it', async () => {
    const { urls } = await start([faulty])
    const answer = await fetch(`${urls[0]}/faulty`)
    expect(answer.status).toBe(500)
    expect(await answer.text()).not.toContain('bug')
    expect(events).toMatchObject([
      { at: 'trouble', text: like(/\/faulty\) could not be handled: Error: a bug/) },
      { at: 'asked', interface: 'faulty', path: '/faulty', status: 500 },
    ])
  })

  it('answers 503 with a time to ask again while the store takes nothing, and tells why in one plain line', async () => {
    const { urls } = await start([storeless('plain')])
    const answers = [await fetch(`${urls[0]}/plain`), await fetch(`${urls[0]}/plain`)]
    expect(answers.map(({ status, headers }) => [status, headers.get('retry-after')])).toEqual([
      [503, '5'],
      [503, '5'],
    ])
    expect(await answers[0]?.text()).not.toContain('push.db')
    expect(events.filter(({ at }) => at === 'trouble')).toEqual([
      {
        at: 'trouble',
        about: `http listener ${new URL(urls[0] ?? '').host.replace(/\d+$/, '0')}`,
        text: 'a request to plain (GET /plain) could not be handled, and so is each until this is mended: store push.db takes nothing: the disk is full; make room',
      },
    ])
  })

  it('leaves that answer to an interface whose clients know no other: a time to ask again belongs to a refusal alone', async () => {
    const { urls } = await start([
      storeless('always-200', (context, why) => context.text(why)),
      storeless('own-503', (context, why) => context.text(why, 503)),
    ])
    const [well, ill] = [await fetch(`${urls[0]}/always-200`), await fetch(`${urls[0]}/own-503`)]
    expect([well.status, await well.text(), well.headers.get('retry-after')]).toEqual([200, 'unavailable', null])
    expect([ill.status, await ill.text(), ill.headers.get('retry-after')]).toEqual([503, 'unavailable', '5'])
  })

  it('closes though a client keeps its connection open', async () => {
    const server = await start([echo('one')])
    const socket = connect(Number(new URL(server.urls[0] ?? '').port), '127.0.0.1')
    await new Promise((done) => socket.once('connect', done))
    // A connection that is closed before the server took it is reset.
    socket.on('error', () => undefined)
    const gone = new Promise((done) => socket.once('close', done))
    socket.write('GET /echo HTTP/1.1\r\nhost: x\r\n')
    await server.close(0)
    await gone
    await expect(fetch(`${server.urls[0]}/echo`)).rejects.toThrow()
  })
})
