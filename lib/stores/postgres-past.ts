/** Tombstones and dead addresses as another store takes them over, row by row. Knows no clock: they keep the times that they had. */
import { type DeadTarget, type Grave, type Past } from '../model/past'
import { type Tombstone } from '../model/trace'
import { type ContentCipher } from './content-cipher'
import { type Session, type Statement } from './postgres-database'

const graves: Statement = {
  name: 'graves',
  sql: `SELECT service, node, owner, registration, died_at AS "diedAt", why FROM tombstone
    WHERE (service, node, owner) > ($1, $2, $3) ORDER BY service, node, owner LIMIT $4`,
}
const bury: Statement = {
  name: 'bury-again',
  sql: `
  INSERT INTO tombstone AS t (service, node, owner, registration, died_at, why)
  SELECT g.* FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[])
    AS g(service, node, owner, registration, died_at, why)
  WHERE NOT EXISTS (
    SELECT 1 FROM registration r WHERE r.service = g.service AND r.node = g.node AND r.owner = g.owner
  )
  ON CONFLICT (service, node, owner) DO UPDATE
  SET registration = excluded.registration, died_at = excluded.died_at, why = excluded.why
  WHERE t.registration = excluded.registration OR t.died_at <= excluded.died_at`,
}
const columns = 'target, died_at AS at, why'
const dead: Statement = {
  name: 'dead-targets',
  sql: `SELECT ${columns} FROM dead_address WHERE target > $1 ORDER BY target LIMIT $2`,
}
const among: Statement = {
  name: 'dead-targets-among',
  sql: `SELECT ${columns} FROM dead_address WHERE target = ANY($1::text[])`,
}
const keepDead: Statement = {
  name: 'keep-dead',
  sql: `
  INSERT INTO dead_address AS d (target, died_at, why) SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[])
  ON CONFLICT (target) DO UPDATE SET died_at = excluded.died_at, why = excluded.why WHERE d.died_at < excluded.died_at`,
}

export function makePostgresPast(session: Session, cipher: Pick<ContentCipher, 'fingerprint'>): Past {
  return Object.freeze({
    graves({ after, limit }) {
      const { service = '', node = '', owner = '' } = after ?? {}
      return session.rows<Tombstone>(graves, [service, node, owner, limit])
    },
    async bury(rows: readonly Grave[]) {
      const column = <K extends keyof Grave>(name: K): readonly Grave[K][] => rows.map((row) => row[name])
      await session.rows(bury, [
        ...[column('service'), column('node'), column('owner'), column('registration')],
        ...[column('diedAt'), column('why')],
      ])
    },
    async keptNames() {
      return (await session.rows<{ name: string }>('SELECT name FROM keep ORDER BY name')).map(({ name }) => name)
    },
    addressKey: () => Promise.resolve(cipher.fingerprint),
    deadTargets: (query) =>
      'targets' in query
        ? session.rows<DeadTarget>(among, [query.targets])
        : session.rows<DeadTarget>(dead, [query.after ?? '', query.limit]),
    async keepDead(targets: readonly DeadTarget[]) {
      await session.rows(keepDead, [
        targets.map(({ target }) => target),
        targets.map(({ at }) => at),
        targets.map(({ why }) => why),
      ])
    },
  } satisfies Past)
}
