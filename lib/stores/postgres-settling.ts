/** The outbox's second line of work: settlements, and what goes back, gathered into batches. While the database is away they wait. */
import { type Clock } from '../clock'
import { type Settlement } from '../outbox/outbox'
import { type Health } from './postgres-health'
import { type Instances } from './postgres-instances'
import { type Settler, type WaitsAgain } from './postgres-settle'

export interface Settling {
  /** Resolves when all are durable. */
  settle(settlements: readonly Settlement[]): Promise<void>
  /** Puts back what was handed out and taken by nobody; tried until it is done. */
  release(ids: readonly string[]): void
  /** Writes what was handed in; what can't be is rejected. */
  close(): Promise<void>
}

export interface SettlingOptions {
  readonly clock: Clock
  readonly health: Health
  readonly instances: Pick<Instances, 'number'>
  readonly settler: Settler
  /** Told what no longer is out, and how many wait again. */
  readonly done: (ids: readonly string[], waits: WaitsAgain) => void
}

interface Handed {
  readonly settlements: readonly Settlement[]
  /** Where the wall clock stood then, when the monotonic one stood at 0. */
  readonly origin: number
  resolve(): void
  reject(error: Error): void
}

const MOST_PER_SETTLE = 500
/** A wall clock that is drawn back by less was not set. */
const CLOCK_SLACK_MS = 2_000

export function makeSettling(options: SettlingOptions): Settling {
  const { clock, health, instances, settler, done } = options
  const queue: Handed[] = []
  let back: string[] = []
  let running: Promise<void> | undefined
  let isClosed = false
  const originNow = (): number => Math.round(clock.now() - clock.elapsed())

  /** What was handed in before the wall clock was set back is due so much sooner: it may have waited for the database. */
  const asOfNow = ({ settlements, origin }: Handed): readonly Settlement[] => {
    const lost = origin - originNow()
    if (lost < CLOCK_SLACK_MS) return settlements
    return settlements.map((each) => ('end' in each ? each : { ...each, dueAt: each.dueAt - lost }))
  }

  const release = async (): Promise<void> => {
    const ids = back
    back = []
    try {
      const waits = await health.steady(() => settler.release(ids, instances.number, clock.now()))
      done(ids, waits)
    } catch (error) {
      back = [...ids, ...back]
      if (health.illness === undefined) throw error
    }
  }

  const settle = async (batch: readonly Handed[]): Promise<void> => {
    const all = batch.flatMap(asOfNow)
    // The first word about a delivery counts.
    const first = [...new Map([...all].reverse().map((each) => [each.id, each])).values()].reverse()
    try {
      const waits = await health.steady(() => settler.settle(first, instances.number, clock.now()))
      done(
        first.map(({ id }) => id),
        waits,
      )
      for (const each of batch) each.resolve()
    } catch (error) {
      if (health.illness !== undefined && !isClosed) queue.unshift(...batch)
      else if (batch.length > 1 && health.illness === undefined) for (const each of batch) await settle([each])
      else for (const each of batch) each.reject(error instanceof Error ? error : new Error(String(error)))
    }
  }

  const takeBatch = (): readonly Handed[] => {
    let size = 0
    const end = queue.findIndex(({ settlements }) => (size += settlements.length) > MOST_PER_SETTLE)
    return queue.splice(0, end < 0 ? queue.length : Math.max(1, end))
  }

  const run = async (): Promise<void> => {
    await new Promise((turn) => setImmediate(turn))
    while (queue.length > 0 || back.length > 0) {
      if (health.illness !== undefined) {
        await health.recovered()
        if (isClosed && health.illness !== undefined) {
          back = []
          for (const each of queue.splice(0)) each.reject(health.illness)
          return
        }
      }
      if (back.length > 0) await release()
      if (queue.length > 0) await settle(takeBatch())
    }
  }

  const schedule = (): void => {
    running ??= run()
      .then(
        () => (running = undefined),
        () => (running = undefined),
      )
      .then(() => {
        if (queue.length > 0) schedule()
      })
  }

  return Object.freeze({
    settle(settlements: readonly Settlement[]) {
      if (isClosed) return Promise.reject(new Error('the store is closed'))
      return new Promise<void>((resolve, reject) => {
        queue.push({ settlements, origin: originNow(), resolve, reject })
        schedule()
      })
    },
    release(ids: readonly string[]) {
      back.push(...ids)
      schedule()
    },
    async close() {
      isClosed = true
      while (running !== undefined) await running
    },
  })
}
