/**
 * Reads the embedded store's file while no process has it open, from the thread's side. Writes nothing into it; SQLite may
 * leave an index of its log (`-shm`) beside it, which the next process takes over.
 */
import { existsSync, readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { type ContentCipher, makeContentCipher } from './content-cipher'
import { makeCount } from './sqlite-count'
import { openDatabase, single } from './sqlite-database'
import { makeKeepReading } from './sqlite-keep'
import { makeListing } from './sqlite-listing'
import { Refusal, refuseForeign, wordsOf } from './sqlite-opening'
import { type Answers, type Asked, type Question } from './sqlite-protocol'
import { SCHEMA_VERSION } from './sqlite-schema'
import { makeStanding } from './sqlite-standing'
import { makeTraceReading } from './sqlite-trace'

const LOCK_WAIT_MS = 300

/** What is read, and the configuration's key where it has one (base64). */
export interface ReadingOptions {
  readonly file: string
  readonly contentKey: string | undefined
}

function open({ file, contentKey }: ReadingOptions): (asked: Asked) => unknown {
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
  // Not before something is to be opened: who may not read the key may read the rest.
  let cipher: ContentCipher | undefined
  const cipherNow = (): ContentCipher =>
    (cipher ??= makeContentCipher(Buffer.from((contentKey ?? readFileSync(`${file}.key`, 'utf8')).trim(), 'base64')))
  const answers: Partial<Answers<Question>> = {
    ...makeListing(database),
    ...makeTraceReading(database),
    ...makeCount(database),
    ...makeKeepReading(database, cipherNow),
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
export function openReading(options: ReadingOptions): (asked: Asked) => unknown {
  try {
    return open(options)
  } catch (error) {
    throw wordsOf(error, options.file) ?? error
  }
}
