/** What push services and XMPP server found that a correct client never does, less what the faults of a run bring about. */
import { type World } from './world'

/** A stretch of time, by `performance.now()`. */
export interface Span {
  readonly from: number
  /** Absent while it lasts. */
  to?: number
}

/** What the run did to the service that excuses it. */
export interface Excuses {
  /** When its wall clock was wrong. */
  readonly wrongClock: readonly Span[]
  /** When it was killed. */
  readonly kills: readonly number[]
  /** How many run at once: each asks Google for a token of its own. */
  readonly instances: number
}

export interface ViolationWatch {
  /** Takes note of what was found since the last look, and when. */
  look(): void
  /** All that nothing excuses. */
  found(excuses: Excuses): readonly string[]
}

/** Milliseconds for which a fault goes on to excuse: what was on its way, was held up, or was being tried. */
const AFTERWARDS = 10_000
/** Milliseconds for which a network or a stopped process may hold up a push that was sent before it expired. */
const ON_THE_WAY = 7_000
/** Milliseconds between looks: whoever runs the load may be waiting for something else. */
const LOOK = 100

/** A service whose clock is wrong says of an expiry that it lies in the past, and of a token that it is of tomorrow. */
const ofTheClock = /expir|iat|exp\b|timeframe|past|future/i
/** What APNs says of a push that has expired. */
const expiredAt = /apns-expiration-past: (\d+) is in the past/
/** A process that was killed may leave a token request behind when the next one asks. */
const ofTheKill = /^(\d+) token requests of .* at once/

function isWithin(at: number, { wrongClock }: Excuses): boolean {
  return wrongClock.some(({ from, to = Infinity }) => from <= at && at <= to + AFTERWARDS)
}

/** A component asks itself without an id, so that ejabberd answers on the connection it came by: an error is what it wants. */
const ofTheSelfPing = /^XMPP: is an iq without id <iq type='get' from='([^']+)' to='\1'><ping /

export function watchViolations(world: World): ViolationWatch {
  const { apns, fcm, oauth, web, server } = world
  const sentBefore = new Set<string>()

  /** What was sent a second time as it stood, because the first one was never read, has the same salt and key by right. */
  function ofTheWeb({ body, violations }: (typeof web.journal)[number]): readonly string[] {
    const text = body.toString('base64')
    const isAgain = sentBefore.has(text)
    sentBefore.add(text)
    return isAgain ? violations.filter((violation) => !/-reused/.test(violation)) : violations
  }

  /** Each tells what was added since a place in its list, and the next place. */
  const since = <T>(list: () => readonly T[], textsOf: (one: T) => readonly string[]) => {
    let place = 0
    return (): readonly string[] => {
      const fresh = list().slice(place)
      place += fresh.length
      return fresh.flatMap(textsOf)
    }
  }
  const sources = [
    since(
      () => apns.violations,
      ({ rule, text }) => [`APNs: ${rule}: ${text}`],
    ),
    since(
      () => fcm.violations,
      (text) => [text],
    ),
    since(
      () => oauth.violations,
      (text) => [text],
    ),
    since(() => web.journal, ofTheWeb),
    since(
      () => server.violations,
      ({ what, xml }) => [`XMPP: ${what} ${xml.slice(0, 200)}`],
    ),
  ]
  const noted: { readonly at: number; readonly text: string; readonly isLate: boolean }[] = []

  function look(): void {
    const at = performance.now()
    for (const text of sources.flatMap((fresh) => fresh())) {
      const expired = Number(expiredAt.exec(text)?.[1] ?? -Infinity) * 1000
      noted.push({ at, text, isLate: Date.now() - expired <= ON_THE_WAY })
    }
  }
  const looking = setInterval(look, LOOK).unref()

  return Object.freeze({
    look,
    found(excuses: Excuses) {
      clearInterval(looking)
      look()
      const isKills = (at: number): boolean => excuses.kills.some((kill) => kill <= at && at <= kill + AFTERWARDS)
      return noted
        .filter(({ text, isLate }) => !ofTheSelfPing.test(text) && !isLate)
        .filter(({ at, text }) => !(ofTheClock.test(text) && isWithin(at, excuses)))
        .filter(({ at, text }) => {
          const together = Number(ofTheKill.exec(text)?.[1] ?? Infinity)
          return together > excuses.instances && !(together < Infinity && isKills(at))
        })
        .map(({ text }) => text)
    },
  })
}
