/** Two keys live while one takes the other's place: where Apple refuses the one, the other is tried within the attempt. Knows no reason of Apple's. */
import { type Outcome } from '../model/outcome'
import { type ApnsSender } from './apns-sender'

/** The sender of one key; a connection belongs to the first key that was seen on it, so each has its own. */
export interface KeySender {
  readonly keyId: string
  readonly sender: ApnsSender
}

function isKeyRefused(outcome: Outcome): boolean {
  return outcome.is === 'misconfigured' && outcome.whom === 'credential'
}

/** Begins with the first; the one that Apple takes is used from then on. `notice` tells the operator of each change. */
export function eitherKey(first: KeySender, second: KeySender, notice: (text: string) => void): ApnsSender {
  let current = first
  return Object.freeze({
    async send(...attempt: Parameters<ApnsSender['send']>) {
      const tried = current
      const other = tried === first ? second : first
      const outcome = await tried.sender.send(...attempt)
      if (!isKeyRefused(outcome)) return outcome
      const instead = await other.sender.send(...attempt)
      if (isKeyRefused(instead)) return outcome
      // What could not be asked proves nothing of the key.
      if (instead.is !== 'down' && current === tried) {
        current = other
        const why = 'why' in outcome ? outcome.why : ''
        const mend = outcome.is === 'misconfigured' ? (outcome.mend ?? '') : ''
        notice(`Apple refuses key ${tried.keyId} (${why}); key ${other.keyId} is used from now on. ${mend}`)
      }
      return instead
    },
    concurrency: () => current.sender.concurrency(),
    async close(graceMs: number) {
      await Promise.all([first.sender.close(graceMs), second.sender.close(graceMs)])
    },
  })
}
