/**
 * Owners that nobody knows: a registration that was taken over from a service which kept no account is owned by a stand-in.
 * It is no JID, so that no account is ever mistaken for it: a colon can't be in a local part (RFC 7622 §3.3.1).
 */

/** The domain of a stand-in whose server is not known either: any that the configuration admits may publish to it. */
export const ANY_DOMAIN = '*'

const MARK = ':'

/** The owner of what is only known by a key of its own (hex digits) and perhaps by the domain of its server. */
export function standIn(key: string, domain: string): string {
  return `${MARK}${key}@${domain}`
}

/** True for an owner who is nobody's account: nobody can be told anything, and no server knows it. */
export function isStandIn(owner: string): boolean {
  return owner.startsWith(MARK)
}
