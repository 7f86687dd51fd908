/**
 * How much room objects get: the main thread's young ones, and the old ones of each thread. Knows V8's flags and heap (Node 20 to 24), and nothing of what
 * lies in it.
 *
 * V8 lets them have 32 MiB (128 from Node 24 on) once a few thousand pushes have been made, and never takes it back while there is work. With 8 they are
 * collected four times as often, which is a tenth of a push: so they get more where many are made, as some thousand pushes a second do. So it is with the old
 * ones: a full collection every few seconds in place of every twenty.
 */
import { setFlagsFromString } from 'node:v8'
import { type Clock } from '../clock'
import { makeAllocating, youngRoom, type Allocating } from './allocating'
import { LOOK_EVERY, makeWorking } from './working'
import { GROWS } from './young-objects'

/** Bytes from which on there is only more room for who needs it. */
const ENOUGH = 8 * 1024 * 1024
/** Bytes of young objects made in a second from which on that is who needs it: some four thousand pushes. */
const NEEDS = 64 * 1024 * 1024
/** Percent by which what is old grows before it is collected again, where there is time for that. */
const GROWS_CALM = 50

export interface YoungRoom {
  readonly clock: Clock
  /** This thread's by default. */
  readonly allocating?: Allocating
  /** Bytes that young objects have; this thread's by default. */
  readonly room?: () => number
  /** Sets flags of V8. */
  readonly set?: (flags: string) => void
}

/** Looks from now on, and has young objects get more than 8 MiB, and old ones twice what lived, only under load; the function returned ends it. Keeps no process alive. */
export function boundYoungRoom({
  clock,
  allocating = makeAllocating(),
  room = youngRoom,
  set = setFlagsFromString,
}: YoungRoom): () => void {
  let grows = true
  const isWorking = makeWorking(allocating.perSecond, NEEDS)
  let cancel = (): void => undefined

  function look(): void {
    // Asked first: it counts the looks.
    const mayGrow = isWorking() || room() < ENOUGH
    if (mayGrow !== grows)
      set(`--semi-space-growth-factor=${mayGrow ? 2 : 1} --heap-growing-percent=${mayGrow ? GROWS : GROWS_CALM}`)
    grows = mayGrow
    next()
  }
  function next(): void {
    cancel = clock.after(LOOK_EVERY, look)
  }

  allocating.perSecond()
  next()
  return () => {
    cancel()
    allocating.stop()
  }
}
