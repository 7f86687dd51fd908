// What can only be judged by what came before: salts and keys used twice, tokens renewed in haste, the dead pushed to again.

import { violation, warning, type Finding } from './webpush-findings'

const HOUR_MS = 3_600_000
/** More than a test sends; a simulator that runs for days forgets the oldest. */
const ROOM = 200_000

interface Sender {
  readonly tokens: Set<string>
  newestAt: number
  /** Set by a refusal of its newest token: a new one is then what a correct client tries. */
  mayRenew: boolean
}

/** What one simulator remembers of its clients. */
export interface Memory {
  /** Notes a salt and a sender's key of RFC 8291; a finding for each that was there before. */
  readonly encryption: (used: { readonly salt: string; readonly senderKey: string }) => readonly Finding[]
  /** Notes a token that proved its sender; a finding if it follows on another within an hour. */
  readonly token: (key: string, jwt: string, nowMs: number) => readonly Finding[]
  /** Tells that the sender's token was refused. */
  readonly refused: (key: string) => void
}

const remember = (seen: Set<string>, text: string): boolean => {
  if (seen.has(text)) return true
  seen.add(text)
  const [oldest] = seen
  if (seen.size > ROOM && oldest !== undefined) seen.delete(oldest)
  return false
}

/** Remembers nothing yet. `isHasteWrong`: whether the vendor asks for an hour between tokens, as Apple does. */
export const makeMemory = (isHasteWrong: boolean): Memory => {
  const salts = new Set<string>()
  const senderKeys = new Set<string>()
  const senders = new Map<string, Sender>()
  return Object.freeze({
    encryption: ({ salt, senderKey }: { readonly salt: string; readonly senderKey: string }) => [
      ...(remember(salts, salt) ? [violation('salt-reused', 'the salt of an earlier message')] : []),
      ...(remember(senderKeys, senderKey) ? [violation('sender-key-reused', 'the key of an earlier message')] : []),
    ],
    token: (key: string, jwt: string, nowMs: number) => {
      const sender = senders.get(key) ?? { tokens: new Set<string>(), newestAt: -Infinity, mayRenew: false }
      senders.set(key, sender)
      if (remember(sender.tokens, jwt)) return []
      const isHasty = !sender.mayRenew && nowMs - sender.newestAt < HOUR_MS
      sender.newestAt = nowMs
      sender.mayRenew = false
      if (!isHasty) return []
      const text = 'a new VAPID token less than an hour after the last: keep one for each origin'
      return [(isHasteWrong ? violation : warning)('vapid-renewal', text)]
    },
    refused: (key: string) => {
      const sender = senders.get(key)
      if (sender !== undefined) sender.mayRenew = true
    },
  })
}
