/** One push all the way through an XMPP server, told in the same words for each of them, real or played. */
import { type ServerProcess } from '../../lib/sim/server-process'
import { startRealHouse, type RealHouse } from './real-house'
import { connectClient, type RealClient } from './xmpp-client'

export interface RealServer extends ServerProcess {
  readonly domain: string
  readonly clientService: string
  readonly componentService: string
}

/** As much of a server as the story needs. */
export interface StoryServer {
  readonly domain: string
  readonly componentService: string
  connect(user: { readonly name: string; readonly password: string }): Promise<RealClient>
  /** Resolves once the server has said such a thing. */
  logged(pattern: RegExp): Promise<unknown>
  stop(): Promise<unknown>
}

export interface RealServerOptions {
  readonly componentDomain: string
  readonly secret: string
  readonly users: readonly { readonly name: string; readonly password: string }[]
}

const PUSH = 'push.localhost'
const SECRET = 'a "secret" with \\ and ü'
const juliet = { name: 'juliet', password: 'rose' }
const romeo = { name: 'romeo', password: 'wherefore' }
const admin = { name: 'admin', password: 'montague' }
const OWN = 'a1'.repeat(32)
const GIVEN = 'b2'.repeat(32)

/** The command `register-device` with its form in the first stanza, as Martin and JaXMPP send it. */
function registerDevice(fields: Readonly<Record<string, string>>): string {
  const values = Object.entries(fields).map(([name, value]) => `<field var='${name}'><value>${value}</value></field>`)
  return (
    `<iq type='set' to='${PUSH}'><command xmlns='http://jabber.org/protocol/commands' node='register-device'>` +
    `<x xmlns='jabber:x:data' type='submit'>${values.join('')}</x></command></iq>`
  )
}

async function register(client: RealClient, fields: Readonly<Record<string, string>>): Promise<string> {
  const answer = await client.iq(registerDevice(fields))
  const form = answer.getChild('command')?.getChild('x')
  const node = form?.getChildren('field').find((field) => field.attrs['var'] === 'node')
  return node?.getChildText('value') ?? `no node in ${answer.toString()}`
}

/** Registers the story's tests. `start` starts the server; `heard` is what it logs when it has heard of the dead node. */
export function tellRealStory(start: (options: RealServerOptions) => Promise<RealServer>, heard: RegExp): void {
  tellStory(async (options) => {
    const server = await start(options)
    const { domain, componentService } = server
    return {
      domain,
      componentService,
      connect: (user) => connectClient(server, user),
      logged: (pattern) => server.logged(pattern),
      stop: () => server.stop(),
    }
  }, heard)
}

/** The same for any server. */
export function tellStory(start: (options: RealServerOptions) => Promise<StoryServer>, heard: RegExp): void {
  let server: StoryServer
  let house: RealHouse
  let sender: RealClient
  const stops: (() => Promise<unknown>)[] = []

  beforeAll(async () => {
    server = await start({ componentDomain: PUSH, secret: SECRET, users: [juliet, romeo, admin] })
    stops.push(() => server.stop())
    const { componentService } = server
    house = await startRealHouse({ componentService, componentDomain: PUSH, secret: SECRET, admin: 'admin@localhost' })
    stops.push(() => house.close())
    sender = await server.connect(romeo)
    stops.push(() => sender.stop())
    for (const token of [OWN, GIVEN]) house.apns.addDevice({ token, topic: house.topic })
  }, 60_000)

  afterAll(async () => {
    for (const stop of stops.reverse()) await stop()
  })

  /** Juliet enables a node and goes offline; Romeo writes; what APNs got for the token. */
  async function wakeByMessage(node: string, token: string) {
    const client = await server.connect(juliet)
    await client.enable(PUSH, node)
    await client.stop()
    const arrives = house.apns.journal.waitFor((request) => request.token === token, 20_000)
    await sender.message('juliet@localhost', 'But, soft! what light through yonder window breaks?')
    return arrives
  }

  function expectPush(request: Awaited<ReturnType<typeof wakeByMessage>>, token: string): void {
    expect(request.headers).toMatchObject({
      ':method': 'POST',
      ':path': `/3/device/${token}`,
      'apns-topic': house.topic,
      'apns-push-type': 'alert',
      'apns-priority': '10',
    })
    expect(request.headers['apns-id']).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    expect(Number(request.headers['apns-expiration']) * 1000).toBeGreaterThan(Date.now())
    expect(request.payload).toMatchObject({ account: 'juliet@localhost', aps: { 'mutable-content': 1 } })
    expect(request.body.toString()).not.toMatch(/romeo|yonder/)
  }

  it('wakes the device that a user registered', async () => {
    const client = await server.connect(juliet)
    const node = await register(client, { provider: house.topic, 'device-token': OWN.toUpperCase() })
    expect(await register(client, { provider: house.topic, 'device-token': OWN.toUpperCase() })).toBe(node)
    await client.stop()
    expectPush(await wakeByMessage(node, OWN), OWN)
    await house.logged({ at: 'settled', end: 'delivered' })
    const again = await server.connect(juliet)
    await again.iq(`<iq type='set'><disable xmlns='urn:xmpp:push:0' jid='${PUSH}' node='${node}'/></iq>`)
    await again.stop()
  })

  it('wakes the device that an administrator registered for her', async () => {
    const fields = { provider: house.topic, 'device-token': GIVEN, account: 'juliet@localhost' }
    await expect(register(sender, fields)).rejects.toThrow('forbidden')
    const client = await server.connect(admin)
    const node = await register(client, fields)
    await client.stop()
    expectPush(await wakeByMessage(node, GIVEN), GIVEN)
  })

  it('tells the server item-not-found at the publish after the one that found the token dead', async () => {
    house.apns.changeDevice(GIVEN, { kind: 'unregistered', since: Date.now() })
    await sender.message('juliet@localhost', 'O, speak again, bright angel!')
    await house.logged({ at: 'forgotten', app: house.topic, owner: 'juliet@localhost' })
    const { length } = house.apns.journal.entries
    await sender.message('juliet@localhost', 'O Romeo, Romeo!')
    await house.logged({ at: 'answered', answer: 'unknown-node', publisher: server.domain })
    await server.logged(heard)
    expect(house.apns.journal.entries).toHaveLength(length)
    expect(house.apns.violations).toEqual([])
  })
}
