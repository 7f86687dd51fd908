/**
 * Whether the database can be asked. well → (a statement failed for want of a database) → ill: whoever asks is rejected at
 * once, and the connection is tried again, sooner at first → well. Told once per illness.
 */
import { type Clock } from '../clock'
import { closed, Unavailable } from '../model/unavailable'
import { makeTelling, type Told } from './telling'
import { isCollision, isFloorBroken, troubleText } from './postgres-trouble'

export interface Health {
  /** Why nothing can be asked; undefined while it can. */
  readonly illness: Error | undefined
  /** Runs it, again where two stood in each other's way. Rejects with what the operator was told where the floor broke. */
  steady<T>(ask: () => Promise<T>): Promise<T>
  /** The same, rejecting at once while ill. */
  guarded<T>(ask: () => Promise<T>): Promise<T>
  /** Resolves when it can be asked, or was closed. */
  recovered(): Promise<void>
  close(): void
}

export interface HealthOptions {
  readonly shown: string
  readonly clock: Clock
  readonly told: Told
  /** Makes everything ready again; rejects while it can't. */
  readonly recover: () => Promise<void>
}

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5_000
const MOST_COLLISIONS = 20

export function makeHealth({ shown, clock, told, recover }: HealthOptions): Health {
  let illness: Error | undefined
  let isClosed = false
  const telling = makeTelling(shown, clock, told)
  const waiting: (() => void)[] = []
  const leaving = new AbortController()

  const wake = (): void => waiting.splice(0).forEach((resume) => resume())

  const heal = async (): Promise<void> => {
    for (let pause = FIRST_PAUSE_MS; !isClosed; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      try {
        await recover()
        illness = undefined
        return wake()
      } catch (error) {
        if (illness === undefined) return
        const text = troubleText(shown, error)
        // What it suffers from may become another thing while it lasts; whoever is rejected hears the newest.
        illness = new Unavailable(text)
      }
      await clock.sleep(pause * (0.5 + clock.random() / 2), leaving.signal)
    }
  }

  const fallIll = (error: unknown): Error => {
    if (illness !== undefined) return illness
    illness = new Unavailable(troubleText(shown, error))
    const first = illness
    // A connection that broke and is made again at once is nothing to tell.
    void (async () => {
      const cancel = clock.after(FIRST_PAUSE_MS * 10, () => {
        if (illness !== undefined && !isClosed) telling.ails(illness.message)
      })
      await heal()
      cancel()
      if (!isClosed) telling.isWell()
    })()
    return first
  }

  const steady = async <T>(ask: () => Promise<T>): Promise<T> => {
    for (let collisions = 0; ; collisions++) {
      try {
        return await ask()
      } catch (error) {
        if (isCollision(error) && collisions < MOST_COLLISIONS) continue
        if (isFloorBroken(error)) throw fallIll(error)
        throw error
      }
    }
  }

  return Object.freeze({
    get illness() {
      return illness
    },
    steady,
    guarded: <T>(ask: () => Promise<T>): Promise<T> => {
      if (isClosed) return Promise.reject(closed(`store ${shown}`))
      return illness === undefined ? steady(ask) : Promise.reject(illness)
    },
    recovered: () =>
      illness === undefined || isClosed ? Promise.resolve() : new Promise<void>((resume) => waiting.push(resume)),
    close() {
      isClosed = true
      leaving.abort()
      wake()
    },
  })
}
