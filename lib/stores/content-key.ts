/** Where the content key comes from: the configuration, or a file beside the database, made at the first start. */
import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { type ContentCipher, KEY_BYTES, makeContentCipher } from './content-cipher'
import { KeyRefusal, decodeKey } from './content-key-decoding'
import { holdsSealedText } from './sqlite-aloft'
import { type Database, single } from './sqlite-database'

const FACT = 'content key'

/** The fingerprint of the key that this database was written with; undefined where nothing needed one yet. */
export function keyFact(database: Database): string | undefined {
  const known = single(database, `SELECT value FROM fact WHERE name = '${FACT}'`)
  return typeof known === 'string' ? known : undefined
}

/** True if it holds what only that key opens. */
export function holdsSealed(database: Database): boolean {
  return single(database, 'SELECT EXISTS (SELECT 1 FROM keep)') === 1 || holdsSealedText(database)
}

/** Leaves out what only the key opens, but for deliveries, and with it which key that was. Call it inside a transaction. */
export function dropKept(database: Database): void {
  database.exec('DELETE FROM keep')
  database.exec(`DELETE FROM fact WHERE name = '${FACT}'`)
}

/** The key of a key file; undefined where there is no such file. Throws `KeyRefusal` where it is none. */
export function readKey(keyFile: string): Buffer | undefined {
  try {
    return decodeKey(readFileSync(keyFile, 'utf8'), `file ${keyFile}`)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Where the key of a database lies that is about to be put in the place of this one. */
export const stagedKeyOf = (file: string): string => `${file}.key.restoring`

/** The key file, once it is that of the database: whoever put both in place may have been killed after the database. */
function settledKey(file: string, known: string | undefined): Buffer | undefined {
  const keyFile = `${file}.key`
  const found = readKey(keyFile)
  const isOf = (key: Buffer | undefined): boolean =>
    key !== undefined && known !== undefined && makeContentCipher(key).fingerprint === known
  if (isOf(found) || !existsSync(stagedKeyOf(file))) return found
  const staged = readKey(stagedKeyOf(file))
  if (!isOf(staged)) return found
  renameSync(stagedKeyOf(file), keyFile)
  return staged
}

/** Under a passing name first, so that no crash leaves half a key. */
function makeKey(keyFile: string): Buffer {
  const key = randomBytes(KEY_BYTES)
  const file = openSync(`${keyFile}.new`, 'w', 0o600)
  writeSync(file, `${key.toString('base64')}\n`)
  fsyncSync(file)
  closeSync(file)
  renameSync(`${keyFile}.new`, keyFile)
  const folder = openSync(dirname(keyFile), 'r')
  fsyncSync(folder)
  closeSync(folder)
  return key
}

export interface Admitted {
  readonly cipher: ContentCipher
  /** What the operator should know though the key is good. */
  readonly warnings: readonly string[]
}

/**
 * The cipher for this database: with the configuration's key, or with that of `<file>.key`, which is made if nothing was
 * encrypted yet. Throws `KeyRefusal` where the database holds what the key can't open. Call it inside a transaction.
 */
export function admitKey(database: Database, file: string, given: Buffer | undefined): Admitted {
  const keyFile = `${file}.key`
  const known = keyFact(database)
  const isNeeded = holdsSealed(database)
  const found = given ?? settledKey(file, known)
  if (found === undefined && known !== undefined && isNeeded) {
    throw new KeyRefusal(
      `store ${file} holds content encrypted with the key of ${keyFile}, which is missing; put that file back, or, ` +
        'if it is lost, move the store away and let the devices register again',
    )
  }
  const key = found ?? makeKey(keyFile)
  const cipher = makeContentCipher(key)
  if (known !== cipher.fingerprint) {
    if (known !== undefined && isNeeded) {
      const which = given === undefined ? `that of ${keyFile}` : "the configuration's (store.contentKey)"
      throw new KeyRefusal(
        `store ${file} holds content encrypted with another key than ${which}; put back the key it was written with`,
      )
    }
    database.prepare('INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)').run([FACT, cipher.fingerprint])
  }
  const isOpen = given === undefined && (statSync(keyFile).mode & 0o077) !== 0
  return {
    cipher,
    warnings: isOpen ? [`key file ${keyFile} can be read by other users; run: chmod 600 ${keyFile}`] : [],
  }
}
