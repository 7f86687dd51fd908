import { makeOrigins } from '../../lib/wire/origins'
import { type Origin, type WireReply, type WireRequest } from '../../lib/wire/wire'
import { handClock, settle } from '../support/hand-clock'

const GET: WireRequest = { method: 'GET', path: '/', headers: {}, body: '' }
const OK: WireReply = { is: 'reply', status: 200, headers: {}, body: '' }

describe('lib/wire/origins', () => {
  const clock = handClock()
  const origins = makeOrigins({ most: 3, idleAfter: 1000 }, clock)
  const opened: string[] = []
  const closed: string[] = []
  /** An origin that answers when it is told. */
  const origin = (url: string, until: Promise<void>): Origin => {
    opened.push(url)
    return {
      request: () => until.then(() => OK),
      renew: () => undefined,
      close: async () => void closed.push(url),
    }
  }
  const ask = (url: string, until = Promise.resolve()) => origins.request(url, GET, () => origin(url, until))
  afterEach(async () => {
    await clock.advance(1000)
    opened.splice(0)
    closed.splice(0)
  })

  it('opens an origin once, and closes it when it has rested', async () => {
    await ask('a')
    await clock.advance(999)
    await ask('a')
    await clock.advance(999)
    expect([opened, closed, origins.size]).toEqual([['a'], [], 1])
    await clock.advance(1)
    expect([closed, origins.size]).toEqual([['a'], 0])
    await ask('a')
    expect(opened).toEqual(['a', 'a'])
  })

  it('closes the one that was asked longest ago when there are too many', async () => {
    for (const url of ['a', 'b', 'c', 'a', 'd', 'e']) await ask(url)
    expect([opened, closed]).toEqual([
      ['a', 'b', 'c', 'd', 'e'],
      ['b', 'c'],
    ])
  })

  it('never holds more than it should of ten thousand, and leaves those alone that are being asked', async () => {
    let release = (): void => undefined
    const held = new Promise<void>((done) => (release = done))
    const slow = ['slow 1', 'slow 2', 'slow 3', 'slow 4'].map((url) => ask(url, held))
    for (let n = 0; n < 10_000; n++) await ask(`https://${n}.example`)
    expect(origins.size).toBe(4)
    expect(closed).toHaveLength(10_000)
    expect(closed.filter((url) => url.startsWith('slow'))).toEqual([])
    release()
    expect(await Promise.all(slow)).toEqual([OK, OK, OK, OK])
    await settle()
    expect(origins.size).toBe(3)
  })

  it('asks nobody once it is closed', async () => {
    const mine = makeOrigins({ most: 3, idleAfter: 1000 }, clock)
    await mine.request('x', GET, () => origin('x', Promise.resolve()))
    await mine.close(0)
    expect(closed).toEqual(['x'])
    expect(await mine.request('y', GET, () => origin('y', Promise.resolve()))).toMatchObject({ is: 'failure' })
    expect(opened).toEqual(['x'])
  })
})
