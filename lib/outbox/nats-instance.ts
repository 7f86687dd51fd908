/** One instance on the streams: which partitions it has, takes over and leaves, and what it tells the others. */
import { type Clock } from '../clock'
import { type Changes } from './nats-changes'
import { type Health } from './nats-connection'
import { type FollowOptions, arrive, inHand } from './nats-following'
import { leftOf } from './nats-journal'
import { BEAT_MS, type Beat, type Members, QUIET_MS } from './nats-members'
import { seekMissed } from './nats-missed'
import { type Own, emptyCommit, saveState, writeCommit } from './nats-partition'
import { type Row } from './nats-row'
import { type Rules } from './nats-rules'
import { type Standing } from './nats-standing'
import { MadeAnew, Overtaken } from './nats-overtaken'
import { type Streams } from './nats-streams'
import { makeTakeover } from './nats-takeover'

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
/** Between looks for what the journal knows of and the servers did not send, and for a consumer that brings nothing though more is to come. */
const SEEK_MS = 10_000

export function makeInstance(options: InstanceOptions): Instance {
  const { owned, streams, members, partitions, sends, standing, changes, rules, clock, health, ask, tell, trouble } =
    options
  /** Partitions that are being taken over or followed anew. */
  const busy = new Set<number>()
  const begun = new Set<number>()
  let isStopped = false
  let cancelBeat = (): void => undefined
  let looking: Promise<void> | undefined

  const rowsOf = (partition: number): Row[] => [...standing.rows.values()].filter((row) => row.partition === partition)
  const allOf = (own: Own): readonly Row[] => [...rowsOf(own.partition), ...(own.parked?.values() ?? [])]
  /** Whether all that was taken in and did not end is in hand: a state without the rest would end it. */
  const isWhole = (own: Own): boolean =>
    [...leftOf(own).values()].reduce((sum, count) => sum + count, 0) === allOf(own).length
  const drop = (own: Own): boolean => {
    if (owned.get(own.partition) !== own) return false
    owned.delete(own.partition)
    own.isOver = true
    own.following?.stop()
    for (const row of rowsOf(own.partition)) standing.drop(row)
    changes.forget(own.partition)
    options.lost()
    return true
  }
  const lose = (own: Own): void => {
    if (!drop(own)) return
    // Nobody may have it: servers that have lost or doubled a message speak alike. The next look tells.
    begun.add(own.partition)
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
  const isOurs = (own: Own): boolean => owned.get(own.partition) === own
  const watched: FollowOptions = {
    ...{ streams, trouble, row: (seq) => standing.rows.get(seq) ?? changes.ending(seq) },
    arrived: (own, seq) => {
      options.came(seq)
      if (isOurs(own)) options.wake()
    },
    late: (own, row) => void ask((now) => void (isOurs(own) && takeOver.late(own, row, now))).catch(() => undefined),
    broken: (own) => void followAgain(own),
    doubted: (own) => void verify(own),
  }
  const following = async (own: Own): Promise<void> => {
    try {
      await takeOver.again(own)
    } catch (error) {
      if (error instanceof MadeAnew) {
        begun.add(own.partition)
        drop(own)
      } else if (error instanceof Overtaken) lose(own)
      else throw error
    }
  }

  const takeOver = makeTakeover({
    ...{ owned, begun, streams, members, isGone: options.isGone, standing, rules, clock, ask, watched, trouble },
  })

  /** What waits again since is parked too: what its push service goes on refusing would keep it here for hours. */
  const park = (own: Own): void => {
    const waits = rowsOf(own.partition).filter(({ state }) => state === 'waiting')
    for (const row of waits) standing.drop(row)
    own.parked = new Map([...(own.parked ?? []), ...waits.map((row) => [row.seq, row] as const)])
  }
  const sought = new Map<number, number>()
  const seek = async (own: Own): Promise<void> => {
    const { partition } = own
    if (clock.elapsed() - (sought.get(partition) ?? -Infinity) < SEEK_MS || busy.has(partition)) return
    sought.set(partition, clock.elapsed())
    if (!isWhole(own)) {
      await seekMissed(own, allOf(own).length + own.arrivals.size, {
        ...{ streams, trouble, arrive: (message) => arrive(own, message, watched) },
        isInHand: (seq) => inHand(own, seq, watched) !== undefined,
      })
    }
    if ((await own.following?.hasStalled()) !== true || !isOurs(own) || busy.has(partition)) return
    trouble(`nothing came of partition ${partition} for ten seconds though more is to come: it is followed anew`)
    await followAgain(own)
  }
  /** At each beat, for a look may last as long as a partition can't be taken over. */
  const tend = (): void => {
    for (const own of owned.values()) {
      // It was cut while it was not ours yet, or while something else was done about it.
      if (own.isCut) void followAgain(own)
      else void seek(own).catch(() => undefined)
    }
  }
  const mayBeOurs = (partition: number): boolean => members.isOurs(partition) || begun.has(partition)
  const look = async (): Promise<void> => {
    if (!sends) return
    for (const id of members.silent()) if (await options.isGone(id)) members.bury(id)
    const claimed = new Set(members.others().flatMap((other) => other.owns ?? []))
    const lookAt = async (partition: number): Promise<void> => {
      const own = owned.get(partition)
      if (own !== undefined) {
        // Again at each look: after the turn it is given back, or that is tried once more.
        if (own.parked !== undefined || !members.isOurs(partition)) await ask(() => void (isOurs(own) && park(own)))
      } else if (mayBeOurs(partition) && !claimed.has(partition) && !busy.has(partition)) await tryTaking(partition)
    }
    // Side by side: a cluster takes its time to agree on each of them.
    const looked = await Promise.allSettled(Array.from({ length: partitions }, (_, partition) => lookAt(partition)))
    for (const each of looked) if (each.status === 'rejected') throw each.reason
  }
  const tryTaking = async (partition: number): Promise<void> => {
    busy.add(partition)
    try {
      await takeOver.take(partition)
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
      tend()
      // Servers that choose a leader may take their time to answer; nobody is dead because of that.
      looking ??= health
        .once(look)
        .catch(() => members.wereDeaf())
        .finally(() => {
          looking = undefined
        })
      if (!isStopped) lookSoon()
    })
  }
  /** One message more is written to the journal, so that all before it may go one day. */
  const save = async (own: Own): Promise<boolean> => {
    own.unsaved = 0
    if (!isWhole(own)) return true
    const forgetOlder = await health.once(() => saveState(streams, own, allOf(own), members.id))
    const saved = own.journal
    const untilWell = <T>(work: () => Promise<T>): Promise<T> => health.untilWell(work)
    if (!(await writeCommit(own, emptyCommit(own), { streams, untilWell }))) {
      lose(own)
      return false
    }
    Object.assign(own, { saved, unsaved: 0 })
    await health.once(forgetOlder).catch(() => undefined)
    return true
  }
  const giveBack = async (own: Own): Promise<void> => {
    const forgetOlder = isWhole(own) ? await saveState(streams, own, allOf(own), members.id) : async () => undefined
    const text = JSON.stringify({ ...emptyCommit(own), isReleased: true })
    try {
      await streams.write(streams.subjects.journal(own.partition), text, own.journal)
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error
      // Our own word, whose acknowledgement was lost, or somebody else's: the next look tells.
      begun.add(own.partition)
      own.isOver = true
      return
    }
    own.isOver = true
    await forgetOlder().catch(() => undefined)
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
        changes.forget(own.partition)
        own.following?.stop()
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
      takeOver.stop()
      await looking
    },
    async release() {
      await Promise.all(
        [...owned.values()].map(async (own) => {
          own.following?.stop()
          await giveBack(own)
            .then(() => own.following?.end())
            .catch(() => undefined)
        }),
      )
      tell({ ...beat(), isLeaving: true })
    },
  } satisfies Instance)
}
