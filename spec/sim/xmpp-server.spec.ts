import { startXmppServerSimulator, type XmppServerOptions, type XmppServerSimulator } from '../../lib/sim/xmpp-server'
import { errorTo, resultTo } from '../../lib/sim/xmpp-server-self'
import { type Published } from '../../lib/sim/xmpp-server'
import { attachEcho, type EchoComponent } from '../support/echo-component'
import { attachRaw, connectRaw, openRaw, type RawComponent } from '../support/raw-component'

const PUSH = 'push.example.com'
const MESSAGE = { from: 'juliet@example.com/balcony', to: 'romeo@example.com', body: 'Wherefore art thou?' }

let server: XmppServerSimulator
const stops: (() => unknown)[] = []

async function start(options: Partial<XmppServerOptions> = {}): Promise<XmppServerSimulator> {
  const components = [{ domain: PUSH, secret: 'secret' }]
  const started = await startXmppServerSimulator({ domain: 'example.com', components, ...options })
  stops.push(() => started.close())
  server = started
  return server
}

async function attach(): Promise<RawComponent> {
  const component = await attachRaw(server.port, PUSH, 'secret')
  stops.push(() => component.socket.destroy())
  await server.attached()
  return component
}

async function echo(): Promise<EchoComponent> {
  const component = await attachEcho(server.service, PUSH, 'secret')
  stops.push(() => component.stop())
  await server.attached()
  return component
}

/** Enables push for Romeo, who then goes offline. */
function enable(...nodes: readonly string[]): void {
  const romeo = server.client('romeo@example.com/phone')
  for (const node of nodes) romeo.enable({ jid: PUSH, node, options: { secret: 's' } })
  romeo.goOffline()
}

const last = (published: readonly Published[]): Published => {
  const [first] = published
  if (first === undefined) throw new Error('nothing was published')
  return first
}

const complaints = (): readonly string[] => server.violations.map((each) => each.what)

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

describe('lib/sim/xmpp-server: the connection', () => {
  it.each([
    ['prosody', 'host-unknown'],
    ['ejabberd', 'conflict'],
  ] as const)('as %s refuses its own domain with %s', async (personality, condition) => {
    await start({ personality })
    const { component } = await openRaw(server.port, 'example.com')
    expect(await component.closed()).toContain(`<${condition} `)
  })

  it('refuses an unknown domain at the header as Prosody, after the handshake as ejabberd', async () => {
    await start()
    const { component } = await openRaw(server.port, 'other.example.com')
    expect(await component.closed()).toContain('<host-unknown ')
    await start({ personality: 'ejabberd' })
    await expect(attachRaw(server.port, 'other.example.com', 'secret')).rejects.toThrow('<not-authorized ')
  })

  it('refuses a wrong secret, and the right one in capital letters', async () => {
    await start()
    await expect(attachRaw(server.port, PUSH, 'Secret')).rejects.toThrow('<not-authorized ')
    const { component } = await openRaw(server.port, PUSH)
    component.send(`<handshake>${'A'.repeat(40)}</handshake>`)
    expect(await component.closed()).toContain('<not-authorized ')
    expect(server.connections()).toBe(0)
  })

  it('keeps a second connection out as Prosody, and shares the stanzas between both as ejabberd', async () => {
    await start()
    await attach()
    await expect(attach()).rejects.toThrow('<conflict ')
    expect(server.connections()).toBe(1)

    await start({ personality: 'ejabberd' })
    const both = [await attach(), await attach()]
    expect(server.connections()).toBe(2)
    for (const id of ['1', '2']) server.send(`<message id='${id}' from='example.com' to='${PUSH}'/>`)
    await Promise.all(both.map((component) => component.until(/<message /)))
  })

  it('reports a stanza before the handshake', async () => {
    await start()
    const { component } = await openRaw(server.port, PUSH)
    component.send(`<iq type='get' id='1' from='${PUSH}' to='example.com'/>`)
    await component.until(/<service-unavailable /)
    expect(complaints()).toEqual(['sends <iq/> before the handshake'])
  })

  it('answers what a component asks it', async () => {
    await start()
    const component = await attach()
    component.send(`<iq type='get' id='p' from='${PUSH}' to='example.com'><ping xmlns='urn:xmpp:ping'/></iq>`)
    await component.until(/type='result' from='example.com' to='push.example.com' id='p'/)
    component.send(`<iq type='get' id='q' from='${PUSH}' to='example.com'><q xmlns='urn:other'/></iq>`)
    await component.until(/<service-unavailable /)
    expect(server.violations).toEqual([])
  })
})

