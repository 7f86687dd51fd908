/** The registry's SQL. Knows tables; knows nothing of threads, and takes tokens and secrets as bare texts. */
import { type Bound, type Database } from './sqlite-database'
import { makeCount } from './sqlite-count'
import { type Answers, type PlainRegistration, type ToldRegistrations } from './sqlite-protocol'
import { type RegistrationRow, makeBurial, readRegistration } from './sqlite-registration-row'
import { makeRemoteDisabling } from './sqlite-remote-disables'
import { TOLD } from './sqlite-told'
import { prepareWide } from './sqlite-wide'

type Mine = 'register' | 'find' | 'get' | 'ownedBy' | 'unregister' | 'forget' | 'readdress' | 'prove' | 'count'

function toldOf(rows: readonly { readonly at: number; readonly told: string }[]): ToldRegistrations {
  const all: (string | number)[] = []
  for (const { at, told } of rows) all.push(at, told)
  return all
}

export function makeRegistrations(database: Database): Answers<Mine> {
  const byDevice = database.prepare(
    'SELECT * FROM registration WHERE service = ? AND owner = ? AND dialect = ? AND app = ? AND device = ?',
  )
  const told = `SELECT asked.column1 AS at, ${TOLD} AS told FROM (VALUES `
  const find = prepareWide(
    database,
    told,
    '(?, ?, ?)',
    `) AS asked CROSS JOIN registration AS r ON r.service = asked.column2 AND r.node = asked.column3
     ORDER BY asked.column1, r.owner`,
  )
  // A publish asks for one: as one text, with nothing to be joined or sorted, for they lie by owner in that index.
  const findOne = database.prepareText(
    `SELECT json_group_array(${TOLD}) FROM registration AS r INDEXED BY registration_node WHERE r.service = ? AND r.node = ?`,
  )
  const get = prepareWide(database, told, '(?, ?)', ') AS asked CROSS JOIN registration AS r ON r.id = asked.column2')
  const byId = database.prepare('SELECT * FROM registration WHERE id = ?')
  const byOwner = database.prepare(
    'SELECT * FROM registration WHERE service = ? AND owner = ? ORDER BY registered_at, id',
  )
  const byAddress = database.prepare(
    `SELECT * FROM registration WHERE app = ?1 AND registered_at < ?3
     AND (address IS NOT NULL AND address = ?2 OR call_address IS NOT NULL AND call_address = ?2)`,
  )
  const insert = database.prepare(
    `INSERT INTO registration (id, service, node, owner, dialect, device, app, secret, address, call_address,
       environment, hints, registered_at, seen_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, ?, ?)`,
  )
  const renew = database.prepare(
    `UPDATE registration SET environment = CASE WHEN address IS ? THEN environment END, address = ?, call_address = ?,
       hints = ?, registered_at = ?, seen_at = ? WHERE id = ?`,
  )
  const takeOver = database.prepare('DELETE FROM registration WHERE service = ? AND node = ? AND owner = ?')
  const lift = database.prepare('DELETE FROM tombstone WHERE service = ? AND node = ? AND owner = ?')
  const tellNobody = database.prepare('DELETE FROM remote_disable WHERE service = ? AND node = ? AND owner = ?')
  const loseCallAddress = database.prepare('UPDATE registration SET call_address = NULL WHERE id = ?')
  const readdress = database.prepare(
    `UPDATE registration SET environment = CASE WHEN address IS ?2 AND app = ?3 THEN environment END, address = ?2, app = ?3,
       registered_at = ?4, seen_at = max(seen_at, ?4) WHERE id = ?1`,
  )
  const prove = database.prepare(
    'UPDATE registration SET environment = ?1 WHERE id = ?2 AND ?3 IN (address, call_address)',
  )

  const end = makeBurial(database)
  const tellServer = makeRemoteDisabling(database)
  const stands = (id: string): PlainRegistration => {
    const row = byId.rows<RegistrationRow>([id])[0]
    if (row === undefined) throw new Error('a registration is gone in the transaction that made it')
    return readRegistration(row)
  }

  return Object.freeze({
    register(asked) {
      const { service, owner, dialect, app, device, hints, at } = asked
      const address = asked.address ?? null
      const callAddress = asked.callAddress ?? null
      const existing = byDevice.rows<RegistrationRow>([service, owner, dialect, app, device])[0]
      if (existing === undefined) {
        // A node that the owner's other device named first: the newest device has it, under a new id and secret.
        takeOver.run([service, asked.node, owner])
        insert.run([
          ...[asked.id, service, asked.node, owner, dialect, device, app, asked.secret ?? null, address, callAddress],
          ...[JSON.stringify(hints), at, at],
        ])
      } else renew.run([address, address, callAddress, JSON.stringify(hints), at, at, existing.id])
      const node = existing?.node ?? asked.node
      lift.run([service, node, owner])
      tellNobody.run([service, node, owner])
      return stands(existing?.id ?? asked.id)
    },
    find(nodes) {
      if (nodes.length === 2) return [findOne.text(nodes) ?? '[]']
      const asked: Bound[] = []
      for (let at = 0; at < nodes.length; at += 2) asked.push(at / 2, nodes[at] ?? '', nodes[at + 1] ?? '')
      return toldOf(find.rows(asked))
    },
    get: (ids) => toldOf(get.rows(ids.flatMap((id, at) => [at, id]))),
    ownedBy: ({ service, owner }) => byOwner.rows<RegistrationRow>([service, owner]).map(readRegistration),
    unregister({ match: { service, owner, ...others }, at, remoteDisable }) {
      const fits = (row: RegistrationRow) =>
        (Object.keys(others) as (keyof typeof others)[]).every(
          (key) => others[key] === undefined || row[key] === others[key],
        )
      const rows = byOwner.rows<RegistrationRow>([service, owner]).filter(fits)
      for (const row of rows) {
        end(row, at, 'unregistered')
        if (remoteDisable) tellServer(row, at)
      }
      return rows.map(readRegistration)
    },
    forget({ app, address, registeredBefore, why, at }) {
      const bound: Bound[] = [app, address, registeredBefore]
      return byAddress.rows<RegistrationRow>(bound).map((row) => {
        const slot = row.address === address ? 'address' : 'callAddress'
        if (slot === 'address') {
          end(row, at, why)
          tellServer(row, at)
        } else loseCallAddress.run([row.id])
        return { registration: readRegistration(row), slot } as const
      })
    },
    readdress({ id, app, address, at }) {
      const row = byId.rows<RegistrationRow>([id])[0]
      if (row === undefined) return undefined
      if (row.app !== app || row.address !== address) readdress.run([id, address, app, at])
      return stands(id)
    },
    prove({ id, environment, address }) {
      prove.run([environment, id, address])
      return undefined
    },
    ...makeCount(database),
  } satisfies Answers<Mine>)
}
