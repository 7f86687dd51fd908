/** One instance on the streams: which partitions it has, takes over and leaves, and what it tells the others. */
import { type Clock } from '../clock'
import { type Changes } from './nats-changes'
import { type Health } from './nats-connection'
import { type Counts, type Folded, change, lives } from './nats-journal'
import { BEAT_MS, type Beat, type Members, QUIET_MS } from './nats-members'
import { type Own, emptyCommit, follow, readPartition, saveState, writeCommit } from './nats-partition'
import { type Row } from './nats-row'
import { type Rules } from './nats-rules'
import { type Standing } from './nats-standing'
import { Overtaken } from './nats-overtaken'
import { type Streams } from './nats-streams'

export interface InstanceOptions {
  /** What is ours; the instance alone changes it. */
  readonly owned: Map<number, Own>
  readonly streams: Streams
  readonly members: Members
  /** Whether an instance that is silent is known to be gone. */
  readonly isGone: (id: string) => Promise<boolean>
  readonly partitions: number
  readonly sends: boolean
  readonly standing: Standing
  readonly changes: Changes
  readonly rules: Rules
  readonly clock: Clock
  readonly health: Health
  /** Runs inside a turn. */
  readonly ask: <T>(work: (now: number) => T) => Promise<T>
  readonly wake: () => void
  readonly came: (seq: number) => void
  readonly lost: () => void
  readonly tell: (beat: Beat) => void
  readonly trouble: (text: string) => void
}

export interface Instance {
  /** Takes what it may have, and goes on doing so. */
  start(): Promise<void>
  /** Another instance has it. */
  lose(own: Own): void
  /** After a turn: saves what grew long, hands over what another one is to have. */
  after(): Promise<void>
  /** The connection was lost for a while: what came meanwhile may have been missed. */
  reconnected(): void
  beat(): Beat
  stop(): Promise<void>
  /** Gives every partition back. */
  release(): Promise<void>
}

const SAVE_AFTER = 256
/** Clocks that differ by less are the same clock. */
const SLACK_MS = 2_000

