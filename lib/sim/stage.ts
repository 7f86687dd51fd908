/**
 * All that a push service needs around it, on loopback: an XMPP server with accounts and their devices, the push services,
 * throw-away keys and the configuration that fits them. The service itself is not on it; it comes from outside.
 */
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeJournal, type Journal } from './journal'
import { openPushServices, type DeviceAddress, type Received, type Vendor } from './stage-push-services'
import { openServer, type StageClient, type WantedServer } from './stage-server'
import { startStanzaRelay } from './stanza-relay'
import { parseXml } from './xmpp-server-reader'
import { escapeXml, formValues, type XmlElement } from './xmpp-server-xml'

export { xmlLines } from './xml-lines'

/** What passes: a stanza between server and component, or a request to a push service. */
export type Sighting =
  | { readonly is: 'stanza'; readonly by: 'server' | 'component'; readonly stanza: XmlElement }
  | { readonly is: 'request'; readonly request: Received }

/** A phone with an app that wants to be woken. */
export interface StageDevice {
  /** For people: `Juliet's iPhone`. */
  readonly name: string
  readonly resource: string
  readonly app: string
  readonly vendor: Exclude<Vendor, 'oauth'>
  /** By which its pushes are told from others: the device token, or the endpoint. */
  readonly token: string
}

/** A question and its answer. */
export interface Exchange {
  readonly asked: XmlElement
  readonly answered: XmlElement
  readonly isResult: boolean
}

export interface Stage {
  readonly serverName: string
  /** Why the server is not a real one, where one was wanted. */
  readonly instead: string | undefined
  /** Where clients of one's own may log in. */
  readonly clientService: string | undefined
  readonly urls: Readonly<Record<Vendor, string>>
  readonly component: string
  /** Bare JIDs. */
  readonly owner: string
  readonly writer: string
  readonly devices: readonly StageDevice[]
  readonly config: Readonly<Record<string, unknown>>
  readonly configFile: string
  /** What must not be shown: tokens, passwords, the component's secret; grows by what the service hands out. */
  readonly secrets: readonly string[]
  /** From now on this must not be shown either. */
  hide(secret: string): void
  readonly password: string
  readonly journal: Journal<Sighting>
  /** What the push services found wrong with the requests. */
  violations(): readonly string[]
  /** The device comes online and registers with the component (ad-hoc command `register-device`). */
  register(device: StageDevice): Promise<Exchange & { readonly node: string | undefined }>
  /** The device tells its server where to publish (XEP-0357 §5). */
  enable(device: StageDevice, node: string): Promise<Exchange>
  /** All devices go offline. */
  leave(): Promise<void>
  /** The writer sends the owner a message. */
  write(text: string): Promise<void>
  close(): Promise<void>
}

const DOMAIN = 'example.com'
const COMPONENT = `push.${DOMAIN}`
const [OWNER, WRITER] = ['juliet', 'romeo']

/** Each registers in the words that its kind of client uses. */
function registerStanza(id: string, device: StageDevice, { fields: own }: DeviceAddress): string {
  const isWeb = device.vendor === 'webpush'
  const node = isWeb ? 'register-push-webpush' : 'register-device'
  const fields = Object.entries({ [isWeb ? 'app' : 'provider']: device.app, ...own }).map(
    ([name, value]) => `<field var='${name}'><value>${escapeXml(value)}</value></field>`,
  )
  return (
    `<iq type='set' to='${COMPONENT}' id='${id}'>` +
    `<command xmlns='http://jabber.org/protocol/commands' node='${node}' action='execute'>` +
    `<x xmlns='jabber:x:data' type='submit'>${fields.join('')}</x></command></iq>`
  )
}

function enableElement(node: string, secret: string | undefined): string {
  const head = `<enable xmlns='urn:xmpp:push:0' jid='${COMPONENT}' node='${escapeXml(node)}'`
  if (secret === undefined) return `${head}/>`
  const type = `<field var='FORM_TYPE'><value>http://jabber.org/protocol/pubsub#publish-options</value></field>`
  const form = `${type}<field var='secret'><value>${escapeXml(secret)}</value></field>`
  return `${head}><x xmlns='jabber:x:data' type='submit'>${form}</x></enable>`
}

