/**
 * What a desk knows of time: until when nothing of an app is due, when the next expires, and so whether to look and how long to
 * sleep. Every moment is one of the shared clock. Knows nothing of what it looks at.
 */
import { type Room } from '../outbox/outbox'
import { type SharedTime } from './postgres-time'

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
  /** Whatever may be due: look again. */
  forget(): void
  /** The shared clock was set: all that was known of dates is void. */
  forgetAll(): void
  /** How long to sleep at most; `poll`: another instance may put something at any time. */
  sleepFor(room: Room | undefined, poll: boolean): number
}

/** What other instances put, for which they have no room, is found so soon. */
const POLL_MS = 250
/** A timer never sleeps longer, so that a clock that was set forward is noticed. */
const MAX_NAP_MS = 60_000
/** What another instance is about to end is looked at a moment later. */
const MOMENT_MS = 50

export function makeHorizon(time: Pick<SharedTime, 'now'>): Horizon {
  /** Unknown of an app that is not here. */
  const clearUntil = new Map<string, number>()
  const backlogged = new Set<string>()
  let nextExpiry = -Infinity

  const isClear = (app: string): boolean => (clearUntil.get(app) ?? -Infinity) > time.now()
  const roomy = (room: Room | undefined): readonly string[] =>
    [...(room ?? [])].filter(([, left]) => left > 0).map(([app]) => app)

  return Object.freeze({
    isLookDue: (room: Room | undefined) => nextExpiry <= time.now() || roomy(room).some((app) => !isClear(app)),
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
      nextExpiry = Math.max(at, time.now() + MOMENT_MS)
    },
    get isExpiryDue() {
      return nextExpiry <= time.now()
    },
    forget() {
      clearUntil.clear()
    },
    forgetAll() {
      clearUntil.clear()
      nextExpiry = -Infinity
    },
    sleepFor(room: Room | undefined, poll: boolean) {
      const apps = roomy(room)
      const due = Math.min(nextExpiry, ...apps.map((app) => clearUntil.get(app) ?? Infinity))
      return Math.min(Math.max(due - time.now(), 0), apps.length > 0 && poll ? POLL_MS : MAX_NAP_MS)
    },
  })
}
