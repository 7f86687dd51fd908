/** What a real ejabberd publishes and how it takes answers, beside what the simulator's personality does. */
import { startXmppServerSimulator } from '../../lib/sim/xmpp-server'
import { parseXml } from '../../lib/sim/xmpp-server-reader'
import { realDescribe } from '../support/available'
import { comparable } from '../support/comparable'
import { attachEcho, type EchoComponent } from '../support/echo-component'
import { startEjabberd, type EjabberdProcess } from '../support/ejabberd'
import { attachRaw } from '../support/raw-component'
import { connectClient, type RealClient } from '../support/xmpp-client'

const PUSH = 'push.localhost'
const SECRET = 'a "secret" with \\ and ü'
const romeo = { name: 'romeo', password: 'wherefore' }
const juliet = { name: 'juliet', password: 'rose' }
const OPTIONS = { secret: 'x&<\'">y' }

realDescribe('ejabberd', 'spec/support/ejabberd', () => {
  let server: EjabberdProcess
  let component: EchoComponent
  let sender: RealClient
  const stops: (() => Promise<void>)[] = []

  beforeAll(async () => {
    server = await startEjabberd({ componentDomain: PUSH, secret: SECRET, users: [romeo, juliet] })
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

  /** A round trip to the component and back, behind which what was sent before it has been dealt with. */
  const ping = () => sender.iq(`<iq type='get' to='${PUSH}'><ping xmlns='urn:xmpp:ping'/></iq>`)

  it('publishes for a user who is offline, and the simulator publishes the same', async () => {
    const receiver = await connectClient(server, romeo)
    await receiver.enable(PUSH, 'n1', OPTIONS)
    await receiver.stop()
    await sender.message('romeo@localhost', 'Wherefore art thou?')
    const { stanza } = await component.publish(1)

    const simulator = await startXmppServerSimulator({
      personality: 'ejabberd',
      components: [{ domain: PUSH, secret: SECRET }],
    })
    const twin = await attachEcho(simulator.service, PUSH, SECRET)
    const client = simulator.client('romeo@localhost/x')
    const fields = stanza.child('pubsub')?.child('publish-options')?.child('x')?.toString() ?? ''
    client.enable({ jid: PUSH, node: 'n1', options: fields })
    client.goOffline()
    simulator.deliverMessage({ from: sender.jid, to: 'romeo@localhost', body: 'Wherefore art thou?' })
    const imitated = await twin.publish(1)
    await twin.stop()
    await simulator.close()

    expect(stanza.attrs['id']).toMatch(/^rr-\d{13}-\d+-[A-Za-z0-9+/]{27}=--?\d+$/)
    expect(imitated.stanza.attrs['id']).toMatch(/^rr-\d{13}-\d+-[A-Za-z0-9+/]{27}=--?\d+$/)
    expect(comparable(parseXml(imitated.text))).toEqual(comparable(parseXml(stanza.toString())))
  })

  it('removes the registration at the first error that is not of type wait', async () => {
    component.answerWith = { type: 'wait', condition: 'internal-server-error' }
    await sender.message('romeo@localhost', 'kept')
    await component.publish(2)
    component.answerWith = { type: 'cancel', condition: 'item-not-found' }
    await sender.message('romeo@localhost', 'dead')
    await component.publish(3)
    component.answerWith = undefined
    await server.logged(/rejected notification for romeo@localhost .*, disabling push: item-not-found/)
    // The row goes a moment after the log line.
    for (let before = 0, turn = 0; before !== component.publishes.length && turn < 50; turn++) {
      before = component.publishes.length
      await sender.message('romeo@localhost', 'unheard')
      await ping()
    }
    const { length } = component.publishes
    await sender.message('romeo@localhost', 'unheard')
    await ping()
    expect(component.publishes.length).toBe(length)
  })

  it('shares its stanzas among several connections, and refuses a wrong secret', async () => {
    const port = Number(new URL(server.componentService).port)
    await expect(attachRaw(port, PUSH, 'x')).rejects.toThrow('not-authorized')
    const second = await attachEcho(server.componentService, PUSH, SECRET)
    await second.stop()
  })
})
