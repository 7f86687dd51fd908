import { settle } from '../support/hand-clock'
import { holds, onlinePair, type Pair } from '../support/linked'

const PING =
  /<iq type='get' from='push\.example\.com' to='push\.example\.com' id='[^']+'><ping xmlns='urn:xmpp:ping'\/><\/iq>/
const AGAIN = /<iq type='get' from='push\.example\.com' to='push\.example\.com'><ping xmlns='urn:xmpp:ping'\/><\/iq>/

describe('lib/xmpp/liveness', () => {
  let pair: Pair
  beforeEach(async () => {
    pair = await onlinePair({ pingAfter: 40_000, deadAfter: 30_000 })
  })
  afterEach(async () => {
    pair.server.socket.destroy()
    await pair.link.stop(0)
    await pair.peer.close()
  })

  /** Lets time pass while the server says something every ten seconds. */
  async function chat(ms: number, words = ' '): Promise<void> {
    for (let passed = 0; passed < ms; passed += 10_000) {
      const heard = pair.server.says(words)
      await pair.clock.advance(10_000)
      await heard
    }
  }

  it('sends a space after 60 s without a byte of ours, and not before', async () => {
    const before = pair.server.received
    await chat(50_000)
    expect(pair.server.received).toBe(before)
    await chat(10_000)
    expect(await pair.server.until(/ $/)).toBe(`${before} `)
  })

  it('pings itself through the server after `pingAfter` without a byte of the server', async () => {
    await pair.clock.advance(39_999)
    expect(pair.server.received).not.toMatch(/<iq/)
    await pair.clock.advance(1)
    await pair.server.until(PING)
    expect(pair.server.received).not.toMatch(AGAIN)
  })

  it('does not ping while bytes come in', async () => {
    await chat(300_000)
    expect(pair.server.received).not.toMatch(/<iq/)
    expect(pair.link.isOnline).toBe(true)
  })

  it('takes any byte for life, and never waits for the answer to its ping', async () => {
    for (let round = 0; round < 4; round++) {
      await pair.clock.advance(40_000)
      await pair.server.until(new RegExp(`(${PING.source}[^]*){${round + 1}}`))
      await pair.server.says(' ')
      await pair.clock.advance(1)
    }
    expect(pair.link.isOnline).toBe(true)
    expect(pair.server.received).not.toMatch(AGAIN)
  })

  it('asks a second time, without an id, so that ejabberd answers on this connection', async () => {
    await pair.clock.advance(40_000)
    await pair.server.until(PING)
    await pair.clock.advance(15_000)
    await pair.server.until(AGAIN)
    await pair.server.says(`<iq type='error' from='push.example.com' to='push.example.com'><error type='modify'/></iq>`)
    await pair.clock.advance(15_000)
    await pair.clock.advance(1)
    expect(pair.link.isOnline).toBe(true)
  })

  it('gives the link up after `deadAfter` without a byte, tells it, and comes back', async () => {
    await pair.clock.advance(69_999)
    expect(pair.link.isOnline).toBe(true)
    await pair.clock.advance(1)
    const { why, nextIn } = await pair.told('lost')
    expect(why).toBe('the link was dead: no byte for 70 s, not even after a ping')
    await pair.server.closed
    await pair.clock.advance(nextIn ?? 0)
    await (await pair.peer.next()).accepts()
    await pair.told('online')
  })

  it('neither hands on nor answers a ping of its own that came back', async () => {
    await pair.clock.advance(40_000)
    const [ping = ''] = PING.exec(await pair.server.until(PING)) ?? []
    const length = pair.server.received.length
    await pair.server.says(
      `${ping}<iq type='get' from='push.example.com' to='push.example.com'><ping xmlns='urn:xmpp:ping'/></iq>`,
    )
    await pair.server.says(
      `<iq type='get' from='example.com' to='push.example.com' id='theirs'><ping xmlns='urn:xmpp:ping'/></iq>`,
    )
    await pair.stanza(1)
    expect(pair.stanzas.map((stanza) => stanza.attrs['id'] as unknown)).toEqual(['theirs'])
    expect(pair.server.received).toHaveLength(length)
  })

  it('gives up a server that reads nothing of what waits for it', async () => {
    pair.server.socket.pause()
    void pair.link.send(`<message to="x">${'x'.repeat(12 * 1024 * 1024)}</message>`)
    await pair.clock.advance(10_000)
    await chat(90_000)
    expect((await pair.told('lost')).why).toMatch(/has read nothing for \d+ s/)
  })

  it('bears with a server that reads slowly', async () => {
    pair.server.socket.pause()
    const sent: Promise<boolean>[] = []
    for (let n = 0; n < 14; n++) {
      sent.push(pair.link.send(`<message to="x">${'x'.repeat(1024 * 1024)}</message>`))
      await settle(1)
    }
    let read = 0
    pair.server.socket.on('data', (text: string) => {
      read += text.length
      if (read > 512 * 1024) pair.server.socket.pause()
    })
    for (let round = 0; round < 8; round++) {
      read = 0
      pair.server.socket.resume()
      await holds(() => (pair.server.socket.isPaused() ? true : undefined))
      await chat(20_000)
    }
    expect(pair.link.isOnline).toBe(true)
    expect(pair.server.received.length).toBeLessThan(12 * 1024 * 1024)
  })
})
