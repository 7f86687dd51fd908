/**
 * The XMPP server of a demonstration, in the same words whether it is a real Prosody or the simulated server: accounts
 * whose devices come, ask and go, and write to each other. Knows nothing of push but that a server must offer it.
 */
import { startProsodyProcess } from './prosody-process'
import { connectXmppClient, type XmppClient } from './xmpp-client'
import { startXmppServerSimulator } from './xmpp-server'
import { escapeXml, type XmlElement } from './xmpp-server-xml'

/** Which server is wanted; `either`: a real one if it can be had. */
export type WantedServer = 'prosody' | 'simulated' | 'either'

export interface StageServerOptions {
  readonly domain: string
  readonly componentDomain: string
  readonly secret: string
  readonly users: readonly { readonly name: string; readonly password: string }[]
  /** Where a real server may put its files. */
  readonly folder: string
}

/** One device of an account, logged in. */
export interface StageClient {
  readonly jid: string
  /** Resolves with the answer, be it result or error. */
  iq(xml: string): Promise<XmlElement>
  write(to: string, body: string): void
  /** Goes offline; the server knows it when this resolves. */
  leave(): Promise<void>
}

export interface StageServer {
  /** Name and version. */
  readonly name: string
  /** Why it is not the real one; undefined where nothing else was wanted. */
  readonly instead?: string
  /** Where a component attaches. */
  readonly service: string
  /** Where clients of one's own may log in; the simulated server has no such place. */
  readonly clientService?: string
  connect(user: string, resource: string): Promise<StageClient>
  close(): Promise<void>
}

const DISCO_INFO = 'http://jabber.org/protocol/disco#info'
const START_WITHIN = 10_000

const messageTo = (to: string, body: string): string =>
  `<message type='chat' to='${escapeXml(to)}'><body>${escapeXml(body)}</body></message>`

/** A real server that can't be used, in words for a person. */
class NoProsody extends Error {
  override readonly name = 'NoProsody'
}

/** What the server says of itself; rejects where it has no XEP-0357. */
async function examine(client: XmppClient, domain: string, account: string): Promise<string> {
  const info = await client.iq(`<iq type='get' to='${account}'><query xmlns='${DISCO_INFO}'/></iq>`)
  const features = info.child('query', DISCO_INFO)?.elements('feature') ?? []
  if (!features.some((feature) => feature.attrs['var'] === 'urn:xmpp:push:0')) {
    throw new NoProsody('Prosody is installed without mod_cloud_notify (Debian: prosody-modules)')
  }
  const version = await client.iq(`<iq type='get' to='${domain}'><query xmlns='jabber:iq:version'/></iq>`)
  return `Prosody ${version.child('query')?.child('version')?.text() ?? ''}`.trim()
}

async function openProsody(options: StageServerOptions): Promise<StageServer> {
  const { domain, users } = options
  const server = await startProsodyProcess({ ...options, startWithin: START_WITHIN }).catch((error: unknown) => {
    const [, ...log] = (error instanceof Error ? error.message : String(error))
      .split('\n')
      .filter((line) => line !== '')
    const last = log.at(-1) ?? `it was not up after ${START_WITHIN / 1000} s`
    throw new NoProsody(/ENOENT/.test(last) ? 'Prosody is not installed' : `Prosody did not start (${last.trim()})`)
  })
  const logIn = async (user: string, resource: string): Promise<XmppClient> => {
    const password = users.find((one) => one.name === user)?.password ?? ''
    return connectXmppClient({ service: server.clientService, domain, user, password, resource })
  }
  try {
    const first = users[0]?.name ?? ''
    const visitor = await logIn(first, 'visitor')
    const name = await examine(visitor, domain, `${first}@${domain}`)
    await visitor.close()
    return Object.freeze({
      name,
      service: server.componentService,
      clientService: server.clientService,
      async connect(user: string, resource: string) {
        const client = await logIn(user, resource)
        return Object.freeze({
          jid: client.jid,
          iq: (xml: string) => client.iq(xml),
          write: (to: string, body: string) => client.send(messageTo(to, body)),
          leave: () => client.close(),
        })
      },
      close: () => server.stop(),
    })
  } catch (error) {
    await server.stop()
    throw error instanceof NoProsody ? error : new NoProsody(`Prosody is of no use: ${String(error)}`)
  }
}

async function openSimulated({ domain, componentDomain, secret }: StageServerOptions): Promise<StageServer> {
  const server = await startXmppServerSimulator({ domain, components: [{ domain: componentDomain, secret }] })
  return Object.freeze({
    name: 'the simulated XMPP server, which behaves as Prosody 0.12.3 does',
    service: server.service,
    async connect(user: string, resource: string) {
      const client = server.client(`${user}@${domain}/${resource}`)
      client.goOnline()
      return Object.freeze({
        jid: client.jid,
        iq: (xml: string) => client.iq(xml),
        write: (to: string, body: string) => void server.deliverMessage({ from: client.jid, to, body }),
        leave: async () => client.goOffline(),
      })
    },
    close: () => server.close(),
  })
}

/** Starts it. Rejects, in words for a person, only where `prosody` is wanted and can't be had. */
export async function openServer(wanted: WantedServer, options: StageServerOptions): Promise<StageServer> {
  if (wanted === 'simulated') return openSimulated(options)
  try {
    return await openProsody(options)
  } catch (error) {
    if (!(error instanceof NoProsody) || wanted === 'prosody') throw error
    return Object.freeze({ ...(await openSimulated(options)), instead: error.message })
  }
}
