/**
 * Holds the store's own file still while somebody copies it, or its place while somebody makes another ready: for one at a time, and as
 * long as he goes on asking for it. Whoever was not there to the end is told that his copy is no good.
 */
import { randomUUID } from 'node:crypto'
import { statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Clock } from '../clock'
import { type Observe } from '../observe'
import { type Holding } from '../model/backup'
import { type Store } from '../stores/store'
import { type Reply } from './questions'

/** Milliseconds that a hold lasts unless it is asked for again. */
const LASTS = 30_000
/** Milliseconds before a store that could not be let go is asked again. */
const AGAIN = 5_000
/** Meanwhile the log grows: pushes come first where the disk has less left. */
const LEAST = 128 * 1024 * 1024

export interface HoldingStillOptions {
  readonly store: Pick<Store, 'holdStill' | 'holding'>
  /** The store's own file, where it has one. */
  readonly place: string | undefined
  readonly clock: Clock
  readonly observe: Observe
  /** How many bytes are free; the machine is asked by default. */
  readonly room?: (folder: string) => number
}

export interface HoldingStill {
  /** Begins, or with a hold's name goes on. */
  hold(name: string | undefined): Promise<Reply<'hold-still'>>
  /** The same for one that makes another store ready: the file is not held still. */
  holdPlace(name: string | undefined): Promise<Reply<'hold-place'>>
  /** Ends it; only if that is an answer was the file still all the time. */
  letGo(name: string): Promise<Reply<'let-go'>>
  /** Ends it without a question to the store, and says whether it lasted: what comes next is not ours. */
  passOn(name: string): boolean
  /** What the store holds, and what of that came after a moment; undefined where it has no file. */
  holding(after: number): Promise<Holding | undefined>
  /** Ends whatever is held: the store is about to be closed. */
  stop(): void
}

const failed = (why: string): { readonly is: 'failed'; readonly why: string } => ({ is: 'failed', why })

const BROKEN = 'the service did not wait for the end of the copy, so that it may be no good; do it again'

function freeIn(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}

export function makeHoldingStill(options: HoldingStillOptions): HoldingStill {
  const { store, place, clock, observe, room = freeIn } = options
  let current: { readonly name: string; readonly isStill: boolean; readonly cancel: () => void } | undefined
  let cancelAgain = (): void => undefined
  let isOver = false

  const whyOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

  async function release(): Promise<void> {
    try {
      await store.holdStill?.(false)
    } catch (error) {
      if (isOver) return
      observe({ at: 'trouble', about: 'backup', text: `${whyOf(error)}; tried again` })
      cancelAgain = clock.after(AGAIN, () => {
        if (current?.isStill !== true) void release()
      })
    }
  }

  async function end(): Promise<void> {
    const wasStill = current?.isStill === true
    current?.cancel()
    current = undefined
    if (wasStill) await release()
  }

  function last(name: string, isStill: boolean): void {
    current?.cancel()
    const cancel = clock.after(LASTS, () => {
      const text = `whoever copied the store has not been heard of for half a minute${isStill ? '; it is no longer held still' : ''}`
      observe({ at: 'notice', about: 'backup', text })
      void end()
    })
    current = { name, isStill, cancel }
  }

  async function begin(isStill: boolean): Promise<Reply<'hold-still'>> {
    const name = randomUUID()
    last(name, isStill)
    try {
      if (isStill) {
        cancelAgain()
        await store.holdStill?.(true)
      }
    } catch (error) {
      await end()
      return failed(whyOf(error))
    }
    return { is: 'answer', answer: { hold: name } }
  }

  async function hold(name: string | undefined, isStill: boolean): Promise<Reply<'hold-still'>> {
    if (store.holdStill === undefined || place === undefined)
      return failed('its store has no file of its own that could be copied')
    const isFull = room(dirname(place)) < LEAST
    if (name === undefined) {
      if (current !== undefined)
        return failed('somebody is backing it up or restoring it already; wait for the end of that')
      return isFull ? failed(`the disk of ${place} is nearly full; make room first`) : begin(isStill)
    }
    if (current?.name !== name) return failed(BROKEN)
    if (isFull) {
      await end()
      return failed(`the disk of ${place} is nearly full, and pushes come first: the copy was broken off; make room`)
    }
    last(name, current.isStill)
    return { is: 'answer', answer: { hold: name } }
  }

  return Object.freeze({
    hold: (name: string | undefined) => hold(name, true),
    holdPlace: (name: string | undefined) => hold(name, false),
    async letGo(name: string) {
      if (current?.name !== name) return failed(BROKEN)
      await end()
      return { is: 'answer', answer: {} }
    },
    passOn(name: string) {
      if (current?.name !== name) return false
      current.cancel()
      // Nobody else has it until the store is closed.
      current = { name: '', isStill: false, cancel: () => undefined }
      return true
    },
    holding: async (after: number) => store.holding?.(after),
    stop() {
      isOver = true
      current?.cancel()
      current = undefined
      cancelAgain()
    },
  } satisfies HoldingStill)
}
