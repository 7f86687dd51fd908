import { Element } from 'ltx'
import { Opaque } from '../../lib/model/opaque'
import { makeLink } from '../../lib/xmpp/component'
import { componentPeer, type PeerConnection } from '../support/component-peer'
import { handClock } from '../support/hand-clock'
import { DOMAIN, holds, linkTo, onlinePair, SECRET, type Pair } from '../support/linked'

const CONFLICT = `<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>`
const SHUTDOWN = `<stream:error><system-shutdown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>`
const NOT_AUTHORIZED = `<stream:error><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>`

describe('lib/xmpp/component', () => {
  const pairs: Pair[] = []
  afterEach(async () => {
    for (const { server, link, peer } of pairs.splice(0)) {
      server.socket.destroy()
      await link.stop(0)
      await peer.close()
    }
  })

  async function online(options: Parameters<typeof onlinePair>[0] = {}): Promise<Pair> {
    const pair = await onlinePair(options)
    pairs.push(pair)
    return pair
  }

  async function refuse(server: PeerConnection, words: string): Promise<void> {
    await server.opens()
    await server.until(/<\/handshake>/)
    await server.says(words)
    await server.closed
  }

  describe('a server that hands on what is no XML', () => {
    const UNBOUND = "<iq type='get' id='1' from='a@example.com' to='push.example.com'><p:x/></iq>"

    async function secondConnection(pair: Pair): Promise<PeerConnection> {
      await pair.server.says(UNBOUND)
      const { nextIn = 0 } = await pair.told('lost')
      const coming = pair.peer.next()
      await pair.clock.advance(nextIn)
      const server = await coming
      await server.accepts()
      await pair.told('online')
      return server
    }

    it('costs one connection, and is read by ltx thereafter', async () => {
      const pair = await online()
      const server = await secondConnection(pair)
      expect(pair.events).toContainEqual({
        at: 'notice',
        about: `component ${DOMAIN}`,
        text: 'ltx, which minds less, reads the server from now on; component.parser settles who does',
      })
      await server.says(UNBOUND)
      expect((await pair.stanza(1)).attrs['id']).toBe('1')
      expect(server.socket.destroyed).toBe(false)
    })

    it('costs a connection each time where the configuration wants our reader', async () => {
      const pair = await online({ parser: 'own' })
      const server = await secondConnection(pair)
      await server.says(UNBOUND)
      expect((await pair.told('lost')).why).toMatch(/not-well-formed/)
      expect(pair.events.filter(({ at }) => at === 'notice')).toEqual([])
    })

    it('is read at once where the configuration wants ltx', async () => {
      const pair = await online({ parser: 'ltx' })
      await pair.server.says(UNBOUND)
      expect((await pair.stanza(1)).attrs['id']).toBe('1')
    })

    it('is not what a comment is, which ltx can read no better', async () => {
      const pair = await online()
      await pair.server.says('<message><!-- x --></message>')
      expect((await pair.told('lost')).why).toMatch(/restricted-xml/)
      expect(pair.events.filter(({ at }) => at === 'notice')).toEqual([])
    })
  })

  describe('trying again', () => {
    it('waits from 1 s to 60 s, twice as long each time, less a chance of up to half', async () => {
      const peer = await componentPeer()
      const linked = linkTo(peer.service)
      const waits: number[] = []
      for (let attempt = 0; attempt < 9; attempt++) {
        linked.clock.chances.push(attempt === 3 ? 0 : 0.999999)
        const server = await peer.next()
        // A different word each time, so that each is told.
        await refuse(
          server,
          NOT_AUTHORIZED.replace(
            '<not-authorized',
            `<text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>${attempt}</text><not-authorized`,
          ),
        )
        const { nextIn = 0 } = await linked.told('refused')
        waits.push(nextIn)
        await linked.clock.advance(nextIn - 1)
        expect(peer.connections).toBe(attempt + 1)
        await linked.clock.advance(1)
      }
      expect(waits).toEqual([1000, 2000, 4000, 4000, 16_000, 32_000, 60_000, 60_000, 60_000])
      await linked.link.stop(0)
      await peer.close()
    })

    it.each([
      ['begins at 1 s again after a link that held for 30 s, and not after one that did not', SHUTDOWN, 750, 1500],
      ['tries ever more rarely after it was thrown out, however long it held', CONFLICT, 6000, 12_000],
    ])('%s', async (_, words, ...then) => {
      const pair = await online()
      let server = pair.server
      const waits: (number | undefined)[] = []
      for (const held of [0, 0, 29_999, 30_000, 0]) {
        await pair.clock.advance(held)
        await server.says(words)
        const { nextIn } = await pair.told('lost')
        waits.push(nextIn)
        await pair.clock.advance(nextIn ?? 0)
        server = await pair.peer.next()
        await server.accepts()
        await pair.told('online')
      }
      expect(waits).toEqual([750, 1500, 3000, ...then])
    })

    it('tells the same failure at its first and each tenth time, and another one at once', async () => {
      const peer = await componentPeer()
      const linked = linkTo(peer.service)
      for (let attempt = 1; attempt <= 21; attempt++) {
        await refuse(await peer.next(), attempt === 21 ? CONFLICT : NOT_AUTHORIZED)
        if (attempt < 21) await linked.clock.advance(0.75 * Math.min(60_000, 1000 * 2 ** (attempt - 1)))
      }
      await linked.told('refused')
      const told = linked.events.map((event) => (event.at === 'link' ? event.why : event.at))
      expect(told).toEqual([
        'the server does not accept the secret (not-authorized)',
        'the server does not accept the secret (not-authorized), for the 10th time in a row',
        'the server does not accept the secret (not-authorized), for the 20th time in a row',
        'push.example.com is attached already (conflict)',
      ])
      await linked.link.stop(0)
      await peer.close()
    })

    it('tells each time that a link is lost, and that it is back', async () => {
      const pair = await online()
      pair.server.socket.destroy()
      const { nextIn } = await pair.told('lost')
      expect(pair.link.isOnline).toBe(false)
      const back = pair.link.whenOnline()
      await pair.clock.advance(nextIn ?? 0)
      await (await pair.peer.next()).accepts()
      await back
      expect(pair.events.map((event) => (event.at === 'link' ? event.is : event.at))).toEqual([
        'online',
        'lost',
        'online',
      ])
    })

    it('begins once, however often it is started', async () => {
      const pair = await online()
      pair.link.start()
      await pair.clock.advance(100)
      expect(pair.peer.connections).toBe(1)
    })
  })

  describe('sending', () => {
    const message = (attrs: Record<string, string>, text = ''): Element => new Element('message', attrs).t(text)

    it('gives a stanza without from the domain, and leaves the element as it was', async () => {
      const pair = await online()
      const element = message({ to: 'example.com' }, 'x')
      expect(await pair.link.send(element)).toBe(true)
      expect(await pair.server.until(/<\/message>/)).toContain(
        '<message to="example.com" from="push.example.com">x</message>',
      )
      expect(element.attrs).toEqual({ to: 'example.com' })
    })

    it('keeps a from of its own domain as it is', async () => {
      const pair = await online()
      for (const from of ['push.example.com', 'node@push.example.com/x', 'PUSH.example.com']) {
        expect(await pair.link.send(message({ from, to: 'a' }))).toBe(true)
        await pair.server.until(new RegExp(`from="${from}"`))
      }
    })

    it('does not send what would end the stream: without to, or from elsewhere', async () => {
      const pair = await online()
      expect(await pair.link.send(message({ id: 'a' }))).toBe(false)
      expect(await pair.link.send(message({ id: 'b', to: 'a', from: 'example.com' }))).toBe(false)
      expect(await pair.link.send(message({ id: 'c', to: 'a', from: 'x.push.example.com' }))).toBe(false)
      expect(pair.events.filter((event) => event.at === 'trouble')).toHaveLength(3)
      expect(await pair.trouble()).toMatch(/<message\/> of ours without to/)
      await pair.link.send(message({ id: 'd', to: 'a' }))
      expect(await pair.server.until(/id="d"/)).not.toMatch(/id="[abc]"/)
    })

    it('leaves out what XML cannot carry, in elements and in strings', async () => {
      const pair = await online()
      const foul = 'a\u0000\u0001\ud800b\udc00\ufffe😀ß\t\n'
      await pair.link.send(message({ to: 'x', id: foul }, foul))
      await pair.link.send(message({ from: DOMAIN, to: 'x' }, foul))
      await pair.link.send(`<message to='x'>${foul}</message>`)
      const received = await pair.server.until(/(<\/message>[^]*){3}/)
      expect(received).toContain('<message from="push.example.com" to="x">ab😀ß\t\n</message>')
      expect(received).toContain('<message to="x" id="ab😀ß\t\n" from="push.example.com">ab😀ß\t\n</message>')
      expect(received).toContain(`<message to='x'>ab😀ß\t\n</message>`)
    })

    it('answers false, and throws nothing, before the link is online, while it is lost, and when it is stopped', async () => {
      const stanza = message({ to: 'x' })
      const early = makeLink({
        domain: DOMAIN,
        service: 'xmpp://127.0.0.1:1',
        secret: new Opaque(SECRET),
        clock: handClock(),
        observe: () => undefined,
        onStanza: () => undefined,
      })
      expect(await early.send(stanza)).toBe(false)
      await early.stop(0)
      const pair = await online()
      pair.server.socket.destroy()
      await pair.told('lost')
      expect(await pair.link.send(stanza)).toBe(false)
      await pair.link.stop(0)
      expect(await pair.link.send(stanza)).toBe(false)
    })

    it('answers false for what waits when the connection is lost', async () => {
      const pair = await online()
      pair.server.socket.pause()
      const big = message({ to: 'x' }, 'x'.repeat(12 * 1024 * 1024))
      const written = pair.link.send(big)
      await pair.server.says('') // a turn, so that it is on its way
      pair.server.socket.resetAndDestroy()
      expect(await written).toBe(false)
    })
  })

  describe('stopping', () => {
    it('writes what waits, closes the stream, and is done when the server has closed too', async () => {
      const pair = await online()
      const written = pair.link.send('<message to="x" id="last"/>')
      const stopped = pair.link.stop(60_000)
      expect(await pair.server.until(/<\/stream:stream>/)).toMatch(/id="last"\/><\/stream:stream>$/)
      await stopped
      expect(await written).toBe(true)
      await pair.clock.advance(120_000)
      expect(pair.peer.connections).toBe(1)
      expect(pair.link.isOnline).toBe(false)
    })

    it('answers what is being handled before it closes the stream', async () => {
      const handling: (() => void)[] = []
      const pair = await online({ onStanza: () => new Promise<void>((done) => void handling.push(done)) })
      await pair.server.says(`<iq type='get' id='late' from='x' to='${DOMAIN}'/>`)
      const done = await holds(() => handling[0])
      const stopped = pair.link.stop(60_000)
      void pair.link.send('<iq type="result" id="late" to="x"/>')
      done()
      expect(await pair.server.until(/<\/stream:stream>/)).toMatch(/id="late" to="x"\/><\/stream:stream>$/)
      await stopped
    })

    it('waits no longer than it may for what is being handled', async () => {
      const handling: Element[] = []
      const pair = await online({
        onStanza: (stanza) => {
          handling.push(stanza)
          return new Promise<void>(() => undefined)
        },
      })
      await pair.server.says(`<iq type='get' id='never' from='x' to='${DOMAIN}'/>`)
      await holds(() => handling[0])
      let isStopped = false
      const stopped = pair.link.stop(5000).then(() => (isStopped = true))
      await pair.clock.advance(4999)
      expect(isStopped).toBe(false)
      await pair.clock.advance(1)
      await stopped
    })

    it('waits no longer than it may for a server that does not read', async () => {
      const pair = await online()
      pair.server.socket.pause()
      void pair.link.send(`<message to="x">${'x'.repeat(12 * 1024 * 1024)}</message>`)
      let isStopped = false
      const stopped = pair.link.stop(5000).then(() => (isStopped = true))
      await pair.clock.advance(4999)
      expect(isStopped).toBe(false)
      await pair.clock.advance(1)
      await stopped
    })

    it('ends a try, and the wait for one, at once', async () => {
      const peer = await componentPeer()
      const trying = linkTo(peer.service)
      const server = await peer.next()
      await trying.link.stop(60_000)
      await server.closed
      const waiting = linkTo(peer.service)
      ;(await peer.next()).socket.destroy()
      await waiting.told('refused')
      await waiting.link.stop(60_000)
      await waiting.clock.advance(60_000)
      expect(peer.connections).toBe(2)
      await peer.close()
    })
  })
})
