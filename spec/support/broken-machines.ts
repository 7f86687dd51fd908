/** Setups in which the machine is at fault: its clock, its disk, the database on it and the key to that. */
import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { openDatabase } from '../../lib/stores/sqlite-database'
import { type Breakable } from './broken-house'
import { change, databaseOf, openAt, type Setups } from './broken-setup'
import { IOS } from './house'
import { registerDevice } from './one-device'

const HOUR = 3600_000

/** A store that was at work: something in it is encrypted. */
async function used(of: Breakable): Promise<string> {
  const file = databaseOf(of)
  const store = await openAt(file)
  await store.keep.put('something', 'secret', of.house.clock.now())
  await store.close()
  return file
}

function overwrite(file: string, from: number, bytes: number): void {
  const opened = openSync(file, 'r+')
  writeSync(opened, Buffer.alloc(bytes, 0xa5), 0, bytes, from)
  closeSync(opened)
}

/** Takes all the room of the disk that this file is on. */
function fill(ballast: string): void {
  const opened = openSync(ballast, 'w')
  try {
    for (;;) writeSync(opened, Buffer.alloc(4096))
  } catch {
    closeSync(opened)
  }
}

const small = (at: string): void => void execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', at])

/** Only root may mount the small disk that is to be full. */
function whyNoDisk(): string | undefined {
  return process.getuid?.() === 0 ? undefined : 'a disk that can be filled takes root to mount'
}

export const brokenMachines: Setups = {
  'The clock is an hour ahead': {
    cause: /clock/,
    cure: /NTP/,
    found: 'live',
    breaks: () => undefined,
    clock: (right) => ({ ...right, now: () => right.now() + HOUR + 60_000 }),
  },
  'The clock is an hour behind': {
    cause: /clock/,
    cure: /NTP/,
    found: 'live',
    breaks: () => undefined,
    clock: (right) => ({ ...right, now: () => right.now() - HOUR - 60_000 }),
  },
  'The disk is full': {
    cause: /disk (of \S+ )?is full/,
    cure: /[Mm]ake room/,
    found: 'live',
    untried: whyNoDisk(),
    breaks(of) {
      const folder = of.path('small')
      mkdirSync(folder)
      small(folder)
      of.later(() => {
        execFileSync('umount', ['--lazy', folder])
      })
      change(of, 'store', { file: 'small/xmpp-push.db' })
    },
    async meanwhile({ path, later, house }) {
      fill(path('small/ballast'))
      later(() => rmSync(path('small/ballast')))
      await registerDevice(house, 'romeo@example.com', IOS, 'a1b2'.padStart(64, 'c'))
    },
  },
  'The database is no database': {
    cause: /is not an SQLite database/,
    cure: /ame another file in store\.file/,
    found: 'live',
    starts: false,
    breaks: (of) => writeFileSync(databaseOf(of), 'x'.repeat(8192)),
  },
  'The database is damaged': {
    cause: /is damaged/,
    cure: /ut back a backup/,
    found: 'live',
    starts: false,
    async breaks(of) {
      const file = await used(of)
      overwrite(file, 100, Math.min(8000, statSync(file).size - 100))
    },
  },
  'The database is held by another instance': {
    cause: /is open in another process/,
    cure: /top that one first/,
    found: 'live',
    starts: false,
    async breaks(of) {
      const store = await openAt(databaseOf(of))
      of.later(() => store.close())
    },
  },
  'The database is locked by another program': {
    cause: /is open in another process, which holds its lock/,
    cure: /top that one first/,
    found: 'live',
    starts: false,
    async breaks(of) {
      const database = openDatabase(await used(of))
      database.exec('BEGIN EXCLUSIVE')
      of.later(() => {
        database.exec('ROLLBACK')
        database.close()
      })
    },
  },
  'The content key is missing': {
    cause: /the key of \S+\.key, which is missing/,
    cure: /ut that file back/,
    found: 'live',
    starts: false,
    async breaks(of) {
      rmSync(`${await used(of)}.key`)
    },
  },
  'The content key is another one': {
    cause: /encrypted with another key/,
    cure: /ut back the key it was written with/,
    found: 'live',
    starts: false,
    async breaks(of) {
      writeFileSync(`${await used(of)}.key`, `${Buffer.alloc(32, 7).toString('base64')}\n`, { mode: 0o600 })
    },
  },
}
