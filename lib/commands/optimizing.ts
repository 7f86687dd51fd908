/**
 * V8's optimizing compilers are left alone until there is work for what it makes. Knows V8's flags (Node 20 to 24), and nothing of what is compiled.
 *
 * A start runs some functions a few hundred times, which V8 takes for hot: the compiler's own program (3 MiB of Node's) and what it worked with
 * (2 MiB) then stay resident in a process that rests. Interpreted and baseline code do for a start, and take no longer.
 */
import { setFlagsFromString } from 'node:v8'
import { type Clock } from '../clock'
import { LOOK_EVERY, makeBusy, makeWorking } from './working'

/** Share of its time for which the event loop works at least: some hundred pushes a second. */
const WORKS = 0.15

/** What Maglev compiled while the other one is off stays so for good (V8 13.6), so both are; before Node 24 it is off by itself. */
const compilers = Number(process.versions.node.split('.')[0]) >= 24 ? ['opt', 'maglev'] : ['opt']
const flags = (before: string): string => compilers.map((name) => `${before}${name}`).join(' ')

/** Nothing is compiled optimized from now on. */
export function holdBack(set: (flags: string) => void = setFlagsFromString): void {
  set(flags('--no-'))
}

export interface Optimizing {
  readonly clock: Clock
  /** Share of its time for which the event loop worked since it was last asked; the process's own by default. */
  readonly busy?: () => number
  /** Sets flags of V8. */
  readonly set?: (flags: string) => void
}

export interface Unoptimized {
  /** Looks from now on whether the process works. Once. */
  readonly started: () => void
  readonly stop: () => void
}

/** Nothing is compiled optimized until the process works after its start, or is stopped; then as V8 likes. Keeps no process alive. */
export function optimizeOnceBusy({ clock, busy = makeBusy(), set = setFlagsFromString }: Optimizing): Unoptimized {
  const isWorking = makeWorking(busy, WORKS)
  let cancel = (): void => undefined
  const letGo = (): void => set(flags('--'))

  function look(): void {
    if (!isWorking()) return next()
    letGo()
  }
  function next(): void {
    cancel = clock.after(LOOK_EVERY, look)
  }

  holdBack(set)
  return Object.freeze({
    started() {
      busy()
      next()
    },
    stop() {
      cancel()
      letGo()
    },
  })
}
