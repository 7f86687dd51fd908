/**
 * A batch of puts before it is put: who may go at once, who may wait, who is outdated by a later one of the batch; and after:
 * who is to be put again, and what to answer. Knows no SQL.
 */
import { type Clock } from '../clock'
import { type Delivery } from '../model/notification'
import { type Put, type Room } from '../outbox/outbox'
import { type Bounds } from './postgres-bounds'
import { type Health } from './postgres-health'
import { type Instances } from './postgres-instances'
import { type Placed, type Planned, type Putter } from './postgres-put'
import { type SharedTime } from './postgres-time'
import { shifted } from './shifting'

export interface Done {
  /** In the order of the batch. */
  readonly words: readonly Put[]
  /** Those that are out. */
  readonly out: readonly Delivery[]
  /** When the first of an app falls due of those that wait since now; by the shared clock, as is the next one. */
  readonly nextDue: ReadonlyMap<string, number>
  readonly nextExpiry: number
}

export interface PlannerOptions {
  readonly clock: Pick<Clock, 'now'>
  readonly time: Pick<SharedTime, 'offset'>
  readonly health: Pick<Health, 'steady'>
  readonly instances: Pick<Instances, 'number'>
  readonly putter: Putter
  readonly bounds: Bounds
  readonly targetOf: (delivery: Delivery) => string
}

/** Another instance wrote the same lane meanwhile: rare, and hardly ever twice. */
const MOST_TRIES = 8

const isCall = ({ notification }: Delivery): boolean => notification.class === 'call'

/** Calls before others: they go first where there is room. */
function inOrder(deliveries: readonly Delivery[]): readonly Delivery[] {
  if (!deliveries.some(isCall)) return deliveries
  return [...deliveries.filter(isCall), ...deliveries.filter((each) => !isCall(each))]
}

/** `room`: what may go out at once, by app. */
export function makePlanner(options: PlannerOptions): (deliveries: readonly Delivery[], room: Room) => Promise<Done> {
  const { clock, time, health, instances, putter, bounds } = options

  const plan = (deliveries: readonly Delivery[], room: Room, now: number): readonly Planned[] => {
    const left = new Map(room)
    const admits = bounds.admission()
    const plans: Planned[] = []
    /** Where the first and the last of a lane stand. */
    const lanes = new Map<string, number>()
    for (const delivery of inOrder(deliveries)) {
      const { app, notification, acceptedAt, dueAt = acceptedAt } = delivery
      const target = options.targetOf(delivery)
      const key = notification.collapseKey
      const lane = key === undefined ? undefined : `${target}\n${key}`
      const earlier = lane === undefined ? undefined : lanes.get(lane)
      const its = left.get(app) ?? 0
      const mayGo = earlier === undefined && its > 0 && dueAt <= now
      if (mayGo) left.set(app, its - 1)
      if (lane !== undefined) lanes.set(lane, plans.length)
      const before = earlier === undefined ? undefined : plans[earlier]
      if (earlier !== undefined && before !== undefined) plans[earlier] = { ...before, before: delivery.id }
      // One that takes the place of another of the batch takes its leave to wait too.
      const mayWait = mayGo || (before !== undefined && !before.mayGo ? before.mayWait : admits(app))
      plans.push({ delivery, target, mayGo, mayWait })
    }
    return plans
  }

  return async (deliveries, room) => {
    const [wall, offset] = [clock.now(), time.offset()]
    const now = wall + offset
    const words = new Map<string, Placed['word'] | 'full'>()
    const waitsAt = new Map<string, number>()
    const out = new Set<string>()
    let nextExpiry = Infinity
    const wanted = new Map(deliveries.map((each) => [each.id, shifted(each, wall, offset)]))
    let left: readonly Delivery[] = [...wanted.values()]
    const place = ({ id, word, app: oldApp }: Placed, delivery: Delivery): void => {
      const { app, notification, acceptedAt, dueAt = acceptedAt } = delivery
      words.set(id, word)
      if (word === 'out') out.add(id)
      if (word === 'replaced' && oldApp !== app) bounds.add(oldApp, -1)
      if (word === 'waits' || (word === 'replaced' && oldApp !== app)) bounds.add(app, 1)
      if (word !== 'waits' && word !== 'replaced') return
      nextExpiry = Math.min(nextExpiry, notification.expiresAt)
      if (word === 'waits') waitsAt.set(app, Math.min(waitsAt.get(app) ?? Infinity, dueAt))
    }
    for (let tries = 0; left.length > 0; tries++) {
      if (tries === MOST_TRIES) throw new Error(`${left.length} deliveries found no place, others write the same ones`)
      const plans = plan(left, tries === 0 ? room : new Map(), now)
      const placed = await health.steady(() => putter(plans, instances.number, now))
      const byId = new Map(plans.map((each) => [each.delivery.id, each]))
      for (const each of placed) {
        const planned = byId.get(each.id)
        byId.delete(each.id)
        if (planned !== undefined) place(each, planned.delivery)
      }
      for (const [id, { mayWait }] of byId) {
        if (mayWait) continue
        words.set(id, 'full')
        byId.delete(id)
      }
      left = [...byId.values()].map(({ delivery }) => delivery)
    }
    const answer = ({ id }: Delivery): Put => (words.get(id) === 'full' ? 'full' : 'kept')
    const handed = deliveries.filter(({ id }) => out.has(id))
    return { words: deliveries.map(answer), out: handed, nextDue: waitsAt, nextExpiry }
  }
}
