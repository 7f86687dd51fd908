/** The registry: one statement a question, and what is asked on every push gathered into batches. Several instances write, so nothing is cached. */
import { type Opaque } from '../model/opaque'
import { type Registration } from '../model/registration'
import { type ContentCipher } from './content-cipher'
import { makeDeadAddresses } from './postgres-dead-addresses'
import { type Database, type Statement } from './postgres-database'
import { makeGathering } from './postgres-gathering'
import { type Health } from './postgres-health'
import { type RegistrationRow, burying, columnsOf, readRegistration } from './postgres-rows'
import { isOne } from './postgres-steps'
import { type Registry } from './store'

const MOST = 500
const ABREAST = 2
const is = (column: string, value: string) =>
  `hashtextextended(${column}, 0) = hashtextextended(${value}, 0) AND ${column} = ${value}`

const register: Statement = {
  name: 'register',
  sql: `
  WITH existing AS (
    SELECT id FROM registration WHERE service = $2 AND owner = $4 AND dialect = $5 AND app = $7 AND device = $6 FOR UPDATE
  ),
  renewed AS (
    UPDATE registration r SET environment = CASE WHEN address IS NOT DISTINCT FROM $9 THEN environment END,
      address = $9, call_address = $10, hints = $11::jsonb, registered_at = $12, seen_at = $12
    FROM existing e WHERE r.id = e.id RETURNING ${columnsOf('r')}
  ),
  -- A node that the owner's other device named first: the newest device has it, under a new id and secret.
  taken AS (
    DELETE FROM registration WHERE service = $2 AND node = $3 AND owner = $4 AND NOT EXISTS (SELECT 1 FROM existing)
    RETURNING id
  ),
  inserted AS (
    INSERT INTO registration AS r
      (id, service, node, owner, dialect, device, app, secret, address, call_address, hints, registered_at, seen_at)
    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::jsonb, $12, $12
    WHERE NOT EXISTS (SELECT 1 FROM existing) AND (SELECT count(*) FROM taken) >= 0
    RETURNING ${columnsOf('r')}
  ),
  stands AS (SELECT * FROM renewed UNION ALL SELECT * FROM inserted),
  lifted AS (
    DELETE FROM tombstone t USING stands s WHERE t.service = s.service AND t.node = s.node AND t.owner = s.owner
  ),
  told AS (
    DELETE FROM remote_disable t USING stands s WHERE t.service = s.service AND t.node = s.node AND t.owner = s.owner
  )
  SELECT * FROM stands`,
}

/** A step in an index for each, which a plain join would leave to the planner. */
const find: Statement = {
  name: 'find',
  sql: `SELECT q.place, r.* FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS q(service, node, place)
    CROSS JOIN LATERAL (
      SELECT ${columnsOf('r')} FROM registration r WHERE r.service = q.service AND r.node = q.node OFFSET 0
    ) r ORDER BY q.place, r.owner`,
}

/** For a push that comes alone. Of lists the server expects ten, plans anew for one each time, and that costs four times what the finding does. */
const findOnly: Statement = {
  name: 'find-only',
  sql: `SELECT ${columnsOf('r')} FROM registration r WHERE r.service = $1 AND r.node = $2 ORDER BY r.owner`,
}

const get: Statement = {
  name: 'get',
  sql: `SELECT ${columnsOf('r')} FROM registration r WHERE id = ANY($1::text[])`,
}

const ownedBy: Statement = {
  name: 'owned-by',
  sql: `SELECT ${columnsOf('r')} FROM registration r WHERE service = $1 AND owner = $2 ORDER BY registered_at, id`,
}

const unregister: Statement = {
  name: 'unregister',
  sql: `
  WITH gone AS (
    DELETE FROM registration r WHERE service = $1 AND owner = $2 AND ($3::text IS NULL OR dialect = $3)
      AND ($4::text IS NULL OR app = $4) AND ($5::text IS NULL OR device = $5) AND ($6::text IS NULL OR node = $6)
      AND ($7::text IS NULL OR address = $7) RETURNING ${columnsOf('r')}
  ), ${burying('$8::bigint', "'unregistered'", '$9::bool')}
  SELECT * FROM gone ORDER BY registered_at, id`,
}

const forget: Statement = {
  name: 'forget',
  sql: `
  WITH gone AS (
    DELETE FROM registration r WHERE app = $1 AND ${is('address', '$2')} AND registered_at < $3 RETURNING ${columnsOf('r')}
  ),
  lost AS (
    UPDATE registration r SET call_address = NULL
    WHERE app = $1 AND ${is('call_address', '$2')} AND registered_at < $3 AND address IS DISTINCT FROM $2
    RETURNING ${columnsOf('r').replace('r.call_address', '$2 AS call_address')}
  ), ${burying('$5::bigint', '$4::text', 'true')}
  SELECT 'address' AS slot, * FROM gone UNION ALL SELECT 'callAddress', * FROM lost`,
}

