import { Socket } from 'node:net'
import { type Element } from 'ltx'
import { settle } from '../support/hand-clock'
import { holds, onlinePair, type Pair } from '../support/linked'

/** Resolves with a number once it has stood still for many turns of the event loop. */
async function still(read: () => number): Promise<number> {
  for (let last = read(); ; last = read()) {
    await settle(300)
    if (read() === last) return last
  }
}

describe('lib/xmpp/attachment', () => {
  let pair: Pair
  async function online(options: Parameters<typeof onlinePair>[0] = {}): Promise<void> {
    pair = await onlinePair(options)
  }
  afterEach(async () => {
    pair.server.socket.destroy()
    await pair.link.stop(0)
    await pair.peer.close()
  })

  it('writes all stanzas of one turn of the event loop at once, in their order', async () => {
    await online()
    const write = jest.spyOn(Socket.prototype, 'write')
    const sent = [1, 2, 3].map((id) => pair.link.send(`<message to="x" id="${id}"/>`))
    await Promise.resolve()
    sent.push(pair.link.send('<message to="x" id="4"/>'))
    expect(await Promise.all(sent)).toEqual([true, true, true, true])
    const all = [1, 2, 3, 4].map((id) => `<message to="x" id="${id}"/>`).join('')
    expect(write.mock.calls.map(([text]) => text)).toEqual([all])
    write.mockRestore()
  })

  it('reads no more from a server that does not read, and goes on when it does', async () => {
    let handled = 0
    const answer = `<message to="x">${'a'.repeat(4096)}</message>`
    await online({
      onStanza: () => {
        handled += 1
        void pair.link.send(answer)
      },
    })
    const asked = 12_000
    pair.server.socket.pause()
    void pair.server.says(`<iq>${'q'.repeat(1000)}</iq>`.repeat(asked))
    await holds(() => (handled > 0 ? true : undefined))
    const first = await still(() => handled)
    expect(first).toBeLessThan(asked / 2)
    pair.server.socket.resume()
    await holds(() => (handled === asked ? true : undefined))
  })

  it('takes no more than 16 MiB for a server that does not read', async () => {
    await online()
    pair.server.socket.pause()
    const mebibyte = `<message to="x">${'a'.repeat(1024 * 1024)}</message>`
    const sent: Promise<boolean>[] = []
    for (let n = 0; n < 40; n++) {
      sent.push(pair.link.send(mebibyte))
      await settle(1)
    }
    expect(await sent[39]).toBe(false)
    pair.server.socket.resume()
    expect(await sent[0]).toBe(true)
    expect(
      await holds(() => (pair.server.received.length > 10_000_000 ? pair.link.send('<message to="x"/>') : undefined)),
    ).toBe(true)
  })

  it('reads no more while a thousand stanzas are being handled, and goes on when half of them are done', async () => {
    const handling: (() => void)[] = []
    let handled = 0
    await online({
      onStanza: () => {
        handled += 1
        return new Promise<void>((resolve) => handling.push(resolve))
      },
    })
    const asked = 4000
    void pair.server.says(`<iq>${'q'.repeat(1000)}</iq>`.repeat(asked))
    await holds(() => (handled >= 1000 ? true : undefined))
    const first = await still(() => handled)
    expect(first).toBeLessThan(1200)
    for (const done of handling.splice(0, first - 501)) done()
    expect(await still(() => handled)).toBe(first)
    for (const done of handling.splice(0, 1)) done()
    await holds(() => (handled > first ? true : undefined))
    await holds(() => {
      for (const done of handling.splice(0)) done()
      return handled === asked ? true : undefined
    })
  })

  it('does not take its own silence for the death of the link while it reads no more', async () => {
    const handling: (() => void)[] = []
    let handled = 0
    await online({
      onStanza: () => {
        handled += 1
        return new Promise<void>((resolve) => handling.push(resolve))
      },
    })
    void pair.server.says(`<iq>${'q'.repeat(1000)}</iq>`.repeat(2000))
    await holds(() => (handled >= 1000 ? true : undefined))
    await pair.clock.advance(600_000)
    expect(pair.link.isOnline).toBe(true)
    expect(pair.server.received).not.toMatch(/<iq/)
  })

  it('survives a handler that throws or rejects, and tells of it', async () => {
    const seen: string[] = []
    await online({
      onStanza: (stanza: Element) => {
        const id = stanza.attrs['id'] as string
        seen.push(id)
        if (id === '1') throw new Error('thrown')
        return id === '2' ? Promise.reject(new Error('rejected')) : undefined
      },
    })
    await pair.server.says(`<iq id='1'/><iq id='2'/><iq id='3'/>`)
    await holds(() => (pair.events.filter((event) => event.at === 'trouble').length === 2 ? true : undefined))
    expect(seen).toEqual(['1', '2', '3'])
    const troubles = pair.events.flatMap((event) => (event.at === 'trouble' ? [event.text] : []))
    expect(troubles).toEqual(['a stanza was not handled: thrown', 'a stanza was not handled: rejected'])
    expect(pair.link.isOnline).toBe(true)
  })
})
