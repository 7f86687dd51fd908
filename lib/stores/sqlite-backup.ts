/** A backup of the embedded store: its file copied and proven, under a passing name until it is whole, and the content key beside it where that is asked for. */
import { existsSync, mkdirSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { type Clock } from '../clock'
import { type BackedUp, type BackupOrder, type BackupProgress } from '../model/backup'
import { type Credential } from '../model/opaque'
import { makeContentCipher } from './content-cipher'
import { readKey } from './content-key'
import { decodeKey, KeyRefusal } from './content-key-decoding'
import { copyInto, discard, syncFolder } from './sqlite-copy'
import { StoreRefused } from './store'

/** The embedded store, as far as a copy of it is concerned. */
export interface Copied {
  readonly file: string
  readonly contentKey?: Credential | undefined
}

/** Where the content key of a database is, where the configuration has none. */
export const keyFileOf = (file: string): string => `${file}.key`

/** The content key that is in force; undefined where there is none yet. Throws `StoreRefused` where it is no key. */
export function keyInForce({ file, contentKey }: Copied): Buffer | undefined {
  return contentKey === undefined ? keyIn(keyFileOf(file)) : asKey(() => decodeKey(contentKey.text(), contentKey.where))
}

/** The key of a key file; undefined where there is no such file. Throws `StoreRefused` where it is no key. */
export function keyIn(keyFile: string): Buffer | undefined {
  return asKey(() => readKey(keyFile))
}

function asKey<K>(read: () => K): K {
  try {
    return read()
  } catch (error) {
    if (error instanceof KeyRefusal) throw new StoreRefused(error.message)
    throw error
  }
}

/** Whether two paths are the same file. */
export function isSame(one: string, other: string): boolean {
  return existsSync(one) && existsSync(other) && realpathSync(one) === realpathSync(other)
}

function refuseTarget(file: string, { to, force, withKey }: BackupOrder): void {
  if (isSame(to, file)) throw new StoreRefused(`${to} is the store itself; name another file`)
  for (const each of withKey ? [to, keyFileOf(to)] : [to]) {
    if (!existsSync(each)) continue
    if (!statSync(each).isFile()) throw new StoreRefused(`${each} is not a file; name one`)
    if (!force) throw new StoreRefused(`${each} is there already; name another file, or replace it with --force`)
  }
}

/** Writes the key beside the copy. Throws `StoreRefused` where it is not the one that the copy needs. */
function writeKey(store: Copied, to: string, fingerprint: string | undefined): string {
  const key = keyInForce(store)
  const where = store.contentKey?.where ?? keyFileOf(store.file)
  if (key === undefined) throw new StoreRefused(`there is no content key ${where}; back up without --with-key`)
  if (fingerprint !== undefined && makeContentCipher(key).fingerprint !== fingerprint)
    throw new StoreRefused(`the content key (${where}) is not the one that ${store.file} was written with`)
  const part = `${keyFileOf(to)}.part`
  rmSync(part, { force: true })
  writeFileSync(part, `${key.toString('base64')}\n`, { mode: 0o600, flag: 'wx', flush: true })
  renameSync(part, keyFileOf(to))
  return keyFileOf(to)
}

/** See `Backup` of the contract. */
export async function copyStore(
  store: Copied,
  order: BackupOrder,
  clock: Clock,
  progress: BackupProgress,
): Promise<BackedUp> {
  const { file, contentKey } = store
  const { to, wasStill } = order
  if (!existsSync(file)) throw new StoreRefused(`there is no store ${file} yet; \`xmpp-push run\` makes it`)
  refuseTarget(file, order)
  const at = clock.now()
  // One name for all tries: what a killed one left behind is overwritten by the next.
  const part = join(dirname(to), `.${basename(to)}.part`)
  const options = { from: file, to: part, isStill: wasStill !== undefined, then: { is: 'kept', at } } as const
  const copy = await copyInto(options, clock, progress, wasStill)
  try {
    const key = order.withKey ? writeKey(store, to, copy.key) : undefined
    renameSync(part, to)
    syncFolder(dirname(to))
    return {
      ...{ from: file, to, bytes: statSync(to).size, at, registrations: copy.registrations, waiting: copy.waiting },
      ...{ needsKey: copy.needsKey, keyIn: contentKey?.where ?? keyFileOf(file) },
      ...(key === undefined ? {} : { key }),
    }
  } catch (error) {
    discard(part)
    throw error
  }
}

/** Makes the folder of a file that is to be written, for this user alone. */
export function makeFolderOf(file: string): void {
  if (!existsSync(dirname(file))) mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
}