describe('lib/sim/xmpp-server: violations', () => {
  const stanza = (attrs: string, child = ''): string => `<iq ${attrs}>${child}</iq>`
  const own = `from='${PUSH}' to='example.com'`
  const ping = "<ping xmlns='urn:xmpp:ping'/>"
  const gone = "<gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"

  it.each([
    ['has no from', stanza("type='get' id='1' to='example.com'", ping)],
    ['has no to', stanza(`type='get' id='1' from='${PUSH}'`, ping)],
    ['has a malformed to: @', stanza(`type='get' id='1' from='${PUSH}' to='@'`, ping)],
    ['is an iq without id', stanza(`type='get' ${own}`, ping)],
    ['is an iq without type', stanza(`id='1' ${own}`, ping)],
    ['has the type ask', stanza(`type='ask' id='1' ${own}`, ping)],
    ['asks with 2 children', stanza(`type='get' id='1' ${own}`, ping + ping)],
    ['asks with 0 children', stanza(`type='get' id='1' ${own}`)],
    ['is in the namespace "jabber:client"', stanza(`xmlns='jabber:client' type='get' id='1' ${own}`, ping)],
    ['<route/> is no stanza', `<route ${own}/>`],
    ['has 0 <error/>', `<message type='error' ${own}/>`],
    ['has an error of type fatal', `<message type='error' ${own}><error type='fatal'>${gone}</error></message>`],
    ['has the conditions ()', `<message type='error' ${own}><error type='wait'/></message>`],
    ['has text of its own', `<message ${own}>hello</message>`],
    ['answers a question that example.com never asked', stanza(`type='result' id='1' ${own}`)],
  ])('keeps that a stanza %s', async (what, xml) => {
    await start()
    const component = await attach()
    component.send(`${xml}<message id='end' ${own}/>`)
    await server.waitFor((entry) => entry.stanza.attrs['id'] === 'end')
    expect(complaints().filter((each) => each.startsWith(what))).toHaveLength(1)
  })

  it('has nothing against a presence, a message, a ping and an error in good form', async () => {
    await start()
    const component = await attach()
    const error = `<message type='error' ${own}><error type='wait'>${gone}</error></message>`
    component.send(`<presence ${own}/>${error}${stanza(`type='get' id='1' ${own}`, ping)}<message id='end' ${own}/>`)
    await server.waitFor((entry) => entry.stanza.attrs['id'] === 'end')
    expect(server.violations).toEqual([])
  })

  it('closes the stream for a foreign sender, for what is not XML and for what is too large', async () => {
    await start()
    const foreign = await attach()
    foreign.send("<message from='other.example.com' to='example.com'/>")
    expect(await foreign.closed()).toContain('<invalid-from ')
    const broken = await attach()
    broken.send('<message>&nope;</message>')
    expect(await broken.closed()).toContain('<not-well-formed ')
    const large = await attach()
    large.send(`<message ${own}><body>${'x'.repeat(512 * 1024)}</body></message>`)
    expect(await large.closed()).toContain('<not-well-formed ')
    expect(complaints()).toEqual([
      'has a foreign from: other.example.com',
      'the entity "&nope;" is not defined in XMPP',
      'the stanza is larger than 524288 bytes',
    ])
  })

  it('tells an answer from the right one, a second one, one from elsewhere and none', async () => {
    await start()
    const component = await attach()
    const ask = (id: string) =>
      server.request(`<iq type='get' id='${id}' from='romeo@example.com/x' to='${PUSH}'>${ping}</iq>`)
    const answer = (id: string, from = PUSH) => `<iq type='result' id='${id}' from='${from}' to='romeo@example.com/x'/>`
    const good = ask('good')
    const elsewhere = ask('elsewhere')
    void ask('never').catch(() => undefined)
    component.send(answer('good') + answer('elsewhere', `node@${PUSH}`))
    await Promise.all([good, elsewhere])
    expect(complaints()).toEqual([`answers from node@${PUSH} what was asked of ${PUSH}`])
    component.send(`${answer('good')}<message id='end' ${own}/>`)
    await server.waitFor((entry) => entry.stanza.attrs['id'] === 'end')
    expect(complaints().slice(1)).toEqual(['answers one question 2 times (id good)'])
    expect(server.unanswered.map((each) => each.stanza.attrs['id'])).toEqual(['never'])
  })
})

