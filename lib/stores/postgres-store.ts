/**
 * The store on PostgreSQL, opened and put together: registry, outbox, counters and kept values, shared by every instance that names the same
 * database. Knows how its parts come together; the SQL is in them.
 */
import { type Credential } from '../model/opaque'
import { makeContentCipher } from './content-cipher'
import { decodeKey } from './content-key-decoding'
import { makeBounds } from './postgres-bounds'
import { makeCounting } from './postgres-counting'
import { type Database, openDatabase } from './postgres-database'
import { makeHealth } from './postgres-health'
import { makeInstances } from './postgres-instances'
import { isAnybodyThere, makePresence } from './postgres-presence'
import { makeKeepReading, makePostgresKeep } from './postgres-keep'
import { identityOf, openTables, refusalOf, refuseEmpty, refuseNewer } from './postgres-opening'
import { makePostgresOutbox } from './postgres-outbox'
import { makePassing } from './postgres-passing'
import { makePostgresPast } from './postgres-past'
import { accountsOf, makePostgresRecords } from './postgres-records'
import { makePostgresRegistry } from './postgres-registry'
import { makeRemoteDisables } from './postgres-remote-disables'
import { type DatabaseClock, databaseClock, makeSharedTime } from './postgres-time'
import { makePostgresUpkeep } from './postgres-upkeep'
import { type DatabaseAddress, addressOf } from './postgres-url'
import { type Inspection, type Store, type StoreSurroundings } from './store'

export interface PostgresOptions {
  /** `postgres://user@host:5432/database`; with a password in it, or without. */
  readonly url: Credential
  /** In place of one in the address. */
  readonly password?: Credential | undefined
  /** PEM of the authorities that vouch for the server. */
  readonly ca?: Credential | undefined
  /** 32 bytes in base64, that encrypt content at rest; the same for every instance. */
  readonly contentKey: Credential
  readonly schema: string
  /** How many connections one instance opens at most; one of them is held as long as it runs. */
  readonly connections: number
  /** How many deliveries may wait; what comes above is refused as `full`. */
  readonly maxDeliveries: number
  /** The same for each app; three quarters of it where it is not said. */
  readonly maxDeliveriesPerApp?: number | undefined
}

/** Longest that closing waits for a database that does not answer. */
const CLOSE_MS = 10_000
/** How much of the whole one app may take. */
const SHARE = 0.75

interface Place {
  readonly address: DatabaseAddress
  readonly key: Buffer
  readonly database: Database
}

function placeOf(options: PostgresOptions, readOnly = false): Place {
  const { url, password, ca, contentKey, schema, connections } = options
  const address = addressOf(url, password)
  const key = decodeKey(contentKey.text(), contentKey.where)
  return {
    address,
    key,
    database: openDatabase({ address, ca: ca?.text(), schema, connections: connections - 1, readOnly }),
  }
}

/** Opens it for reading only. Rejects with `StoreRefused` where the fault is the operator's to mend. */
export async function inspect(options: PostgresOptions): Promise<Inspection> {
  const { address, key, database } = placeOf(options, true)
  try {
    await refuseNewer(database, address, options.schema)
    await refuseEmpty(database, address, options.schema)
    const reading = {
      records: makePostgresRecords(database),
      keep: makeKeepReading(database, makeContentCipher(key)),
      identity: () => identityOf(database),
      isAtWork: () => isAnybodyThere(database),
      close: () => database.close(),
    }
    return reading
  } catch (error) {
    await database.close()
    throw refusalOf(error, address, options.schema) ?? error
  }
}

