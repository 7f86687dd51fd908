/**
 * Holds the store's own file still while somebody copies it: for one at a time, and as long as he goes on asking for it. Whoever was not
 * there to the end is told that his copy is no good.
 */
import { randomUUID } from 'node:crypto'
import { statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Clock } from '../clock'
import { type Observe } from '../observe'
import { type Store } from '../stores/store'
import { type Reply } from './questions'

/** Milliseconds that a hold lasts unless it is asked for again. */
const LASTS = 30_000
/** Milliseconds before a store that could not be let go is asked again. */
const AGAIN = 5_000
/** Meanwhile the log grows: pushes come first where the disk has less left. */
const LEAST = 128 * 1024 * 1024

export interface HoldingStillOptions {
  readonly store: Pick<Store, 'holdStill'>
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
  /** Ends it; only if that is an answer was the file still all the time. */
  letGo(name: string): Promise<Reply<'let-go'>>
}

const failed = (why: string): { readonly is: 'failed'; readonly why: string } => ({ is: 'failed', why })

const BROKEN = 'the service did not wait for the end of the copy, so that it may be no good; back up again'

function freeIn(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}

export function makeHoldingStill(options: HoldingStillOptions): HoldingStill {
  const { store, place, clock, observe, room = freeIn } = options
  let current: { readonly name: string; readonly cancel: () => void } | undefined
  let cancelAgain = (): void => undefined

  const whyOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

  async function end(): Promise<void> {
    current?.cancel()
    current = undefined
    try {
      await store.holdStill?.(false)
    } catch (error) {
      observe({ at: 'trouble', about: 'backup', text: `${whyOf(error)}; tried again` })
      cancelAgain = clock.after(AGAIN, () => {
        if (current === undefined) void end()
      })
    }
  }

  function last(name: string): void {
    current?.cancel()
    const cancel = clock.after(LASTS, () => {
      const text = 'whoever copied the store has not been heard of for half a minute; it is no longer held still'
      observe({ at: 'notice', about: 'backup', text })
      void end()
    })
    current = { name, cancel }
  }

  async function begin(): Promise<Reply<'hold-still'>> {
    const name = randomUUID()
    cancelAgain()
    last(name)
    try {
      await store.holdStill?.(true)
    } catch (error) {
      await end()
      return failed(whyOf(error))
    }
    return { is: 'answer', answer: { hold: name } }
  }

  return Object.freeze({
    async hold(name: string | undefined) {
      if (store.holdStill === undefined || place === undefined)
        return failed('its store has no file of its own that could be copied')
      const isFull = room(dirname(place)) < LEAST
      if (name === undefined) {
        if (current !== undefined) return failed('somebody is backing it up already; wait for the end of that')
        return isFull ? failed(`the disk of ${place} is nearly full; make room first`) : begin()
      }
      if (current?.name !== name) return failed(BROKEN)
      if (isFull) {
        await end()
        return failed(
          `the disk of ${place} is nearly full, and pushes come first: the backup was broken off; make room`,
        )
      }
      last(name)
      return { is: 'answer', answer: { hold: name } }
    },
    async letGo(name: string) {
      if (current?.name !== name) return failed(BROKEN)
      await end()
      return { is: 'answer', answer: {} }
    },
  } satisfies HoldingStill)
}