describe('lib/sim/xmpp-server: push', () => {
  it('publishes nothing while a client is online, then once for each registration', async () => {
    await start()
    await echo()
    enable('a', 'b')
    server.client('romeo@example.com/phone').goOnline()
    expect(server.deliverMessage(MESSAGE)).toEqual([])
    expect(server.client('romeo@example.com/phone').messages[0]?.child('body')?.text()).toBe(MESSAGE.body)
    server.client('romeo@example.com/phone').goOffline()
    const published = server.deliverMessage(MESSAGE)
    expect(published.map((each) => each.registration.node)).toEqual(['a', 'b'])
    await Promise.all(published.map((each) => each.answer))
  })

  it('enables and disables by the stanzas of XEP-0357, with the limits of Prosody', async () => {
    await start()
    const romeo = server.client('romeo@example.com/phone')
    const iq = (child: string) => romeo.iq(`<iq type='set'>${child}</iq>`)
    for (const node of ['1', '2', '3', '4', '5', '6']) {
      await iq(`<enable xmlns='urn:xmpp:push:0' jid='${PUSH}' node='${node}'/>`)
    }
    expect(server.registrations('romeo@example.com').map((row) => row.node)).toEqual(['2', '3', '4', '5', '6'])
    await iq(`<disable xmlns='urn:xmpp:push:0' jid='${PUSH}' node='3'/>`)
    expect(server.registrations('romeo@example.com')).toHaveLength(4)
    await iq(`<disable xmlns='urn:xmpp:push:0' jid='${PUSH}'/>`)
    expect(server.registrations('romeo@example.com')).toEqual([])
    expect((await iq("<enable xmlns='urn:xmpp:push:0' node='1'/>")).attrs['type']).toBe('error')
  })

  it('refuses as ejabberd to enable without a node', async () => {
    await start({ personality: 'ejabberd' })
    expect(() => server.client('romeo@example.com/x').enable({ jid: PUSH })).toThrow('feature-not-implemented')
  })

  it('publishes what is no message with a body without one: fields without value, or no form at all', async () => {
    await start()
    await echo()
    enable('n')
    const { stanza } = last(server.deliverMessage({ from: MESSAGE.from, to: MESSAGE.to }))
    expect(stanza.toString()).toContain("<field var='last-message-body' type='text-single'/>")
    await start({ personality: 'ejabberd' })
    await echo()
    enable('n')
    const call = last(server.deliverMessage({ from: MESSAGE.from, to: MESSAGE.to, call: true }))
    expect(call.stanza.toString()).toContain("<item><notification xmlns='urn:xmpp:push:0'/></item>")
  })

  it('removes as Prosody a registration at the 16th error in a row; a result forgives, wait does not count', async () => {
    await start()
    const component = await echo()
    enable('n')
    const errors = async (count: number): Promise<void> => {
      for (let nth = 0; nth < count; nth++) await last(server.deliverMessage(MESSAGE)).answer
    }
    component.answerWith = { type: 'cancel', condition: 'item-not-found' }
    await errors(15)
    component.answerWith = { type: 'wait', condition: 'internal-server-error' }
    await errors(3)
    expect(server.registrations(MESSAGE.to)[0]?.errors).toBe(15)
    component.answerWith = undefined
    await errors(1)
    expect(server.registrations(MESSAGE.to)[0]?.errors).toBe(0)
    component.answerWith = { type: 'auth', condition: 'forbidden' }
    await errors(16)
    expect(server.registrations(MESSAGE.to)).toEqual([])
  })

  it('removes as ejabberd a registration at the first error but wait, and hears nothing after 32 s', async () => {
    let time = 0
    await start({ personality: 'ejabberd', now: () => time })
    const component = await attach()
    enable('n')
    const answer = async (type: string, after: number): Promise<void> => {
      const published = last(server.deliverMessage(MESSAGE))
      time += after
      component.send(errorTo(published.stanza, type, 'item-not-found'))
      await published.answer
    }
    await answer('wait', 0)
    await answer('cancel', 32_001)
    expect(server.registrations(MESSAGE.to)).toHaveLength(1)
    await answer('cancel', 31_999)
    expect(server.registrations(MESSAGE.to)).toEqual([])
  })

  it('ignores as Prosody an error from another address of the component, which ejabberd takes', async () => {
    for (const [personality, left] of [
      ['prosody', { errors: 0 }],
      ['ejabberd', undefined],
    ] as const) {
      await start({ personality })
      const component = await attach()
      enable('n')
      const published = last(server.deliverMessage(MESSAGE))
      component.send(errorTo(published.stanza, 'cancel', 'gone').replace(`from='${PUSH}'`, `from='${PUSH}/x'`))
      await published.answer
      if (left === undefined) expect(server.registrations(MESSAGE.to)).toEqual([])
      else expect(server.registrations(MESSAGE.to)).toMatchObject([left])
    }
  })

  it('answers itself while the component is away: Prosody forgives that, ejabberd forgets the registration', async () => {
    await start()
    enable('n')
    const bounce = await last(server.deliverMessage(MESSAGE)).answer
    expect(bounce.child('error')?.child('remote-server-timeout')).toBeDefined()
    expect(server.registrations(MESSAGE.to)).toHaveLength(1)
    await start({ personality: 'ejabberd' })
    enable('n')
    await last(server.deliverMessage(MESSAGE)).answer
    expect(server.registrations(MESSAGE.to)).toEqual([])
  })
})

