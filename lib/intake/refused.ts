/** One line in the log for each registration that is refused: who, why and the mend; of a flood a few, and how many more they were. */
import { type Clock } from '../clock'
import { type Observe } from '../observe'
import { bareOf, type Jid } from '../model/jid'
import { spoken } from '../model/spoken'

export interface RefusedRegistration {
  readonly service: string
  readonly requester: Jid
  readonly dialect: string
  /** As it is told to whoever asked. */
  readonly why: string
  /** What the operator can do about it, if it is the operator's. */
  readonly mend: string
}

/** So many lines in so many milliseconds: strangers may ask as often as they like. */
const MOST = 10
const WITHIN = 60_000

/** A quoted word came from the caller, and may be a token in the wrong place. */
function withoutTokens(why: string): string {
  return why.replace(/"([^"]*)"/g, (_, word: string) => `"${spoken(word)}"`)
}

export function makeTellRefused(clock: Clock, observe: Observe): (refused: RefusedRegistration) => void {
  let since = -Infinity
  let told = 0
  let untold = 0
  return ({ service, requester, dialect, why, mend }) => {
    const now = clock.elapsed()
    if (now - since >= WITHIN) {
      since = now
      told = 0
    }
    if (++told > MOST) return void untold++
    const more = untold
    untold = 0
    observe({
      ...{ at: 'refused', service, owner: bareOf(requester), dialect, why: withoutTokens(why), mend },
      ...(more === 0 ? {} : { more }),
    })
  }
}
