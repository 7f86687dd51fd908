/** What real servers do with the message of XEP-0357 §7 that they do not read: what `remoteDisable: always` costs there. */
import { remoteDisable } from '../../lib/xmpp/remote-disable'
import { realDescribe, type Need } from '../support/available'
import { attachEcho, type EchoComponent } from '../support/echo-component'
import { startEjabberd } from '../support/ejabberd'
import { startProsody } from '../support/prosody'
import { PUSH, romeo, SECRET, type RealServer, type RealServerOptions } from '../support/real-server'
import { connectClient, type RealClient } from '../support/xmpp-client'

const ROMEO = 'romeo@localhost'

function tell(need: Need, start: (options: RealServerOptions) => Promise<RealServer>): void {
  realDescribe(need, `${need}, told by remote disabling`, () => {
    let server: RealServer
    let component: EchoComponent
    const stops: (() => Promise<unknown>)[] = []

    beforeAll(async () => {
      server = await start({ componentDomain: PUSH, secret: SECRET, users: [romeo] })
      stops.push(() => server.stop())
      component = await attachEcho(server.componentService, PUSH, SECRET)
      stops.push(() => component.stop())
    }, 60_000)

    afterAll(async () => {
      for (const stop of stops.reverse()) await stop()
    })

    const connect = (): Promise<RealClient> => connectClient(server, romeo)
    /** What the service sends, then a message that is published: it goes the same way, so what came before it is through. */
    const disableAndWrite = (body: string): void => {
      component.send(remoteDisable(PUSH, ROMEO, 'n1').toString())
      component.send(`<message type='chat' from='${PUSH}' to='${ROMEO}' id='${body}'><body>${body}</body></message>`)
    }
    /** The messages that a client has had once the one with this text is among them, as their bodies. */
    const bodiesUpTo = async (client: RealClient, body: string): Promise<readonly (string | null)[]> => {
      const bodies = () => client.messages.map((message) => message.getChildText('body'))
      for (let looks = 0; looks < 200 && !bodies().includes(body); looks++) {
        await client.iq(`<iq type='get'><ping xmlns='urn:xmpp:ping'/></iq>`).catch(() => undefined)
      }
      return bodies()
    }

    it('publishes nothing for it and stores nothing while the user is offline', async () => {
      const client = await connect()
      await client.enable(PUSH, 'n1')
      await client.stop()
      disableAndWrite('one')
      await component.publish(1)
      const back = await connect()
      expect(await bodiesUpTo(back, 'one')).toEqual(['one'])
      expect(component.publishes).toHaveLength(1)
      await back.stop()
    }, 60_000)

    it('publishes nothing for it while a client is online, which gets a headline without a text', async () => {
      const client = await connect()
      // Its presence is through: a headline goes to whom the server knows as available.
      await client.iq(`<iq type='get'><ping xmlns='urn:xmpp:ping'/></iq>`)
      disableAndWrite('two')
      expect(await bodiesUpTo(client, 'two')).toEqual([null, 'two'])
      expect(component.publishes).toHaveLength(1)
      await client.stop()
    }, 60_000)

    it('publishes once for it, without a text, where a session hibernates: what `always` costs', async () => {
      const client = await connect()
      await client.enable(PUSH, 'n1')
      await client.cut()
      const before = component.publishes.length
      disableAndWrite('three')
      const { stanza } = await component.publish(before + 1)
      expect(stanza.child('pubsub')?.child('publish')?.toString()).not.toContain('<value>New ')
    }, 60_000)
  })
}

tell('prosody', startProsody)
tell('ejabberd', startEjabberd)
