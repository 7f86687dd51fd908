/** What the XMPP server simulator is asked for and what it offers: words only, the simulator is xmpp-server.ts. */
import { type After, type Now } from './time'
import { type SimulatedClient } from './xmpp-server-client'
import { type Faults } from './xmpp-server-faults'
import { type JournalEntry, type Violation } from './xmpp-server-journal'
import { type PersonalityName } from './xmpp-server-personalities'
import { type Message, type Personality, type PushRegistration } from './xmpp-server-personality'
import { type Published } from './xmpp-server-push'
import { type Question } from './xmpp-server-questions'
import { type XmlElement } from './xmpp-server-xml'

export interface XmppServerOptions {
  /** The users' domain; `localhost` if left out. */
  readonly domain?: string
  readonly components: readonly { readonly domain: string; readonly secret: string }[]
  /** Which server is played; `prosody` if left out. Another one may be handed in. */
  readonly personality?: PersonalityName | Personality
  /** Direct TLS: key and certificate as PEM. */
  readonly tls?: { readonly key: string | Buffer; readonly cert: string | Buffer }
  readonly now?: Now
  /** Times what the server does by itself; the machine's time if left out. */
  readonly after?: After
  /** Whether the components' domains have an address; if left out, they have none. */
  readonly resolves?: boolean
  /** How many stanzas the journal keeps, and of how many questions it is known whether they were answered; 100,000 each if left out. */
  readonly remembers?: number
}

export interface XmppServerSimulator {
  readonly domain: string
  readonly port: number
  /** `xmpp://127.0.0.1:<port>`, or `xmpps://` with TLS. */
  readonly service: string
  readonly journal: readonly JournalEntry[]
  readonly violations: readonly Violation[]
  readonly faults: Faults
  /** The iqs that the component has not answered yet. */
  readonly unanswered: readonly Question[]
  /** Calls back for each stanza from now on; the function returned ends that. */
  onStanza(listener: (entry: JournalEntry) => void): () => void
  /** The first stanza, past or to come, that the predicate holds for; rejects after `withinMs` (20 s) with the last ones. */
  waitFor(predicate: (entry: JournalEntry) => boolean, withinMs?: number): Promise<JournalEntry>
  /** How many connections of a component are through with their handshake. */
  connections(component?: string): number
  /** Resolves when a connection of the component (the first one, if none is named) is through with its handshake. */
  attached(component?: string): Promise<void>
  /** A client of the user; the same one for the same full JID. Online until it goes. */
  client(jid: string): SimulatedClient
  registrations(user: string): readonly PushRegistration[]
  /** Takes a message for a user: to the clients that are online, else into the store and to the push services. */
  deliverMessage(message: Message): readonly Published[]
  /** Deletes an account with all that it enabled. */
  removeAccount(user: string): readonly Published[]
  /** Sends an iq from whatever `from` it has (the server's domain if none) and resolves with the answer. */
  request(xml: string | XmlElement): Promise<XmlElement>
  /** Sends a stanza as it stands to the component that its `to` names. */
  send(xml: string): void
  close(): Promise<void>
}
