/**
 * What a desk knows of time: until when nothing of an app is due, when the next expires, what the wall clock lost, and so
 * whether to look and how long to sleep. Knows nothing of what it looks at.
 */
import { type Clock } from '../clock'
import { type Room } from '../outbox/outbox'

export interface Horizon {
  /** Whether there is something to look at, for this room. */
  isLookDue(room: Room | undefined): boolean
  /** Nothing of the app is due now. */
  isClear(app: string): boolean
  /** One of the app falls due at this moment (ms since 1970), if not another one sooner. */
  fallsDue(app: string, at: number): void
  /** Looked: nothing of the app is due before this moment; or more is than there was room for. */
  looked(app: string, next: number | 'more'): void
  /** More of the app was due than there was room for, when it was looked last. */
  isBacklogged(app: string): boolean
  /** One expires at this moment, if not another one sooner. */
  expires(at: number): void
  /** Looked: nothing expires before this moment. */
  nextExpiryIs(at: number): void
  readonly isExpiryDue: boolean
  /** Milliseconds by which the wall clock was set back, unheeded as yet. */
  readonly lost: number
  /**
   * Milliseconds by which the wall clock was set ahead of where it stood, 0 where it was not: perhaps by mistake. A clock that has
   * kept its place for an hour is right.
   */
  readonly ahead: number
  /** So many of them were heeded: all that was known of dates is void. */
  heeded(ms: number): void
  /** Whatever may be due: look again. */
  forget(): void
  /** Looks whether the wall clock was set. */
  lookAtClock(): void
  /** How long to sleep at most; `poll`: another instance may put something at any time. */
  sleepFor(room: Room | undefined, poll: boolean): number
}

/** What other instances put, for which they have no room, is found so soon. */
const POLL_MS = 250
/** A timer never sleeps longer, so that a machine's clock that was set forward is noticed. */
const MAX_NAP_MS = 60_000
/** A wall clock that is drawn back by less was not set. */
const CLOCK_SLACK_MS = 2_000
/** A wall clock that was set, and not set again for so long, is right. */
const BELIEVED_AFTER_MS = 3_600_000
/** What another instance is about to end is looked at a moment later. */
const MOMENT_MS = 50

export function makeHorizon(clock: Clock): Horizon {
  /** Unknown of an app that is not here. */
  const clearUntil = new Map<string, number>()
  const backlogged = new Set<string>()
  let nextExpiry = -Infinity
  /** Where the wall clock stood when the monotonic one stood at 0; that one counts parts of a millisecond, and the database whole ones. */
  const originNow = (): number => Math.round(clock.now() - clock.elapsed())
  let origin = originNow()
  let lost = 0
  /** Where it stood when it was believed last. */
  let believed = origin
  let setAt = -Infinity

  const isClear = (app: string): boolean => (clearUntil.get(app) ?? -Infinity) > clock.now()
  const roomy = (room: Room | undefined): readonly string[] =>
    [...(room ?? [])].filter(([, left]) => left > 0).map(([app]) => app)

  return Object.freeze({
    isLookDue: (room: Room | undefined) =>
      lost > 0 || nextExpiry <= clock.now() || roomy(room).some((app) => !isClear(app)),
    isClear,
    fallsDue(app: string, at: number) {
      clearUntil.set(app, Math.min(clearUntil.get(app) ?? -Infinity, at))
    },
    looked(app: string, next: number | 'more') {
      clearUntil.set(app, next === 'more' ? -Infinity : next)
      if (next === 'more') backlogged.add(app)
      else backlogged.delete(app)
    },
    isBacklogged: (app: string) => backlogged.has(app),
    expires(at: number) {
      nextExpiry = Math.min(nextExpiry, at)
    },
    nextExpiryIs(at: number) {
      nextExpiry = Math.max(at, clock.now() + MOMENT_MS)
    },
    get isExpiryDue() {
      return nextExpiry <= clock.now()
    },
    get lost() {
      return lost
    },
    get ahead() {
      return origin - believed > CLOCK_SLACK_MS ? origin - believed : 0
    },
    heeded(ms: number) {
      lost -= ms
      clearUntil.clear()
      nextExpiry = -Infinity
    },
    forget() {
      clearUntil.clear()
    },
    lookAtClock() {
      const before = origin
      origin = originNow()
      if (before - origin > CLOCK_SLACK_MS) lost += before - origin
      if (Math.abs(before - origin) > CLOCK_SLACK_MS) setAt = clock.elapsed()
      else if (clock.elapsed() - setAt > BELIEVED_AFTER_MS) believed = origin
    },
    sleepFor(room: Room | undefined, poll: boolean) {
      const apps = roomy(room)
      const due = Math.min(nextExpiry, ...apps.map((app) => clearUntil.get(app) ?? Infinity))
      return Math.min(Math.max(due - clock.now(), 0), apps.length > 0 && poll ? POLL_MS : MAX_NAP_MS)
    },
  })
}
