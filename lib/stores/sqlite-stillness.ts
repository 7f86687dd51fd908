/**
 * Holds the database's own file still: between two checkpoints all that becomes durable goes into the write-ahead log (SQLite,
 * «Write-Ahead Logging» §3), so that the file may be copied meanwhile. Refuses to know who copies it.
 */
import { type Database } from './sqlite-database'
import { type Answers } from './sqlite-protocol'

/** SQLite's own default, in pages. */
const USUAL = 1000

export interface Stillness {
  readonly answers: Answers<'holdStill' | 'whyNotStill'>
  /** To be called after each commit, for none of it can be done inside a transaction. */
  afterCommit(): void
}

/** Writes the whole log into the file, and empties it. Throws where that can't be done. */
function emptyLog(database: Database): void {
  const [row] = database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').rows<{ readonly busy: number }>([])
  if (row?.busy !== 0) throw new Error('its write-ahead log could not be emptied')
}

export function makeStillness(database: Database): Stillness {
  let wanted: boolean | undefined
  let whyNot: string | undefined

  const checkpointAfter = (pages: number): void => database.exec(`PRAGMA wal_autocheckpoint = ${pages}`)

  return Object.freeze({
    answers: {
      holdStill(isStill: boolean) {
        wanted = isStill
        return undefined
      },
      whyNotStill: () => whyNot,
    },
    afterCommit() {
      if (wanted === undefined) return
      const isStill = wanted
      wanted = undefined
      whyNot = undefined
      try {
        checkpointAfter(isStill ? 0 : USUAL)
        emptyLog(database)
      } catch (error) {
        whyNot = error instanceof Error ? error.message : String(error)
        // Where it was to move again, the next commit tries by itself.
        checkpointAfter(USUAL)
      }
    },
  } satisfies Stillness)
}
