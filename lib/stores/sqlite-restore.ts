/**
 * Puts a backup in the place of the embedded store, while no process has that open. Looks at everything before it changes anything; what
 * was there is kept beside it under a dated name, and whoever is killed meanwhile does the same again.
 */
import { existsSync, linkSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Clock } from '../clock'
import { type BackupProgress, type Restored, type RestoreOrder } from '../model/backup'
import { makeContentCipher } from './content-cipher'
import { type Copied, keyFileOf, keyIn, keyInForce, makeFolderOf } from './sqlite-backup'
import { copyInto, discard, syncFolder } from './sqlite-copy'
import { type Copy } from './sqlite-copying'
import { type Locked, lockStore } from './sqlite-lock'
import { giveTo, hasLog, keepFormer, replace } from './sqlite-replacing'
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

/** The key that is to be put in place; undefined where the right one is in force, or none is needed. Throws `StoreRefused` where there is none. */
function keyToPut(store: Copied, from: string, copy: Copy): Buffer | undefined {
  if (copy.key === undefined) return undefined
  const opens = (key: Buffer | undefined): key is Buffer =>
    key !== undefined && makeContentCipher(key).fingerprint === copy.key
  const inForce = keyInForce(store)
  if (opens(inForce)) return undefined
  const beside = keyFileOf(from)
  const found = keyIn(beside)
  if (!copy.needsKey) return inForce === undefined && opens(found) ? found : undefined
  const ways = `put the key that it was written with beside it (${beside}), or restore what needs none with --without-key`
  if (!opens(found)) {
    const what = `${from} holds what only its content key opens, and`
    throw new StoreRefused(
      found === undefined
        ? `${what} neither ${store.contentKey?.where ?? keyFileOf(store.file)} nor ${beside} is that key; ${ways}`
        : `${what} ${beside} is another one; ${ways}`,
    )
  }
  if (store.contentKey === undefined) return found
  throw new StoreRefused(
    `${from} was written with the key of ${beside}, and the configuration has another one (store.contentKey); put that of ${beside} there`,
  )
}

/** The former key keeps a name beside the former database, so that the two can be put back together. */
function putKey(file: string, key: Buffer, former: string): string {
  const [place, fresh] = [keyFileOf(file), `${keyFileOf(file)}.restoring`]
  rmSync(fresh, { force: true })
  writeFileSync(fresh, `${key.toString('base64')}\n`, { mode: 0o600, flag: 'wx', flush: true })
  giveTo(fresh, file)
  if (existsSync(place) && !existsSync(keyFileOf(former))) linkSync(place, keyFileOf(former))
  renameSync(fresh, place)
  syncFolder(dirname(place))
  return place
}

/** See `Backup` of the contract. */
export async function restoreStore(
  store: Copied,
  order: RestoreOrder,
  clock: Clock,
  progress: BackupProgress,
): Promise<Restored> {
  const { file } = store
  makeFolderOf(file)
  const locked = await lockStore(file)
  try {
    return await restoreLocked(store, order, locked, clock, progress)
  } finally {
    await locked.unlock()
  }
}

async function restoreLocked(
  store: Copied,
  { from, withoutOutbox, withoutKey }: RestoreOrder,
  locked: Locked,
  clock: Clock,
  progress: BackupProgress,
): Promise<Restored> {
  const { file } = store
  const fresh = `${file}.restoring`
  const copy = await copyInto(
    { from, to: fresh, isStill: !hasLog(from), then: { is: 'restored', withoutOutbox, withoutKey } },
    clock,
    progress,
  )
  try {
    const key = keyToPut(store, from, copy)
    const lost = copy.madeAt === undefined ? undefined : await locked.madeAfter(copy.madeAt)
    const name = formerName(file, clock.now())
    progress('keeping', 0, 0)
    const former = keepFormer(file, name)
    const keyPlace = key === undefined ? undefined : putKey(file, key, name)
    progress('replacing', 0, 0)
    giveTo(fresh, file)
    replace(file, fresh)
    return {
      ...{ from, to: file, registrations: copy.registrations, waiting: copy.waiting, abandoned: copy.abandoned },
      ...(copy.madeAt === undefined ? {} : { madeAt: copy.madeAt }),
      ...(former === undefined ? {} : { former }),
      ...(lost === undefined ? {} : { lost }),
      ...(keyPlace === undefined ? {} : { key: keyPlace }),
    }
  } catch (error) {
    discard(fresh)
    throw error
  }
}
