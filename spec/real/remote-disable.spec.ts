/** What real servers do with the message of XEP-0357 §7 that they do not read: what `remoteDisable: always` costs there. */
import { remoteDisable } from '../../lib/xmpp/remote-disable'
import { realDescribe, type Need } from '../support/available'
import { attachEcho, type EchoComponent } from '../support/echo-component'
import { startEjabberd } from '../support/ejabberd'
import { patiently } from '../support/patience'
import { startProsody } from '../support/prosody'
import { juliet, paris, PUSH, romeo, SECRET, type RealServer, type RealServerOptions } from '../support/real-server'
import { connectClient, type RealClient } from '../support/xmpp-client'

function tell(need: Need, start: (options: RealServerOptions) => Promise<RealServer>): void {
  realDescribe(need, `${need}, told by remote disabling`, () => {
    let server: RealServer
    let component: EchoComponent
    const stops: (() => Promise<unknown>)[] = []

    beforeAll(async () => {
      server = await start({ componentDomain: PUSH, secret: SECRET, users: [romeo, paris, juliet] })
      stops.push(() => server.stop())
      component = await attachEcho(server.componentService, PUSH, SECRET)
      stops.push(() => component.stop())
    }, 120_000)

    afterAll(async () => {
      for (const stop of stops.reverse()) await stop()
    })

    const connect = (user = romeo): Promise<RealClient> => connectClient(server, user)
    /** What the service sends, then a message that is published: it goes the same way, so what came before it is through. */
    const disableAndWrite = (body: string, user = romeo): void => {
      const to = `${user.name}@${server.domain}`
      component.send(remoteDisable(PUSH, to, 'n1').toString())
      component.send(`<message type='chat' from='${PUSH}' to='${to}' id='${body}'><body>${body}</body></message>`)
    }
    /** The messages that a client has had once the one with this text is among them, as their bodies. */
    const bodiesUpTo = async (client: RealClient, body: string): Promise<readonly (string | null)[]> => {
      const bodies = () => client.messages.map((message) => message.getChildText('body'))
      const ping = () => client.iq(`<iq type='get'><ping xmlns='urn:xmpp:ping'/></iq>`).catch(() => undefined)
      await patiently(() => bodies().includes(body), ping)
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
      // An account that had no session yet: what one left behind unacknowledged is published when the server takes it for lost.
      const client = await connect(paris)
      await client.enable(PUSH, 'n2')
      // Its presence is through: a headline goes to whom the server knows as available.
      await client.iq(`<iq type='get'><ping xmlns='urn:xmpp:ping'/></iq>`)
      disableAndWrite('two', paris)
      expect(await bodiesUpTo(client, 'two')).toEqual([null, 'two'])
      expect(component.publishes.map(({ text }) => text).join('')).not.toMatch(/node=['"]n2/)
      await client.stop()
    }, 60_000)

    it('publishes once for it, without a text, where a session hibernates: what `always` costs', async () => {
      // Again an account of its own.
      const client = await connect(juliet)
      await client.enable(PUSH, 'n3')
      await client.cut()
      disableAndWrite('three', juliet)
      const { stanza } = await component.publishTo('n3')
      expect(stanza.child('pubsub')?.child('publish')?.toString()).not.toContain('<value>New ')
    }, 60_000)
  })
}

tell('prosody', startProsody)
tell('ejabberd', startEjabberd)
