/** How a partition comes to be ours: what its journal says, held against what comes of the stream. Knows nothing of who else is to have one. */
import { setMaxListeners } from 'node:events'
import { type Clock } from '../clock'
import { type FollowOptions, arrive, follow, inHand } from './nats-following'
import { type Counts, type Folded, type Commit, addCounts, change, fold, leftOf, lives, outlive } from './nats-journal'
import { type Members } from './nats-members'
import { takeInMissed } from './nats-missed'
import { type Own, emptyCommit, readPartition } from './nats-partition'
import { type Row } from './nats-row'
import { type Rules } from './nats-rules'
import { type Standing } from './nats-standing'
import { type Identity, type Streams } from './nats-streams'

export interface TakeoverOptions {
  readonly owned: Map<number, Own>
  /** Partitions of which the journal may say that they are ours, and which are not in hand: nobody else takes them while we live. */
  readonly begun: Set<number>
  readonly streams: Streams
  readonly members: Members
  /** Whether an instance that is silent is known to be gone. */
  readonly isGone: (id: string) => Promise<boolean>
  readonly standing: Standing
  readonly rules: Rules
  readonly clock: Pick<Clock, 'after' | 'sleep'>
  /** Runs inside a turn. */
  readonly ask: <T>(work: (now: number) => T) => Promise<T>
  /** How it is followed once it is ours. */
  readonly watched: FollowOptions
  readonly trouble: (text: string) => void
}

export interface Takeover {
  /** Makes it ours where nobody has it who lives, and it is to be ours or was begun. Rejects with `Overtaken` where another one was quicker. */
  take(partition: number): Promise<void>
  /** Follows one that is ours anew, and takes in what comes once all that lies there has. Rejects as `follow` does. */
  again(own: Own): Promise<void>
  /** Inside a turn: a delivery that was there before it became ours, and comes now. */
  late(own: Own, row: Row, now: number): void
  /** Waits for nothing more. */
  stop(): void
}

/** Nothing came for so long: what was to come may have ended, or have been counted by a server that was not up to date. */
const IDLE_MS = 1_000
/** And where for so many of these nothing comes of what the servers say is to come, whoever sends it does not: it is followed anew. */
const MOST_IDLE = 10
/** Clocks that differ by less are the same clock. */
const SLACK_MS = 2_000

/** All that lies there has come. */
function takeInFromNowOn(own: Own): void {
  const inOrder = [...own.arrivals].sort(([one], [other]) => one - other)
  own.arrivals.clear()
  for (const [seq, row] of inOrder) own.arrivals.set(seq, row)
  own.received = undefined
}

/** Nothing of it is there any more: what waited ends, so that the books close. */
function lostOf(folded: Folded): Readonly<Record<string, Counts>> {
  return Object.fromEntries([...leftOf(folded)].map(([app, abandoned]) => [app, { abandoned }]))
}

