/** The PostgreSQL store's outbox: a desk for what comes in and goes out, a line for what is settled, and who listens. */
import { type Clock } from '../clock'
import { type Outbox, type Settlement } from '../outbox/outbox'
import { type ContentCipher } from './content-cipher'
import { makeListening } from './listening'
import { type Bounds } from './postgres-bounds'
import { makeClaimer } from './postgres-claim'
import { type Database } from './postgres-database'
import { makeDesk } from './postgres-desk'
import { type Health } from './postgres-health'
import { type Instances } from './postgres-instances'
import { makePassing } from './postgres-passing'
import { makePutter, targetOf } from './postgres-put'
import { makeSettler } from './postgres-settle'
import { makeSettling } from './postgres-settling'
import { type SharedTime } from './postgres-time'

export interface PostgresOutboxOptions {
  readonly database: Database
  readonly cipher: ContentCipher
  readonly clock: Clock
  readonly time: SharedTime
  readonly health: Health
  readonly instances: Instances
  readonly bounds: Bounds
  readonly trouble: (text: string) => void
}

export interface PostgresOutbox {
  readonly outbox: Outbox
  /** Takes a new number; what this process holds, as far as it knows, goes along. */
  readonly enlist: () => Promise<void>
  /** Something may be due that was not. */
  readonly wake: () => void
  /** The shared clock was set. */
  readonly clockWasSet: () => void
  /** Ends the waiting claim and all listening, and writes what was handed in. */
  readonly close: () => Promise<void>
}

export function makePostgresOutbox(options: PostgresOutboxOptions): PostgresOutbox {
  const { database, cipher, clock, time, health, instances, bounds } = options
  const listening = makeListening(clock)
  const held = new Set<string>()
  // Order of arrival: goes on where an earlier process left off, for time does.
  let seq = time.now() * 1000
  const settling = makeSettling({
    ...{ time, health, instances, settler: makeSettler(database) },
    done(ids, waits) {
      for (const id of ids) held.delete(id)
      for (const [app, n] of waits) bounds.add(app, n)
      // What waited behind one that is gone may go now, and what waits again may be due.
      if (!bounds.isEmpty) desk.wake()
    },
  })
  const desk = makeDesk({
    ...{ clock, time, health, instances, bounds, trouble: options.trouble },
    putter: makePutter(database, cipher, () => ++seq),
    claimer: makeClaimer(database, cipher),
    passing: makePassing(database),
    targetOf: (delivery) => targetOf(delivery, cipher),
    taken: (ids) => ids.forEach((id) => held.add(id)),
    released(ids) {
      ids.forEach((id) => held.add(id))
      settling.release(ids)
    },
  })

  const outbox: Outbox = Object.freeze({
    put: (deliveries) => desk.put(deliveries),
    claim: (room) => desk.claim(room),
    async settle(settlements: readonly Settlement[]) {
      const looked = desk.looked()
      await settling.settle(settlements)
      listening.settled(settlements)
      // Whoever settles and then asks finds what was asked for before answered.
      await looked
    },
    heard: (id, within) => listening.heard(id, within),
    isListenedTo: (id) => listening.isListenedTo(id),
  } satisfies Outbox)

  return Object.freeze({
    outbox,
    async enlist() {
      const { lost } = await instances.enlist([...held])
      for (const id of lost) held.delete(id)
      settling.enlisted(lost)
    },
    wake: () => desk.wake(),
    clockWasSet: () => desk.clockWasSet(),
    async close() {
      listening.close()
      await desk.close()
      await settling.close()
    },
  })
}
