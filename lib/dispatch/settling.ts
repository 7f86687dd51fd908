/**
 * Verdicts on their way to the outbox: those of one turn travel together. Kept in memory until the outbox takes them; knows
 * nothing of what they mean.
 */
import { type Clock } from '../clock'
import { type Observe } from '../observe'
import { type Outbox, type Settlement } from '../outbox/outbox'

export interface SettlingOptions {
  readonly outbox: Pick<Outbox, 'settle'>
  readonly clock: Clock
  readonly observe: Observe
  /** Aborted when the process gives up waiting for what is out. */
  readonly stopping: AbortSignal
}

/**
 * Told once: true where the settlement is durable, false where the process stops first (it then comes back as ambiguous). `now`: of
 * `clock.now()`, once for all that became durable together.
 */
type Told = (isDurable: boolean, now: number) => void

interface Entry {
  readonly settlement: Settlement
  readonly told: Told
}

/** Milliseconds until a settle that the store refused is tried again. */
const PAUSE = 1_000

/** Takes settlements one by one. Never throws. */
export function makeSettling(options: SettlingOptions): (settlement: Settlement, told: Told) => void {
  const { outbox, clock, observe, stopping } = options
  let gathered: Entry[] = []

  function depart(): void {
    const entries = gathered
    gathered = []
    outbox.settle(entries.map(({ settlement }) => settlement)).then(
      () => {
        const now = clock.now()
        for (const { told } of entries) told(true, now)
      },
      // One of them may be at fault: from here on each goes its own way.
      (error: unknown) => {
        for (const entry of entries) void persist(entry, error)
      },
    )
  }

  async function persist({ settlement, told }: Entry, first: unknown): Promise<void> {
    const why = first instanceof Error ? first.message : String(first)
    const text = `delivery ${settlement.id} could not be settled, tried again each second: ${why}`
    observe({ at: 'trouble', about: 'outbox', text })
    while (!stopping.aborted) {
      await clock.sleep(PAUSE, stopping)
      try {
        await outbox.settle([settlement])
        return told(true, clock.now())
      } catch {
        // told already
      }
    }
    told(false, clock.now())
  }

  return (settlement, told) => {
    if (gathered.push({ settlement, told }) === 1) queueMicrotask(depart)
  }
}
