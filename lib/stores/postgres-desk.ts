/**
 * The outbox's one line of work for what comes in and what goes out: puts and looks take turns, so that a put knows whether
 * it may go at once, and both know how much room the waiting claim has. Knows when to look; the SQL is elsewhere.
 *
 * idle → (a put, a claim, a time, a sign) → [expiry] → look → put a batch → … → idle, with a timer.
 * While the database is away nothing runs: puts are rejected, the claim waits.
 */
import { type Clock } from '../clock'
import { type Delivery } from '../model/notification'
import { closed } from '../model/unavailable'
import { type Claimed, type Put, type Room } from '../outbox/outbox'
import { type Bounds } from './postgres-bounds'
import { type Claimer } from './postgres-claim'
import { type Health } from './postgres-health'
import { makeHorizon } from './postgres-horizon'
import { type Instances } from './postgres-instances'
import { type Passing, STRETCH } from './postgres-passing'
import { makePlanner } from './postgres-planning'
import { type Putter } from './postgres-put'
import { type SharedTime } from './postgres-time'

export interface Desk {
  put(deliveries: readonly Delivery[]): Promise<readonly Put[]>
  claim(room: Room): Promise<readonly Claimed[]>
  /** Something may be due that was not: look again. */
  wake(): void
  /** The shared clock was set: whatever was known of due times is void. */
  clockWasSet(): void
  /** Resolves when what was to be looked at by now has been. */
  looked(): Promise<void>
  /** Ends the waiting claim, puts what was handed in, and takes nothing more. */
  close(): Promise<void>
}

export interface DeskOptions {
  readonly clock: Clock
  readonly time: SharedTime
  readonly health: Health
  readonly instances: Pick<Instances, 'number' | 'term' | 'hasOthers' | 'inherit'>
  readonly putter: Putter
  readonly claimer: Claimer
  readonly passing: Passing
  readonly bounds: Bounds
  readonly targetOf: (delivery: Delivery) => string
  /** Handed out: taken by the claim that waited. */
  readonly taken: (ids: readonly string[]) => void
  /** Found and taken by nobody: it goes back. */
  readonly released: (ids: readonly string[]) => void
  readonly trouble: (text: string) => void
}

interface Handed {
  readonly deliveries: readonly Delivery[]
  resolve(puts: readonly Put[]): void
  reject(error: Error): void
}

interface Waiting {
  readonly room: Room
  resolve(claimed: readonly Claimed[]): void
}

const MOST_PER_PUT = 500
const MOST_PER_LOOK = 1000
/** Deliveries that may queue for a database that is slow; more are refused as full. */
const MAX_QUEUED = 10_000
const PAUSE_MS = 1_000
const MEASURED_EVERY_MS = 100

const isCall = ({ delivery }: Claimed): boolean => delivery.notification.class === 'call'