const readdress: Statement = {
  name: 'readdress',
  sql: `
  WITH moved AS (
    UPDATE registration r SET environment = NULL, address = $2, app = $3, registered_at = $4, seen_at = greatest(seen_at, $4)
    WHERE id = $1 AND (address IS DISTINCT FROM $2 OR app <> $3) RETURNING ${columnsOf('r')}
  )
  SELECT * FROM moved
  UNION ALL SELECT ${columnsOf('r')} FROM registration r WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM moved)`,
}

const prove: Statement = {
  name: 'prove',
  sql: `UPDATE registration r SET environment = p.environment
    FROM unnest($1::text[], $2::text[], $3::text[]) AS p(id, environment, address)
    WHERE ${isOne('r.id', 'p.id')} AND p.address IN (r.address, r.call_address) AND r.environment IS DISTINCT FROM p.environment`,
}

const seen: Statement = {
  name: 'seen',
  sql: `UPDATE registration r SET seen_at = s.at
    FROM (SELECT id, max(at) AS at FROM unnest($1::text[], $2::bigint[]) AS s(id, at) GROUP BY id) AS s
    WHERE ${isOne('r.id', 's.id')} AND r.seen_at < s.at`,
}

export interface RegistryOptions {
  readonly database: Database
  readonly cipher: Pick<ContentCipher, 'hash'>
  readonly health: Health
  /** Milliseconds since 1970, for tombstones. */
  readonly now: () => number
  readonly count: Registry['count']
}

export function makePostgresRegistry({ database, cipher, health, now, count }: RegistryOptions): Registry {
  const ask = <Row>(...question: Parameters<typeof database.rows>) =>
    health.guarded(() => database.rows<Row>(...question))
  const registrations = async (...question: Parameters<typeof database.rows>) =>
    (await ask<RegistrationRow>(...question)).map(readRegistration)
  const gathered = { most: MOST, abreast: ABREAST, health }

  const findOne = makeGathering<{ readonly service: string; readonly node: string }, readonly Registration[]>({
    ...gathered,
    async run(asks) {
      const [only] = asks
      if (only !== undefined && asks.length === 1) {
        const rows = await database.rows<RegistrationRow>(findOnly, [only.service, only.node])
        return [rows.map(readRegistration)]
      }
      const found = asks.map((): Registration[] => [])
      const bound = [asks.map(({ service }) => service), asks.map(({ node }) => node)]
      for (const row of await database.rows<RegistrationRow & { readonly place: number }>(find, bound)) {
        found[row.place - 1]?.push(readRegistration(row))
      }
      return found
    },
  })
  const getOne = makeGathering<string, Registration | undefined>({
    ...gathered,
    async run(ids) {
      const rows = await database.rows<RegistrationRow>(get, [ids])
      const byId = new Map(rows.map((row) => [row.id, readRegistration(row)]))
      return ids.map((id) => byId.get(id))
    },
  })
  const proveOne = makeGathering<readonly [string, string, Opaque], undefined>({
    ...gathered,
    async run(proofs) {
      const addresses = proofs.map(([, , address]) => address.reveal())
      await database.rows(prove, [proofs.map(([id]) => id), proofs.map(([, environment]) => environment), addresses])
      return proofs.map(() => undefined)
    },
  })
  const seeOne = makeGathering<readonly [string, number], undefined>({
    ...gathered,
    async run(signs) {
      await database.rows(seen, [signs.map(([id]) => id), signs.map(([, at]) => at)])
      return signs.map(() => undefined)
    },
  })

  return Object.freeze({
    now,
    async register(asked) {
      const { id, service, node, owner, dialect, device, app, secret, address, callAddress, hints, at } = asked
      const [made] = await registrations(register, [
        ...[id, service, node, owner, dialect, device, app, secret?.reveal() ?? null],
        ...[address?.reveal() ?? null, callAddress?.reveal() ?? null, JSON.stringify(hints), at],
      ])
      if (made === undefined) throw new Error('a registration is gone in the statement that made it')
      return made
    },
    find: (queries) => Promise.all(queries.map((query) => findOne(query))),
    get: (ids) => Promise.all(ids.map((id) => getOne(id))),
    ownedBy: (service, owner) => registrations(ownedBy, [service, owner]),
    unregister({ service, owner, dialect, app, device, node, address }, { remoteDisable } = { remoteDisable: false }) {
      const given = [dialect ?? null, app ?? null, device ?? null, node ?? null, address?.reveal() ?? null]
      return registrations(unregister, [service, owner, ...given, now(), remoteDisable])
    },
    async forget({ app, address, registeredBefore, why, at }) {
      type Row = RegistrationRow & { readonly slot: 'address' | 'callAddress' }
      const rows = await ask<Row>(forget, [app, address.reveal(), registeredBefore, why, at])
      return rows.map((row) => ({ registration: readRegistration(row), slot: row.slot }))
    },
    ...makeDeadAddresses(database, cipher, health),
    async readdress(id, { app, address, at }) {
      return (await registrations(readdress, [id, address.reveal(), app, at]))[0]
    },
    async prove(id, environment, address) {
      await proveOne([id, environment, address])
    },
    async seen(ids, at) {
      await Promise.all(ids.map((id) => seeOne([id, at])))
    },
    count,
  } satisfies Registry)
}
