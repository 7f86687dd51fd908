/** The outbox on JetStream: its parts put together, opened and closed. What the parts do, they know. */
import { randomUUID } from 'node:crypto'
import { type NatsConnection } from '@nats-io/transport-node'
import { type Clock } from '../clock'
import { type Account } from '../model/accounting'
import { type Delivery } from '../model/notification'
import { type Trace } from '../model/trace'
import { type ContentCipher } from '../stores/content-cipher'
import { makeListening } from '../stores/listening'
import { shifted, shiftedAll } from '../stores/shifting'
import { makeChanges } from './nats-changes'
import { type Health } from './nats-connection'
import { type Desk, makeDesk } from './nats-desk'
import { type Instance, makeInstance } from './nats-instance'
import { type Counts, accountOf, addCounts } from './nats-journal'
import { type Beat, type Members, makeMembers } from './nats-members'
import { type Own, readPartition } from './nats-partition'
import { type BoundsOptions, type Putting, makePutting } from './nats-put'
import { isGone } from './nats-presence'
import { handed } from './nats-row'
import { makeRules } from './nats-rules'
import { makeStanding } from './nats-standing'
import { makeStorage } from './nats-storage'
import { type Streams } from './nats-streams'
import { makeTurns } from './nats-turns'
import { type Outbox, type Room, type Settlement } from './outbox'

export interface NatsOutboxOptions {
  readonly streams: Streams
  readonly connection: NatsConnection
  /** The stream's name; instances tell each other that they live under it. */
  readonly name: string
  readonly partitions: number
  readonly cipher: ContentCipher
  readonly most: BoundsOptions
  readonly sends: boolean
  readonly clock: Clock
  /** What a moment of it is to be added to be one of the clock that instances share (ms). */
  readonly offset: () => number
  readonly health: Health
  readonly trouble: (text: string) => void
}

export interface NatsOutbox {
  readonly outbox: Outbox
  /** Which stream it is: of the same name in another cluster, or made anew, it is another. */
  identity(): Promise<string>
  accounts(): Promise<ReadonlyMap<string, Account>>
  readonly desk: Desk
  /** Stories of what ended, of deliveries or of targets, newest first. */
  stories(needles: readonly string[], areTargets: boolean): Promise<readonly Trace[]>
  /** Lets go of stories that are older, or too many. */
  sweepStories(before: number, bytes: number): Promise<void>
  /** Throws unless these are all partitions. */
  refuseUnless(reached: readonly number[]): void
  close(): Promise<void>
}

/** Longest that closing waits for servers that do not answer. */
const CLOSE_MS = 10_000

function hear(connection: NatsConnection, subject: string, members: Members, answer: () => void): void {
  connection.subscribe(subject, {
    callback(error, message) {
      if (error !== null) return
      const beat = JSON.parse(message.string()) as Beat
      if (beat.id === members.id) return
      members.heard(beat)
      if (beat.isNew === true) answer()
    },
  })
}

