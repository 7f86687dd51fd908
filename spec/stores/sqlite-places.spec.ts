/** Where registrations lie, what a program from before left, and how one is found. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { Opaque } from '../../lib/model/opaque'
import { sqlite } from '../../lib/stores/sqlite'
import { SCHEMA_VERSION } from '../../lib/stores/sqlite-schema'
import { type Store } from '../../lib/stores/store'
import { makeFolder } from '../support/folder'
import { handClock } from '../support/hand-clock'

const SERVICE = 'push.example.com'

/** The tables as they were while a registration lay by its id. */
const BY_ID = `
  CREATE TABLE moved AS SELECT * FROM registration ORDER BY place;
  DROP TABLE registration;
  CREATE TABLE registration (id TEXT PRIMARY KEY, service TEXT NOT NULL, node TEXT NOT NULL, owner TEXT NOT NULL,
    dialect TEXT NOT NULL, device TEXT NOT NULL, app TEXT NOT NULL, secret TEXT, address TEXT, call_address TEXT,
    environment TEXT, hints TEXT NOT NULL, registered_at INTEGER NOT NULL, seen_at INTEGER NOT NULL) WITHOUT ROWID;
  INSERT INTO registration SELECT id, service, node, owner, dialect, device, app, secret, address, call_address,
    environment, hints, registered_at, seen_at FROM moved;
  DROP TABLE moved;
  CREATE UNIQUE INDEX registration_device ON registration (service, owner, dialect, app, device);
  CREATE UNIQUE INDEX registration_node ON registration (service, node, owner);
  CREATE INDEX registration_address ON registration (app, address) WHERE address IS NOT NULL;
  CREATE INDEX registration_call_address ON registration (app, call_address) WHERE call_address IS NOT NULL;
  CREATE INDEX registration_owner ON registration (owner);
  CREATE INDEX registration_by_node ON registration (node);
  PRAGMA user_version = 6`

describe('lib/stores/sqlite-places', () => {
  const folder = makeFolder()
  const clock = handClock()
  let made = 0
  const newFile = () => join(folder.path, `places-${++made}.db`)
  const opened: Store[] = []
  const open = async (file: string): Promise<Store> => {
    const store = await sqlite.open({ file, maxDeliveries: 10 }, { clock, trouble: (text) => expect(text).toBe('') })
    opened.push(store)
    return store
  }
  // Also where a test failed: an open store keeps its process alive.
  afterEach(() => Promise.all(opened.splice(0).map((each) => each.close())))

  const register = (store: Store, number: number, of: { readonly node?: string; readonly hints?: object } = {}) =>
    store.registry.register({
      ...{ id: `${number}f5b6f0c-0000-4000-8000-000000000000`, service: SERVICE, node: of.node ?? `node-${number}` },
      ...{ owner: `owner-${number}@example.com`, dialect: 'tigase', device: `phone-${number}`, app: 'app' },
      ...{ secret: new Opaque(`s"${number}`), address: new Opaque(`token-${number}`), at: number },
      ...(number % 2 === 0 ? { callAddress: new Opaque(`call-${number}`) } : {}),
      hints: { ...of.hints },
    })
  /** In a process of its own: a file that this process opens and closes would take the store's lock along. */
  const sql = (file: string, text: string): string => {
    const script = `const d = new (require('libsql'))(process.argv[1])
      if (process.argv[2].startsWith('SELECT')) console.log(JSON.stringify(d.prepare(process.argv[2]).all()))
      else d.exec(process.argv[2])`
    return execFileSync(process.execPath, ['-e', script, file, text], { encoding: 'utf8' })
  }

  it('takes over, whole, what a program from before kept by id, and goes on from there', async () => {
    const file = newFile()
    const before = await open(file)
    // Neither in the order of their ids.
    const all = []
    for (const number of [5, 2, 9, 4]) all.push(await register(before, number, { hints: { voip: `«${number}»` } }))
    await before.registry.prove(all[1]?.id ?? '', 'sandbox', new Opaque('token-2'))
    const proven = (await before.registry.get([all[1]?.id ?? '']))[0]
    await before.close()
    sql(file, BY_ID)

    const store = await open(file)
    const nodes = [5, 2, 9, 4].map((number) => ({ service: SERVICE, node: `node-${number}` }))
    expect((await store.registry.find(nodes)).flat()).toEqual([all[0], proven, all[2], all[3]])
    expect(proven?.environment).toBe('sandbox')
    expect(await store.registry.count()).toEqual(new Map([['app', 4]]))
    // One device stays one, one address is found in either slot, and what came later is there, too.
    expect((await register(store, 2)).id).toBe(all[1]?.id)
    const dead = { app: 'app', address: new Opaque('call-4'), registeredBefore: 100, why: 'gone', at: 100 }
    expect(await store.registry.forget(dead)).toMatchObject([{ slot: 'callAddress', registration: { id: all[3]?.id } }])
    await register(store, 7)
    await store.registry.unregister({ service: SERVICE, owner: 'owner-9@example.com' })
    expect(await store.registry.count()).toEqual(new Map([['app', 4]]))
    await store.close()

    expect(sql(file, 'SELECT substr(id, 1, 1) AS id FROM registration ORDER BY place')).toBe(
      `${JSON.stringify(['2', '4', '5', '7'].map((id) => ({ id })))}\n`,
    )
    expect(sql(file, 'SELECT user_version AS v FROM pragma_user_version')).toBe(`[{"v":${SCHEMA_VERSION}}]\n`)
    expect(sql(file, 'SELECT integrity_check AS is_ FROM pragma_integrity_check')).toBe('[{"is_":"ok"}]\n')
    expect(sql(file, "SELECT name FROM sqlite_schema WHERE name LIKE 'registration%id'")).toBe(
      '[{"name":"registration_id"}]\n',
    )
  })

  it('finds the same, by owner, whether a node is asked for alone or among others', async () => {
    const file = newFile()
    const before = await open(file)
    for (const number of [3, 1, 2]) await register(before, number, { node: 'sa"me', hints: { name: 'Zoë \u{1f600}' } })
    await register(before, 8)
    await before.close()

    const [same, other] = [
      { service: SERVICE, node: 'sa"me' },
      { service: SERVICE, node: 'node-8' },
    ]
    const alone = await open(file)
    const found = await alone.registry.find([same])
    expect(found[0]?.map(({ owner }) => owner)).toEqual([1, 2, 3].map((number) => `owner-${number}@example.com`))
    expect(found[0]?.[0]?.hints).toEqual({ name: 'Zoë \u{1f600}' })
    expect(found[0]?.[1]?.secret?.reveal()).toBe('s"2')
    expect(await alone.registry.find([{ service: SERVICE, node: 'nobody’s' }])).toEqual([[]])
    expect(await alone.registry.find([{ service: 'another', node: 'node-8' }])).toEqual([[]])
    await alone.close()
    const among = await open(file)
    expect((await among.registry.find([other, same]))[1]).toEqual(found[0])
  })
})
