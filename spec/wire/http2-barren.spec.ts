import { makeHttp2Origin } from '../../lib/wire/http2'
import { type Origin, type WireRequest } from '../../lib/wire/wire'
import { handClock, type HandClock } from '../support/hand-clock'
import { ca, makePeer, ok, type OnStream, type Peer } from '../support/http2-peer'
import { sessions } from '../support/http2-sessions'

const ENHANCE_YOUR_CALM = 11
const to = (path: string): WireRequest => ({ method: 'POST', path, headers: {}, body: '{}' })

describe.each(sessions)('wire/http2, a connection that is of no use, by %s', (_name, http2) => {
  let clock: HandClock
  const ends: (() => Promise<unknown>)[] = []
  beforeEach(() => {
    clock = handClock()
  })
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
  })

  const meet = async (onStream: OnStream): Promise<{ readonly origin: Origin; readonly peer: Peer }> => {
    const peer = await makePeer(onStream)
    const origin = makeHttp2Origin(
      {
        ...{ url: `https://localhost:${peer.port}`, ca, requestTimeout: 10_000, connectTimeout: 5000 },
        ...{ pingAfter: 15_000, maxBody: 1000, initialStreams: 0, maxStreams: 100, http2, notice: () => undefined },
      },
      clock,
    )
    ends.push(() => peer.close())
    ends.push(() => Promise.all([origin.close(0), clock.advance(0)]))
    return { origin, peer }
  }
  it('is left after three streams in a row that the peer reset, and the next request has an answer', async () => {
    const { origin, peer } = await meet((stream, _headers, session) =>
      session === 0 ? stream.close(ENHANCE_YOUR_CALM) : ok(stream),
    )
    for (let times = 0; times < 3; times++) expect(await origin.request(to('/'))).toMatchObject({ is: 'failure' })
    expect(await origin.request(to('/'))).toMatchObject({ is: 'reply', status: 200 })
    expect(peer.sessions).toHaveLength(2)
  })

  it('is none that resets now this stream and now that, and answers others', async () => {
    const { origin, peer } = await meet((stream, { ':path': path }) =>
      path === '/calm' ? stream.close(ENHANCE_YOUR_CALM) : ok(stream),
    )
    for (let times = 0; times < 4; times++) {
      for (let resets = 0; resets < 2; resets++) {
        expect(await origin.request(to('/calm'))).toMatchObject({ is: 'failure' })
      }
      expect(await origin.request(to('/'))).toMatchObject({ is: 'reply' })
    }
    expect(peer.sessions).toHaveLength(1)
  })
})
