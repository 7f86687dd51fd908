/**
 * Another store for the running service: while the service is down the one that was made ready takes the place of the present one, and
 * where the service does not start on it, the former is put back. Knows neither who asked nor what is in them.
 */
import { type Exchange } from '../admin/exchange'
import { type Reply } from '../admin/questions'
import { type Clock } from '../clock'
import { type Config } from '../config'
import { type Exchanged } from '../model/backup'
import { type Observe } from '../observe'
import { type Service } from '../service'

/** Milliseconds until the service comes down: the answer goes out before. */
const ANSWERED = 100

export interface Exchanging {
  /** For the service; absent where its store has no file of its own. */
  readonly exchange: Exchange | undefined
  /** The configuration to start with: it tells which store has to be closed where a start fails. */
  readonly config: Config
  /** Resolves once somebody asks. */
  wanted(): Promise<'exchange'>
  /** To be called once the service is down. Rejects where it starts on neither store. */
  done(start: () => Promise<Service>): Promise<Service>
}

interface Order {
  readonly hold: string
  readonly madeAt: number | undefined
}

const failed = (why: string): { readonly is: 'failed'; readonly why: string } => ({ is: 'failed', why })
const whyOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

export function makeExchanging(config: Config, clock: Clock, observe: Observe): Exchanging {
  const restoring = config.store.backup?.restoring(clock)
  let close = async (): Promise<void> => undefined
  let order: Order | undefined
  let outcome: { readonly of: string; readonly is: Reply<'exchanged'> } | undefined
  let isDue = false
  let come: () => void = () => undefined

  function end(of: string, is: Reply<'exchanged'>): void {
    outcome = { of, is }
    order = undefined
  }

  function tell(exchanged: Exchanged): void {
    const { former = 'nowhere' } = exchanged
    observe({ at: 'notice', about: 'restore', text: `a backup is in the store's place; the former one is ${former}` })
  }

  /** The store that was before is in its place again, or still. */
  async function stay(start: () => Promise<Service>, hold: string, why: string): Promise<Service> {
    observe({ at: 'trouble', about: 'restore', text: why })
    const service = await start()
    end(hold, failed(why))
    return service
  }

  return Object.freeze({
    config: Object.freeze({
      ...config,
      store: Object.freeze({
        ...config.store,
        async open(surroundings: Parameters<Config['store']['open']>[0]) {
          const store = await config.store.open(surroundings)
          close = () => store.close()
          return store
        },
      }),
    }),
    exchange:
      restoring &&
      Object.freeze({
        begin(hold: string, madeAt: number | undefined) {
          order = { hold, madeAt }
          clock.after(ANSWERED, () => {
            isDue = true
            come()
          })
        },
        outcome(hold: string): Reply<'exchanged'> {
          if (outcome?.of === hold) return outcome.is
          return { is: 'answer', answer: { is: order?.hold === hold ? 'under way' : 'unknown' } }
        },
      } satisfies Exchange),
    wanted: () =>
      new Promise<'exchange'>((resolve) => {
        come = () => resolve('exchange')
        if (isDue) come()
      }),
    async done(start: () => Promise<Service>) {
      if (restoring === undefined || order === undefined) return start()
      const { hold, madeAt } = order
      isDue = false
      let exchanged: Exchanged
      try {
        exchanged = await restoring.exchange(madeAt)
      } catch (error) {
        return stay(start, hold, `${whyOf(error)}; the store is as it was`)
      }
      try {
        const service = await start()
        tell(exchanged)
        end(hold, { is: 'answer', answer: { is: 'done', exchanged } })
        return service
      } catch (error) {
        await close()
        restoring.putBack(exchanged)
        return stay(
          start,
          hold,
          `the service did not start with the backup (${whyOf(error)}); the former store is in its place again`,
        )
      }
    },
  } satisfies Exchanging)
}
