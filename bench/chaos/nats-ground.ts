/** What several instances share where their queue is in NATS: three real servers, killed and paused, beside the database. */
import { connect } from '@nats-io/transport-node'
import { type Account } from '../../lib/model/accounting'
import { accountOf, type Counts, addCounts } from '../../lib/outbox/nats-journal'
import { readPartition } from '../../lib/outbox/nats-partition'
import { openStreams } from '../../lib/outbox/nats-streams'
import { readLine } from '../../lib/stores/trace-lines'
import { startNats } from '../../spec/support/nats-cluster'
import { type Chance } from '../kill/chance'
import { type Device } from './devices'
import { type Books, type Doubt, type Ground, type GroundFault } from './ground'
import { type NatsBooks, type NatsSight, readBooks } from './nats-books'
import { natsLeftovers } from './nats-leftover'
import { makePostgresGround } from './postgres-ground'
import { type Span } from './violations'

const STREAM = 'XMPP_PUSH'
const [SERVERS, PARTITIONS] = [3, 8] as const
/** Milliseconds between looks, and until what a process sent last has arrived. */
const [LOOK, ARRIVED] = [500, 200]
/** Milliseconds in which servers that were troubled find themselves again, on a busy machine. */
const ELECTING = 20_000
/** Looks until one succeeds. */
const MOST_TRIES = 300
/** Looks at books that disagree. */
const MOST_LOOKS = 6

const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms))

/** Doubts by whom they come from: only of one who never wrote again was it right to take what he had. */
function doubtsOf({ handovers, lastWords, ids }: NatsBooks): readonly Doubt[] {
  const found = new Map<string, { by: Doubt['by']; deliveries: Set<string> }>()
  for (const { from, isTaken, at, out } of handovers) {
    if (isTaken && (lastWords.get(from) ?? 0) > at) continue
    const its = found.get(from) ?? { by: isTaken ? 'kill' : 'stop', deliveries: new Set() }
    found.set(from, its)
    for (const seq of out) its.deliveries.add(ids.get(seq) ?? '')
  }
  return [...found.values()]
}

/** Starts all of it below `folder`. `complain`: told what does not agree. */
export async function makeNatsGround(folder: string, complain: (text: string) => void): Promise<Ground> {
  const database = await makePostgresGround(folder)
  const cluster = await startNats({ size: SERVERS })
  const servers = [...cluster.servers]
  const connection = await connect({ servers, maxReconnectAttempts: -1, reconnectTimeWait: 200, pingInterval: 2_000 })
  const looks = { all: 0, open: 0 }
  // A cluster that was just made is choosing its leaders, of the streams too: who starts meanwhile may have to start again.
  const away: Span[] = [{ from: performance.now(), to: performance.now() + ELECTING }]
  let opened: Promise<NatsBooks> | undefined
  let isClosed = false

  const see = async (): Promise<NatsSight> => {
    opened ??= readBooks(connection, STREAM, PARTITIONS)
    const seen = await (await opened).see()
    looks.all += 1
    if (!seen.closes) looks.open += 1
    return seen
  }
  const trySee = (): Promise<NatsSight | undefined> => see().catch(() => undefined)
  const seeAtLast = async (): Promise<NatsSight | undefined> => {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const seen = await trySee()
      if (seen !== undefined) return seen
      await sleep(LOOK)
    }
    return undefined
  }
  const watch = async (): Promise<void> => {
    for (; !isClosed; await sleep(LOOK)) await trySee()
  }
  void watch()

  const outage = async (trouble: () => Promise<void>): Promise<void> => {
    const span: Span = { from: performance.now() }
    away.push(span)
    await trouble()
    span.to = performance.now() + ELECTING
  }
  const [stopped, killed, ...others] = database.faults
  const faults: readonly (GroundFault | undefined)[] = [
    killed,
    {
      name: 'NATS: a server killed and started',
      run: (chance: Chance) =>
        outage(async () => {
          const which = chance.whole(SERVERS)
          await cluster.kill(which)
          await sleep(chance.between(0, 4_000))
          await cluster.start(which)
        }),
    },
    stopped,
    {
      name: 'NATS: a server hangs',
      run: (chance: Chance) =>
        outage(async () => {
          const pid = cluster.pids()[chance.whole(SERVERS)]
          if (pid === undefined) return
          process.kill(pid, 'SIGSTOP')
          await sleep(chance.between(500, 5_000))
          process.kill(pid, 'SIGCONT')
        }),
    },
    ...others,
  ]

  /** As the program itself reads them after a start: by the saved states. */
  const accounts = async (looksLeft = MOST_LOOKS): Promise<ReadonlyMap<string, Account>> => {
    const streams = await openStreams(connection, STREAM, SERVERS)
    const counts = new Map<string, Counts>()
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const folded = await readPartition(streams, partition)
      for (const [app, its] of folded.counts) addCounts(counts, app, its)
    }
    const ours = (await opened)?.counts
    const others = [...counts].filter(([app, its]) =>
      Object.entries(its).some(([what, count]) => count !== ours?.get(app)?.[what as keyof Counts]),
    )
    // A server that came back may answer with what it knew; what is wrong stays wrong.
    if (others.length > 0 && looksLeft > 0) {
      await sleep(LOOK)
      return accounts(looksLeft - 1)
    }
    for (const [app, its] of others) {
      complain(`${app}: the saved states say ${JSON.stringify(its)}, the journals ${JSON.stringify(ours?.get(app))}`)
    }
    return new Map([...counts].map(([app, its]) => [app, accountOf(its, 0)]))
  }

  return Object.freeze({
    settings: {
      ...database.settings,
      outbox: {
        ...{ kind: 'nats', servers, stream: STREAM, replicas: SERVERS, partitions: PARTITIONS },
        contentKey: Buffer.alloc(32, 7).toString('base64'),
      },
    },
    disk: database.disk,
    faults: faults.filter((fault) => fault !== undefined),
    look: trySee,
    async leftovers() {
      const books = await opened
      return books === undefined ? [] : natsLeftovers(connection, { name: STREAM, replicas: SERVERS, books })
    },
    async killed() {
      await sleep(ARRIVED)
      return (await seeAtLast())?.closes
    },
    stopping: async (over: Promise<unknown>) => void (await over),
    wasAway: (since: number) => database.wasAway(since) || away.some(({ to = Infinity }) => to >= since),
    async books(devices: readonly Device[]): Promise<Books> {
      isClosed = true
      await seeAtLast()
      const books = await opened
      const { remembered } = await database.books(devices)
      const stories = (books?.lines ?? []).map(readLine)
      const doubts = books === undefined ? [] : doubtsOf(books)
      return {
        accounts: await accounts(),
        remembered,
        shared: { doubts, stories, looks: { ...looks, repeated: books?.repeated.length ?? 0 } },
      }
    },
    async close() {
      isClosed = true
      await connection.close()
      await cluster.stop()
      await database.close()
    },
  })
}
