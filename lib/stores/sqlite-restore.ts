/** Puts a backup in the place of the embedded store: at once where no process has that open, in steps under a service that closes it in between. */
import { type Clock } from '../clock'
import { type BackupProgress, type Exchanged, type Restored, type RestoreOrder, type Restoring } from '../model/backup'
import { type Copied, makeFolderOf } from './sqlite-backup'
import { exchangeStore, putBackStore } from './sqlite-exchange'
import { lockStore, type Locked } from './sqlite-lock'
import { discardPrepared, prepareStore } from './sqlite-prepare'
import { hasLog } from './sqlite-replacing'
import { StoreRefused } from './store'

const untold: BackupProgress = () => undefined
/** A command that reads the store at rest has it open for a moment. */
const TRIES = 10
/** Milliseconds between two of them. */
const AGAIN = 300

async function whileLocked<T>(lock: Promise<Locked>, work: (locked: Locked) => Promise<T>): Promise<T> {
  const locked = await lock
  try {
    return await work(locked)
  } finally {
    await locked.unlock()
  }
}

/** See `Backup` of the contract. */
export function makeRestoring(store: Copied, clock: Clock): Restoring {
  const { file } = store

  async function lockPatiently(): Promise<Locked> {
    for (let tries = 1; tries < TRIES; tries++) {
      const locked = await lockStore(file).catch(() => undefined)
      if (locked !== undefined) return locked
      await clock.sleep(AGAIN)
    }
    return lockStore(file)
  }

  async function exchange(madeAt: number | undefined, locked: Locked, progress: BackupProgress): Promise<Exchanged> {
    try {
      return await exchangeStore(file, madeAt, locked, clock, progress)
    } catch (error) {
      discardPrepared(file)
      throw error
    }
  }

  return Object.freeze({
    atOnce(order: RestoreOrder, progress: BackupProgress): Promise<Restored> {
      makeFolderOf(file)
      return whileLocked(lockStore(file), async (locked) => {
        const prepared = await prepareStore(store, order, clock, progress)
        return { ...prepared, to: file, ...(await exchange(prepared.madeAt, locked, progress)) }
      })
    },
    prepare: (order: RestoreOrder, progress: BackupProgress) => prepareStore(store, order, clock, progress),
    discard: () => discardPrepared(file),
    exchange: (madeAt: number | undefined) =>
      whileLocked(lockPatiently(), (locked) => {
        // Only one that was closed in order can be put back by one renaming.
        if (hasLog(file))
          throw new StoreRefused(`store ${file} could not be closed in order; stop the service and restore then`)
        return exchange(madeAt, locked, untold)
      }),
    putBack: (exchanged: Exchanged) => putBackStore(file, exchanged),
  } satisfies Restoring)
}
