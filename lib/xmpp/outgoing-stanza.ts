/** An element as the text that may be written to the server: addressed as XEP-0114 §3 asks, and without what XML cannot carry. */
import { Element } from 'ltx'
import { parseJid } from '../model/jid'
import { sanitise } from './sanitise'

export type Spelled = { readonly text: string } | { readonly fault: string }

/**
 * A stanza without `from` gets the component's domain; the caller's element is left as it is. Prosody and ejabberd end the stream over a
 * stanza without `to` or from a foreign domain: such a one is a fault of ours, and is told instead of spelled. A string is taken to be
 * addressed, and is only sanitised.
 */
export function spellStanza(stanza: Element | string, domain: string): Spelled {
  if (typeof stanza === 'string') return { text: sanitise(stanza) }
  const { from, to } = stanza.attrs as Readonly<Record<string, unknown>>
  if (typeof to !== 'string' || to === '') return { fault: `a <${stanza.name}/> of ours without to was not sent` }
  if (from === undefined || from === null) {
    const addressed = new Element(stanza.name, { ...stanza.attrs, from: domain })
    addressed.children = stanza.children
    return { text: sanitise(addressed.toString()) }
  }
  const isOurs = from === domain || (typeof from === 'string' && parseJid(from)?.domain === domain.toLowerCase())
  if (!isOurs) return { fault: `a <${stanza.name}/> of ours from a foreign address was not sent` }
  return { text: sanitise(stanza.toString()) }
}
