/**
 * Whose turn it is to attach, where several instances have one domain at one server. Servers differ: some take every connection
 * and share the stanzas out (ejabberd, Tigase), some refuse the second one, some throw the first one out (`conflict`).
 *
 * free → (conflict) → one at a time: who has the turn is attached or tries to be, the others stand by.
 *
 * Knows when to try; refuses to know how a turn is kept and what a stream error looks like.
 */
import { type Clock } from '../clock'
import { type Fault } from './link-faults'

/** What one instance alone of those that share a store has; it is free again when that instance ends, however it ends. */
export interface Turn {
  /** True where this instance has it; takes it where nobody has. Rejects where nobody can say. */
  take(): Promise<boolean>
  /** Lets another instance have it. */
  pass(): Promise<void>
}

/** What follows the end of a connection: standing by, another try as quietly as it can be, or a fault as any other. */
export type Next =
  | { readonly is: 'standby' }
  | { readonly is: 'again'; readonly delay: number }
  /** `atLeast`: milliseconds until the next try. */
  | { readonly is: 'fault'; readonly atLeast: number }

export interface TakingTurns {
  /** Whether to try to attach; if not, this instance stands by and asks again after `LOOK_MS`. Never rejects. */
  mayAttach(): Promise<boolean>
  /** The link is online; the function that is returned is called when it no longer is. */
  online(): () => void
  ended(fault: Fault): Next
  /** For good: another one may have it. */
  leave(): void
}

/** Milliseconds between two looks of one that stands by. */
export const LOOK_MS = 500
/** The same of one that is attached without the turn: who is attached is to have it. */
const HOLD_MS = 2_000
/** The same while nobody can say who has it, and how long one that stands by leaves it then to whoever is attached. */
const [AGAIN_MS, CALM_MS] = [500, 4_000]
/** A store that has not said by then can't. */
const SAYS_WITHIN_MS = 2_000
/** Whoever was thrown out leaves the other one the time to take the turn. */
const THROWN_OUT_MS = 2 * HOLD_MS
/** A server may notice a moment late that the one before is gone: so many tries at its place, each twice as long after the last. */
const [SOON_MS, SOON_TRIES] = [250, 5]
/** Not again within so many milliseconds: it may be somebody else who is there. */
const SOON_EVERY_MS = 60_000

const nobodys: TakingTurns = Object.freeze({
  mayAttach: () => Promise.resolve(true),
  online: () => () => undefined,
  ended: () => ({ is: 'fault' as const, atLeast: 0 }),
  leave: () => undefined,
})

/** Without a turn, this instance is the only one that there should be: a conflict is a fault. */
export function makeTakingTurns(turn: Turn | undefined, clock: Clock): TakingTurns {
  if (turn === undefined) return nobodys
  /** The server is known to have one connection at a time. */
  let isOneAtATime = false
  /** Undefined: nobody can say. */
  let has: boolean | undefined
  /** It was attached, and lost that to no other instance. */
  let wasAttached = false
  let stoodBy = false
  let calmUntil = -Infinity
  let soon = 0
  let soonFrom = -Infinity

  const take = async (): Promise<void> => {
    const asked = turn.take().catch(() => undefined)
    has = await new Promise<boolean | undefined>((resolve) => {
      const cancel = clock.after(SAYS_WITHIN_MS, () => resolve(undefined))
      void asked.then(resolve).finally(cancel)
    })
  }
  /** A store that hangs keeps no link from being tried again. */
  const pass = (): void => {
    has = false
    void turn.pass().catch(() => undefined)
  }

  return Object.freeze({
    async mayAttach() {
      const now = clock.elapsed()
      const isCalm = isOneAtATime && !wasAttached && now < calmUntil
      if (!isCalm) await take()
      if (!isCalm && has === undefined) calmUntil = now + CALM_MS
      const may = has === true || !isOneAtATime || (has === undefined && wasAttached)
      if (may && stoodBy && now - soonFrom >= SOON_EVERY_MS) {
        soon = SOON_TRIES
        soonFrom = now
      }
      stoodBy = !may
      return may
    },
    online() {
      wasAttached = true
      let cancel = (): void => undefined
      let isOver = false
      const hold = (): void => {
        cancel = clock.after(has === undefined ? AGAIN_MS : HOLD_MS, () => {
          void take().finally(() => {
            if (!isOver) hold()
          })
        })
      }
      hold()
      return () => {
        isOver = true
        cancel()
      }
    },
    ended({ conflict }: Fault): Next {
      if (conflict === undefined) {
        pass()
        return { is: 'fault', atLeast: 0 }
      }
      isOneAtATime = true
      wasAttached = false
      if (has === false) return { is: 'standby' }
      if (conflict === 'refused' && has === true && soon > 0) {
        return { is: 'again', delay: SOON_MS * 2 ** (SOON_TRIES - soon--) }
      }
      pass()
      return { is: 'fault', atLeast: conflict === 'replaced' ? THROWN_OUT_MS : 0 }
    },
    leave: pass,
  })
}
