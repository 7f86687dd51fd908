/** Reads the parts of the glance: what is cheap each time, what walks through the store only so often that it costs next to nothing. */
import { type Clock } from '../clock'
import { type Account } from '../model/accounting'
import { type Records } from '../stores/store'
import { tellGlance, type Glance } from './glance'
import { type Live } from './live'
import { type Noticed } from './questions'
import { type AppStanding } from './readiness'
import { SECONDS, type Recent } from './recent'

export interface GlancingOptions {
  readonly records: Pick<Records, 'accounts' | 'count' | 'oldest'>
  readonly live: Live
  readonly recent: Recent
  readonly standings: () => readonly AppStanding[]
  /** Why nothing can be written, found out by writing. Never rejects. */
  readonly unwritable: () => Promise<string | undefined>
  /** What the traffic itself says is wrong. */
  readonly noticed: () => readonly Noticed[]
  /** Why nothing is accepted at the moment. */
  readonly closed: () => string | undefined
  readonly clock: Clock
}

/** Milliseconds for which a glance waits for the store; then it tells what it was told last. */
const PATIENCE = 500
/** Milliseconds between two readings of what is not cheap, and how many times as long as the last one took. */
const RARELY = 5_000
const TIMES = 200

/** Never waits: tells what was read last, and reads again when it is time. Undefined until it was read once. */
function rarely<T>(read: () => Promise<T>, clock: Clock): () => T | undefined {
  let last: T | undefined
  let notBefore = 0
  let isReading = false
  return () => {
    const since = clock.elapsed()
    if (!isReading && since >= notBefore) {
      isReading = true
      void read()
        .then((value) => (last = value))
        .catch(() => undefined)
        .finally(() => {
          isReading = false
          notBefore = clock.elapsed() + Math.max(RARELY, TIMES * (clock.elapsed() - since))
        })
    }
    return last
  }
}

/** Never rejects. */
export function makeGlancing(options: GlancingOptions): () => Promise<Glance> {
  const { records, live, recent, standings, unwritable, closed, clock } = options
  const count = rarely(() => records.count(), clock)
  const oldest = rarely(() => records.oldest(), clock)
  const probe = rarely(async () => ({ why: await unwritable() }), clock)
  let known: ReadonlyMap<string, Account> | undefined

  async function accountsSoon(): Promise<ReadonlyMap<string, Account> | undefined> {
    const late = new Promise<ReadonlyMap<string, Account> | undefined>((done) => {
      const cancel = clock.after(PATIENCE, () => done(known))
      records.accounts().then(
        (accounts) => {
          cancel()
          done((known = accounts))
        },
        () => {
          cancel()
          done((known = undefined))
        },
      )
    })
    return late
  }

  return async () => {
    const accounts = await accountsSoon()
    const waits = [...(accounts?.values() ?? [])].some(({ waiting, inFlight }) => waiting + inFlight > 0)
    const [registrations, old, store, shut] = [count(), waits ? oldest() : undefined, probe()?.why, closed()]
    return tellGlance({
      ...{ version: live.version, uptime: live.uptime(), roles: live.roles, links: live.links(), apps: standings() },
      noticed: options.noticed(),
      ...{ seconds: recent.seconds(SECONDS), times: recent.times(), failures: recent.failures() },
      ...(shut === undefined ? {} : { closed: shut }),
      ...(store === undefined ? {} : { store }),
      ...(accounts === undefined ? {} : { accounts }),
      ...(registrations === undefined ? {} : { registrations }),
      ...(old === undefined ? {} : { oldest: old }),
      now: clock.now(),
    })
  }
}