export async function openNatsOutbox(options: NatsOutboxOptions): Promise<NatsOutbox> {
  const { streams, connection, name, partitions, cipher, most, sends, clock, offset, health, trouble } = options
  const members = makeMembers(randomUUID(), clock)
  const standing = makeStanding()
  const changes = makeChanges()
  const rules = makeRules(standing, changes)
  const listening = makeListening(clock)
  const owned = new Map<number, Own>()
  const tell = (beat: Beat): void => {
    if (!connection.isClosed()) connection.publish(`${name}.beat`, JSON.stringify(beat))
  }
  // Instance, turns and puts know each other: each is asked late.
  const parts: { instance?: Instance; putting?: Putting } = {}
  const turns = makeTurns({
    clock: { ...clock, now: () => clock.now() + offset() },
    ...{ streams, standing, changes, rules, owned },
    lose: (own) => parts.instance?.lose(own),
    took: (rows) => parts.putting?.took(rows),
    after: async () => parts.instance?.after(),
    open: (row) => {
      try {
        return handed(row, cipher, offset())
      } catch {
        trouble(`delivery ${row.id} can't be opened with outbox.contentKey; it is not sent`)
        return undefined
      }
    },
    untilWell: (work) => health.untilWell(work),
  })
  const instance = makeInstance({
    ...{ owned, streams, members, partitions, sends, standing, changes, rules, clock, health, tell, trouble },
    isGone: (id) => isGone(connection, `${name}.ask`, id),
    ask: (work) => turns.ask(work),
    wake: () => turns.wake(),
    came: (seq) => parts.putting?.came(seq),
    lost: () => parts.putting?.lost(),
  })
  parts.instance = instance
  const elsewhere = (app?: string): number =>
    members
      .others()
      .flatMap(({ waiting }) => (app === undefined ? Object.values(waiting) : (waiting[app] ?? 0)))
      .reduce((sum, n) => sum + n, 0)
  const putting = makePutting({
    ...{ streams, cipher, partitions, standing, owned, health, most, elsewhere, trouble },
    room: (app) => turns.room(app),
  })
  parts.putting = putting
  hear(connection, `${name}.beat`, members, () => tell(instance.beat()))
  void (async () => {
    for await (const { type } of connection.status()) if (type === 'reconnect') instance.reconnected()
  })()

  const desk = makeDesk({
    ...{ connection, subject: `${name}.ask`, members, turns, standing, changes, owned },
    eraseStories: (targets) => eraseHere(targets),
  })
  const stories = makeStorage({ streams, partitions, owned, turns, health })
  const eraseHere = (targets: readonly string[]): Promise<number> => stories.erase(targets)
  await instance.start()

  const accounts = async (): Promise<ReadonlyMap<string, Account>> => {
    const counts = new Map<string, Counts>()
    const out = new Map<string, number>()
    const told = new Set<number>()
    for (const answer of await health.once(() => desk.ask('accounts', {}))) {
      for (const partition of answer.partitions) told.add(partition)
      for (const [app, its] of Object.entries(answer.counts)) addCounts(counts, app, its)
      for (const [app, its] of Object.entries(answer.out)) out.set(app, (out.get(app) ?? 0) + its)
    }
    // What nobody has at the moment waits for whoever takes it over, what was out of it too.
    for (let partition = 0; partition < partitions; partition++) {
      if (told.has(partition)) continue
      const folded = await health.once(() => readPartition(streams, partition))
      for (const [app, its] of folded.counts) addCounts(counts, app, its)
    }
    return new Map([...counts].map(([app, its]) => [app, accountOf(its, out.get(app) ?? 0)]))
  }

  const end = async (): Promise<void> => {
    await instance.stop()
    await putting.close()
    await turns.close()
    listening.close()
    await instance.release()
    health.close()
    await connection.close()
  }
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    const cancelGiveUp = clock.after(CLOSE_MS, () => {
      trouble('it does not answer; closed without it: what was not answered may be lost')
      health.close()
      void connection.close()
    })
    await end()
    cancelGiveUp()
  }

  return Object.freeze({
    outbox: Object.freeze({
      put: (deliveries: readonly Delivery[]) =>
        putting.put(deliveries.map((each) => shifted(each, clock.now(), offset()))),
      claim: (room: Room) => turns.claim(room),
      async settle(settlements: readonly Settlement[]) {
        await turns.settle(shiftedAll(settlements, offset()))
        listening.settled(settlements)
      },
      heard: (id: string, within: number) => listening.heard(id, within),
      isListenedTo: (id: string) => listening.isListenedTo(id),
    } satisfies Outbox),
    identity: async () => `${name} ${(await health.once(() => streams.identity(0))).id}`,
    accounts,
    desk,
    stories: (needles: readonly string[], areTargets: boolean) => stories.of(needles, areTargets),
    sweepStories: (before: number, bytes: number) => stories.sweep(before, bytes),
    refuseUnless(reached: readonly number[]) {
      const missing = partitions - new Set(reached).size
      if (missing > 0) {
        throw new Error(
          `${missing} of ${partitions} partitions are with no instance at the moment; ask again in a while`,
        )
      }
    },
    close: () => (closing ??= close()),
  } satisfies NatsOutbox)
}
