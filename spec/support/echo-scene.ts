/** A real server with the least component attached and a client that writes, for what the server itself does. */
import { startXmppServerSimulator, type PersonalityName } from '../../lib/sim/xmpp-server'
import { parseXml } from '../../lib/sim/xmpp-server-reader'
import { comparable } from './comparable'
import { attachEcho, type EchoComponent } from './echo-component'
import { juliet, PUSH, romeo, SECRET, type RealServer } from './real-server'
import { connectClient, type RealClient } from './xmpp-client'

const OPTIONS = { secret: 'x&<\'">y' }

export interface EchoScene {
  component(): EchoComponent
  /** A message to Romeo, who is offline. */
  write(body: string): Promise<void>
  /** A round trip to the component and back, behind which what was sent before it has been published. */
  ping(): Promise<unknown>
  /** Romeo enables a node and goes offline again. */
  enable(node: string, options?: Readonly<Record<string, string>>): Promise<void>
  /** He disables all of them. */
  disable(): Promise<void>
  /** Takes both away, lets something happen, and attaches and connects again. */
  without(happen: () => Promise<void>): Promise<void>
}

/** Attached before the tests of a `describe`, and gone after them, also where the rest did not come up. */
export function echoScene(server: () => RealServer): EchoScene {
  let component: EchoComponent | undefined
  let sender: RealClient | undefined

  async function up(): Promise<void> {
    component = await attachEcho(server().componentService, PUSH, SECRET)
    sender = await connectClient(server(), juliet)
  }
  async function down(): Promise<void> {
    await sender?.stop()
    await component?.stop()
    sender = component = undefined
  }
  beforeAll(up)
  afterAll(down)

  function there<Thing>(thing: Thing | undefined): Thing {
    if (thing === undefined) throw new Error('nothing is attached yet')
    return thing
  }
  async function asRomeo(act: (client: RealClient) => Promise<unknown>): Promise<void> {
    const client = await connectClient(server(), romeo)
    await act(client)
    await client.stop()
  }
  return {
    component: () => there(component),
    write: (body) => there(sender).message('romeo@localhost', body),
    ping: () => there(sender).iq(`<iq type='get' to='${PUSH}'><ping xmlns='urn:xmpp:ping'/></iq>`),
    enable: (node, options) => asRomeo((client) => client.enable(PUSH, node, options)),
    disable: () =>
      asRomeo((client) => client.iq(`<iq type='set'><disable xmlns='urn:xmpp:push:0' jid='${PUSH}'/></iq>`)),
    async without(happen) {
      await down()
      await happen()
      await up()
    },
  }
}

/** Registers the test that the simulator, asked for this personality, publishes what the real server does; ids are like `id`. */
export function tellLikeness(scene: EchoScene, personality: PersonalityName, id: RegExp): void {
  it('publishes for a user who is offline, and the simulator publishes the same', async () => {
    await scene.enable('n1', OPTIONS)
    await scene.write('Wherefore art thou?')
    const { stanza } = await scene.component().publish(1)

    const simulator = await startXmppServerSimulator({ personality, components: [{ domain: PUSH, secret: SECRET }] })
    const twin = await attachEcho(simulator.service, PUSH, SECRET)
    const client = simulator.client('romeo@localhost/x')
    const fields = stanza.child('pubsub')?.child('publish-options')?.child('x')?.toString() ?? ''
    client.enable({ jid: PUSH, node: 'n1', options: fields })
    client.goOffline()
    simulator.deliverMessage({ from: 'juliet@localhost/x', to: 'romeo@localhost', body: 'Wherefore art thou?' })
    const imitated = await twin.publish(1)
    await twin.stop()
    await simulator.close()

    expect(stanza.attrs['id']).toMatch(id)
    expect(imitated.stanza.attrs['id']).toMatch(id)
    expect(comparable(parseXml(imitated.text))).toEqual(comparable(parseXml(stanza.toString())))
  })
}
