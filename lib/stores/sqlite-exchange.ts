/**
 * What was made ready takes the place of the embedded store, which nobody has open; what was there is kept beside it under a dated name.
 * The store changes in one renaming: whoever is killed leaves one of the two there, whole. The key follows it, or the next opening sees to that.
 */
import { existsSync, linkSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Clock } from '../clock'
import { type BackupProgress, type Exchanged } from '../model/backup'
import { stagedKeyOf } from './content-key'
import { keyFileOf } from './sqlite-backup'
import { syncFolder } from './sqlite-copy'
import { type Locked } from './sqlite-lock'
import { stagedOf } from './sqlite-prepare'
import { keepFormer, replace } from './sqlite-replacing'
import { StoreRefused } from './store'

/** `2026-01-31T120000Z`, which every file system takes. */
const dated = (now: number): string => `${new Date(now).toISOString().slice(0, 19).replaceAll(':', '')}Z`

/** A name that is not taken: two within a second are told apart. */
function formerName(file: string, now: number): string {
  const name = `${file}.before-${dated(now)}`
  for (let at = 2; at < 1000; at++) {
    const each = at === 2 ? name : `${name}-${at}`
    if (!existsSync(each)) return each
  }
  throw new StoreRefused(`there are too many files ${name}…; move some of them away`)
}

/** The key that lies ready comes into force; returns its place, undefined where none does. */
function settleKey(file: string): string | undefined {
  if (!existsSync(stagedKeyOf(file))) return undefined
  renameSync(stagedKeyOf(file), keyFileOf(file))
  syncFolder(dirname(file))
  return keyFileOf(file)
}

/** The key in force keeps a name beside the former database, so that the two can be put back together. */
function keepFormerKey(file: string, former: string): void {
  const [key, name] = [keyFileOf(file), keyFileOf(former)]
  if (existsSync(stagedKeyOf(file)) && existsSync(key) && !existsSync(name)) linkSync(key, name)
}

/** `locked`: the store. See `Restoring` of the model. */
export async function exchangeStore(
  file: string,
  madeAt: number | undefined,
  locked: Locked,
  clock: Clock,
  progress: BackupProgress,
): Promise<Exchanged> {
  const fresh = stagedOf(file)
  if (!existsSync(fresh)) throw new StoreRefused(`${fresh} is gone; restore again`)
  const held = await locked.holding(madeAt ?? Number.MAX_SAFE_INTEGER)
  const name = formerName(file, clock.now())
  progress('keeping', 0, 0)
  const former = keepFormer(file, name)
  keepFormerKey(file, name)
  progress('replacing', 0, 0)
  replace(file, fresh)
  progress('replaced', 0, 0)
  const key = settleKey(file)
  return {
    ...(former === undefined ? {} : { former }),
    ...(held === undefined ? {} : { before: { registrations: held.registrations, waiting: held.waiting } }),
    ...(held === undefined || madeAt === undefined
      ? {}
      : { lost: held.laterRegistrations, lostWaiting: held.laterWaiting }),
    ...(key === undefined ? {} : { key }),
  }
}

/** See `Restoring` of the model. */
export function putBackStore(file: string, { former, key }: Exchanged): void {
  if (former === undefined) throw new StoreRefused(`nothing was in the place of ${file} before`)
  if (key !== undefined && existsSync(keyFileOf(former))) renameSync(keyFileOf(former), stagedKeyOf(file))
  replace(file, former)
  if (key !== undefined && settleKey(file) === undefined) rmSync(key, { force: true })
}