export function makeTakeover(options: TakeoverOptions): Takeover {
  const { owned, begun, streams, members, standing, rules, clock, ask, watched, trouble } = options
  const isOurs = (own: Own): boolean => owned.get(own.partition) === own
  const stopping = new AbortController()
  // Each partition that is followed waits for it.
  setMaxListeners(0, stopping.signal)

  /** What was taken in before is as the journal says; whatever was out when its instance ended comes back. */
  const recover = (own: Own, folded: Folded, now: number): void => {
    const outs: Row[] = []
    const waits: Row[] = []
    for (const [seq, row] of own.arrivals) {
      if (seq > folded.took) continue
      own.arrivals.delete(seq)
      outlive(folded, seq)
      const changed = folded.changed.get(seq)
      if (changed !== undefined) change(row, changed)
      if (folded.out.has(seq)) outs.push(row)
      else waits.push(row)
    }
    owned.set(own.partition, own)
    begun.delete(own.partition)
    for (const row of outs) standing.goOut(row)
    for (const row of waits) rules.waitOn(row, now)
    for (const row of outs) rules.comeBack(row, now)
    const isAlone = members.others().length === 0
    if (!isAlone || folded.at - now <= SLACK_MS) return
    rules.setBack(
      [...standing.rows.values(), ...own.arrivals.values()].filter(({ partition }) => partition === own.partition),
      folded.at - now,
      now,
    )
    own.at = now
    own.unsaved = Infinity
  }

  /** Follows until everything that lies there has come; what comes is taken in from then on, the oldest first. */
  const catchUp = async (own: Own): Promise<void> => {
    for (;;) {
      let isBroken = false
      let idle = 0
      let seen: (() => void) | undefined
      const wake = (): void => seen?.()
      /** Until then, whatever is wrong is mended by beginning again here. */
      const breaks = (then: (own: Own) => void) => () => {
        isBroken = true
        wake()
        if (isOurs(own)) then(own)
      }
      const options: FollowOptions = {
        ...watched,
        arrived: (_, seq) => {
          watched.arrived(own, seq)
          idle = 0
          wake()
        },
        late: (_, row) => (isOurs(own) ? watched.late(own, row) : void own.arrivals.set(row.seq, row)),
        broken: breaks(watched.broken),
        doubted: breaks(watched.doubted),
      }
      const isOver = (): boolean => isBroken || own.isOver || stopping.signal.aborted
      await follow(own, options)
      const lay = await streams.identity(own.partition)
      const pending = own.following?.pending ?? 0
      let isAll = false
      stopping.signal.addEventListener('abort', wake)
      while ((own.received?.size ?? 0) < pending && !isAll && !isOver()) {
        const cancel = clock.after(IDLE_MS, () => {
          if (++idle > MOST_IDLE) isBroken = true
          void own.following?.hasAll().then(
            (hasAll) => {
              isAll = hasAll
              wake()
            },
            () => wake(),
          )
        })
        await new Promise<void>((more) => (seen = more))
        cancel()
      }
      stopping.signal.removeEventListener('abort', wake)
      if (!isOver()) {
        await takeInMissed(own, lay, {
          ...{ streams, trouble, arrive: (message) => arrive(own, message, options) },
          isInHand: (seq) => inHand(own, seq, watched) !== undefined,
          pause: () => clock.sleep(IDLE_MS, stopping.signal),
        })
      }
      if (own.isOver || stopping.signal.aborted) return
      if (!isBroken) return takeInFromNowOn(own)
    }
  }

  /** Writes into the journal that it is ours, and reads whatever the one before us wrote just then. */
  const announce = async (partition: number, folded: Folded, { id: of, isRestored, last }: Identity): Promise<void> => {
    // From a backup that is older than the journal, it gives numbers again that the journal knows: as if it were new.
    const isAnew = folded.of !== undefined && folded.of !== of && (!isRestored || last < folded.took)
    const lost = isAnew ? lostOf(folded) : {}
    const text = JSON.stringify({
      ...emptyCommit(isAnew ? { at: folded.at, took: 0 } : folded),
      ...{ by: members.id, of, counts: lost, ...(isAnew ? { isAnew } : {}) },
    })
    const subject = streams.subjects.journal(partition)
    begun.add(partition)
    const own = await streams.write(subject, text, folded.through)
    while (folded.through < own) {
      const message = await streams.next(subject, folded.through + 1)
      if (message === undefined) throw new Error(`timeout while the journal of partition ${partition} was read`)
      fold(folded, JSON.parse(Buffer.from(message.data).toString()) as Commit, message.seq)
    }
    const count = Object.values(lost).reduce((sum, { abandoned = 0 }) => sum + abandoned, 0)
    if (count === 0) return
    trouble(
      `the stream was made anew: ${count} deliveries of partition ${partition} were lost with the one before, and count as abandoned`,
    )
  }

  return Object.freeze({
    async take(partition: number) {
      const folded = await readPartition(streams, partition)
      const state = folded.by === undefined ? 'dead' : members.stateOf(folded.by)
      const isTheirs = state === 'lives' || (state === 'silent' && !(await options.isGone(folded.by ?? '')))
      if (folded.by !== members.id && (isTheirs || !members.isOurs(partition))) {
        begun.delete(partition)
        return
      }
      const identity = await streams.identity(partition)
      await announce(partition, folded, identity)
      const own: Own = {
        ...{ partition, of: identity.id, journal: folded.through, said: folded.said, at: folded.at, took: folded.took },
        ...{ arrived: folded.took, arrivals: new Map<number, Row>(), before: folded },
        ...{ counts: new Map<string, Counts>(), saved: 0, unsaved: 1 },
        ...{ following: undefined, followings: 0, received: undefined, isCut: false, parked: undefined, isOver: false },
      }
      for (const [app, counts] of folded.counts) addCounts(own.counts, app, counts)
      try {
        await catchUp(own)
      } catch (error) {
        own.isOver = true
        own.following?.stop()
        throw error
      }
      // What has not come would be missing in what is given back: it stays as it is for whoever follows.
      if (stopping.signal.aborted) return own.following?.stop()
      await ask((now) => recover(own, folded, now))
    },
    again: catchUp,
    late(own: Own, row: Row, now: number) {
      const { before } = own
      const known = standing.rows.get(row.seq) ?? own.parked?.get(row.seq)
      if (known !== undefined) return void (known.ack = row.ack)
      // It came twice, and has ended meanwhile.
      if (!lives(before, row.seq)) return row.ack()
      outlive(before, row.seq)
      const changed = before.changed.get(row.seq)
      if (changed !== undefined) change(row, changed)
      if (before.out.has(row.seq)) rules.comeBack(row, now)
      else rules.waitOn(row, now)
    },
    stop: () => stopping.abort(),
  } satisfies Takeover)
}
