import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo } from 'node:net'
import { makeAuthority, processAuthority } from '../../lib/sim/certificates'
import { Opaque } from '../../lib/model/opaque'
import { componentPeer, handshakeOf, type ComponentPeer, type PeerConnection } from '../support/component-peer'
import { settle } from '../support/hand-clock'
import { linkTo, onlinePair, SECRET, type Linked, type Pair } from '../support/linked'

const streamError = (condition: string, text = ''): string =>
  `<stream:error><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>` +
  `<text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>${text}</text></stream:error></stream:stream>`

describe('lib/xmpp/component-stream', () => {
  const clean: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const one of clean.splice(0)) await one()
  })

  async function peered(options: Parameters<typeof linkTo>[1] = {}): Promise<Linked & { peer: ComponentPeer }> {
    const peer = await componentPeer()
    const linked = linkTo(peer.service, options)
    clean.push(async () => {
      await linked.link.stop(0)
      await peer.close()
    })
    return { ...linked, peer }
  }

  async function online(options: Parameters<typeof onlinePair>[0] = {}): Promise<Pair> {
    const pair = await onlinePair(options)
    clean.push(async () => {
      pair.server.socket.destroy()
      await pair.link.stop(0)
      await pair.peer.close()
    })
    return pair
  }

  /** The link is refused with this line, and tries again. */
  async function isRefused(linked: Linked & { peer: ComponentPeer }, why: RegExp, mend: RegExp): Promise<void> {
    const { nextIn, ...told } = await linked.told('refused')
    expect(told.why).toMatch(why)
    expect(told.mend).toMatch(mend)
    const again = linked.peer.next()
    await linked.clock.advance(nextIn ?? 0)
    await (await again).accepts()
    await linked.told('online')
  }

  /** An online link is lost with this line, says `words` to the server, and comes back. */
  async function isLost(pair: Pair, why: RegExp, words?: RegExp): Promise<void> {
    const { nextIn, ...told } = await pair.told('lost')
    expect(told.why).toMatch(why)
    if (words !== undefined) expect(await pair.server.until(/<\/stream:stream>/)).toMatch(words)
    const again = pair.peer.next()
    await pair.clock.advance(nextIn ?? 0)
    await (await again).accepts('s2')
    await pair.told('online')
  }

  describe('attaching', () => {
    it.each([
      ['of ASCII', 'correct horse', 's1', 's1'],
      ['that is not ASCII', 'geheimß €', 's1', 's1'],
      ['and a stream id that XML had to escape', 'x', 'a&amp;b', 'a&b'],
      ['and a stream id that is not ASCII', 'x', 'ß€', 'ß€'],
    ])('proves a secret %s by the SHA-1 of stream id and secret in UTF-8', async (_, secret, written, id) => {
      const linked = await peered({ secret: new Opaque(secret) })
      const server = await linked.peer.next()
      const header = await server.until(/<stream:stream [^>]*>/)
      expect(header).toMatch(/xmlns="jabber:component:accept"/)
      expect(header).toMatch(/ to="push\.example\.com"/)
      await server.opens(written)
      expect(await server.until(/<\/handshake>/)).toContain(`<handshake>${handshakeOf(id, secret)}</handshake>`)
      expect(linked.link.isOnline).toBe(false)
      await server.says('<handshake/>')
      await linked.link.whenOnline()
      expect(linked.link.isOnline).toBe(true)
    })

    it('reads a stream header that comes byte by byte', async () => {
      const linked = await peered()
      const server = await linked.peer.next()
      await server.until(/<stream:stream [^>]*>/)
      const header = `<?xml version='1.0'?>\n<stream:stream xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:component:accept' id='s1'>`
      for (const byte of Buffer.from(header)) {
        await server.says(Buffer.from([byte]))
        await settle(2)
      }
      await server.until(/<\/handshake>/)
    })

    it('attaches by direct TLS to a server whose certificate `ca` vouches for', async () => {
      const peer = await componentPeer(processAuthority().issueServer())
      const linked = linkTo(peer.service, { ca: Buffer.from(processAuthority().caPem) })
      await (await peer.next()).accepts()
      await linked.told('online')
      await linked.link.stop(0)
      await peer.close()
    })
  })

  describe('being refused', () => {
    it.each([
      [
        'a wrong secret',
        streamError('not-authorized', 'Given token'),
        /secret \(not-authorized: Given token\)/,
        /component\.secret/,
      ],
      [
        'an unknown domain of ejabberd',
        streamError('not-authorized'),
        /not-authorized/,
        /push\.example\.com is not among/,
      ],
      [
        'a connection that is already there',
        streamError('conflict', 'Component already connected'),
        /already/,
        /Stop the other/,
      ],
      [
        'a domain of the server itself',
        streamError('conflict', 'existing local domain'),
        /server itself/,
        /component\.domain/,
      ],
      ['a restart', streamError('system-shutdown'), /stopping or restarting/, /Nothing/],
      ['see-other-host', streamError('see-other-host', 'elsewhere'), /ended the stream \(see-other-host/, /log/],
      ['a stream error that nobody has heard of', '<stream:error/>', /undefined-condition/, /log/],
      ['an answer that is none', '<iq type="get"/>', /handshake failed/, /log/],
    ])('tells %s and tries again', async (_, answer, why, mend) => {
      const linked = await peered()
      const server = await linked.peer.next()
      await server.opens()
      await server.until(/<\/handshake>/)
      await server.says(answer)
      await isRefused(linked, why, mend)
    })

    it('tells a domain that the server does not know, although the header has an empty id, and keeps the handshake back', async () => {
      const linked = await peered()
      const server = await linked.peer.next()
      await server.opens('')
      await server.says(streamError('host-unknown', 'does not match any configured external components'))
      await isRefused(linked, /no component push\.example\.com \(host-unknown/, /component\.domain/)
      expect(server.received).not.toContain('<handshake>')
    })

    it('tells a refused port', async () => {
      const peer = await componentPeer()
      await peer.close()
      const linked = linkTo(peer.service)
      const { why, mend } = await linked.told('refused')
      expect(why).toMatch(/nothing listens at 127\.0\.0\.1 port \d+ \(ECONNREFUSED\)/)
      expect(mend).toMatch(/component_ports.*ejabberd_service.*component\.service/)
      await linked.link.stop(0)
    })

    it('tells a host that does not resolve', async () => {
      const linked = linkTo('xmpp://no..where:5347')
      expect(await linked.told('refused')).toMatchObject({ why: 'the name no..where does not resolve (ENOTFOUND)' })
      await linked.link.stop(0)
    })

    it('tells an address that is none, and a ca that is none, without throwing', async () => {
      const address = linkTo('http://example.com')
      expect((await address.told('refused')).why).toMatch(/component\.service is no address: http/)
      await address.link.stop(0)
      const ca = linkTo('xmpps://127.0.0.1:1', {
        ca: Buffer.from('not a certificate'),
      })
      expect((await ca.told('refused')).why).toMatch(/component\.ca cannot be used/)
      await ca.link.stop(0)
    })

    it.each([
      ['no stream header', 0, /did not open a stream within 10 s/, /component port/],
      ['no answer to the handshake', 1, /did not answer the handshake within 10 s/, /log/],
    ])('gives a server 10 s for each stage, and tells that there was %s', async (_, stage, why, mend) => {
      const linked = await peered()
      const server = await linked.peer.next()
      if (stage === 0) await server.until(/<stream:stream [^>]*>/)
      else {
        await server.opens()
        await server.until(/<\/handshake>/)
      }
      await linked.clock.advance(9_999)
      expect(linked.events).toEqual([])
      await linked.clock.advance(1)
      await server.closed
      await isRefused(linked, why, mend)
    })

    it('survives a reset between connection and stream', async () => {
      const linked = await peered()
      ;(await linked.peer.next()).socket.resetAndDestroy()
      await isRefused(linked, /closed the connection before a stream was open/, /component port/)
    })

    it('tells a server that drops the connection at the handshake and says nothing, as Tigase does', async () => {
      const linked = await peered()
      const server = await linked.peer.next()
      await server.opens()
      await server.until(/<\/handshake>/)
      server.socket.destroy()
      await isRefused(linked, /at the handshake and said nothing/, /Tigase.*component\.secret/)
    })

    it.each([
      [
        'a client port',
        `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='1'>`,
        /is for clients/,
      ],
      [
        'a server port',
        `<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' id='1'>`,
        /is for other servers/,
      ],
      [
        'a port that refuses the namespace',
        `<stream:stream xmlns:stream='http://etherx.jabber.org/streams'>${streamError('invalid-namespace')}`,
        /is not for components/,
      ],
      ['a web page', '<html><body>', /does not speak XMPP/],
      ['a mail server', '220 mail.example.com ESMTP\r\n', /does not speak XMPP/],
      ['a TLS port', Buffer.from([0x15, 3, 1, 0, 2, 2, 70]), /speaks TLS/],
    ])('tells %s from a component port', async (_, greeting, why) => {
      const linked = await peered()
      const server = await linked.peer.next()
      await server.until(/<stream:stream [^>]*>/)
      await server.says(greeting)
      await isRefused(linked, why, /component\.service/)
      expect(server.received).not.toContain('<handshake>')
    })

    it('tells an HTTP port from a component port', async () => {
      const http = createHttpServer().listen(0, '127.0.0.1')
      await new Promise((done) => http.once('listening', done))
      const linked = linkTo(`xmpp://127.0.0.1:${(http.address() as AddressInfo).port}`)
      expect((await linked.told('refused')).why).toMatch(/speaks HTTP/)
      await linked.link.stop(0)
      await new Promise((done) => http.close(done))
    })

    it('names `ca` where nobody vouches for the certificate, and says which is wrong if there is one', async () => {
      const peer = await componentPeer(processAuthority().issueServer())
      const bare = linkTo(peer.service)
      expect(await bare.told('refused')).toMatchObject({
        why: "the server's certificate is not trusted (UNABLE_TO_VERIFY_LEAF_SIGNATURE)",
        mend: expect.stringMatching(/name it as component\.ca/) as unknown,
      })
      await bare.link.stop(0)
      const other = linkTo(peer.service, { ca: Buffer.from(makeAuthority().caPem) })
      expect((await other.told('refused')).mend).toMatch(/^component\.ca must hold/)
      await other.link.stop(0)
      await peer.close()
    })

    it('tells a certificate that has expired, or is for another name', async () => {
      const ca = Buffer.from(processAuthority().caPem)
      for (const [certificate, why] of [
        [{ validFrom: new Date(0), validUntil: new Date(1e12) }, /has expired/],
        [{ names: ['other.example.com'] }, /is not for 127\.0\.0\.1/],
      ] as const) {
        const peer = await componentPeer(processAuthority().issueServer(certificate))
        const linked = linkTo(peer.service, { ca })
        expect((await linked.told('refused')).why).toMatch(why)
        await linked.link.stop(0)
        await peer.close()
      }
    })

    it('tells a port without TLS where xmpps:// was written', async () => {
      const peer = await componentPeer()
      const linked = linkTo(peer.service.replace('xmpp:', 'xmpps:'))
      await (await peer.next()).says(`<stream:stream xmlns:stream='x'>`)
      expect(await linked.told('refused')).toMatchObject({ why: `127.0.0.1 port ${peer.port} does not speak TLS` })
      await linked.link.stop(0)
      await peer.close()
    })
  })

  describe('reading', () => {
    const lives = async (pair: Pair, wire: string | Buffer): Promise<void> => {
      await pair.server.says(wire)
      await pair.server.says(`<iq type='get' id='marker' from='example.com' to='push.example.com'/>`)
      await pair.stanza(pair.stanzas.length + 1)
    }

    it.each([
      ['an entity of no XML', '<message><body>&foo;</body></message>', 'not-well-formed'],
      ['a character reference to nothing', '<message><body>&#0;</body></message>', 'not-well-formed'],
      ['tags that do not match, twice in one read', '<a><b></a></c><d></e>', 'not-well-formed'],
      ['a DOCTYPE', '<!DOCTYPE x [<!ENTITY a "b">]><message/>', 'restricted-xml'],
      ['a comment', '<message><!-- x --></message>', 'restricted-xml'],
      [
        'a stanza of more bytes than the limit',
        `<message><body>${'x'.repeat(2_200_000)}</body></message>`,
        'policy-violation',
      ],
    ])('closes the stream over %s, and comes back', async (_, wire, condition) => {
      const pair = await online()
      await pair.server.says(wire)
      await isLost(pair, new RegExp(`closed with ${condition}`), new RegExp(`<stream:error><${condition} xmlns=`))
    })

    it('names the limit that was passed', async () => {
      const pair = await online({ maxStanzaBytes: 1000 })
      await pair.server.says(`<a>${'x'.repeat(1000)}</a>`)
      expect((await pair.told('lost')).why).toMatch(/more than 1000 bytes/)
    })

    it('lives through elements that any user may nest as deep as he likes', async () => {
      const pair = await online()
      await lives(pair, `${'<a>'.repeat(10_000)}${'</a>'.repeat(10_000)}`)
    })

    it('takes a stanza that is just within the limits', async () => {
      const pair = await online({ maxDepth: 3 })
      await pair.server.says(`<message><a><b>${'x'.repeat(260_000)}</b></a></message>`)
      expect((await pair.stanza(1)).getChild('a')?.getChildText('b')?.length).toBe(260_000)
    })

    it('ignores bytes after the end of the stream', async () => {
      const pair = await online()
      await pair.server.says('</stream:stream><message/>')
      await pair.server.says('<message><!-- ')
      await isLost(pair, /closed the stream/)
      expect(pair.stanzas).toEqual([])
    })

    it('ignores bytes after a fault', async () => {
      const pair = await online()
      await pair.server.says('<message>&foo;</message>')
      await pair.server.says('<message>&foo;</message></stream:stream>')
      await isLost(pair, /not-well-formed/)
      expect(pair.stanzas).toEqual([])
    })

    it('hands on a stanza whose addresses are none', async () => {
      const pair = await online()
      await lives(
        pair,
        `<iq type='get' id='1' from='/x' to='push.example.com'/><iq type='get' id='2' from='a' to='@'/><iq/>`,
      )
      expect(pair.stanzas.map((stanza) => stanza.attrs['id'] as unknown)).toEqual(['1', '2', undefined, 'marker'])
    })

    it('reads UTF-8 that is split between any two bytes', async () => {
      const pair = await online()
      for (const byte of Buffer.from('<message><body>aß€😀</body></message>'))
        await pair.server.says(Buffer.from([byte]))
      expect((await pair.stanza(1)).getChildText('body')).toBe('aß€😀')
    })

    it('hands on what came in one segment with the answer to the handshake', async () => {
      const linked = await peered()
      const server = await linked.peer.next()
      await server.opens()
      await server.until(/<\/handshake>/)
      await server.says(`<handshake/><message id='1'/><message id='2'/>`)
      await linked.stanza(2)
      expect(linked.stanzas.map((stanza) => stanza.attrs['id'] as unknown)).toEqual(['1', '2'])
      expect(linked.link.isOnline).toBe(true)
    })

    it('leaves every iq to the router: the library answers none', async () => {
      const pair = await online()
      for (const type of ['get', 'set', 'result', 'error']) {
        await lives(
          pair,
          `<iq type='${type}' id='1' from='example.com' to='push.example.com'><ping xmlns='urn:xmpp:ping'/></iq>`,
        )
      }
      const before = pair.server.received.length
      await pair.link.send('<message to="example.com" from="push.example.com" id="only"/>')
      expect((await pair.server.until(/id="only"/)).slice(before)).toBe(
        '<message to="example.com" from="push.example.com" id="only"/>',
      )
      expect(pair.server.received).not.toContain('<iq')
    })

    it('does not follow a server that names another host', async () => {
      const other = await componentPeer()
      const pair = await online()
      await pair.server.says(
        `<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>127.0.0.1:${other.port}</see-other-host></stream:error></stream:stream>`,
      )
      await isLost(pair, /see-other-host/)
      expect(other.connections).toBe(0)
      await other.close()
    })

    it.each([
      ['takes its place', streamError('conflict', 'Replaced by a new connection'), /another connection took the place/],
      ['closes the stream', '</stream:stream>', /closed the stream/],
    ])('comes back after the server %s', async (_, words, why) => {
      const pair = await online()
      await pair.server.says(words)
      await isLost(pair, why, /<\/stream:stream>/)
    })

    it('comes back after the socket was closed or reset without a word', async () => {
      const pair = await online()
      pair.server.socket.destroy()
      await isLost(pair, /closed the connection/)
      const reset = await online()
      reset.server.socket.resetAndDestroy()
      await isLost(reset, /closed the connection/)
    })

    it('leaves no timer of the library behind', async () => {
      const timers = jest.spyOn(globalThis, 'setTimeout')
      const pair = await online()
      await pair.server.says(streamError('system-shutdown'))
      await isLost(pair, /stopping/)
      expect(timers).not.toHaveBeenCalled()
      timers.mockRestore()
    })

    it('tears the socket down where the server does not read the last words', async () => {
      const pair = await online()
      pair.server.socket.pause()
      await pair.server.says('<message>&foo;</message>')
      await pair.told('lost')
      const closed = new Promise((done) => pair.server.socket.once('close', done))
      await pair.clock.advance(2000)
      pair.server.socket.resume()
      await closed
    })
  })

  it('keeps the secret out of all that it tells', async () => {
    const linked = await peered()
    const server: PeerConnection = await linked.peer.next()
    await server.opens()
    await server.until(/<\/handshake>/)
    await server.says(streamError('not-authorized'))
    await linked.told('refused')
    expect(JSON.stringify(linked.events)).not.toContain(SECRET)
  })
})
