/** One push all the way through an XMPP server, told in the same words for each of them, real or played. */
import { startPublishWatch, type PublishWatch } from './publish-watch'
import { startRealHouse, type RealHouse } from './real-house'
import { admin, juliet, paris, PUSH, romeo, SECRET, TOWN, type RealServer, type RealServerOptions } from './real-server'
import { connectClient, type RealClient } from './xmpp-client'

/** As much of a client as the story needs. */
export type StoryClient = Pick<RealClient, 'jid' | 'iq' | 'enable' | 'message' | 'stop'>

/** As much of a server as the story needs. */
export interface StoryServer {
  readonly domain: string
  readonly componentService: string
  connect(user: { readonly name: string; readonly password: string }): Promise<StoryClient>
  stop(): Promise<unknown>
}

/** How often each server publishes to a dead node until it has unsubscribed: told item-not-found so many times, and no more. */
export const DEAD_AFTER = { prosody: 16, ejabberd: 1 } as const

const OWN = 'a1'.repeat(32)
const GIVEN = 'b2'.repeat(32)
const FRESH = 'c3'.repeat(32)
const ANDROID = `f4ndroid:${'Ab-_9'.repeat(28)}`

/** A command with its form in the first stanza, as Martin and JaXMPP send it, and Conversations. */
function command(name: string, fields: Readonly<Record<string, string>>): string {
  const values = Object.entries(fields).map(([name, value]) => `<field var='${name}'><value>${value}</value></field>`)
  return (
    `<iq type='set' to='${PUSH}'><command xmlns='http://jabber.org/protocol/commands' node='${name}'>` +
    `<x xmlns='jabber:x:data' type='submit'>${values.join('')}</x></command></iq>`
  )
}

async function register(client: StoryClient, fields: Readonly<Record<string, string>>): Promise<string> {
  return (await given(client, 'register-device', fields))('node')
}

/** What the answer's form says of a field. */
async function given(client: StoryClient, name: string, fields: Readonly<Record<string, string>>) {
  const answer = await client.iq(command(name, fields))
  const form = answer.getChild('command')?.getChild('x')
  return (wanted: string): string => {
    const field = form?.getChildren('field').find(({ attrs }) => attrs['var'] === wanted)
    return field?.getChildText('value') ?? `no ${wanted} in ${answer.toString()}`
  }
}

/** The story told of a real server, which others may share. */
export function tellRealStory(server: () => RealServer, deadAfter: number): void {
  tellStory(() => {
    const { domain, componentService } = server()
    const connect: StoryServer['connect'] = (user) => connectClient(server(), user)
    return Promise.resolve({ domain, componentService, connect, stop: () => Promise.resolve() })
  }, deadAfter)
}

