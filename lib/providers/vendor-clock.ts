/**
 * What the `Date` of a push service's answers (RFC 9110 §6.6.1) says of our own clock: it goes into every token that we sign. Refuses to know
 * whose word is to be believed, and what a wrong clock breaks.
 */
import { CLOCKS_DIFFER, type Clock } from '../clock'
import { type Finding } from './provider'

export interface VendorClock {
  /** A push service answered. `whom`: who, for a sentence: `APNs (production)`. `date`: its header; nothing is said where it is absent. */
  hear(whom: string, date: string | undefined): void
  /** A warning or fault where our clock differs by more than a minute from what was heard within the hour; otherwise nothing. */
  findings(): readonly Finding[]
}

interface Heard {
  /** Milliseconds since 1970. */
  readonly theirs: number
  /** Of `clock.elapsed()`: a clock of ours that is set meanwhile is compared as it stands now. */
  readonly at: number
}

/** A signed token may be so far off: Apple and Google refuse those of other hours, Google those of other quarters of an hour. */
const TOLERABLE = 5 * 60_000
/** Each is listened to so often, for every answer has a date. */
const EVERY = 10_000
/** A machine that slept meanwhile knows nothing of how long. */
const COUNTS_FOR = 3600_000
const TOLD_EVERY = 24 * 3600_000
/** Push services listened to; a Web Push app may have any number of them, and few are enough. */
const MOST = 16
/** A date is cut to whole seconds. */
const CUT = 500

function findingOf(whom: string, off: number): Finding {
  const isRefused = Math.abs(off) > TOLERABLE
  const by = isRefused ? `${Math.round(Math.abs(off) / 60_000)} min` : `${Math.round(Math.abs(off) / 1000)} s`
  const why = isRefused ? 'signed tokens carry the time, and are refused' : 'signed tokens carry the time'
  return {
    is: isRefused ? 'fault' : 'warning',
    text: `the clock of this machine is ${by} ${off > 0 ? 'ahead of' : 'behind'} that of ${whom}`,
    mend: `Set it right and keep it so by NTP (timedatectl set-ntp true): ${why}`,
  }
}

/** `notice` is told of a clock that is wrong, once a day. */
export function makeVendorClock(clock: Clock, notice: (text: string) => void): VendorClock {
  const heard = new Map<string, Heard>()
  let silentUntil = -Infinity

  /** One is enough: where two of them say so, it is ours. */
  function findings(): readonly Finding[] {
    for (const [whom, { theirs, at }] of heard) {
      const since = clock.elapsed() - at
      const off = clock.now() - (theirs + since)
      if (since < COUNTS_FOR && Math.abs(off) > CLOCKS_DIFFER) return [findingOf(whom, off)]
    }
    return []
  }

  return Object.freeze({
    hear(whom: string, date: string | undefined) {
      if (date === undefined) return
      const at = clock.elapsed()
      const before = heard.get(whom)
      if (before === undefined ? heard.size >= MOST : at - before.at < EVERY) return
      const theirs = Date.parse(date) + CUT
      if (Number.isNaN(theirs)) return
      heard.set(whom, { theirs, at })
      const [finding] = findings()
      if (finding === undefined || at < silentUntil) return
      silentUntil = at + TOLD_EVERY
      notice(`${finding.text}. ${finding.mend ?? ''}`)
    },
    findings,
  })
}
