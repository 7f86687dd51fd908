import { createServer, type Socket } from 'node:net'
import { type AddressInfo } from 'node:net'
import { startStanzaRelay, type RelayedStanza, type StanzaRelay } from '../../lib/sim/stanza-relay'
import { startXmppServerSimulator, type XmppServerSimulator } from '../../lib/sim/xmpp-server'
import { attachRaw, connectRaw } from '../support/raw-component'

const portOf = ({ service }: StanzaRelay): number => Number(new URL(service).port)

describe('lib/sim/stanza-relay', () => {
  let server: XmppServerSimulator
  let relay: StanzaRelay
  const seen: RelayedStanza[] = []

  beforeAll(async () => {
    server = await startXmppServerSimulator({
      domain: 'example.com',
      components: [{ domain: 'push.example.com', secret: 's' }],
    })
    relay = await startStanzaRelay(server.service, (relayed) => seen.push(relayed))
  })
  afterAll(async () => {
    await relay.close()
    await server.close()
  })

  it('lets a component attach and tells the stanzas of both sides, in order', async () => {
    const component = await attachRaw(portOf(relay), 'push.example.com', 's')
    component.send(`<iq type='get' id='1' from='push.example.com' to='example.com'><ping xmlns='urn:xmpp:ping'/></iq>`)
    await component.until(/<iq [^>]*type='result'/)
    component.socket.destroy()
    expect(seen.map(({ by, stanza }) => `${by}: ${stanza.name} ${stanza.attrs['type'] ?? ''}`.trim())).toEqual([
      'component: handshake',
      'server: handshake',
      'component: iq get',
      'server: iq result',
    ])
  })

  it('passes on even what it cannot read', async () => {
    const heard: Buffer[] = []
    const odd = createServer((socket: Socket) => {
      socket.on('data', (bytes) => {
        heard.push(bytes)
        socket.write('>< not XML at all')
      })
    })
    await new Promise<void>((listening) => odd.listen(0, '127.0.0.1', listening))
    const other = await startStanzaRelay(`xmpp://127.0.0.1:${(odd.address() as AddressInfo).port}`, () => undefined)
    const component = connectRaw(portOf(other))
    component.send('\u0001<<')
    await component.until(/not XML at all/)
    expect(Buffer.concat(heard).toString()).toBe('\u0001<<')
    await other.close()
    odd.close()
  })

  it('tells that the server has let go of a component that is gone', async () => {
    let leave: () => void = () => undefined
    const left = new Promise<void>((done) => (leave = done))
    const other = await startStanzaRelay(
      server.service,
      () => undefined,
      () => leave(),
    )
    const component = await attachRaw(portOf(other), 'push.example.com', 's')
    component.socket.destroy()
    await left
    const next = await attachRaw(portOf(other), 'push.example.com', 's')
    next.socket.destroy()
    await other.close()
  })

  it('closes towards the component where the server is not there', async () => {
    const gone = await startXmppServerSimulator({ domain: 'example.com', components: [] })
    const { service } = gone
    await gone.close()
    const other = await startStanzaRelay(service, () => undefined)
    expect(await connectRaw(portOf(other)).closed()).toBe('')
    await other.close()
  })
})
