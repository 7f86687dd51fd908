/** The simulated server's push table (XEP-0357 v0.4.1 §5–7): who enabled what, what is published, what an answer does to it. */
import { type Now } from './time'
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
    wishes?: readonly XmlElement[],
  ): string | undefined
  /** Takes away one node, or all that a user enabled at a push service. */
  disable(user: string, jid: string, node?: string): void
  /** Takes away all that a user enabled. */
  forget(user: string): void
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

function withOptions({ options: _old, ...row }: PushRegistration, options: XmlElement | undefined): PushRegistration {
  return options === undefined ? row : { ...row, options }
}

export function makePushTable(personality: Personality, domain: string, ask: Ask, now: Now): PushTable {
  let rows: readonly PushRegistration[] = []
  /** By user and kind: when the last publish for a suspended session went. */
  const gathering = new Map<string, number>()
  const isRow = (row: PushRegistration, user: string, jid: string, node?: string): boolean =>
    row.user === user && row.jid === jid && row.node === node

  const isOne = (one: PushRegistration, other: PushRegistration): boolean =>
    isRow(one, other.user, other.jid, other.node)

  function isGathered(user: string, occasion: Occasion): boolean {
    const { gathers } = personality
    if (gathers === undefined || occasion.is !== 'message' || !occasion.suspended) return false
    const key = `${user}\n${gathers.kindOf(occasion.message)}`
    const last = gathering.get(key)
    if (last !== undefined && now() - last < gathers.ms) return true
    gathering.set(key, now())
    return false
  }

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
    enable(
      user: string,
      jid: string | undefined,
      node: string | undefined,
      form: XmlElement | undefined,
      wishes: readonly XmlElement[] = [],
    ) {
      const rules = personality.enabling
      if (jid === undefined) return 'bad-request'
      if (node === undefined && rules.withoutNode !== 'taken') return rules.withoutNode
      const options = rules.options === undefined ? form : rules.options(form)
      if (typeof options === 'string') return options
      const isSame = (row: PushRegistration): boolean => row.options?.toString() === options?.toString()
      const old = rows.find((row) => isRow(row, user, jid, node) && (rules.addsRows !== true || isSame(row)))
      // Enabling again replaces the options in place and forgives no error (measured on Prosody).
      const row: PushRegistration = {
        user,
        jid,
        errors: old?.errors ?? 0,
        wishes,
        ...(node === undefined ? {} : { node }),
        ...(options === undefined ? {} : { options }),
      }
      if (old !== undefined) {
        rows = rows.map((each) => (each === old ? row : each))
      } else {
        const own = rows.filter((each) => each.user === user)
        const fallsOut = own.length >= (rules.most ?? Infinity) ? own[0] : undefined
        rows = [...rows.filter((each) => each !== fallsOut), row]
      }
      if (rules.sharesOptions === true) {
        rows = rows.map((each) => (each.user === user && each.jid === jid ? withOptions(each, row.options) : each))
      }
      return undefined
    },
    disable(user: string, jid: string, node?: string) {
      rows = rows.filter((row) => !(row.user === user && row.jid === jid && (node === undefined || row.node === node)))
    },
    forget(user: string) {
      rows = rows.filter((row) => row.user !== user)
    },
    of: (user: string) => rows.filter((row) => row.user === bareJid(user)),
    notify(user: string, occasion: Occasion) {
      if (isGathered(user, occasion)) return []
      // Where a node has several rows, the last one read is published.
      const own = rows.filter((row) => row.user === user && rows.findLast((each) => isOne(each, row)) === row)
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