/** Opens a store. `askClock`: the clock that all instances go by, where it is another than the database's. */
export async function openPostgres(
  options: PostgresOptions,
  { clock, ...told }: StoreSurroundings,
  askClock?: DatabaseClock,
): Promise<Store> {
  const { trouble } = told
  const { schema, maxDeliveries, maxDeliveriesPerApp = Math.ceil(maxDeliveries * SHARE) } = options
  const { address, key, database } = placeOf(options)
  const { shown } = address
  let onTurn = (): void => undefined
  const presence = makePresence(database, { elapsed: () => clock.elapsed(), onTurn: () => onTurn() })
  const time = makeSharedTime(clock, askClock ?? databaseClock(database, clock))
  const instances = makeInstances({ database, clock, time, presence })
  try {
    const cipher = await openTables(database, { address, schema, key })
    const bounds = makeBounds(database, { maxDeliveries, maxDeliveriesPerApp }, shown, trouble)
    await time.look()
    const { isAlone } = await instances.enlist([])
    const passing = makePassing(database)
    // With others at work, the clock is one that they go by too.
    const lost = isAlone ? await passing.lostSince(time.now()) : 0
    if (lost > 0) await passing.setBack(lost, time.now())
    await bounds.measure()
    /** By how much the database's clock was set back, unheeded as yet. */
    let unheeded = 0
    const lookAtClock = async (): Promise<void> => {
      unheeded += await time.look()
      if (unheeded === 0) return
      await passing.setBack(unheeded, time.now())
      unheeded = 0
      outbox.clockWasSet()
    }
    const health = makeHealth({
      ...{ shown, clock, told },
      async recover() {
        await outbox.enlist()
        await lookAtClock()
        await bounds.measure()
      },
    })
    const { outbox: its, ...outbox } = makePostgresOutbox({
      ...{ database, cipher, clock, time, health, instances, bounds },
      trouble: (text) => trouble(`store ${shown}: ${text}`),
    })

    let cancelBeat = (): void => undefined
    let beating: Promise<void> | undefined
    const beat = async (): Promise<void> => {
      try {
        if (health.illness !== undefined) return instances.forget()
        if (await health.steady(() => instances.beat())) {
          if (instances.hasOthers) await health.steady(() => bounds.measure())
        } else {
          trouble(
            `store ${shown}: the other instances took this one for dead, for it did not answer; what it had out may be sent twice`,
          )
          await health.steady(() => outbox.enlist())
        }
        await health.steady(lookAtClock)
        if (instances.hasOthers) outbox.wake()
      } catch {
        // The database is away; the trouble was told, and nobody is dead because of it.
        instances.forget()
      }
    }
    const beatSoon = (ms: number): void => {
      cancelBeat()
      cancelBeat = clock.after(ms, () => {
        beating ??= beat().finally(() => {
          beating = undefined
          if (closing === undefined) beatSoon(instances.nextIn)
        })
      })
    }
    let closing: Promise<void> | undefined
    const end = async (): Promise<void> => {
      cancelBeat()
      await beating
      if (health.illness !== undefined) health.close()
      await outbox.close()
      if (health.illness === undefined) await instances.retire().catch(() => undefined)
      health.close()
      await presence.close()
      await database.close()
    }
    const close = async (): Promise<void> => {
      const cancelGiveUp = clock.after(CLOSE_MS, () => {
        trouble(`store ${shown} does not answer; closed without it: what was not answered may be lost`)
        health.close()
        database.abandon()
      })
      await end()
      cancelGiveUp()
    }
    beatSoon(instances.nextIn)
    // Whoever had the turn may be gone, and have left more than that.
    onTurn = () => beatSoon(0)

    const asked = {
      rows: <Row>(...question: Parameters<Database['rows']>) => health.guarded(() => database.rows<Row>(...question)),
    }
    const records = makePostgresRecords(asked)
    const count = makeCounting(() => records.count(), clock)
    return Object.freeze({
      registry: makePostgresRegistry({ database, cipher, health, now: () => time.now(), count }),
      remoteDisables: makeRemoteDisables(database, health),
      outbox: its,
      keep: makePostgresKeep({ database, cipher, health, now: () => time.now() }),
      records: Object.freeze({ ...records, count }),
      past: makePostgresPast(asked, cipher),
      upkeep: makePostgresUpkeep({ session: database, health, instances, bounds, time, wake: () => outbox.wake() }),
      turns: presence.turns,
      clockOffset: () => time.offset(),
      accounts: () => accountsOf(asked),
      close: () => (closing ??= close()),
    })
  } catch (error) {
    await presence.close()
    await database.close()
    throw refusalOf(error, address, schema) ?? error
  }
}
