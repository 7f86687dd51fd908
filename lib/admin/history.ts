/** What was counted in the last hour, the last day and since the service was started, per app: the accounting, remembered every five minutes. */
import { type Clock } from '../clock'
import { closes, ends, type Account } from '../model/accounting'
import { type Records } from '../stores/store'
import { type Tally } from './questions'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const STEP = 5 * MINUTE

type Accounts = ReadonlyMap<string, Account>
interface Sample {
  /** Milliseconds, of the clock that never jumps. */
  readonly elapsed: number
  readonly accounts: Accounts
}

export interface History {
  /** By app, the shortest span first. Rejects where the store does not answer. */
  tell(): Promise<readonly Tally[]>
  stop(): void
}

function missingOf(account: Account): number {
  if (closes(account)) return 0
  return account.accepted - ends.reduce((sum, end) => sum + account[end], account.inFlight + account.waiting)
}

/** What was counted in between; what waits and is in flight as it stands now. */
function between(now: Account, before: Account | undefined): Account {
  if (before === undefined) return now
  const counted = [...ends, 'accepted', 'resent'] as const
  const grown = Object.fromEntries(counted.map((term) => [term, now[term] - before[term]]))
  return { ...now, ...grown }
}

/** Begins to remember at once. An app that is not in a sample had no push until then. */
export function makeHistory({
  records,
  clock,
}: {
  readonly records: Pick<Records, 'accounts'>
  readonly clock: Clock
}): History {
  const begun = clock.elapsed()
  const first = records.accounts().then(
    (accounts): Sample => ({ elapsed: begun, accounts }),
    () => undefined,
  )
  let samples: readonly Sample[] = []
  let cancel = (): void => undefined
  let isStopped = false

  async function sample(): Promise<void> {
    const elapsed = clock.elapsed()
    try {
      const accounts = await records.accounts()
      samples = [...samples.filter((each) => elapsed - each.elapsed <= DAY), { elapsed, accounts }]
    } catch {
      // The store is down, which others tell; the spans begin a little earlier then.
    }
  }

  function schedule(): void {
    cancel = clock.after(STEP, () => {
      void sample().then(() => {
        if (!isStopped) schedule()
      })
    })
  }
  schedule()

  return Object.freeze({
    async tell() {
      const [start, accounts] = await Promise.all([first, records.accounts()])
      const [elapsed, now] = [clock.elapsed(), clock.now()]
      const known = [...(start === undefined ? [] : [start]), ...samples]
      const since = (span: number): Sample | undefined =>
        known.findLast((each) => elapsed - each.elapsed >= span) ?? known[0]
      const spans = [
        ['hour', since(HOUR)],
        ['day', since(DAY)],
        ['start', start ?? known[0]],
      ] as const
      return [...accounts]
        .filter(([app]) => app !== '')
        .flatMap(([app, account]) =>
          spans.map(([span, sample]): Tally => {
            const from = now - (elapsed - (sample?.elapsed ?? elapsed))
            return {
              app,
              span,
              from,
              account: between(account, sample?.accounts.get(app)),
              missing: missingOf(account),
            }
          }),
        )
    },
    stop() {
      isStopped = true
      cancel()
    },
  })
}
