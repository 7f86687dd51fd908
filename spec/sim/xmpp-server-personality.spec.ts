import { connect } from 'node:tls'
import { processAuthority } from '../../lib/sim/certificates'
import { startXmppServerSimulator, type Personality, type XmppServerSimulator } from '../../lib/sim/xmpp-server'
import { prosody } from '../../lib/sim/xmpp-server-prosody'
import { attachEcho, type EchoComponent } from '../support/echo-component'
import { attachRaw } from '../support/raw-component'

const PUSH = 'push.example.com'
const COMPONENTS = [{ domain: PUSH, secret: 'secret' }]
const MESSAGE = { from: 'juliet@example.com/balcony', to: 'romeo@example.com', body: 'hello' }

/** A server as none is: what it does is told in its table alone. */
const invented: Personality = {
  ...prosody,
  name: 'invented',
  connection: { ...prosody.connection, second: 'kicks the first' },
  honoursRemoteDisable: true,
  publish(occasion, _registration, domain) {
    const count = occasion.is === 'message' ? occasion.stored : 0
    const notification = `<notification xmlns='urn:xmpp:push:0'><count>${count}</count></notification>`
    return { id: `n${count}`, from: `${domain}/node`, notification }
  },
  judge: (answer, errors) => (answer.is === 'error' && answer.condition === 'gone' ? 'removed' : errors),
}

describe('lib/sim/xmpp-server: a personality handed in', () => {
  let server: XmppServerSimulator
  let component: EchoComponent

  beforeEach(async () => {
    server = await startXmppServerSimulator({ domain: 'example.com', components: COMPONENTS, personality: invented })
    component = await attachEcho(server.service, PUSH, 'secret')
    const romeo = server.client('romeo@example.com/phone')
    romeo.enable({ jid: PUSH, node: 'n' })
    romeo.goOffline()
  })

  afterEach(async () => {
    await component.stop()
    await server.close()
  })

  it('publishes in its own shape, also when the messages are fetched', async () => {
    server.deliverMessage(MESSAGE)
    server.deliverMessage(MESSAGE)
    server.client('romeo@example.com/phone').goOnline()
    await component.publish(3)
    const published = component.publishes.map(({ stanza }) => [stanza.attrs['from'], stanza.attrs['id']])
    expect(published).toEqual(['n1', 'n2', 'n0'].map((id) => ['example.com/node', id]))
  })

  it('judges answers by its own table', async () => {
    component.answerWith = { type: 'wait', condition: 'item-not-found' }
    await server.deliverMessage(MESSAGE)[0]?.answer
    expect(server.registrations(MESSAGE.to)).toHaveLength(1)
    component.answerWith = { type: 'wait', condition: 'gone' }
    await server.deliverMessage(MESSAGE)[0]?.answer
    expect(server.registrations(MESSAGE.to)).toEqual([])
  })

  it('takes the affiliation away where the push service withdraws it, and only there', async () => {
    const withdraw = (node: string) =>
      `<message from='${PUSH}' to='romeo@example.com' id='${node}'><pubsub xmlns='http://jabber.org/protocol/pubsub' ` +
      `node='${node}'><affiliation jid='romeo@example.com' affiliation='none'/></pubsub></message>`
    component.send(withdraw('other'))
    await server.waitFor((entry) => entry.stanza.attrs['id'] === 'other')
    expect(server.registrations(MESSAGE.to)).toHaveLength(1)
    component.send(withdraw('n'))
    await server.waitFor((entry) => entry.stanza.attrs['id'] === 'n' && entry.stanza.name === 'message')
    expect(server.registrations(MESSAGE.to)).toEqual([])
  })

  it('kicks the first connection when a second one comes', async () => {
    const first = await attachRaw(server.port, PUSH, 'secret')
    const second = await attachRaw(server.port, PUSH, 'secret')
    expect(await first.closed()).toContain('Replaced by a new connection')
    expect(server.connections()).toBe(1)
    second.socket.destroy()
  })
})

describe('lib/sim/xmpp-server: direct TLS', () => {
  it('speaks to a component that trusts its certificate', async () => {
    const authority = processAuthority()
    const { certPem, keyPem } = authority.issueServer()
    const tls = { key: keyPem, cert: certPem }
    const server = await startXmppServerSimulator({ components: [{ domain: 'push.localhost', secret: 's' }], tls })
    const socket = connect({ port: server.port, host: '127.0.0.1', ca: authority.caPem })
    socket.write(
      `<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' to='push.localhost'>`,
    )
    const header = await new Promise<Buffer>((heard) => socket.once('data', heard))
    expect(header.toString()).toContain("from='push.localhost'")
    expect(server.service).toBe(`xmpps://127.0.0.1:${server.port}`)
    socket.destroy()
    await server.close()
  })
})
