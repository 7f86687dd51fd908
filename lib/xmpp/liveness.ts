/**
 * Whether one connection lives: whitespace outward (RFC 6120 §4.6.1), a ping (XEP-0199 v2.0.1) when nothing comes in, and the judgement.
 * Any byte proves life; a missing answer proves nothing, for ejabberd spreads answers over all connections of a component.
 */
import { type Clock } from '../clock'

export interface LivenessOptions {
  readonly clock: Clock
  /** Milliseconds without a byte from the server after which it is asked for one. */
  readonly pingAfter: number
  /** Milliseconds without a byte after the first question at which the link is dead. */
  readonly deadAfter: number
  /** Milliseconds without a byte of ours after which a space is sent. */
  readonly spaceAfter: number
  /** Milliseconds since our last byte. */
  readonly silentFor: () => number
  /** Milliseconds for which the server has taken nothing although something waits; 0 if nothing waits. */
  readonly stuckFor: () => number
  /** True while we do not read: the silence is then ours. */
  readonly isHeld: () => boolean
  readonly space: () => void
  /** Asks the server for a byte. `again`: it was asked half the time ago, and gave none. */
  readonly ask: (again: boolean) => void
  readonly dead: (why: 'silent' | 'stuck', seconds: number) => void
}

export interface Liveness {
  /** Bytes came. */
  readonly heard: () => void
  readonly stop: () => void
}

/** Watches from now on, until `stop` or until it has called `dead`, which it does once. */
export function watchLiveness(options: LivenessOptions): Liveness {
  const { clock, pingAfter, deadAfter, spaceAfter } = options
  let heardAt = clock.elapsed()
  let asked = 0
  let isOver = false
  const cancels = new Map<string, () => void>()

  function wait(name: string, ms: number, then: () => void): void {
    if (!isOver) cancels.set(name, clock.after(Math.max(1, ms), then))
  }

  function stop(): void {
    isOver = true
    for (const cancel of cancels.values()) cancel()
  }

  function speak(): void {
    const left = spaceAfter - options.silentFor()
    if (left <= 0) options.space()
    wait('space', left <= 0 ? spaceAfter : left, speak)
  }

  function listen(): void {
    const stuck = options.stuckFor()
    if (stuck >= pingAfter + deadAfter) return die('stuck', stuck)
    if (options.isHeld()) heard()
    const silent = clock.elapsed() - heardAt
    if (asked === 0 && silent < pingAfter) return wait('listen', pingAfter - silent, listen)
    if (asked === 2) return lookOnceMore()
    options.ask(asked === 1)
    asked += 1
    wait('listen', deadAfter / 2, listen)
  }

  /** If it was this process that stood still, the bytes are waiting to be read: one turn of the event loop tells. */
  function lookOnceMore(): void {
    const before = heardAt
    setImmediate(() => {
      if (isOver) return
      if (heardAt === before && !options.isHeld()) die('silent', clock.elapsed() - heardAt)
      else listen()
    })
  }

  function die(why: 'silent' | 'stuck', ms: number): void {
    stop()
    options.dead(why, Math.round(ms / 1000))
  }

  function heard(): void {
    heardAt = clock.elapsed()
    asked = 0
  }

  wait('space', spaceAfter, speak)
  wait('listen', pingAfter, listen)
  return { heard, stop }
}