export function makeDesk(options: DeskOptions): Desk {
  const { clock, time, health, instances, claimer, passing, bounds } = options
  const queue: Handed[] = []
  let queued = 0
  let waiting: Waiting | undefined
  const horizon = makeHorizon(time)
  let running: Promise<void> | undefined
  let isClosed = false
  let cancelNap = (): void => undefined
  let lookers: (() => void)[] = []
  let measuredAt = -Infinity
  const planner = makePlanner(options)

  const isLookDue = (): boolean => horizon.isLookDue(waiting?.room)

  /** The claim may be another than the one that was looked for: what it has no room for goes back. */
  const fill = (found: readonly Claimed[]): void => {
    const left = new Map(waiting?.room)
    const taken: Claimed[] = []
    const back: string[] = []
    for (const claimed of [...found.filter(isCall), ...found.filter((one) => !isCall(one))]) {
      const room = left.get(claimed.delivery.app) ?? 0
      if (room > 0) taken.push(claimed)
      else back.push(claimed.delivery.id)
      left.set(claimed.delivery.app, room - 1)
    }
    if (back.length > 0) options.released(back)
    if (taken.length === 0) return
    options.taken(taken.map(({ delivery }) => delivery.id))
    waiting?.resolve(taken)
    waiting = undefined
  }

  /** What was taken out under a number that we have no more goes to nobody from here: it waits again, in doubt. */
  const handOut = async (found: readonly Claimed[], term: number): Promise<void> => {
    if (found.length === 0) return
    if (instances.term === term) return fill(found)
    await health.steady(() => instances.inherit())
    horizon.forget()
  }

  const expire = async (now: number): Promise<void> => {
    const gone = await health.steady(() => passing.expire(instances.number, now))
    let sum = 0
    for (const [app, n] of gone) {
      bounds.add(app, -n)
      sum += n
    }
    if (sum === STRETCH) return expire(now)
  }

  const look = async (): Promise<void> => {
    const now = time.now()
    if (horizon.isExpiryDue) await expire(now)
    const wanted = [...(waiting?.room ?? [])]
      .filter(([, room]) => room > 0)
      .map(([app, room]) => ({
        app,
        room: Math.min(room, MOST_PER_LOOK),
        isBacklogged: horizon.isBacklogged(app) || bounds.waiting(app) > room,
      }))
    const { term } = instances
    const found = await health.steady(() => claimer(wanted, instances.number, { now, offset: time.offset() }))
    horizon.nextExpiryIs(found.nextExpiry)
    const byApp = new Map<string, number>()
    for (const { delivery } of found.claimed) byApp.set(delivery.app, (byApp.get(delivery.app) ?? 0) + 1)
    for (const { app, room } of wanted) {
      const n = byApp.get(app) ?? 0
      bounds.add(app, -n)
      horizon.looked(app, n < room ? (found.nextDue.get(app) ?? Infinity) : 'more')
    }
    await handOut(found.claimed, term)
  }

  const takeBatch = (): readonly Handed[] => {
    let size = 0
    const end = queue.findIndex(({ deliveries }) => (size += deliveries.length) > MOST_PER_PUT)
    return queue.splice(0, end < 0 ? queue.length : Math.max(1, end))
  }

  const measure = async (): Promise<void> => {
    if (!bounds.isNear || clock.elapsed() - measuredAt < MEASURED_EVERY_MS) return
    measuredAt = clock.elapsed()
    await health.steady(() => bounds.measure())
  }

  const putBatch = async (batch: readonly Handed[]): Promise<void> => {
    const deliveries = batch.flatMap((each) => each.deliveries)
    try {
      await measure()
      const room = new Map([...(waiting?.room ?? [])].filter(([app]) => horizon.isClear(app)))
      const { term } = instances
      const put = await planner(deliveries, room)
      horizon.expires(put.nextExpiry)
      for (const [app, due] of put.nextDue) horizon.fallsDue(app, due)
      const out = put.out.map((delivery) => ({ delivery, attempts: 0, ambiguous: false }))
      await handOut(out, term)
      let at = 0
      for (const each of batch) {
        queued -= each.deliveries.length
        each.resolve(put.words.slice(at, (at += each.deliveries.length)))
      }
    } catch (error) {
      // One of them may be at fault, or the database: then each hears of it.
      if (batch.length > 1 && health.illness === undefined) {
        for (const each of batch) await putBatch([each])
        return
      }
      for (const each of batch) {
        queued -= each.deliveries.length
        each.reject(error instanceof Error ? error : new Error(String(error)))
      }
    }
  }

  const run = async (): Promise<void> => {
    await new Promise((turn) => setImmediate(turn))
    for (;;) {
      if (health.illness !== undefined) {
        for (const each of queue.splice(0)) {
          queued -= each.deliveries.length
          each.reject(health.illness)
        }
        await health.recovered()
        if (isClosed) return lookers.splice(0).forEach((tell) => tell())
        horizon.forget()
        continue
      }
      const isDue = isLookDue()
      if (!isDue && queue.length === 0) return
      if (isDue) {
        const tellers = lookers
        lookers = []
        try {
          await look()
        } finally {
          tellers.forEach((tell) => tell())
        }
      }
      if (queue.length > 0 && health.illness === undefined) await putBatch(takeBatch())
    }
  }

  const nap = (): void => {
    cancelNap()
    if (isClosed) return
    const isPolling = instances.hasOthers
    cancelNap = clock.after(horizon.sleepFor(waiting?.room, isPolling), () => {
      if (isPolling) horizon.forget()
      schedule()
    })
  }

  /** Why a look failed for other reasons than a database that is away; told once, for it is tried again. */
  let isTold = false

  function schedule(): void {
    if (running !== undefined) return
    running = run().then(
      () => {
        isTold = false
        running = undefined
        // Something may have come in while it ended.
        if (queue.length > 0 || (isLookDue() && !isClosed)) return schedule()
        lookers.splice(0).forEach((tell) => tell())
        nap()
      },
      (error: unknown) => {
        running = undefined
        horizon.forget()
        const text = error instanceof Error ? error.message : String(error)
        if (!isTold && health.illness === undefined) options.trouble(`the outbox can't be looked at: ${text}`)
        isTold = true
        if (health.illness !== undefined || queue.length > 0) return schedule()
        lookers.splice(0).forEach((tell) => tell())
        cancelNap()
        cancelNap = clock.after(PAUSE_MS, schedule)
      },
    )
  }

  return Object.freeze({
    put(deliveries: readonly Delivery[]) {
      if (isClosed) return Promise.reject(closed('the store'))
      if (health.illness !== undefined) return Promise.reject(health.illness)
      if (queued > 0 && queued + deliveries.length > MAX_QUEUED)
        return Promise.resolve(deliveries.map((): Put => 'full'))
      queued += deliveries.length
      return new Promise<readonly Put[]>((resolve, reject) => {
        queue.push({ deliveries, resolve, reject })
        schedule()
      })
    },
    claim(room: Room) {
      waiting?.resolve([])
      waiting = undefined
      if (isClosed) return Promise.resolve([])
      return new Promise<readonly Claimed[]>((resolve) => {
        waiting = { room: new Map(room), resolve }
        schedule()
      })
    },
    wake() {
      horizon.forget()
      schedule()
    },
    clockWasSet() {
      horizon.forgetAll()
      schedule()
    },
    looked() {
      if (isClosed || health.illness !== undefined || !(isLookDue() || running !== undefined)) return Promise.resolve()
      return new Promise<void>((resolve) => {
        lookers.push(resolve)
        schedule()
      })
    },
    async close() {
      waiting?.resolve([])
      waiting = undefined
      isClosed = true
      cancelNap()
      while (running !== undefined) await running
    },
  })
}
