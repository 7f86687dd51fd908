/** The outbox's second line of work: settlements, and what goes back, gathered into batches. While the database is away they wait. */
import { closed } from '../model/unavailable'
import { type Settlement } from '../outbox/outbox'
import { type Health } from './postgres-health'
import { type Instances } from './postgres-instances'
import { type Settler, type WaitsAgain } from './postgres-settle'
import { type SharedTime } from './postgres-time'
import { shiftedAll } from './shifting'

export interface Settling {
  /** Resolves when all are durable. */
  settle(settlements: readonly Settlement[]): Promise<void>
  /** Puts back what was handed out and taken by nobody; tried until it is done. */
  release(ids: readonly string[]): void
  /** This process has another number now, and these are not its own any more: they were put back before, or another one has them. */
  enlisted(lost: ReadonlySet<string>): void
  /** Writes what was handed in; what can't be is rejected. */
  close(): Promise<void>
}

export interface SettlingOptions {
  readonly time: Pick<SharedTime, 'now' | 'offset'>
  readonly health: Health
  readonly instances: Pick<Instances, 'number' | 'term'>
  readonly settler: Settler
  /** Told what no longer is out, and how many wait again. */
  readonly done: (ids: readonly string[], waits: WaitsAgain) => void
}

interface Handed {
  /** By the shared clock. */
  readonly settlements: readonly Settlement[]
  resolve(): void
  reject(error: Error): void
}

const MOST_PER_SETTLE = 500

export function makeSettling(options: SettlingOptions): Settling {
  const { time, health, instances, settler, done } = options
  const queue: Handed[] = []
  let back: string[] = []
  /** Of what is being put back: what was ours all the time. */
  let underWay: string[] = []
  let running: Promise<void> | undefined
  let isClosed = false

  /** By the shared clock, as soon as it is handed in: our own may be set while it waits for the database. */
  const shared = (settlements: readonly Settlement[]): readonly Settlement[] => shiftedAll(settlements, time.offset())

  /** What was said under a number that is no more may have found nothing: it is said again. Each word but the first changes nothing. */
  const inOneTerm = async (say: () => Promise<WaitsAgain>): Promise<WaitsAgain> => {
    for (;;) {
      const { term } = instances
      const waits = await health.steady(say)
      if (instances.term === term) return waits
    }
  }

  const release = async (): Promise<void> => {
    underWay = back
    back = []
    try {
      const waits = await inOneTerm(() => settler.release(underWay, instances.number, time.now()))
      done(underWay, waits)
    } catch (error) {
      back = [...underWay, ...back]
      if (health.illness === undefined) throw error
    } finally {
      underWay = []
    }
  }

  const settle = async (batch: readonly Handed[]): Promise<void> => {
    const all = batch.flatMap(({ settlements }) => settlements)
    // The first word about a delivery counts.
    const first = [...new Map([...all].reverse().map((each) => [each.id, each])).values()].reverse()
    try {
      const waits = await inOneTerm(() => settler.settle(first, instances.number, time.now()))
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
      if (isClosed) return Promise.reject(closed('the store'))
      return new Promise<void>((resolve, reject) => {
        queue.push({ settlements: shared(settlements), resolve, reject })
        schedule()
      })
    },
    release(ids: readonly string[]) {
      back.push(...ids)
      schedule()
    },
    enlisted(lost: ReadonlySet<string>) {
      back = back.filter((id) => !lost.has(id))
      underWay = underWay.filter((id) => !lost.has(id))
    },
    async close() {
      isClosed = true
      while (running !== undefined) await running
    },
  })
}
