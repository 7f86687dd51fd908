/** What a push service's answer to a push that can wake nobody says of a credential. Pure. Knows no vendor's words: they pass through. */
import { type Outcome } from '../model/outcome'
import { type Finding } from './provider'

export interface Probed {
  /** Who was asked and with what, for a sentence: `APNs (production)`. */
  readonly whom: string
  readonly outcome: Outcome
  /** What only the answer to a real push can show. */
  readonly unproven: string
  /** What the push service's clock said (ms since 1970), and ours at that moment; absent where it said nothing. */
  readonly clocks?: { readonly theirs: number; readonly ours: number }
}

/** A signed token may be so far off: Apple and Google refuse those of other hours, Google those of other quarters of an hour. */
const TOLERABLE = 5 * 60_000
/** No clock that is kept right is so far off: what is wrong with it will grow. */
const NOTICEABLE = 60_000
const WAY = 'See that this machine, its proxy and its firewall let connections through to it'

const TLS =
  'Something in between may read along (TLS inspection): let its connections through untouched, or name its authority as `ca`; if the push service is one of your own, `ca` is its authority'

const wayOf = (why: string): string => (/certificate|self.signed|issuer/i.test(why) ? TLS : WAY)

function skew({ whom, clocks }: Probed): readonly Finding[] {
  if (clocks === undefined) return []
  const off = clocks.ours - clocks.theirs
  if (Math.abs(off) <= NOTICEABLE) return []
  const isRefused = Math.abs(off) > TOLERABLE
  const by = isRefused ? `${Math.round(Math.abs(off) / 60_000)} min` : `${Math.round(Math.abs(off) / 1000)} s`
  const text = `the clock of this machine is ${by} ${off > 0 ? 'ahead of' : 'behind'} that of ${whom}`
  const why = isRefused ? 'signed tokens carry the time, and are refused' : 'signed tokens carry the time'
  const mend = `Set it right and keep it so by NTP (timedatectl set-ntp true): ${why}`
  return [{ is: isRefused ? 'fault' : 'warning', text, mend }]
}

/** The findings, the proven ones first. */
export function findingsOf(probed: Probed): readonly Finding[] {
  const { whom, outcome, unproven } = probed
  const said = outcome.is === 'delivered' ? '' : outcome.why.replace(/\.$/, '')
  const off = skew(probed)
  switch (outcome.is) {
    case 'misconfigured':
      return [
        {
          is: 'fault',
          text: `${whom} refuses it: ${said}`,
          ...(outcome.mend === undefined ? {} : { mend: outcome.mend }),
        },
        ...off,
      ]
    case 'down':
      return [{ is: 'fault', text: `${whom} could not be asked: ${said}`, mend: wayOf(said) }, ...off]
    case 'busy':
      return [{ is: 'warning', text: `${whom} asks for a pause: ${said}`, mend: 'Ask again later' }, ...off]
    default: {
      const told = said === '' ? '' : ` (to a device that is none it said: ${said})`
      return [
        { is: 'fact', text: `proven: ${whom} takes the credential${told}` },
        { is: 'fact', text: `not proven: ${unproven}` },
        ...off,
      ]
    }
  }
}
