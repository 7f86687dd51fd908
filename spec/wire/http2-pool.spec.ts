import { type ServerHttp2Stream } from 'node:http2'
import { makeHttp2Origin } from '../../lib/wire/http2'
import { type Origin, type OriginOptions, type WireRequest } from '../../lib/wire/wire'
import { handClock, settle, type HandClock } from '../support/hand-clock'
import { ca, makePeer, ok, type Peer } from '../support/http2-peer'
import { sessions } from '../support/http2-sessions'

const post = (path: string, more: Partial<WireRequest> = {}): WireRequest => ({
  method: 'POST',
  path,
  headers: {},
  body: '{}',
  ...more,
})
const LIMIT = 4

describe.each(sessions)('wire/http2, how many connections, by %s', (_name, http2) => {
  let clock: HandClock
  let peer: Peer
  let held: { readonly stream: ServerHttp2Stream; readonly session: number }[]
  const ends: (() => Promise<unknown>)[] = []

  beforeEach(async () => {
    clock = handClock()
    held = []
    peer = await makePeer((stream, _, session) => held.push({ stream, session }), { maxConcurrentStreams: LIMIT })
    ends.push(() => peer.close())
  })
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
  })

  const originOf = (more: Partial<OriginOptions> = {}): Origin => {
    const origin = makeHttp2Origin(
      {
        url: `https://localhost:${peer.port}`,
        ca,
        requestTimeout: 600_000,
        connectTimeout: 5000,
        pingAfter: 600_000,
        maxBody: 1000,
        initialStreams: 0,
        maxStreams: 100,
        connections: 3,
        growing: true,
        http2,
        notice: () => undefined,
        ...more,
      },
      clock,
    )
    ends.push(() => Promise.all([origin.close(0), clock.advance(0)]))
    return origin
  }
  const until = async (so: () => boolean): Promise<void> => {
    for (let turn = 0; turn < 100_000 && !so(); turn++) await settle(1)
    expect(so()).toBe(true)
  }
  /** Keeps so many requests under way for so many tenths of a second: each tenth the oldest is answered and another sent. */
  const load = async (origin: Origin, most: number, tenths: number): Promise<void> => {
    const out = new Set<Promise<unknown>>()
    const fill = (): void => {
      while (out.size < most) {
        const answer = origin.request(post('/')).finally(() => out.delete(answer))
        out.add(answer)
      }
    }
    for (let tenth = 0; tenth < tenths; tenth++) {
      fill()
      await until(() => held.length >= Math.min(most, LIMIT))
      await clock.advance(100)
      const oldest = held.shift()
      if (oldest !== undefined) ok(oldest.stream)
      await until(() => out.size < most)
    }
    const left = (): boolean => {
      for (const { stream } of held.splice(0)) ok(stream)
      return out.size === 0
    }
    await until(left)
  }
  const openNow = (): number => peer.sessions.filter((session) => !session.destroyed && !session.closed).length

  it('is one for a burst, however many requests it has', async () => {
    const origin = originOf()
    const answers = Array.from({ length: 50 }, () => origin.request(post('/')))
    let ended = 0
    for (const answer of answers) void answer.then(() => ended++)
    await until(() => {
      for (const { stream } of held.splice(0)) ok(stream)
      return ended === 50
    })
    expect(peer.sessions).toHaveLength(1)
    expect(origin.connections?.()).toBe(1)
  })

  it('grows by one each second in which all streams are in use, up to its bound, and all are used', async () => {
    const origin = originOf()
    await load(origin, 40, 15)
    await until(() => peer.sessions.length === 2)
    await load(origin, 40, 12)
    await until(() => peer.sessions.length === 3)
    await load(origin, 40, 40)
    expect(peer.sessions).toHaveLength(3)
    expect(origin.connections?.()).toBe(3)
    const answers = Array.from({ length: 12 }, () => origin.request(post('/')))
    await until(() => held.length === 12)
    expect(new Set(held.map(({ session }) => session)).size).toBe(3)
    for (const { stream } of held.splice(0)) ok(stream)
    await Promise.all(answers)
    expect(peer.most()).toBe(LIMIT)
  })

  it('stays one under a load that one bears', async () => {
    const origin = originOf()
    await load(origin, LIMIT - 1, 60)
    expect(peer.sessions).toHaveLength(1)
  })

  it('stays one while a peer takes everything and answers nothing', async () => {
    const origin = originOf()
    const answers = Array.from({ length: 20 }, () => origin.request(post('/')))
    await until(() => held.length === LIMIT)
    await clock.advance(30_000)
    expect(peer.sessions).toHaveLength(1)
    await until(() => {
      for (const { stream } of held.splice(0)) ok(stream)
      return peer.paths.length === 20
    })
    await Promise.all(answers)
  })

  it('shrinks after a minute in which fewer would have done, letting what is under way end', async () => {
    const origin = originOf({ connections: 2 })
    await load(origin, 40, 15)
    await until(() => openNow() === 2)
    const slow = [origin.request(post('/')), origin.request(post('/'))]
    await until(() => held.length === 2)
    await clock.advance(62_000)
    expect(origin.connections?.()).toBe(1)
    for (const { stream } of held.splice(0)) ok(stream)
    expect((await Promise.all(slow)).map((reply) => reply.is)).toEqual(['reply', 'reply'])
    await until(() => openNow() === 1)
    await clock.advance(1000)
    expect(clock.waiting).toBeLessThanOrEqual(2)
  })

  it('is what the setting says at once where it says a number', async () => {
    const origin = makeHttp2Origin(
      {
        ...{ url: `https://localhost:${peer.port}`, ca, requestTimeout: 600_000, connectTimeout: 5000 },
        ...{ pingAfter: 600_000, maxBody: 1000, initialStreams: 0, maxStreams: 100, connections: 2, http2 },
        notice: () => undefined,
      },
      clock,
    )
    ends.push(() => Promise.all([origin.close(0), clock.advance(0)]))
    const answers = Array.from({ length: 20 }, () => origin.request(post('/')))
    await until(() => held.length === 2 * LIMIT)
    expect(peer.sessions).toHaveLength(2)
    await until(() => {
      for (const { stream } of held.splice(0)) ok(stream)
      return peer.paths.length === 20 && held.length === 0
    })
    await Promise.all(answers)
    expect(origin.connections?.()).toBe(2)
  })

  it('leaves a request unwritten whose time is over before there is room for it', async () => {
    const origin = originOf({ connections: 1 })
    const first = Array.from({ length: LIMIT }, (_, n) => origin.request(post(`/${n}`)))
    const late = origin.request(post('/late', { notAfter: clock.elapsed() + 1000 }))
    const early = origin.request(post('/early', { notAfter: clock.elapsed() + 2000 }))
    await until(() => held.length === LIMIT)
    await clock.advance(1000)
    for (const { stream } of held.splice(0)) ok(stream)
    expect(await late).toMatchObject({ is: 'failure', ambiguous: false, unreachable: false })
    await until(() => held.length === 1)
    for (const { stream } of held.splice(0)) ok(stream)
    expect(await early).toMatchObject({ is: 'reply' })
    await Promise.all(first)
    expect(peer.paths).toEqual(['/0', '/1', '/2', '/3', '/early'])
  })
})
