/** Tombstones and dead addresses as another store takes them over, row by row. Knows no clock: they keep the times that they had. */
import { type DeadTarget } from '../model/past'
import { type ContentCipher } from './content-cipher'
import { type Database } from './sqlite-database'
import { tombstone, type TombstoneRow } from './sqlite-listing'
import { type Answers } from './sqlite-protocol'

type Mine = 'graves' | 'buryAgain' | 'keptNames' | 'addressKey' | 'deadTargets' | 'deadTargetsAmong' | 'keepDead'

const graves = 'SELECT * FROM tombstone WHERE (service, node, owner) > (?, ?, ?) ORDER BY service, node, owner LIMIT ?'
const bury = `
  INSERT INTO tombstone AS t (service, node, owner, registration, died_at, why)
  SELECT ?1, ?2, ?3, ?4, ?5, ?6
  WHERE NOT EXISTS (SELECT 1 FROM registration WHERE service = ?1 AND node = ?2 AND owner = ?3)
  ON CONFLICT (service, node, owner) DO UPDATE
  SET registration = excluded.registration, died_at = excluded.died_at, why = excluded.why
  WHERE t.registration IS excluded.registration OR t.died_at <= excluded.died_at`
const columns = 'target, died_at AS at, why'
const dead = `SELECT ${columns} FROM dead_address WHERE target > ? ORDER BY target LIMIT ?`
const among = `SELECT ${columns} FROM dead_address WHERE target IN (SELECT value FROM json_each(?))`
const keepDead = `
  INSERT INTO dead_address AS d (target, died_at, why) VALUES (?, ?, ?)
  ON CONFLICT (target) DO UPDATE SET died_at = excluded.died_at, why = excluded.why WHERE d.died_at < excluded.died_at`

/** Statements are made when they are asked for: hardly any process ever is. */
export function makePast(database: Database, cipher: Pick<ContentCipher, 'fingerprint'>): Answers<Mine> {
  return Object.freeze({
    graves: ({ after: [service, node, owner], limit }) =>
      database.prepare(graves).rows<TombstoneRow>([service, node, owner, limit]).map(tombstone),
    buryAgain(rows) {
      const statement = database.prepare(bury)
      for (const { service, node, owner, registration, diedAt, why } of rows)
        statement.run([service, node, owner, registration, diedAt, why])
      return undefined
    },
    keptNames: () =>
      database
        .prepare('SELECT name FROM keep ORDER BY name')
        .rows<{ name: string }>([])
        .map(({ name }) => name),
    addressKey: () => cipher.fingerprint,
    deadTargets: ({ after, limit }) => database.prepare(dead).rows<DeadTarget>([after, limit]),
    deadTargetsAmong: (targets) => database.prepare(among).rows<DeadTarget>([JSON.stringify(targets)]),
    keepDead(targets) {
      const statement = database.prepare(keepDead)
      for (const { target, at, why } of targets) statement.run([target, at, why])
      return undefined
    },
  } satisfies Answers<Mine>)
}