/** The same for any server. */
export function tellStory(start: (options: RealServerOptions) => Promise<StoryServer>, deadAfter: number): void {
  let server: StoryServer
  let watch: PublishWatch
  let house: RealHouse
  let sender: StoryClient
  const stops: (() => Promise<unknown>)[] = []

  beforeAll(async () => {
    server = await start(TOWN)
    stops.push(() => server.stop())
    watch = await startPublishWatch(server.componentService)
    stops.push(() => watch.close())
    const { service: componentService } = watch
    house = await startRealHouse({ componentService, componentDomain: PUSH, secret: SECRET, admin: 'admin@localhost' })
    stops.push(() => house.close())
    sender = await server.connect(romeo)
    stops.push(() => sender.stop())
    for (const token of [OWN, GIVEN, FRESH]) house.apns.addDevice({ token, topic: house.topic })
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

  async function disable(user: typeof juliet): Promise<void> {
    const client = await server.connect(user)
    await client.iq(`<iq type='set'><disable xmlns='urn:xmpp:push:0' jid='${PUSH}'/></iq>`)
    await client.stop()
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
    await disable(juliet)
  })

  it('wakes the Android phone of a client that Conversations registered, with the secret that it was given', async () => {
    house.fcm.setDevice(ANDROID, 'live')
    const client = await server.connect(paris)
    const value = await given(client, 'register-push-fcm', { token: ANDROID, 'android-id': '1f3a' })
    const node = value('node')
    await client.enable(PUSH, node, { secret: value('secret') })
    await client.stop()
    await sender.message('paris@localhost', 'Immoderately she weeps for Tybalt')
    const { message } = await house.fcm.waitFor(() => true, 20_000)
    expect(message).toMatchObject({ target: { value: ANDROID }, priority: 'HIGH' })
    expect(JSON.stringify(message)).not.toMatch(/romeo|paris|weeps/)
    expect((await watch.answered(node, 1)).map(({ answer }) => answer)).toEqual(['result'])
    expect(house.fcm.violations).toEqual([])
    await disable(paris)
  })

  let dead: string

  it('wakes the device that an administrator registered for her', async () => {
    const fields = { provider: house.topic, 'device-token': GIVEN, account: 'juliet@localhost' }
    await expect(register(sender, fields)).rejects.toThrow('forbidden')
    const client = await server.connect(admin)
    dead = await register(client, fields)
    await client.stop()
    expectPush(await wakeByMessage(dead, GIVEN), GIVEN)
  })

  /** Romeo writes, and all that the server publishes for it is answered; how often it has published to the node by then. */
  async function publishedAfter(body: string, node: string): Promise<number> {
    const ping = () => sender.iq(`<iq type='get' to='${PUSH}'><ping xmlns='urn:xmpp:ping'/></iq>`)
    await sender.message('juliet@localhost', body)
    // The same server sends this over the same connection, behind what it publishes.
    await ping()
    const { length } = watch.publishes(node)
    await watch.answered(node, length)
    // And this comes back behind our answers.
    await ping()
    return length
  }

  it('tells the server item-not-found at the publish after the one that found the token dead', async () => {
    house.apns.changeDevice(GIVEN, { kind: 'unregistered', since: Date.now() })
    await sender.message('juliet@localhost', 'O, speak again, bright angel!')
    await house.logged({ at: 'forgotten', app: house.topic, owner: 'juliet@localhost' })
    const { length } = house.apns.journal.entries
    await publishedAfter('O Romeo, Romeo!', dead)
    await house.logged({ at: 'answered', answer: 'unknown-node', publisher: server.domain })
    expect(watch.publishes(dead).map(({ answer }) => answer)).toEqual(['result', 'result', 'item-not-found'])
    expect(house.apns.journal.entries).toHaveLength(length)
  })

  it('is told no more of the dead device in the end, for the server unsubscribed it', async () => {
    const { length } = house.apns.journal.entries
    let published = watch.publishes(dead).length
    for (let turn = 1, before = 0; turn <= 50 && before !== published; turn++) {
      before = published
      published = await publishedAfter(`wherefore art thou? ${turn}`, dead)
    }
    expect(await publishedAfter('Deny thy father and refuse thy name', dead)).toBe(published)
    const told = watch.publishes(dead).map(({ answer }) => answer)
    expect(told.slice(0, 2)).toEqual(['result', 'result'])
    expect(new Set(told.slice(2))).toEqual(new Set(['item-not-found']))
    expect(told.length - 2).toBe(deadAfter)
    expect(house.apns.journal.entries).toHaveLength(length)
  })

  it('wakes her next device as if nothing had been', async () => {
    const client = await server.connect(juliet)
    const node = await register(client, { provider: house.topic, 'device-token': FRESH })
    await client.stop()
    expect(node).not.toBe(dead)
    expectPush(await wakeByMessage(node, FRESH), FRESH)
    expect(
      watch
        .publishes(dead)
        .map(({ answer }) => answer)
        .filter((answer) => answer === 'result'),
    ).toHaveLength(2)
    await disable(juliet)
    expect(house.apns.violations).toEqual([])
  })
}
