/** Makes one batch durable in one transaction, and answers it. Synchronous; knows nothing of threads. */
import { type ContentCipher } from './content-cipher'
import { type BoundsOptions, makeBounds } from './sqlite-bounds'
import { makeClaimer } from './sqlite-claim'
import { type Database, sqliteCode } from './sqlite-database'
import { makeDeadAddresses } from './sqlite-dead-addresses'
import { makeExpiry } from './sqlite-expiry'
import { makeFlights } from './sqlite-flights'
import { holdingOf } from './sqlite-holding'
import { makeKeepReading, placeOf } from './sqlite-keep'
import { makeListing } from './sqlite-listing'
import { makePast } from './sqlite-past'
import {
  type Answers,
  type Batch,
  type Done,
  type Failed,
  type Finding,
  type HasRead,
  type Question,
  type Reading,
  type ToldRegistrations,
} from './sqlite-protocol'
import { type RoomLeft, makePutter } from './sqlite-put'
import { makeRegistrations } from './sqlite-registrations'
import { makeRemoteDisables } from './sqlite-remote-disables'
import { PUT_FIELDS } from './sqlite-rows'
import { makeSettler } from './sqlite-settle'
import { makeStanding } from './sqlite-standing'
import { makeStillness } from './sqlite-stillness'
import { makeTraceLog, makeTraceReading, makeTraceRemoval } from './sqlite-trace'
import { makeUpkeep } from './sqlite-upkeep'
import { makeWallClock } from './sqlite-wall-clock'

function makeKeep(database: Database, cipher: ContentCipher): Answers<'keepGet' | 'keepPut' | 'keepSwap'> {
  const put = database.prepare('INSERT OR REPLACE INTO keep (name, sealed, at) VALUES (?, ?, ?)')
  const reading = makeKeepReading(database, () => cipher)
  return {
    ...reading,
    keepSwap({ name, value, at, before }) {
      const stands = reading.keepGet(name)
      if (stands !== undefined && (stands.value !== before?.value || stands.at !== before.at)) return stands
      put.run([name, cipher.seal(value, placeOf(name)), at])
      return { value, at }
    },
    keepPut({ name, value, at }) {
      put.run([name, cipher.seal(value, placeOf(name)), at])
      return undefined
    },
  }
}

function roomOf(claim: readonly (string | number)[]): RoomLeft {
  const room: RoomLeft = new Map()
  for (let at = 0; at < claim.length; at += 2) room.set(String(claim[at]), Number(claim[at + 1]))
  return room
}

/** How many calls of each app are put: they go before messages that wait. */
function callsOf(puts: Batch['puts'], room: RoomLeft): ReadonlyMap<string, number> {
  const calls = new Map<string, number>()
  if (room.size === 0) return calls
  for (let at = 0; at < puts.length; at += PUT_FIELDS) {
    if (puts[at + 3] === 'call') calls.set(String(puts[at + 1]), (calls.get(String(puts[at + 1])) ?? 0) + 1)
  }
  return calls
}

/** Recovers from the last process's end (`now`: ms since 1970), then commits batches one at a time. */
export function makeCommit(
  database: Database,
  cipher: ContentCipher,
  most: BoundsOptions,
  now: number,
): (message: Batch | Reading | Finding) => Done | HasRead | ToldRegistrations | Failed {
  const standing = makeStanding(database)
  const flights = makeFlights(database, cipher)
  const traces = makeTraceLog(database)
  const bounds = makeBounds(database, most)
  const putter = makePutter(database, standing, flights, traces, cipher, bounds)
  const expire = makeExpiry(database, standing, traces)
  const wallClock = makeWallClock(database, standing, flights)
  const claimer = makeClaimer(database, standing, cipher)
  const settler = makeSettler(database, standing, flights, traces)
  const stillness = makeStillness(database)
  const answers: Answers<Question> = {
    ...makeRegistrations(database),
    ...makeRemoteDisables(database),
    ...makeDeadAddresses(database, cipher),
    ...makeKeep(database, cipher),
    ...makeListing(database),
    ...makePast(database, cipher),
    ...makeTraceReading(database),
    ...makeTraceRemoval(database),
    ...makeUpkeep(database, standing, flights, traces),
    accounts: () => standing.accounts(),
    ...stillness.answers,
    holding: (after) => holdingOf(database, after),
  }
  /** True after a rollback: memory is ahead of the tables. */
  let isStale = false

  const answersOf = (asked: Batch['asked']): readonly unknown[] =>
    asked.map(({ what, ask }) => (answers[what] as (ask: unknown) => unknown)(ask))

  const within = (batch: Batch): Done => {
    if (batch.setBack !== undefined) wallClock.setBack(batch.setBack, batch.now)
    const answered = answersOf(batch.asked)
    settler.settle(batch.delivered, batch.settled, batch.now)
    settler.release(batch.released, batch.now)
    expire(batch.now)
    if (batch.puts.length > 0) bounds.measure(batch.now)
    const left = roomOf(batch.claim ?? [])
    const calls = claimer.claim('calls', batch.now, left, new Map())
    const others = claimer.claim('others', batch.now, left, callsOf(batch.puts, left))
    const puts = putter(batch.puts, left, batch.now)
    flights.write()
    traces.write(batch.now)
    standing.writeCounts()
    const due = Math.min(claimer.nextDue(left), standing.nextExpiry)
    const nextDue = due === Infinity ? undefined : due
    const soonest = standing.soonest()
    return { answers: answered, puts, handed: [...calls, ...others], nextDue, soonest, news: bounds.news() }
  }

  database.exec('BEGIN')
  settler.recover(now)
  const lost = wallClock.lostSince(now)
  if (lost > 0) wallClock.setBack(lost, now)
  traces.write(now)
  database.exec('COMMIT')

  const failure = (error: unknown): Failed => ({
    failed: error instanceof Error ? error.message : String(error),
    code: sqliteCode(error),
  })

  const commit = (batch: Batch): Done | Failed => {
    try {
      if (isStale) {
        standing.recall()
        flights.recall()
        traces.recall()
      }
      isStale = false
      database.exec('BEGIN')
      const done = within(batch)
      database.exec('COMMIT')
      stillness.afterCommit()
      return done
    } catch (error) {
      try {
        database.exec('ROLLBACK')
      } catch {
        // SQLite has rolled back by itself already
      }
      isStale = true
      return failure(error)
    }
  }

  const read = <T>(answer: () => T): T | Failed => {
    try {
      const answered = answer()
      stillness.afterCommit()
      return answered
    } catch (error) {
      return failure(error)
    }
  }

  return (message) => {
    if ('length' in message) return read(() => answers.find(message))
    return 'reading' in message ? read(() => ({ read: answersOf(message.reading) })) : commit(message)
  }
}
