/** Certifies the XMPP server simulator: a component that nobody here wrote attaches to it and is content. */
import { join } from 'node:path'
import { startXmppServerSimulator, type XmppServerOptions, type XmppServerSimulator } from '../../lib/sim/xmpp-server'
import { realDescribe } from '../support/available'
import { type ChildLines, startChild } from '../support/child-lines'

const SCRIPT = join(__dirname, '..', 'support', 'slixmpp-component.py')
const DOMAIN = 'push.example.com'

async function start(options: Partial<XmppServerOptions> = {}): Promise<XmppServerSimulator> {
  return startXmppServerSimulator({
    domain: 'example.com',
    components: [{ domain: DOMAIN, secret: 'gehëim' }],
    ...options,
  })
}

function attach(server: XmppServerSimulator, secret = 'gehëim'): ChildLines {
  return startChild('/usr/bin/python3', [SCRIPT, DOMAIN, secret, String(server.port)])
}

realDescribe('slixmpp', 'lib/sim/xmpp-server, with a component made of slixmpp', () => {
  let server: XmppServerSimulator
  let component: ChildLines

  afterEach(async () => {
    await component.stop()
    await server.close()
  })

  it('lets it in, answers its ping and carries requests and messages both ways', async () => {
    server = await start()
    component = attach(server)
    await component.until('pinged')
    const romeo = server.client('romeo@example.com/phone')
    const ask = (child: string) => romeo.iq(`<iq type='get' to='${DOMAIN}'>${child}</iq>`)

    const disco = await ask("<query xmlns='http://jabber.org/protocol/disco#info'/>")
    expect(disco.attrs).toMatchObject({ type: 'result', from: DOMAIN, to: 'romeo@example.com/phone' })
    const identity = disco
      .child('query')
      ?.elements('identity')
      .map((each) => each.attrs['type'])
    expect(identity).toEqual(['push'])
    expect((await ask("<ping xmlns='urn:xmpp:ping'/>")).attrs['type']).toBe('result')
    const version = await ask("<query xmlns='jabber:iq:version'/>")
    expect(version.child('query')?.child('name')?.text()).toBe('slixmpp-component')

    server.send(
      `<message type='chat' from='romeo@example.com/phone' to='${DOMAIN}'><body>Grüße, «&lt;&amp;» 🦜</body></message>`,
    )
    const echo = await server.waitFor((entry) => entry.by === 'component' && entry.stanza.name === 'message')
    expect(echo.stanza.child('body')?.text()).toBe('Grüße, «<&» 🦜')
    expect(server.unanswered).toEqual([])
    expect(server.violations).toEqual([])
  })

  it.each(['prosody', 'ejabberd'] as const)('publishes as %s does, in a form that it reads', async (personality) => {
    server = await start({ personality })
    component = attach(server)
    await server.attached()
    const romeo = server.client('romeo@example.com/phone')
    romeo.enable({ jid: DOMAIN, node: 'n1', options: { secret: 's&<' } })
    romeo.goOffline()
    const [published] = server.deliverMessage({ from: 'juliet@example.com/x', to: 'romeo@example.com', body: 'hello' })
    expect((await published?.answer)?.attrs['type']).toBe('result')
    const heard = await component.until('publish')
    expect(heard).toMatchObject({ node: 'n1', from: 'example.com', id: published?.stanza.attrs['id'] })
    const body = personality === 'prosody' ? 'New Message!' : 'New message'
    expect(heard['fields']).toMatchObject({ 'last-message-body': [body], secret: ['s&<'] })
    expect(server.violations).toEqual([])
  })

  it('drops the registration that it answers item-not-found, and finds its errors in the wrong namespace', async () => {
    server = await start({ personality: 'ejabberd' })
    component = attach(server)
    await server.attached()
    const romeo = server.client('romeo@example.com/phone')
    romeo.enable({ jid: DOMAIN, node: 'dead' })
    romeo.goOffline()
    const [published] = server.deliverMessage({ from: 'juliet@example.com/x', to: 'romeo@example.com', body: 'hello' })
    expect((await published?.answer)?.child('error')?.child('item-not-found')).toBeDefined()
    expect(server.registrations('romeo@example.com')).toEqual([])
    // slixmpp 1.8.3 writes <error xmlns='jabber:client'> on a component's stream.
    expect(server.violations.map((each) => each.what)).toEqual(['has its <error/> in the namespace "jabber:client"'])
  })

  it('understands what is cut into single bytes', async () => {
    server = await start()
    server.faults.splitBytes = 1
    component = attach(server)
    await server.attached()
    server.send(`<message type='chat' from='romeo@example.com/phone' to='${DOMAIN}'><body>«🦜»</body></message>`)
    expect((await component.until('message'))['body']).toBe('«🦜»')
  })

  it('refuses a wrong secret with not-authorized', async () => {
    server = await start()
    component = attach(server, 'geheim')
    expect(await component.until('stream-error')).toMatchObject({ condition: 'not-authorized' })
    expect(component.lines.map((line) => line['event'])).not.toContain('online')
    expect(server.connections()).toBe(0)
  })
})
