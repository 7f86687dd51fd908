/** Reads the embedded store's file while no process has it open. Writes nothing into it; SQLite may leave `-shm` beside it. */
import { existsSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { makeCount } from './sqlite-registrations'
import { openDatabase, single } from './sqlite-database'
import { makeListing } from './sqlite-listing'
import { Refusal, refuseForeign, wordsOf } from './sqlite-opening'
import { type Answers, type Question, type Questions } from './sqlite-protocol'
import { makeSqliteRecords } from './sqlite-records'
import { SCHEMA_VERSION } from './sqlite-schema'
import { makeStanding } from './sqlite-standing'
import { makeTraceReading } from './sqlite-trace'
import { type Records, StoreRefused } from './store'

const LOCK_WAIT_MS = 300

function open(file: string): Records {
  if (!existsSync(file)) throw new Refusal(`there is no store ${file} yet; \`xmpp-push run\` makes it`)
  const database = openDatabase(`${pathToFileURL(file).href}?mode=ro`)
  database.exec(`PRAGMA busy_timeout = ${LOCK_WAIT_MS}`)
  refuseForeign(database, file)
  if (Number(single(database, 'PRAGMA user_version')) < SCHEMA_VERSION) {
    throw new Refusal(
      `store ${file} was written by an older xmpp-push; start the service once, which brings it up to date`,
    )
  }
  const standing = makeStanding(database)
  const answers: Partial<Answers<Question>> = {
    ...makeListing(database),
    ...makeTraceReading(database),
    ...makeCount(database),
    accounts() {
      standing.recall()
      return standing.accounts()
    },
  }
  return makeSqliteRecords(async <Q extends Question>(what: Q, ask: Questions[Q]['ask']) => {
    const answer = answers[what] as ((ask: Questions[Q]['ask']) => Questions[Q]['answer']) | undefined
    if (answer === undefined) throw new Error(`"${what}" is not asked of a store that is only read`)
    return answer(ask)
  })
}

/** Rejects with `StoreRefused` where the file can't be read now: in words for the operator. */
export async function inspect(file: string): Promise<Records> {
  try {
    return open(file)
  } catch (error) {
    const refusal = wordsOf(error, file)
    throw refusal === undefined ? error : new StoreRefused(refusal.message)
  }
}
