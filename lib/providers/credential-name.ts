/** One name for all that must hold for a push service to take anything: who we are there, and the way to it. Tells nothing of it. */
import { createHash } from 'node:crypto'

/**
 * Equal for apps that prove themselves with the same and reach the push service the same way: what is wrong with that is wrong
 * for all of them. `parts`: as texts and bytes, in an order of the caller's own; an absent one counts.
 */
export function credentialName(...parts: readonly (string | Uint8Array | undefined)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) {
    hash.update(part === undefined ? '-' : `${Buffer.byteLength(part)}:`)
    if (part !== undefined) hash.update(part)
  }
  return hash.digest('base64url').slice(0, 22)
}