/** Opens the stage; all files go into the folder. Rejects, in words for a person, where the wanted server can't be had. */
export async function openStage(folder: string, wanted: WantedServer): Promise<Stage> {
  const secret = randomBytes(18).toString('base64url')
  const password = randomBytes(9).toString('base64url')
  const { journal, record } = makeJournal<Sighting>('what the stage saw')
  const server = await openServer(wanted, {
    domain: DOMAIN,
    componentDomain: COMPONENT,
    secret,
    users: [OWNER, WRITER].map((name) => ({ name, password })),
    folder,
  })
  const relay = await startStanzaRelay(server.service, (relayed) => record({ is: 'stanza', ...relayed }))
  const push = await openPushServices(folder, (request) => record({ is: 'request', request }))

  const config = {
    component: { domain: COMPONENT, service: relay.service, secret: { file: 'component-secret' } },
    store: { kind: 'sqlite', file: 'xmpp-push.db' },
    apps: push.apps,
    access: { register: [DOMAIN], publish: [], admins: [] },
  }
  const configFile = join(folder, 'component.config.json')
  await writeFile(join(folder, 'component-secret'), `${secret}\n`, { mode: 0o600 })
  await writeFile(configFile, `${JSON.stringify(config, undefined, 2)}\n`)

  const devices: readonly StageDevice[] = [
    {
      name: 'Juliet’s iPhone',
      resource: 'iphone',
      app: 'org.example.ios',
      vendor: 'apns',
      token: push.addresses.apns.token,
    },
    {
      name: 'Juliet’s Android',
      resource: 'android',
      app: 'org.example.android',
      vendor: 'fcm',
      token: push.addresses.fcm.token,
    },
    {
      name: 'Juliet’s browser',
      resource: 'browser',
      app: 'org.example.web',
      vendor: 'webpush',
      token: push.addresses.webpush.token,
    },
  ]
  /** What the service wants to hear with each publish, by node. */
  const nodeSecrets = new Map<string, string>()
  const secrets = [...Object.values(push.addresses).flatMap((address) => address.secrets), secret, password]
  const online = new Map<StageDevice, StageClient>()
  let writer: StageClient | undefined
  let asked = 0

  async function clientOf(device: StageDevice): Promise<StageClient> {
    const client = online.get(device) ?? (await server.connect(OWNER, device.resource))
    online.set(device, client)
    return client
  }

  async function ask(device: StageDevice, id: string, xml: string): Promise<Exchange> {
    const answered = await (await clientOf(device)).iq(xml)
    const isIt = (seen: Sighting): boolean =>
      seen.is === 'stanza' && seen.by === 'server' && seen.stanza.attrs['id'] === id
    const seen = journal.entries.findLast(isIt)
    return {
      asked: seen?.is === 'stanza' ? seen.stanza : parseXml(xml),
      answered,
      isResult: answered.attrs['type'] === 'result',
    }
  }

  return Object.freeze({
    serverName: server.name,
    instead: server.instead,
    clientService: server.clientService,
    urls: push.urls,
    component: COMPONENT,
    owner: `${OWNER}@${DOMAIN}`,
    writer: `${WRITER}@${DOMAIN}`,
    devices,
    config,
    configFile,
    secrets,
    password,
    journal,
    hide: (secret: string) => void secrets.push(secret),
    violations: push.violations,
    async register(device: StageDevice) {
      const id = `register-${++asked}`
      const exchange = await ask(device, id, registerStanza(id, device, push.addresses[device.vendor]))
      const command = exchange.answered.child('command')
      const value = (name: string): string | undefined =>
        command === undefined ? undefined : formValues(command, name)?.[0]
      const given = value('secret')
      if (given !== undefined) {
        nodeSecrets.set(value('node') ?? '', given)
        secrets.push(given)
      }
      return { ...exchange, node: value('node') }
    },
    async enable(device: StageDevice, node: string) {
      const id = `enable-${++asked}`
      const inside = enableElement(node, nodeSecrets.get(node))
      return ask(device, id, `<iq type='set' id='${id}'>${inside}</iq>`)
    },
    async leave() {
      await Promise.all([...online.values()].map((client) => client.leave()))
      online.clear()
    },
    async write(text: string) {
      writer ??= await server.connect(WRITER, 'balcony')
      writer.write(`${OWNER}@${DOMAIN}`, text)
    },
    async close() {
      // A client that is still there makes Prosody wait a second for it.
      await Promise.all([...online.values(), ...(writer === undefined ? [] : [writer])].map((client) => client.leave()))
      await Promise.all([relay.close(), push.close()])
      await server.close()
    },
  })
}
