/** Gathers what is asked for during one turn of the event loop, or while the batch before is under way, into one statement. */
import { type Health } from './postgres-health'

export interface GatheringOptions<Ask, Answer> {
  /** Asked for at once at most. */
  readonly most: number
  /** How many batches may be under way at once; one, where their order matters. */
  readonly abreast: number
  /** Answers in the order of the asks. */
  readonly run: (asks: readonly Ask[]) => Promise<readonly Answer[]>
  readonly health: Pick<Health, 'guarded'>
}

interface Asked<Ask, Answer> {
  readonly ask: Ask
  resolve(answer: Answer): void
  reject(error: Error): void
}

/** Who asks alone is at fault alone: a batch that is rejected is asked for again one by one, unless the database is away. */
export function makeGathering<Ask, Answer>(options: GatheringOptions<Ask, Answer>): (ask: Ask) => Promise<Answer> {
  const { most, abreast, run, health } = options
  const queue: Asked<Ask, Answer>[] = []
  let underWay = 0
  let isScheduled = false

  const one = async (batch: readonly Asked<Ask, Answer>[]): Promise<void> => {
    try {
      const answers = await health.guarded(() => run(batch.map(({ ask }) => ask)))
      batch.forEach((each, index) => each.resolve(answers[index] as Answer))
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error))
      if (batch.length > 1 && 'code' in failure) for (const each of batch) await one([each])
      else for (const each of batch) each.reject(failure)
    }
  }

  const depart = (): void => {
    isScheduled = false
    while (underWay < abreast && queue.length > 0) {
      underWay++
      void one(queue.splice(0, most)).then(() => {
        underWay--
        depart()
      })
    }
  }

  return (ask) =>
    new Promise((resolve, reject) => {
      queue.push({ ask, resolve, reject })
      if (isScheduled || underWay >= abreast) return
      isScheduled = true
      setImmediate(depart)
    })
}
