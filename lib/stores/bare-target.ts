/** What a bare address is keyed by in a store. */
import { type ContentCipher } from './content-cipher'

/** Told from others only by those with the key. */
export function bareTarget(cipher: Pick<ContentCipher, 'hash'>, app: string, address: string): string {
  return `address:${cipher.hash(`${app}\n${address}`)}`
}
