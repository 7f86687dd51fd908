/** Addresses that callers brought along and that are dead: known by a keyed hash, for nobody registered them with us. */
import { type DeadAddress } from '../model/past'
import { bareTarget } from './bare-target'
import { type ContentCipher } from './content-cipher'
import { type Database, type Statement } from './postgres-database'
import { makeGathering } from './postgres-gathering'
import { type Health } from './postgres-health'
import { type Registry } from './store'

const mark: Statement = {
  name: 'mark-dead',
  sql: `INSERT INTO dead_address (target, died_at, why) VALUES ($1, $2, $3)
    ON CONFLICT (target) DO UPDATE SET died_at = excluded.died_at, why = excluded.why`,
}
const among: Statement = {
  name: 'dead-among',
  sql: 'SELECT target, died_at AS at, why FROM dead_address WHERE target = ANY($1::text[])',
}

export function makeDeadAddresses(
  database: Database,
  cipher: Pick<ContentCipher, 'hash'>,
  health: Health,
): Pick<Registry, 'markDead' | 'deadAmong'> {
  const markedOne = makeGathering<string, DeadAddress | undefined>({
    ...{ most: 500, abreast: 2, health },
    async run(targets) {
      const rows = await database.rows<DeadAddress & { readonly target: string }>(among, [targets])
      const byTarget = new Map(rows.map(({ target, at, why }) => [target, { at, why }]))
      return targets.map((target) => byTarget.get(target))
    },
  })
  return {
    async markDead({ app, address, why, at }) {
      const target = bareTarget(cipher, app, address.reveal())
      await health.guarded(() => database.rows(mark, [target, at, why]))
    },
    deadAmong: (addresses) =>
      Promise.all(addresses.map(({ app, address }) => markedOne(bareTarget(cipher, app, address.reveal())))),
  }
}