export function makeInstance(options: InstanceOptions): Instance {
  const { owned, streams, members, partitions, sends, standing, changes, rules, clock, health, ask, tell, trouble } =
    options
  /** Partitions that are being taken over or followed anew. */
  const busy = new Set<number>()
  let isStopped = false
  const wakeOnStop: (() => void)[] = []
  let cancelBeat = (): void => undefined
  let looking: Promise<void> | undefined

  const rowsOf = (partition: number): Row[] => [...standing.rows.values()].filter((row) => row.partition === partition)
  const allOf = (own: Own): readonly Row[] => [...rowsOf(own.partition), ...(own.parked ?? [])]
  const lose = (own: Own): void => {
    if (owned.get(own.partition) !== own) return
    owned.delete(own.partition)
    void own.following?.stop().catch(() => undefined)
    for (const row of rowsOf(own.partition)) standing.drop(row)
    changes.forget(own.partition)
    options.lost()
    if (!isStopped)
      trouble(`another instance took over partition ${own.partition}; what was out of it may be sent twice`)
  }
  const followAgain = async (own: Own): Promise<void> => {
    if (busy.has(own.partition) || isStopped) return
    busy.add(own.partition)
    try {
      await health.untilWell(() => following(own))
      options.wake()
    } catch (error) {
      if (!(error instanceof Overtaken) && !isStopped) trouble(String(error))
    } finally {
      busy.delete(own.partition)
    }
  }
  /** Servers that came back need not have lost anything: only where they did all is gone through again. */
  const verify = async (own: Own): Promise<void> => {
    if (busy.has(own.partition) || isStopped) return
    busy.add(own.partition)
    const isWhole = await health
      .untilWell(async () => own.following?.isWhole())
      .catch(() => true)
      .finally(() => busy.delete(own.partition))
    if (isWhole !== true && owned.get(own.partition) === own) await followAgain(own)
  }
  const following = async (own: Own): Promise<void> => {
    try {
      await follow(own, {
        ...{ streams, clock, row: (seq) => standing.rows.get(seq) },
        arrived: (own) => {
          options.came(own.arrived)
          if (owned.get(own.partition) === own) options.wake()
        },
        broken: (own) => void followAgain(own),
        doubted: (own) => void verify(own),
        trouble,
      })
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error
      lose(own)
    }
  }

  /** What was taken in before is as the journal says; whatever was out when its instance ended comes back. */
  const recover = (own: Own, folded: Folded, now: number): void => {
    const outs: Row[] = []
    const waits: Row[] = []
    for (const [seq, row] of own.arrivals) {
      if (seq > folded.took) continue
      own.arrivals.delete(seq)
      if (!lives(folded, seq)) {
        row.ack()
        continue
      }
      const changed = folded.changed.get(seq)
      if (changed !== undefined) change(row, changed)
      if (folded.out.has(seq)) outs.push(row)
      else waits.push(row)
    }
    owned.set(own.partition, own)
    for (const row of outs) standing.goOut(row)
    for (const row of waits) rules.waitOn(row, now)
    for (const row of outs) rules.comeBack(row, now)
    if (members.others().length > 0 || folded.at - now <= SLACK_MS) return
    rules.setBack([...rowsOf(own.partition), ...own.arrivals.values()], folded.at - now, now)
    own.at = now
    own.unsaved = Infinity
  }

  const take = async (partition: number): Promise<void> => {
    const folded = await readPartition(streams, partition)
    const state = folded.by === undefined ? 'dead' : members.stateOf(folded.by)
    const isTheirs = state === 'lives' || (state === 'silent' && !(await options.isGone(folded.by ?? '')))
    if (folded.by !== members.id && isTheirs) return
    const text = JSON.stringify({ ...emptyCommit(folded), by: members.id })
    const journal = await streams.write(streams.subjects.journal(partition), text, folded.through)
    const own: Own = {
      ...{ partition, journal, at: folded.at, took: folded.took, arrived: 0, arrivals: new Map<number, Row>() },
      ...{ counts: new Map<string, Counts>(folded.counts), saved: 0, unsaved: 1 },
      ...{ following: undefined, received: 0, parked: undefined },
    }
    await caughtUp(own)
    // What has not come would be missing in what is given back: it stays as it is for whoever follows.
    if (isStopped) return own.following?.stop()
    await ask((now) => recover(own, folded, now))
  }
  /** Follows until everything that was there has come. */
  const caughtUp = async (own: Own): Promise<void> => {
    for (;;) {
      let isBroken = false
      let seen: (() => void) | undefined
      wakeOnStop.push(() => seen?.())
      const brokenBefore = (): boolean => {
        isBroken = true
        seen?.()
        return owned.get(own.partition) !== own
      }
      await follow(own, {
        ...{ streams, clock, trouble, row: (seq) => standing.rows.get(seq) },
        arrived: () => {
          options.came(own.arrived)
          if (owned.get(own.partition) === own) options.wake()
          else seen?.()
        },
        broken: () => void (brokenBefore() || followAgain(own)),
        doubted: () => void (brokenBefore() || verify(own)),
      })
      const pending = own.following?.pending ?? 0
      while (own.received < pending && !isBroken && !isStopped) await new Promise<void>((more) => (seen = more))
      if (!isBroken || isStopped) return
    }
  }

  const park = (own: Own): void => {
    const waits = rowsOf(own.partition).filter(({ state }) => state === 'waiting')
    for (const row of waits) standing.drop(row)
    own.parked = waits
  }
  const look = async (): Promise<void> => {
    if (!sends) return
    for (const id of members.silent()) if (await options.isGone(id)) members.bury(id)
    const claimed = new Set(members.others().flatMap((other) => other.owns ?? []))
    const lookAt = async (partition: number): Promise<void> => {
      const own = owned.get(partition)
      if (own !== undefined) {
        if (own.parked === undefined && !members.isOurs(partition)) await ask(() => park(own))
      } else if (members.isOurs(partition) && !claimed.has(partition) && !busy.has(partition))
        await tryTaking(partition)
    }
    // Side by side: a cluster takes its time to agree on each of them.
    const looked = await Promise.allSettled(Array.from({ length: partitions }, (_, partition) => lookAt(partition)))
    for (const each of looked) if (each.status === 'rejected') throw each.reason
  }
  const tryTaking = async (partition: number): Promise<void> => {
    busy.add(partition)
    try {
      await take(partition)
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error
    } finally {
      busy.delete(partition)
    }
  }
  const beat = (): Beat => ({
    id: members.id,
    ...(sends ? { owns: [...owned.keys()] } : {}),
    waiting: Object.fromEntries([...standing.apps].map(([app, { waiting }]) => [app, waiting])),
  })
  const lookSoon = (): void => {
    const since = clock.elapsed()
    cancelBeat = clock.after(BEAT_MS, () => {
      // This process stood still: what the others told meanwhile is not read yet.
      if (clock.elapsed() - since > QUIET_MS) members.wereDeaf()
      tell(beat())
      looking = health
        .once(look)
        .catch(() => members.wereDeaf())
        .then(() => {
          looking = undefined
          if (!isStopped) lookSoon()
        })
    })
  }
  /** One message more is written to the journal, so that all before it may go one day. */
  const save = async (own: Own): Promise<boolean> => {
    await health.once(() => saveState(streams, own, allOf(own), members.id))
    const saved = own.journal
    const untilWell = <T>(work: () => Promise<T>): Promise<T> => health.untilWell(work)
    if (!(await writeCommit(own, emptyCommit(own), { streams, untilWell }))) {
      lose(own)
      return false
    }
    Object.assign(own, { saved, unsaved: 0 })
    return true
  }
  const giveBack = async (own: Own): Promise<void> => {
    await saveState(streams, own, allOf(own), members.id)
    const text = JSON.stringify({ ...emptyCommit(own), isReleased: true })
    await streams.write(streams.subjects.journal(own.partition), text, own.journal)
  }

  return Object.freeze({
    async start() {
      tell({ ...beat(), isNew: true })
      await health.once(look)
      tell(beat())
      lookSoon()
    },
    lose,
    async after() {
      for (const own of [...owned.values()]) {
        if (own.unsaved >= SAVE_AFTER && !(await save(own))) continue
        if (own.parked === undefined || rowsOf(own.partition).some(({ state }) => state === 'out')) continue
        await giveBack(own)
        owned.delete(own.partition)
        await own.following?.stop()
        await own.following?.end()
        for (const row of rowsOf(own.partition)) standing.drop(row)
        options.lost()
        tell(beat())
      }
    },
    reconnected() {
      members.wereDeaf()
      for (const own of owned.values()) void verify(own)
    },
    beat,
    async stop() {
      isStopped = true
      cancelBeat()
      for (const wake of wakeOnStop) wake()
      await looking
    },
    async release() {
      await Promise.all(
        [...owned.values()].map(async (own) => {
          await own.following?.stop()
          await giveBack(own)
            .then(() => own.following?.end())
            .catch(() => undefined)
        }),
      )
      tell({ ...beat(), isLeaving: true })
    },
  } satisfies Instance)
}
