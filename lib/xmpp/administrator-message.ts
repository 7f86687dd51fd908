/** A message to an administrator (RFC 6121 §5), from the component that is nearest to him. Knows nothing of what it tells. */
import { randomUUID } from 'node:crypto'
import xml from '@xmpp/xml'
import { parseJid } from '../model/jid'
import { type Link } from './component'

/** A component with its way to the server. */
export interface Line {
  readonly domain: string
  readonly link: Pick<Link, 'send' | 'isOnline'>
}

/**
 * Sends a text to a bare JID; false where no component is attached, or it could not be written. Of several components the one at the
 * administrator's own server goes first: another server may let nothing pass. Never rejects.
 */
export async function tellAdministrator(lines: readonly Line[], to: string, text: string): Promise<boolean> {
  const home = parseJid(to)?.domain
  const online = lines.filter(({ link }) => link.isOnline)
  const line = online.find(({ domain }) => home !== undefined && domain.endsWith(`.${home}`)) ?? online[0]
  if (line === undefined) return false
  const attributes = { type: 'chat', id: randomUUID(), from: line.domain, to }
  return line.link.send(xml('message', attributes, xml('body', {}, text)))
}