describe('lib/sim/xmpp-server: faults', () => {
  it('hangs up, says nothing, gives no answer to the handshake, or refuses it', async () => {
    await start()
    server.faults.greeting = 'hang up'
    expect(await connectRaw(server.port).closed()).toBe('')
    server.faults.greeting = 'refuse the handshake'
    await expect(attachRaw(server.port, PUSH, 'secret')).rejects.toThrow('<not-authorized ')
    server.faults.greeting = 'no answer to the handshake'
    const { component } = await openRaw(server.port, PUSH)
    component.send('<handshake/>')
    server.faults.greeting = 'silent'
    const silent = connectRaw(server.port)
    silent.send(
      `<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' to='${PUSH}'>`,
    )
    // Closed in order by the server, it has been accepted and read.
    silent.send('</stream:stream>')
    expect(await silent.closed()).toBe('')
    expect(component.heard).not.toContain('handshake')
    server.faults.drop()
    await component.closed()
  })

  it('rejects what waits for an answer when the connection is lost', async () => {
    await start()
    await attach()
    const asked = server.request(`<iq type='get' to='${PUSH}'><ping xmlns='urn:xmpp:ping'/></iq>`)
    server.faults.drop()
    await expect(asked).rejects.toThrow('the connection was lost before the answer')
  })

  it('rejects what one of several connections was asked when that one is lost, and hears the others', async () => {
    await start({ personality: 'ejabberd' })
    const [first, second] = [await attach(), await attach()]
    const ask = (id: string) =>
      server.request(`<iq type='get' id='${id}' to='${PUSH}'><ping xmlns='urn:xmpp:ping'/></iq>`)
    const [one, other] = [ask('one'), ask('other')]
    const lost = expect(one).rejects.toThrow('the connection was lost before the answer')
    await Promise.all([first.until(/id='one'/), second.until(/id='other'/)])
    first.send('</stream:stream>')
    await lost
    second.send(`<iq type='result' id='other' from='${PUSH}' to='example.com'/>`)
    expect((await other).attrs['id']).toBe('other')
  })

  it('stays half-open until that is ended, then goes on with all that gathered', async () => {
    await start()
    const component = await attach()
    const goOn = server.faults.halfOpen()
    component.send(`<iq type='get' id='p' from='${PUSH}' to='example.com'><ping xmlns='urn:xmpp:ping'/></iq>`)
    server.send(`<message from='example.com' to='${PUSH}'/>`)
    // Another connection's round trip: by then the first one's would be through as well.
    await expect(attachRaw(server.port, PUSH, 'secret')).rejects.toThrow('conflict')
    expect(component.heard).not.toMatch(/<message|<iq/)
    goOn()
    await component.until(/<message /)
    await component.until(/id='p'/)
  })

  it('sends raw bytes and stream errors, ends without a word, and frees its port', async () => {
    await start()
    const first = await attach()
    server.faults.raw('<broken')
    await first.until(/<broken/)
    server.faults.streamError('system-shutdown')
    expect(await first.closed()).toContain('<system-shutdown ')
    const second = await attach()
    server.faults.end()
    expect(await second.closed()).toMatch(/<handshake\/>$/)
    const { port } = server
    await server.faults.stopListening()
    const refused = connectRaw(port)
    const error = await new Promise<Error>((failed) => refused.socket.once('error', failed))
    expect(error).toMatchObject({ code: 'ECONNREFUSED' })
    await server.faults.listenAgain()
    expect(server.port).toBe(port)
    await attach()
  })

  it('cuts every write into pieces', async () => {
    await start()
    const component = await attach()
    server.faults.splitBytes = 3
    server.send(`<message from='example.com' to='${PUSH}'><body>«🦜»</body></message>`)
    await component.until(/<\/message>/)
    const echoed = server.request(
      `<iq type='get' id='q' from='example.com' to='${PUSH}'><ping xmlns='urn:xmpp:ping'/></iq>`,
    )
    const { stanza } = await server.waitFor((entry) => entry.stanza.attrs['id'] === 'q')
    component.send(resultTo(stanza))
    expect((await echoed).attrs['type']).toBe('result')
  })
})
