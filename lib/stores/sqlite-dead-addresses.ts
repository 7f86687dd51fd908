/** Addresses that callers brought along and that are dead: known by a keyed hash, for nobody registered them with us. */
import { bareTarget } from './bare-target'
import { type ContentCipher } from './content-cipher'
import { type Database } from './sqlite-database'
import { type Answers } from './sqlite-protocol'

export function makeDeadAddresses(
  database: Database,
  cipher: Pick<ContentCipher, 'hash'>,
): Answers<'markDead' | 'deadAmong'> {
  const mark = database.prepare('INSERT OR REPLACE INTO dead_address (target, died_at, why) VALUES (?, ?, ?)')
  const marked = database.prepare('SELECT died_at AS at, why FROM dead_address WHERE target = ?')
  return Object.freeze({
    markDead({ app, address, why, at }) {
      mark.run([bareTarget(cipher, app, address), at, why])
      return undefined
    },
    deadAmong: (addresses) =>
      addresses.map(
        ({ app, address }) => marked.rows<{ at: number; why: string }>([bareTarget(cipher, app, address)])[0],
      ),
  } satisfies Answers<'markDead' | 'deadAmong'>)
}
