/**
 * Sweeps what is old, once an hour. After a pause no device is forgotten for not being seen: while the service stood still
 * none could be, and a clock that was set wrong looks like a pause too.
 */
import { type Clock } from '../clock'
import { type Observe } from '../observe'
import { type Keep, type Upkeep } from '../stores/store'

const HOUR = 3600_000
const DAY = 24 * HOUR
const MIB = 1024 * 1024
/** So long after a round the next one is late: the service stood still, or its clock was set. */
const PAUSE = 2 * DAY
/** For so long after a pause every device may still show that it lives. */
const GRACE = 30 * DAY
const NAME = 'housekeeping'

/** Days, hours and MiB, as in the configuration. */
export interface Keeping {
  readonly registrations: number
  readonly tombstones: number
  readonly traces: number
  readonly tracesSize: number
}

export interface Housekeeping {
  start(): void
  stop(): void
}

export function makeHousekeeping(options: {
  readonly upkeep: Pick<Upkeep, 'sweep'>
  readonly keep: Keep
  readonly keeping: () => Keeping
  readonly clock: Clock
  readonly observe: Observe
}): Housekeeping {
  const { upkeep, keep, clock, observe } = options
  let cancel = (): void => undefined
  let isStopped = false

  /** Since when rounds follow each other without a pause (ms since 1970); this round is noted. */
  async function steadySince(now: number): Promise<number> {
    const last = await keep.get(NAME)
    const isPaused = last === undefined || now < last.at || now - last.at > PAUSE
    const since = isPaused ? now : Number(last.value)
    await keep.put(NAME, String(since), now)
    return since
  }

  async function round(): Promise<void> {
    const { registrations, tombstones, traces, tracesSize } = options.keeping()
    const at = clock.now()
    try {
      // Rounds of several instances follow each other by one clock.
      const shared = keep.now?.() ?? at
      const isSteady = shared - (await steadySince(shared)) >= GRACE
      await upkeep.sweep(
        {
          ...(isSteady ? { registrationsSeenBefore: at - registrations * DAY } : {}),
          tombstonesBefore: at - tombstones * DAY,
          tracesBefore: at - traces * HOUR,
          tracesBytes: tracesSize * MIB,
          at,
        },
        (removed) => {
          for (const { app, owner, id } of removed) {
            const why = `not seen for ${registrations} days`
            observe({ at: 'forgotten', app, owner, registration: id, slot: 'address', why })
          }
        },
      )
    } catch (error) {
      const text = `what is old could not be swept: ${error instanceof Error ? error.message : String(error)}`
      if (!isStopped) observe({ at: 'trouble', about: 'housekeeping', text })
    }
  }

  function schedule(): void {
    cancel = clock.after(HOUR, () => {
      void round().then(() => {
        if (!isStopped) schedule()
      })
    })
  }

  return Object.freeze({
    start: schedule,
    stop() {
      isStopped = true
      cancel()
    },
  })
}
