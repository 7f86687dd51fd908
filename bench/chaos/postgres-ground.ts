/** The database that several instances share: a real PostgreSQL on a disk of its own, restarted, killed, cut off, full and hanging. */
import { chmodSync } from 'node:fs'
import { type RealPostgres, startPostgres } from '../../spec/support/postgres'
import { type Chance } from '../kill/chance'
import { type Device } from './devices'
import { makeDisk } from './disk'
import { type Books, type Doubt, type Ground, type GroundFault } from './ground'
import { makePostgresBooks, type Sight } from './postgres-books'
import { type Span } from './violations'

/** MiB; of the disk, and of the database's log on it. */
const [DISK, LOG] = [320, 64]
/** Milliseconds between looks at the books, and at those of an instance that is being stopped. */
const [LOOK, QUICK_LOOK] = [500, 100]

/** Milliseconds in which work goes on before the database is killed. */
const BEFORE_KILL = 300

/** A doubt as it was seen: whose the deliveries were counts later. */
interface Noted {
  readonly by: Doubt['by']
  readonly sights: readonly Sight[]
}

const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms))

/** Starts it below `folder`. */
export async function makePostgresGround(folder: string): Promise<Ground> {
  const disk = makeDisk(folder, DISK)
  chmodSync(folder, 0o755)
  // What nobody waits for is written late, so that a kill takes it along.
  const late = { wal_writer_delay: '10s' }
  const settings = { max_wal_size: `${LOG}MB`, min_wal_size: '32MB', max_connections: '60', ...late }
  const server = await startPostgres({ within: disk.folder, settings })
  const url = await server.database()
  const database = url.slice(url.lastIndexOf('/') + 1)
  const books = makePostgresBooks(server, database)
  const noted: Noted[] = []
  const away: Span[] = []
  /** The last beat that was seen of each instance. */
  const lastBeats = new Map<number, number>()
  const looks = { all: 0, open: 0 }
  let isClosed = false

  const see = async (): Promise<Sight> => {
    const seen = await books.see()
    for (const [id, beat] of seen.beats) lastBeats.set(id, Math.max(beat, lastBeats.get(id) ?? 0))
    return seen
  }
  const trySee = (): Promise<Sight | undefined> => see().catch(() => undefined)
  /** Tried until it can be read; undefined where there is nothing to read yet. */
  const seeAtLast = async (): Promise<Sight | undefined> => {
    for (let tries = 0; tries < 600; tries++) {
      const seen = await trySee()
      if (seen !== undefined) return seen
      await sleep(QUICK_LOOK)
    }
    return undefined
  }

  const watch = async (): Promise<void> => {
    while (!isClosed) {
      const seen = await trySee()
      if (seen !== undefined) looks.all += 1
      if (seen?.closes === false) looks.open += 1
      await sleep(LOOK)
    }
  }
  void watch()

  /**
   * Breaks every connection, and lets nobody in again before it was written down what was out: what an outage may have
   * left in doubt is known to the last delivery.
   */
  const outage = async (trouble: (it: RealPostgres) => Promise<void>): Promise<void> => {
    const span: Span = { from: performance.now() }
    away.push(span)
    await server.sql('ALTER ROLE xmpp_push NOLOGIN')
    await trouble(server)
    await server.start()
    await server.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'xmpp_push'`)
    for (let tries = 0; tries < 100; tries++) {
      const [left] = await server.sql(`SELECT 1 FROM pg_stat_activity WHERE usename = 'xmpp_push'`)
      if (left === undefined) break
      await sleep(20)
    }
    const seen = await seeAtLast()
    if (seen !== undefined) noted.push({ by: 'outage', sights: [seen] })
    await server.sql('ALTER ROLE xmpp_push LOGIN')
    span.to = performance.now()
  }
  const fault = (name: string, trouble: (it: RealPostgres, chance: Chance) => Promise<void>): GroundFault => ({
    name: `database: ${name}`,
    run: (chance) => outage((it) => trouble(it, chance)),
  })
  const faults: readonly GroundFault[] = [
    fault('stopped and started', async (it, chance) => {
      await it.halt()
      await sleep(chance.between(0, 3_000))
    }),
    fault('killed and started', async (it, chance) => {
      // The order that nobody is let in made everything before it durable.
      await sleep(BEFORE_KILL)
      await it.kill()
      await sleep(chance.between(0, 3_000))
    }),
    fault('every connection cut', async () => undefined),
    ...(disk.isReal
      ? [
          fault('disk full', async (it, chance) => {
            const end = disk.fill()
            await sleep(chance.between(500, 3_000))
            end()
          }),
          {
            name: 'database: disk hangs',

            async run(chance: Chance) {
              const end = disk.freeze()
              await sleep(chance.between(1_000, 5_000))
              end()
            },
          },
        ]
      : []),
  ]

  /** What was out and belonged to one that never beat again, but for a beat between the look and its end. */
  const doubtOf = ({ by, sights }: Noted): Doubt => {
    const isOver = ({ beats }: Sight, instance: number): boolean =>
      by === 'outage' || (lastBeats.get(instance) ?? 0) - (beats.get(instance) ?? 0) <= 1
    const deliveries = sights.flatMap((one) =>
      one.out.filter(({ instance }) => isOver(one, instance)).map(({ id }) => id),
    )
    return { by, deliveries: new Set(deliveries) }
  }

  return Object.freeze({
    settings: {
      store: {
        ...{ kind: 'postgres', url, password: server.password },
        contentKey: Buffer.alloc(32, 7).toString('base64'),
      },
    },
    disk,
    faults,
    look: trySee,
    leftovers: () => books.leftovers(),
    async killed() {
      const seen = await seeAtLast()
      if (seen !== undefined) noted.push({ by: 'kill', sights: [seen] })
      return seen?.closes
    },
    async stopping(over: Promise<unknown>) {
      const sights: Sight[] = []
      let isOver = false
      void over.finally(() => (isOver = true))
      while (!isOver) {
        const seen = await trySee()
        if (seen !== undefined) sights.push(seen)
        await Promise.race([over, sleep(QUICK_LOOK)])
      }
      const last = await seeAtLast()
      noted.push({ by: 'stop', sights: last === undefined ? sights : [...sights, last] })
    },
    wasAway: (since: number) => away.some(({ to = Infinity }) => to >= since),
    async books(devices: readonly Device[]): Promise<Books> {
      isClosed = true
      const { accounts } = await see()
      const [remembered, stories] = [await books.remembered(devices), await books.stories()]
      return { accounts, remembered, shared: { doubts: noted.map(doubtOf), stories, looks } }
    },
    async close() {
      isClosed = true
      await server.stop()
      disk.close()
    },
  })
}
