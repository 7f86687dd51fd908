/** Questions of ours to other entities (RFC 6120 §8.2.3): one iq of type get, one answer or none. Knows nothing of what is asked. */
import { randomBytes } from 'node:crypto'
import { type Element } from 'ltx'
import xml from '@xmpp/xml'
import { type Clock } from '../clock'
import { attribute } from './element'

/** Milliseconds: longer than a server takes to give up on another one. */
const PATIENCE = 40_000

export interface Questions {
  /** Resolves with the answer, a result or an error; undefined where none came in time or the question could not be sent. */
  ask(to: string, payload: Element): Promise<Element | undefined>
  /** Takes an answer to a question of ours; false for every other stanza. */
  heard(stanza: Element): boolean
}

/** `send`: as of a link. An answer counts only from the very address that was asked. `patience`: milliseconds, 40 s if left out. */
export function makeQuestions(
  send: (stanza: Element) => Promise<boolean>,
  clock: Clock,
  patience = PATIENCE,
): Questions {
  const open = new Map<string, { readonly to: string; readonly resolve: (answer: Element | undefined) => void }>()
  return Object.freeze({
    ask: (to: string, payload: Element) =>
      new Promise<Element | undefined>((resolve) => {
        const id = `ask-${randomBytes(9).toString('hex')}`
        const end = (answer: Element | undefined): void => {
          cancel()
          open.delete(id)
          resolve(answer)
        }
        const cancel = clock.after(patience, () => end(undefined))
        open.set(id, { to, resolve: end })
        void send(xml('iq', { type: 'get', to, id }, payload)).then((isSent) => {
          if (!isSent) end(undefined)
        })
      }),
    heard(stanza: Element) {
      const type = attribute(stanza, 'type')
      if (stanza.getName() !== 'iq' || (type !== 'result' && type !== 'error')) return false
      const asked = open.get(attribute(stanza, 'id') ?? '')
      if (asked === undefined || asked.to !== attribute(stanza, 'from')?.toLowerCase()) return false
      asked.resolve(stanza)
      return true
    },
  })
}
