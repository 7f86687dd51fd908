/** A user's client at the simulated server: asks as that user, enables push, goes away and comes back. */
import { bareJid } from './xmpp-server-conduct'
import { type PushTable } from './xmpp-server-push'
import { parseXml } from './xmpp-server-reader'
import { escapeXml, withAttrs, type XmlElement } from './xmpp-server-xml'

/** The form of `<enable/>`: as XML, which is passed on as it is, or as the fields of a publish-options form. */
export type EnableOptions = string | Readonly<Record<string, string>>

export interface SimulatedClient {
  readonly jid: string
  readonly isOnline: boolean
  /** Its connection is lost and its session hibernates. */
  readonly isSuspended: boolean
  /** The messages that reached this client. */
  readonly messages: readonly XmlElement[]
  /**
   * Sends an iq as this client, to the component or, without `to`, to the own account, and resolves with the answer,
   * be it result or error. `from` is set, `id` where it is missing. Rejects if no answer comes within 20 s.
   */
  iq(xml: string | XmlElement): Promise<XmlElement>
  /** Enables push (XEP-0357 §5). `wishes` is XML beside the form. Throws the condition with which the server refuses. */
  enable(what: {
    readonly jid: string
    readonly node?: string
    readonly options?: EnableOptions
    readonly wishes?: string
  }): void
  disable(what: { readonly jid: string; readonly node?: string }): void
  goOffline(): void
  /** Loses its connection; its session is kept for it to come back (XEP-0198). */
  suspend(): void
  /** Comes back and fetches what was stored. */
  goOnline(): void
}

/** What a client needs of the server. */
export interface ClientHost {
  readonly push: PushTable
  readonly lang: string | undefined
  request(stanza: XmlElement): Promise<XmlElement>
  nextId(): string
  /** The client came back. */
  fetched(user: string): void
}

/** The options of `<enable/>` as a form, fields as text-single. */
export function optionsForm(options: EnableOptions): XmlElement {
  if (typeof options === 'string') return parseXml(options)
  const field = (name: string, type: string, value: string): string =>
    `<field var='${escapeXml(name)}' type='${type}'><value>${escapeXml(value)}</value></field>`
  const fields = Object.entries(options).map(([name, value]) => field(name, 'text-single', value))
  const type = field('FORM_TYPE', 'hidden', 'http://jabber.org/protocol/pubsub#publish-options')
  return parseXml(`<x xmlns='jabber:x:data' type='submit'>${type}${fields.join('')}</x>`)
}

export function makeClient(jid: string, host: ClientHost): SimulatedClient & { deliver(message: XmlElement): void } {
  const user = bareJid(jid)
  const messages: XmlElement[] = []
  let state: 'online' | 'suspended' | 'offline' = 'online'
  return {
    jid,
    messages,
    get isOnline() {
      return state === 'online'
    },
    get isSuspended() {
      return state === 'suspended'
    },
    async iq(xml) {
      const stanza = typeof xml === 'string' ? parseXml(xml) : xml
      const { id = host.nextId(), to = user } = stanza.attrs
      return host.request(withAttrs(stanza, { from: jid, to, id, 'xml:lang': stanza.attrs['xml:lang'] ?? host.lang }))
    },
    enable({ jid: service, node, options, wishes = '' }) {
      const form = options === undefined ? undefined : optionsForm(options)
      const refused = host.push.enable(user, service, node, form, parseXml(`<all>${wishes}</all>`).elements())
      if (refused !== undefined) throw new Error(`the server refuses <enable/>: ${refused}`)
    },
    disable: ({ jid: service, node }) => host.push.disable(user, service, node),
    goOffline() {
      state = 'offline'
    },
    suspend() {
      state = 'suspended'
    },
    goOnline() {
      if (state === 'online') return
      state = 'online'
      host.fetched(user)
    },
    deliver: (message) => void messages.push(message),
  }
}
