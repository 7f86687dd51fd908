/** Holds the store of a running service while it is copied, or while another is made ready beside it. Knows nothing of either work. */
import { type OwnStore } from './own-store'
import { type Terminal } from './terminal'

/** Milliseconds between two words to the service that the work is still under way; a hold lasts half a minute. */
const STILL_HERE = 10_000

export interface StoreHold {
  /** By which the service knows it. */
  readonly name: string
  /** Nothing is said to the service from now on; resolves with why the hold did not last, where it did not. */
  handOver(): Promise<string | undefined>
  /** Ends it; resolves with why what was done meanwhile is no good all the same. Never rejects. */
  end(): Promise<string | undefined>
  /** Ends it, whatever came of the work. Never rejects. Idempotent. */
  off(): Promise<void>
}

/** Why a question was not answered; undefined where it was. */
async function unanswered(asked: Promise<unknown>): Promise<string | undefined> {
  try {
    return (await asked) === undefined ? 'the service ended meanwhile; do it again' : undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** Undefined where no service runs. Rejects with `NotDone` where it does not want to. */
export async function holdStore(
  store: OwnStore,
  what: 'hold-still' | 'hold-place',
  { clock }: Terminal,
): Promise<StoreHold | undefined> {
  const answer = await store.ask({ ask: what })
  if (answer === undefined) return undefined
  const { hold: name } = answer
  const over = new AbortController()
  let broken: string | undefined
  const goOn = async (): Promise<void> => {
    while (!over.signal.aborted && broken === undefined) {
      await clock.sleep(STILL_HERE, over.signal)
      if (over.signal.aborted) return
      broken = await unanswered(store.ask({ ask: what, hold: name }))
    }
  }
  const going = goOn()
  const letGo = (): Promise<string | undefined> => unanswered(store.ask({ ask: 'let-go', hold: name }))
  return {
    name,
    async handOver() {
      over.abort()
      await going
      return broken
    },
    async end() {
      over.abort()
      const ended = await letGo()
      return broken ?? ended
    },
    async off() {
      if (over.signal.aborted) return
      over.abort()
      await letGo()
    },
  }
}
