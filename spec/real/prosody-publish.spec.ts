/** What a real Prosody publishes and how it takes answers, beside what the simulator's personality does. */
import { type ProsodyProcess } from '../../lib/sim/prosody-process'
import { startXmppServerSimulator } from '../../lib/sim/xmpp-server'
import { parseXml } from '../../lib/sim/xmpp-server-reader'
import { realDescribe } from '../support/available'
import { comparable } from '../support/comparable'
import { attachEcho, type EchoComponent } from '../support/echo-component'
import { startProsody } from '../support/prosody'
import { attachRaw } from '../support/raw-component'
import { connectClient, type RealClient } from '../support/xmpp-client'

const PUSH = 'push.localhost'
const SECRET = 'a "secret" with \\ and ü'
const romeo = { name: 'romeo', password: 'wherefore' }
const juliet = { name: 'juliet', password: 'rose' }
const OPTIONS = { secret: 'x&<\'">y' }

realDescribe('prosody', 'lib/sim/prosody-process', () => {
  let server: ProsodyProcess
  let component: EchoComponent
  let sender: RealClient
  const stops: (() => Promise<void>)[] = []

  beforeAll(async () => {
    server = await startProsody({ componentDomain: PUSH, secret: SECRET, users: [romeo, juliet] })
    stops.push(() => server.stop())
    component = await attachEcho(server.componentService, PUSH, SECRET)
    stops.push(() => component.stop())
    sender = await connectClient(server, juliet)
    stops.push(() => sender.stop())
  }, 60_000)

  // Whatever came up goes down, also where the rest did not come up.
  afterAll(async () => {
    for (const stop of stops.reverse()) await stop()
  })

  it('publishes for a user who is offline, and the simulator publishes the same', async () => {
    const receiver = await connectClient(server, romeo)
    await receiver.enable(PUSH, 'n1', OPTIONS)
    await receiver.stop()
    await sender.message('romeo@localhost', 'Wherefore art thou?')
    const { stanza } = await component.publish(1)

    const simulator = await startXmppServerSimulator({ components: [{ domain: PUSH, secret: SECRET }] })
    const twin = await attachEcho(simulator.service, PUSH, SECRET)
    const client = simulator.client('romeo@localhost/x')
    const fields = stanza.child('pubsub')?.child('publish-options')?.child('x')?.toString() ?? ''
    client.enable({ jid: PUSH, node: 'n1', options: fields })
    client.goOffline()
    simulator.deliverMessage({ from: sender.jid, to: 'romeo@localhost', body: 'Wherefore art thou?' })
    const imitated = await twin.publish(1)
    await twin.stop()
    await simulator.close()

    expect(stanza.attrs['id']).toMatch(/^[0-9a-f]{64}$/)
    expect(imitated.stanza.attrs['id']).toMatch(/^[0-9a-f]{64}$/)
    expect(comparable(parseXml(imitated.text))).toEqual(comparable(parseXml(stanza.toString())))
  })

  it('removes the registration at the 16th error in a row, and not before', async () => {
    const before = component.publishes.length
    component.answerWith = { type: 'cancel', condition: 'item-not-found' }
    for (let nth = 1; nth <= 16; nth++) {
      await sender.message('romeo@localhost', `message ${nth}`)
      await component.publish(before + nth)
    }
    await server.logged(/Disabling push notifications for identifier/)
    component.answerWith = undefined
    await sender.message('romeo@localhost', 'message 17')
    // The answer of the component to a later question tells that the message before it is through.
    await sender.iq(`<iq type='get' to='${PUSH}'><ping xmlns='urn:xmpp:ping'/></iq>`)
    expect(component.publishes.length).toBe(before + 16)
  })

  it('refuses a second connection and a wrong secret', async () => {
    await expect(attachRaw(Number(new URL(server.componentService).port), PUSH, SECRET)).rejects.toThrow('conflict')
    await expect(attachRaw(Number(new URL(server.componentService).port), PUSH, 'x')).rejects.toThrow('not-authorized')
  })

  it('comes back on the same ports with what its users enabled', async () => {
    const receiver = await connectClient(server, romeo)
    await receiver.enable(PUSH, 'n2')
    await receiver.stop()
    await Promise.all([sender.stop(), component.stop()])
    await server.restart()
    component = await attachEcho(server.componentService, PUSH, SECRET)
    sender = await connectClient(server, juliet)
    await sender.message('romeo@localhost', 'Good morrow')
    const { stanza } = await component.publish(1)
    expect(stanza.child('pubsub')?.child('publish')?.attrs['node']).toBe('n2')
    expect(stanza.child('pubsub')?.child('publish-options')).toBeUndefined()
  })
})
