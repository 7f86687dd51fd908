/** Command session ids (XEP-0050 §3.3): self-contained and signed, so that any connection or instance can take the next step. */
import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'

/** How long a command may stay open, in milliseconds. */
export const SESSION_LIFE = 10 * 60_000

export interface Sessions {
  /** A new id for this requester's run of this command. */
  open(command: string, requester: string, now: number): string
  /** `foreign`: not ours, or another requester's, or another command's. */
  read(id: string, command: string, requester: string, now: number): 'open' | 'expired' | 'foreign'
}

/** `secret`: what all instances of the deployment share; the signing key is derived from it. */
export function makeSessions(secret: string): Sessions {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'xmpp-push command session', 32))
  const sign = (at: string, nonce: string, command: string, requester: string): Buffer =>
    createHmac('sha256', key)
      .update(JSON.stringify([at, nonce, command, requester]))
      .digest()
      .subarray(0, 16)
  return Object.freeze({
    open(command: string, requester: string, now: number) {
      const at = now.toString(36)
      const nonce = randomBytes(6).toString('base64url')
      return `${at}.${nonce}.${sign(at, nonce, command, requester).toString('base64url')}`
    },
    read(id: string, command: string, requester: string, now: number) {
      const [at, nonce, mac, ...rest] = id.split('.')
      if (at === undefined || nonce === undefined || mac === undefined || rest.length > 0) return 'foreign'
      const told = Buffer.from(mac, 'base64url')
      const right = sign(at, nonce, command, requester)
      if (told.length !== right.length || !timingSafeEqual(told, right)) return 'foreign'
      return now - Number.parseInt(at, 36) > SESSION_LIFE ? 'expired' : 'open'
    },
  })
}
