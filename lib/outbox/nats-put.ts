/** Takes deliveries: into the stream, as many as may wait. Knows bounds and numbers; not what becomes of them. */
import { type Delivery } from '../model/notification'
import { closed } from '../model/unavailable'
import { type ContentCipher } from '../stores/content-cipher'
import { type Health } from './nats-connection'
import { type Own } from './nats-partition'
import { type Row, partitionOf, spell, targetOf } from './nats-row'
import { type Standing } from './nats-standing'
import { type Streams } from './nats-streams'
import { type Put } from './outbox'

export interface BoundsOptions {
  readonly maxDeliveries: number
  readonly maxDeliveriesPerApp: number
}

export interface PutOptions {
  readonly streams: Streams
  readonly cipher: ContentCipher
  readonly partitions: number
  readonly standing: Standing
  readonly owned: ReadonlyMap<number, Own>
  readonly health: Health
  readonly most: BoundsOptions
  /** What waits at other instances, of an app or of all, as they told last. */
  readonly elsewhere: (app?: string) => number
  /** Room that the waiting claim has for an app. */
  readonly room: (app: string) => number
  /** Told once where a bound is reached, and again after there was room. */
  readonly trouble: (text: string) => void
}

export interface Putting {
  put(deliveries: readonly Delivery[]): Promise<readonly Put[]>
  /** A delivery of a partition that is ours has come. */
  came(seq: number): void
  /** These are taken in. */
  took(rows: readonly Row[]): void
  /** Partitions are ours no more. */
  lost(): void
  /** Resolves once nothing is under way. */
  close(): Promise<void>
}

/** Deliveries that may be under way to servers that do not answer; more are refused as `full`. */
const MAX_UNDER_WAY = 10_000
/** Where so much of a bound is free again, reaching it is news. */
const RELIEVED = 0.9

export function makePutting(options: PutOptions): Putting {
  const { streams, cipher, partitions, standing, owned, health, most, elsewhere, room, trouble } = options
  const underWay = new Map<string, number>()
  let all = 0
  let isClosed = false
  /** Who waits for a delivery to come, by its number. */
  const watchers = new Map<number, (() => void)[]>()
  /** What came and is not taken in yet: its app, by number. */
  const arrived = new Map<number, string>()
  let ended: (() => void) | undefined
  const told = new Set<string>()

  const within = (name: string, used: number, bound: number, words: string): boolean => {
    if (used < bound * RELIEVED) told.delete(name)
    if (used < bound) return true
    if (!told.has(name)) {
      trouble(`${used} ${words}: what can not go out at once is answered with "wait" until there is room`)
    }
    told.add(name)
    return false
  }
  const admits = (delivery: Delivery, target: string): boolean => {
    const { app } = delivery
    const key = delivery.notification.collapseKey ?? null
    if (all >= MAX_UNDER_WAY) return false
    const coming = underWay.get(app) ?? 0
    // Ours is counted while it is under way; what came and is not taken in yet is part of that.
    const ofApp = (standing.apps.get(app)?.waiting ?? 0) + elsewhere(app) + coming
    const isBelow =
      within(
        '',
        standing.waiting + elsewhere() + all,
        most.maxDeliveries,
        'deliveries wait, as many as outbox.maxDeliveries allows',
      ) &&
      within(
        app,
        ofApp,
        most.maxDeliveriesPerApp,
        `deliveries of app ${app} wait, as many as outbox.maxDeliveriesPerApp allows`,
      )
    return isBelow || room(app) > coming || standing.laneOf({ target, key })?.waiting !== undefined
  }
  const isToCome = (partition: number, seq: number): boolean => {
    const own = owned.get(partition)
    return own?.following !== undefined && own.arrived < seq && !isClosed
  }
  const leave = (app: string): void => {
    all--
    const left = (underWay.get(app) ?? 1) - 1
    if (left === 0) underWay.delete(app)
    else underWay.set(app, left)
    if (all === 0) ended?.()
  }

  const putOne = async (delivery: Delivery): Promise<Put> => {
    const target = targetOf(delivery, cipher)
    const { app } = delivery
    if (!admits(delivery, target)) return 'full'
    underWay.set(app, (underWay.get(app) ?? 0) + 1)
    all++
    const partition = partitionOf(target, partitions)
    let seq: number
    try {
      seq = await health.once(() => streams.deliver(partition, delivery.id, spell(delivery, target, cipher)))
      if (isToCome(partition, seq))
        await new Promise<void>((seen) => watchers.set(seq, [...(watchers.get(seq) ?? []), seen]))
    } catch (error) {
      leave(app)
      throw error
    }
    const isNew = (owned.get(partition)?.took ?? Infinity) < seq && !arrived.has(seq)
    if (isNew && !isClosed) arrived.set(seq, app)
    else leave(app)
    return 'kept'
  }
  const lost = (): void => {
    for (const seen of [...watchers.values()].flat()) seen()
    watchers.clear()
    for (const app of arrived.values()) leave(app)
    arrived.clear()
  }

  return Object.freeze({
    async put(deliveries: readonly Delivery[]) {
      if (isClosed) throw closed('the outbox')
      const put = await Promise.allSettled(deliveries.map(putOne))
      return put.map((each) => {
        if (each.status === 'rejected') throw each.reason
        return each.value
      })
    },
    came(seq: number) {
      for (const seen of watchers.get(seq) ?? []) seen()
      watchers.delete(seq)
    },
    took(rows: readonly Row[]) {
      for (const { seq } of rows) {
        const app = arrived.get(seq)
        if (app !== undefined && arrived.delete(seq)) leave(app)
      }
    },
    lost,
    async close() {
      isClosed = true
      lost()
      if (all > 0) await new Promise<void>((done) => (ended = done))
    },
  } satisfies Putting)
}
