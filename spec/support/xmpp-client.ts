/** A client of a real server, made of `@xmpp/client`, which nobody here wrote. */
import { client } from '@xmpp/client'
import xml, { type Element } from '@xmpp/xml'
import { parse } from 'ltx'

export interface RealClient {
  readonly jid: string
  /** The messages that it has received. */
  readonly messages: readonly Element[]
  /** Sends an iq, given as XML, and resolves with the answer; an error stanza rejects with its condition. */
  iq(text: string): Promise<Element>
  /** Enables push (XEP-0357 §5) with a publish-options form that holds these fields. */
  enable(jid: string, node: string, options?: Readonly<Record<string, string>>): Promise<void>
  /** Sends a chat message. */
  message(to: string, body: string): Promise<void>
  /** Breaks the connection off without a word, as a phone does that loses the network: the session hibernates (XEP-0198). */
  cut(): Promise<void>
  /** Goes offline in order. */
  stop(): Promise<void>
}

/** Logs in and becomes available. */
export async function connectClient(
  server: { readonly clientService: string; readonly domain: string },
  user: { readonly name: string; readonly password: string },
): Promise<RealClient> {
  const { clientService: service, domain } = server
  const entity = client({ service, domain, username: user.name, password: user.password })
  entity.reconnect.stop()
  // Two seconds, its default, are short where all cores are busy.
  entity.timeout = 20_000
  const errors: Error[] = []
  const messages: Element[] = []
  entity.on('error', (error) => void errors.push(error))
  entity.on('stanza', (stanza) => {
    if (stanza.is('message')) messages.push(stanza)
  })
  await entity.start()
  await entity.send(xml('presence'))
  const jid = entity.jid?.toString()
  if (jid === undefined) throw errors[0] ?? new Error('the server bound no resource')
  const iq = (stanza: Element): Promise<Element> => entity.iqCaller.request(stanza, 20_000)
  return {
    jid,
    messages,
    iq: (text) => iq(parse(text)),
    async enable(service, node, options) {
      const fields = Object.entries({ FORM_TYPE: 'http://jabber.org/protocol/pubsub#publish-options', ...options })
      const form = xml(
        'x',
        { xmlns: 'jabber:x:data', type: 'submit' },
        ...fields.map(([name, value]) => xml('field', { var: name }, xml('value', {}, value))),
      )
      const enable = xml('enable', { xmlns: 'urn:xmpp:push:0', jid: service, node }, ...(options ? [form] : []))
      await iq(xml('iq', { type: 'set' }, enable))
    },
    message: (to, body) => entity.send(xml('message', { to, type: 'chat' }, xml('body', {}, body))),
    async cut() {
      for (let looks = 0; !entity.streamManagement.enabled; looks++) {
        if (looks > 100) throw new Error('the server offers no stream management')
        await iq(xml('iq', { type: 'get' }, xml('ping', { xmlns: 'urn:xmpp:ping' }))).catch(() => undefined)
      }
      entity.socket?.destroy()
    },
    async stop() {
      await entity.stop()
    },
  }
}
