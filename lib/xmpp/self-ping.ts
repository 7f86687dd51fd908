/**
 * The question that proves a component link alive: a ping (XEP-0199 v2.0.1) from the component to itself. To bring a component its own
 * stanzas is the one thing that every server can do, whatever else it hosts: no other host of it need be known, and no DNS is asked.
 */
import { type Element } from 'ltx'
import { attribute } from './element'
import { sanitise } from './sanitise'

const PING = 'urn:xmpp:ping'

export interface SelfPing {
  /**
   * The stanza to write. The second question has no id.
   * COMPAT(ejabberd): it hands the first to any connection of the component, maybe not to this one; a stanza that it cannot take
   * (an iq without an id) it answers on the connection it came by. Prosody brings it back like the first.
   */
  question(again: boolean): string
  /** True for what came back of it, also where another connection of the same component had asked. It wants no answer. */
  isEcho(stanza: Element): boolean
}

/** `idPrefix` begins every id. Nothing but these pings goes from the component to itself. */
export function makeSelfPing(domain: string, idPrefix: string): SelfPing {
  const own = domain.toLowerCase()
  const address = sanitise(domain).replace(/[<>&'"]/g, '')
  let asked = 0
  return {
    question(again) {
      asked += 1
      const id = again ? '' : ` id='${idPrefix}${asked}'`
      return `<iq type='get' from='${address}' to='${address}'${id}><ping xmlns='${PING}'/></iq>`
    },
    isEcho: (stanza) => stanza.name === 'iq' && attribute(stanza, 'from')?.toLowerCase() === own,
  }
}
