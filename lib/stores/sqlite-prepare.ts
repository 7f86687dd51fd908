/** A backup made ready beside the embedded store: copied, checked, and with the content key that it needs. Changes nothing of the store itself. */
import { rmSync, writeFileSync } from 'node:fs'
import { type Clock } from '../clock'
import { type BackupProgress, type Prepared, type RestoreOrder } from '../model/backup'
import { makeContentCipher } from './content-cipher'
import { stagedKeyOf } from './content-key'
import { type Copied, isSame, keyFileOf, keyIn, keyInForce } from './sqlite-backup'
import { copyInto, discard } from './sqlite-copy'
import { type Copy } from './sqlite-copying'
import { giveTo, hasLog } from './sqlite-replacing'
import { StoreRefused } from './store'

/** Where the copy lies that is about to be put in the place of a store. */
export const stagedOf = (file: string): string => `${file}.restoring`

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

function stageKey(file: string, key: Buffer): void {
  const place = stagedKeyOf(file)
  writeFileSync(place, `${key.toString('base64')}\n`, { mode: 0o600, flag: 'wx', flush: true })
  giveTo(place, file)
}

/** Removes what was made ready. */
export function discardPrepared(file: string): void {
  discard(stagedOf(file))
  rmSync(stagedKeyOf(file), { force: true })
}

/** See `Restoring` of the model. */
export async function prepareStore(
  store: Copied,
  { from, withoutOutbox, withoutKey }: RestoreOrder,
  clock: Clock,
  progress: BackupProgress,
): Promise<Prepared> {
  const { file } = store
  const to = stagedOf(file)
  if (isSame(from, file)) throw new StoreRefused(`${from} is the store itself; name a file that a backup made`)
  discardPrepared(file)
  const then = { is: 'restored', withoutOutbox, withoutKey } as const
  const copy = await copyInto({ from, to, isStill: !hasLog(from), then }, clock, progress)
  try {
    const key = keyToPut(store, from, copy)
    if (key !== undefined) stageKey(file, key)
    giveTo(to, file)
  } catch (error) {
    discardPrepared(file)
    throw error
  }
  const { registrations, waiting, abandoned, madeAt } = copy
  return { from, registrations, waiting, abandoned, ...(madeAt === undefined ? {} : { madeAt }) }
}
