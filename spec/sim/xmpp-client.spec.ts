import { type AddressInfo, createServer } from 'node:net'
import { type ProsodyProcess } from '../../lib/sim/prosody-process'
import { connectXmppClient } from '../../lib/sim/xmpp-client'
import { realDescribe } from '../support/available'
import { startProsody } from '../support/prosody'
import { connectClient } from '../support/xmpp-client'

describe('lib/sim/xmpp-client', () => {
  it('says who closed the connection where the server does', async () => {
    const server = createServer((socket) => socket.end())
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    const service = `xmpp://127.0.0.1:${(server.address() as AddressInfo).port}`
    const login = connectXmppClient({ service, domain: 'localhost', user: 'romeo', password: 'x', resource: 'y' })
    await expect(login).rejects.toThrow('romeo@localhost: the server closed the connection')
    server.close()
  })
})

realDescribe('prosody', 'lib/sim/xmpp-client with a real Prosody', () => {
  const romeo = { name: 'romeo', password: 'wherefore & <why>' }
  const juliet = { name: 'juliet', password: 'rose' }
  let server: ProsodyProcess

  const connect = (password = romeo.password) =>
    connectXmppClient({
      service: server.clientService,
      domain: 'localhost',
      user: 'romeo',
      password,
      resource: 'balcony',
    })

  beforeAll(async () => {
    server = await startProsody({ componentDomain: 'push.localhost', secret: 's', users: [romeo, juliet] })
  })
  afterAll(() => server.stop())

  it('logs in, asks, writes, and is offline when it has closed', async () => {
    const other = await connectClient(server, juliet)
    const client = await connect()
    expect(client.jid).toBe('romeo@localhost/balcony')
    const answer = await client.iq(`<iq type='get' to='localhost'><query xmlns='jabber:iq:version'/></iq>`)
    expect(answer.child('query')?.child('name')?.text()).toBe('Prosody')
    const refused = await client.iq(`<iq type='get' to='localhost'><query xmlns='urn:example:unknown'/></iq>`)
    expect(refused.attrs['type']).toBe('error')
    client.send(`<message type='chat' to='juliet@localhost'><body>Hello &amp; goodbye</body></message>`)
    await client.close()
    await expect(other.iq(`<iq type='get' to='${client.jid}'><ping xmlns='urn:xmpp:ping'/></iq>`)).rejects.toThrow(
      'service-unavailable',
    )
    expect(other.messages.map((message) => message.getChildText('body'))).toEqual(['Hello & goodbye'])
    await other.stop()
  })

  it('says so where the password is wrong', async () => {
    await expect(connect('wrong')).rejects.toThrow('localhost refuses the password of romeo')
  })
})
