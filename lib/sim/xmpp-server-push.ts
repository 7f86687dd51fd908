/** The simulated server's push table (XEP-0357 v0.4.1 §5–7): who enabled what, what is published, what an answer does to it. */
import { bareJid, conditionOf } from './xmpp-server-conduct'
import {
  type Occasion,
  type Personality,
  publishStanza,
  type PublishAnswer,
  type PushRegistration,
} from './xmpp-server-personality'
import { type Heard } from './xmpp-server-questions'
import { parseXml } from './xmpp-server-reader'
import { type XmlElement } from './xmpp-server-xml'

/** A publish that was sent, and the component's first answer to it. */
export interface Published {
  readonly registration: PushRegistration
  readonly stanza: XmlElement
  /** Rejects if the connection is lost or 20 s pass before the answer. */
  readonly answer: Promise<XmlElement>
}

/** Sends an iq to whom it is for. `heard` gets every answer; the promise the first one. */
export type Ask = (stanza: XmlElement, heard: (answer: Heard) => void) => Promise<XmlElement>

export interface PushTable {
  /** Enables or replaces; answers with the error condition, or undefined where it is done. */
  enable(
    user: string,
    jid: string | undefined,
    node: string | undefined,
    options: XmlElement | undefined,
  ): string | undefined
  /** Takes away one node, or all that a user enabled at a push service. */
  disable(user: string, jid: string, node?: string): void
  of(user: string): readonly PushRegistration[]
  /** Publishes, as the personality does, to each registration of a user. */
  notify(user: string, occasion: Occasion): readonly Published[]
}

function answerOf(stanza: XmlElement): PublishAnswer {
  if (stanza.attrs['type'] === 'result') return { is: 'result' }
  const type = stanza.child('error')?.attrs['type']
  const condition = conditionOf(stanza)
  return { is: 'error', ...(type === undefined ? {} : { type }), ...(condition === undefined ? {} : { condition }) }
}

export function makePushTable(personality: Personality, domain: string, ask: Ask): PushTable {
  let rows: readonly PushRegistration[] = []
  const isRow = (row: PushRegistration, user: string, jid: string, node?: string): boolean =>
    row.user === user && row.jid === jid && row.node === node

  function heard(published: PushRegistration, answer: Heard): void {
    const rules = personality.answers
    if (rules.exactSender && !answer.exactSender) return
    if (!rules.second && answer.nth > 1) return
    if (rules.within !== undefined && answer.after > rules.within) return
    rows = rows.flatMap((row) => {
      if (!isRow(row, published.user, published.jid, published.node)) return [row]
      const errors = personality.judge(answerOf(answer.stanza), row.errors)
      return errors === 'removed' ? [] : [{ ...row, errors }]
    })
  }

  return Object.freeze({
    enable(user: string, jid: string | undefined, node: string | undefined, options: XmlElement | undefined) {
      if (jid === undefined) return 'bad-request'
      if (node === undefined && personality.enabling.nodeRequired) return 'feature-not-implemented'
      const old = rows.find((row) => isRow(row, user, jid, node))
      // Enabling again replaces the options in place and forgives no error (measured on Prosody).
      const row: PushRegistration = {
        user,
        jid,
        errors: old?.errors ?? 0,
        ...(node === undefined ? {} : { node }),
        ...(options === undefined ? {} : { options }),
      }
      if (old !== undefined) {
        rows = rows.map((each) => (each === old ? row : each))
        return undefined
      }
      const own = rows.filter((each) => each.user === user)
      const fallsOut = own.length >= (personality.enabling.most ?? Infinity) ? own[0] : undefined
      rows = [...rows.filter((each) => each !== fallsOut), row]
      return undefined
    },
    disable(user: string, jid: string, node?: string) {
      rows = rows.filter((row) => !(row.user === user && row.jid === jid && (node === undefined || row.node === node)))
    },
    of: (user: string) => rows.filter((row) => row.user === bareJid(user)),
    notify(user: string, occasion: Occasion) {
      const own = rows.filter((row) => row.user === user)
      return own.flatMap((registration) => {
        const publish = personality.publish(occasion, registration, domain)
        if (publish === undefined) return []
        const stanza = parseXml(publishStanza(publish, registration))
        const answer = ask(stanza, (each) => heard(registration, each))
        answer.catch(() => undefined)
        return [{ registration, stanza, answer }]
      })
    },
  })
}
