/**
 * Reads the embedded store's file while no process has it open, from the thread's side. Writes nothing into it; SQLite may
 * leave an index of its log (`-shm`) beside it, which the next process takes over.
 */
import { existsSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { openDatabase, single } from './sqlite-database'
import { makeListing } from './sqlite-listing'
import { Refusal, refuseForeign, wordsOf } from './sqlite-opening'
import { type Answers, type Asked, type Question } from './sqlite-protocol'
import { makeCount } from './sqlite-registrations'
import { SCHEMA_VERSION } from './sqlite-schema'
import { makeStanding } from './sqlite-standing'
import { makeTraceReading } from './sqlite-trace'

const LOCK_WAIT_MS = 300

function open(file: string): (asked: Asked) => unknown {
  if (!existsSync(file)) throw new Refusal(`there is no store ${file} yet; \`xmpp-push run\` makes it`)
  const database = openDatabase(`${pathToFileURL(file).href}?mode=ro`)
  database.exec(`PRAGMA busy_timeout = ${LOCK_WAIT_MS}`)
  refuseForeign(database, file)
  if (Number(single(database, 'PRAGMA user_version')) < SCHEMA_VERSION) {
    throw new Refusal(
      `store ${file} was written by an older xmpp-push; start the service once: it brings it up to date`,
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
  return ({ what, ask }) => {
    const answer = answers[what] as ((ask: unknown) => unknown) | undefined
    if (answer === undefined) throw new Error(`"${what}" is not asked of a store that is only read`)
    return answer(ask)
  }
}

/** Throws `Refusal` where the file can't be read now; anything else thrown is a bug. */
export function openReading(file: string): (asked: Asked) => unknown {
  try {
    return open(file)
  } catch (error) {
    throw wordsOf(error, file) ?? error
  }
}
