/**
 * What differs from one XMPP server to another, as far as a component can see it: how it takes a component's
 * connection, how its publish looks (XEP-0357 v0.4.1) and what an answer does to the user's registration.
 * A server is one file that exports one `Personality`, and one line in `xmpp-server-personalities.ts`.
 */
import { escapeXml, type XmlElement } from './xmpp-server-xml'

/** One row of the server's push table: what a client enabled. */
export interface PushRegistration {
  /** The bare JID of the user. */
  readonly user: string
  /** The push service, byte for byte as it stood in `<enable/>`. */
  readonly jid: string
  readonly node?: string
  /** The form for `<publish-options/>`. */
  readonly options?: XmlElement
  /** What else stood in `<enable/>`: Tigase's extensions. */
  readonly wishes: readonly XmlElement[]
  /** Errors in a row that the server has counted. */
  readonly errors: number
}

/** A message for a user, in the words that decide how it is published. */
export interface Message {
  readonly from: string
  readonly to: string
  readonly body?: string
  /** It carries an OMEMO payload. */
  readonly encrypted?: boolean
  /** It is a Jingle message `propose` (XEP-0353). */
  readonly call?: boolean
  /** It is the Jingle message `accept` with which another device of the user took the call. */
  readonly callTaken?: boolean
  /** It comes from a room, where the sender goes by this name. */
  readonly nickname?: string
}

/** What may make a server publish. */
export type Occasion =
  /**
   * A message came; `online` tells whether any of the user's clients is, `suspended` whether one has lost its connection and
   * its session hibernates (XEP-0198), `stored` how many messages wait, this one among them.
   */
  | {
      readonly is: 'message'
      readonly message: Message
      readonly online: boolean
      readonly suspended: boolean
      readonly stored: number
    }
  /** A client came back and fetched the stored messages. */
  | { readonly is: 'fetched' }
  /** The account was deleted. */
  | { readonly is: 'account removed' }

/** A publish before it is put together: the whole of `<notification/>`, the id and the sender as the server spells them. */
export interface Publish {
  readonly id: string
  readonly from: string
  readonly notification: string
}

/** An answer to a publish as the server looks at it. An error without an `<error/>` has neither type nor condition. */
export type PublishAnswer =
  { readonly is: 'result' } | { readonly is: 'error'; readonly type?: string; readonly condition?: string }

/** The error with which a server answers itself. */
export interface Bounce {
  readonly type: 'auth' | 'wait' | 'cancel'
  readonly condition: string
}

export interface Personality {
  /** The server and the version whose behaviour this is. */
  readonly name: string
  readonly connection: {
    /** What becomes of a second connection for one domain. */
    readonly second: 'refused' | 'kicks the first' | 'shares the load'
    /** Where an unknown domain is told off: `host-unknown` at the header, or `not-authorized` after the handshake. */
    readonly unknownDomain: 'at the header' | 'at the handshake'
    readonly ownDomain: 'host-unknown' | 'conflict'
    readonly withoutFrom: 'taken as from the component' | 'improper-addressing' | 'bad-request'
    /** A stanza from another domain ends the stream, or is told off alone. */
    readonly foreignFrom: 'invalid-from' | 'bad-request'
    readonly withoutTo: 'bad-request' | 'improper-addressing'
    readonly beforeHandshake: 'service-unavailable' | 'not-authorized'
    readonly oversized: 'not-well-formed' | 'policy-violation'
    /** A wrong secret is told, or the connection just ends. */
    readonly wrongSecret: 'not-authorized' | 'not a word'
    /** Milliseconds without a byte of the component after which it is cut off. */
    readonly closesIdleAfter?: number
    /** Milliseconds between the spaces that the server sends. */
    readonly spaceEvery?: number
    /** Asks a component that has just attached for its disco#info and its version. */
    readonly probes?: true
  }
  /** The `xml:lang` that the server puts on what its clients send. */
  readonly clientLang?: string
  readonly enabling: {
    readonly withoutNode: 'taken' | 'bad-request' | 'feature-not-implemented'
    /** The most devices of one user; the oldest falls out. */
    readonly most?: number
    /** What is kept of the form; a text is the condition with which it is refused. Without this, all as it stands. */
    readonly options?: (form: XmlElement | undefined) => XmlElement | undefined | string
    /** Enabling a node again with other options adds a row; without this, the options are replaced. */
    readonly addsRows?: true
    /** The options last enabled count for all of a user's nodes at one push service. */
    readonly sharesOptions?: true
  }
  /** The answer that the server gives itself while the component is away: it looks for the domain elsewhere, and finds no such name or no server there. */
  readonly bounce: { readonly unresolved: Bounce; readonly resolved: Bounce }
  /** For how many milliseconds what comes to a suspended session is gathered: one publish of each kind. */
  readonly gathers?: { readonly ms: number; readonly kindOf: (message: Message) => string }
  readonly answers: {
    /** Takes an answer only from the very address that it published to. */
    readonly exactSender: boolean
    /** Takes a second answer to one id. */
    readonly second: boolean
    /** Milliseconds after which an answer is not heard any more. */
    readonly within?: number
  }
  /** Takes a registration away when the push service withdraws the affiliation (XEP-0357 §7). */
  readonly honoursRemoteDisable: boolean
  /** What the server publishes to one registration, or undefined where it publishes nothing. */
  publish(occasion: Occasion, registration: PushRegistration, domain: string): Publish | undefined
  /** The number of errors in a row after this answer, or the word that the registration is gone. */
  judge(answer: PublishAnswer, errors: number): number | 'removed'
}

/** A form's field; without a value it is an empty element, which is not the same as an empty value. */
export function field(name: string, type: string | undefined, value?: string): string {
  const head = `<field var='${escapeXml(name)}'${type === undefined ? '' : ` type='${type}'`}`
  return value === undefined ? `${head}/>` : `${head}><value>${escapeXml(value)}</value></field>`
}

/** The publish of XEP-0357 §7 to one registration. */
export function publishStanza(publish: Publish, registration: PushRegistration): string {
  const node = registration.node === undefined ? '' : ` node='${escapeXml(registration.node)}'`
  const options =
    registration.options === undefined ? '' : `<publish-options>${registration.options.toString()}</publish-options>`
  return (
    `<iq type='set' from='${escapeXml(publish.from)}' to='${escapeXml(registration.jid)}' id='${escapeXml(publish.id)}'>` +
    `<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish${node}><item>${publish.notification}</item></publish>` +
    `${options}</pubsub></iq>`
  )
}
