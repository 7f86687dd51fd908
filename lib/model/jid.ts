/** XMPP addresses (RFC 7622), as far as a push service needs them: taken apart and compared. */

export interface Jid {
  readonly local?: string
  readonly domain: string
  readonly resource?: string
}

const LONGEST_PART = 1023

/**
 * Takes an address apart; local part and domain are folded to lower case, the resource is kept as it is.
 * Returns undefined for what is no address at all (RFC 7622 §3.1), so that the caller decides what to answer.
 */
export function parseJid(text: string): Jid | undefined {
  const slash = text.indexOf('/')
  const bare = slash < 0 ? text : text.slice(0, slash)
  const resource = slash < 0 ? undefined : text.slice(slash + 1)
  const at = bare.indexOf('@')
  const local = at < 0 ? undefined : bare.slice(0, at).toLowerCase()
  const spelled = (at < 0 ? bare : bare.slice(at + 1)).toLowerCase()
  const domain = spelled.endsWith('.') ? spelled.slice(0, -1) : spelled
  if (domain === '' || local === '' || resource === '') return undefined
  if (/[\s@/<>"'&\u0000-\u0020\u007f]/.test(domain)) return undefined
  if (local !== undefined && /["&'/:<>@\u0000-\u0020\u007f]/.test(local)) return undefined
  if (isTooLong(domain) || isTooLong(local) || isTooLong(resource)) return undefined
  if (local === undefined) return resource === undefined ? { domain } : { domain, resource }
  return resource === undefined ? { local, domain } : { local, domain, resource }
}

/** No character takes more than three bytes for each unit of its length. */
function isTooLong(part: string | undefined): boolean {
  return part !== undefined && part.length * 3 > LONGEST_PART && Buffer.byteLength(part) > LONGEST_PART
}

/** `local@domain` or `domain`. */
export function bareOf(jid: Jid): string {
  return jid.local === undefined ? jid.domain : `${jid.local}@${jid.domain}`
}

/** True for `domain` and `domain/resource`: a server (or a component) and not one of its users. */
export function isServer(jid: Jid): boolean {
  return jid.local === undefined
}
