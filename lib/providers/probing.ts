/** What a push service's answer to a push that can wake nobody says of a credential. Pure. Knows no vendor's words: they pass through. */
import { type Outcome } from '../model/outcome'
import { type Finding } from './provider'

export interface Probed {
  /** Who was asked and with what, for a sentence: `APNs (production)`. */
  readonly whom: string
  readonly outcome: Outcome
  /** What only the answer to a real push can show. */
  readonly unproven: string
}

const WAY = 'See that this machine, its proxy and its firewall let connections through to it'

const TLS =
  'Something in between may read along (TLS inspection): let its connections through untouched, or name its authority as `ca`; if the push service is one of your own, `ca` is its authority'

const THEIRS = 'It was reached, and is in trouble itself: ask again later'

/** What to do where nobody could be asked, by the words of why; those of an answer begin with its status. */
export function wayOf(why: string): string {
  if (/^5\d\d\b/.test(why)) return THEIRS
  return /certificate|self.signed|issuer/i.test(why) ? TLS : WAY
}

/** The findings, the proven ones first. */
export function findingsOf(probed: Probed): readonly Finding[] {
  const { whom, outcome, unproven } = probed
  const said = outcome.is === 'delivered' ? '' : outcome.why.replace(/\.$/, '')
  switch (outcome.is) {
    case 'misconfigured':
      return [
        {
          is: 'fault',
          text: `${whom} refuses it: ${said}`,
          ...(outcome.mend === undefined ? {} : { mend: outcome.mend }),
        },
      ]
    case 'down':
      return [{ is: 'fault', text: `${whom} could not be asked: ${said}`, mend: wayOf(said) }]
    case 'busy':
      return [{ is: 'warning', text: `${whom} asks for a pause: ${said}`, mend: 'Ask again later' }]
    default: {
      const told = said === '' ? '' : ` (to a device that is none it said: ${said})`
      return [
        { is: 'fact', text: `proven: ${whom} takes the credential${told}` },
        { is: 'fact', text: `not proven: ${unproven}` },
      ]
    }
  }
}
