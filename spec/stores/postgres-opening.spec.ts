/** What the PostgreSQL store refuses, in one line with the mend, and what it makes when several start at once. */
import { Opaque } from '../../lib/model/opaque'
import { postgres } from '../../lib/stores/postgres'
import { type PostgresOptions } from '../../lib/stores/postgres-store'
import { type Store } from '../../lib/stores/store'
import { freePort } from '../../lib/sim/server-process'
import { delivery } from '../contracts/outbox-scene'
import { realDescribe } from '../support/available'
import { handClock } from '../support/hand-clock'
import { startPostgres } from '../support/postgres'
import { CONTENT_KEY, credential, optionsOf } from '../support/postgres-store'
import { serverForAll } from '../support/real-server'

realDescribe('postgres', 'lib/stores/postgres-opening', () => {
  const server = serverForAll(() => startPostgres())
  const clock = handClock()
  const opened: Store[] = []
  const open = async (url: string, more: Partial<PostgresOptions> = {}): Promise<Store> => {
    const trouble = (text: string): void => {
      throw new Error(text)
    }
    const store = await postgres.open(optionsOf(server(), url, more), { clock, trouble })
    opened.push(store)
    return store
  }
  afterEach(() => Promise.all(opened.splice(0).map((each) => each.close())))
  const refusal = async (url: string, more: Partial<PostgresOptions> = {}): Promise<string> => {
    const error: unknown = await open(url, more).then(
      () => undefined,
      (error: unknown) => error,
    )
    if (!(error instanceof Error) || error.name !== 'StoreRefused')
      throw new Error('it was not refused', { cause: error })
    expect(error.message).not.toContain('\n')
    expect(error.message).not.toContain(server().password)
    return error.message
  }
  const named = (url: string): string => new URL(url).pathname.slice(1)

  it('refuses a wrong password', async () => {
    const url = await server().database()
    expect(await refusal(url, { password: credential('another') })).toMatch(
      /^store store_\d+ at 127\.0\.0\.1:\d+ can't be opened: the password of user xmpp_push is not taken; put the right one into store\.password/,
    )
  })

  it('refuses to go without a password where the server asks for one', async () => {
    expect(await refusal(await server().database(), { password: undefined })).toMatch('put it into store.password')
  })

  it('refuses a user that is not there', async () => {
    const url = (await server().database()).replace('xmpp_push@', 'nobody@')
    expect(await refusal(url)).toMatch(/password of user nobody is not taken/)
  })

  it('refuses a database that is not there', async () => {
    const url = (await server().database()).replace(/store_\d+$/, 'elsewhere')
    expect(await refusal(url)).toMatch(
      /there is no database elsewhere; make it: CREATE DATABASE elsewhere OWNER xmpp_push/,
    )
  })

  it('refuses a server that is not there', async () => {
    const url = `postgres://xmpp_push@127.0.0.1:${await freePort()}/store`
    expect(await refusal(url)).toMatch(/nobody listens there; start the server, or mend store\.url \(.*ECONNREFUSED/)
  })

  it('refuses a socket that is not there', async () => {
    expect(await refusal('postgres:///store?host=/nowhere&user=xmpp_push')).toMatch(
      /^store store at \/nowhere, port 5432 can't be opened: nobody listens there/,
    )
  })

  it('refuses a server without TLS where TLS is wanted', async () => {
    const url = `${await server().database()}?sslmode=require`
    expect(await refusal(url)).toMatch(/its TLS is not as store\.url wants it/)
  })

  it('refuses where the user may not make the tables, and says what to run; then it can', async () => {
    const url = await server().database()
    await server().sql(`ALTER DATABASE ${named(url)} OWNER TO admin; REVOKE ALL ON DATABASE ${named(url)} FROM PUBLIC;
      GRANT CONNECT ON DATABASE ${named(url)} TO xmpp_push`)
    const text = await refusal(url)
    const [, mend = ''] =
      /run: (CREATE SCHEMA "xmpp_push" AUTHORIZATION xmpp_push) \(permission denied/.exec(text) ?? []
    await server().sql(mend, named(url))
    await (await open(url)).outbox.put([delivery('app', clock.now())])
  })

  it('refuses tables that need a newer program, and touches nothing', async () => {
    const url = await server().database()
    await (await open(url)).close()
    await server().sql(`UPDATE xmpp_push.fact SET value = '99' WHERE name IN ('schema', 'needs')`, named(url))
    expect(await refusal(url)).toMatch(/brought to tables of version 99 by a newer xmpp-push.*run the newer program/)
    const facts = await server().sql(`SELECT value FROM xmpp_push.fact WHERE name = 'schema'`, named(url))
    expect(facts).toEqual([{ value: '99' }])
  })

  it('works on tables that a newer program only added to', async () => {
    const url = await server().database()
    await (await open(url)).close()
    await server().sql(
      `UPDATE xmpp_push.fact SET value = '99' WHERE name = 'schema'; ALTER TABLE xmpp_push.delivery ADD later text DEFAULT 'x'`,
      named(url),
    )
    const store = await open(url)
    await store.outbox.put([delivery('app', clock.now())])
    expect(await store.outbox.claim(new Map([['app', 1]]))).toHaveLength(1)
  })

  it('refuses another key than the one that the database began with, and takes a new one where nothing is encrypted', async () => {
    const url = await server().database()
    const other = credential(Buffer.alloc(32, 1).toString('base64'))
    const first = await open(url)
    expect(await refusal(url, { contentKey: other })).toMatch(
      /another key than the configuration's \(store\.contentKey\)/,
    )
    await first.close()
    await (await open(url, { contentKey: other })).close()
    const again = await open(url)
    await again.keep.put('token', 'signed', 1)
    await again.close()
    expect(await refusal(url, { contentKey: other })).toMatch(/put that one back/)
    expect(await (await open(url, { contentKey: CONTENT_KEY })).keep.get('token')).toEqual({ value: 'signed', at: 1 })
  })

  it('encrypts content, addresses that callers bring along, and kept values', async () => {
    const url = await server().database()
    const store = await open(url)
    const to = { to: 'address', address: new Opaque('token-of-a-phone-0123456789') } as const
    await store.outbox.put([delivery('app', clock.now(), { content: { body: 'wherefore' }, target: to })])
    await store.keep.put('k', 'signed-by-us', 1)
    await store.registry.markDead({ app: 'app', address: to.address, why: 'x', at: 1 })
    const rows = await server().sql(
      `SELECT d::text, k::text, encode(d.sealed, 'escape') AS s, encode(k.sealed, 'escape') AS t, a::text
       FROM xmpp_push.delivery d, xmpp_push.keep k, xmpp_push.dead_address a`,
      named(url),
    )
    expect(rows).toHaveLength(1)
    expect(JSON.stringify(rows)).not.toMatch(/wherefore|token-of-a-phone|signed-by-us/)
  })

  it('is made once by ten that start at once', async () => {
    const url = await server().database()
    const stores = await Promise.all(Array.from({ length: 10 }, () => open(url, { connections: 3 })))
    await Promise.all(stores.map((store) => store.outbox.put([delivery('app', clock.now())])))
    expect((await stores[0]?.accounts())?.get('app')).toMatchObject({ accepted: 10, waiting: 10 })
  })

  it('is not read before its tables are made, and says who makes them', async () => {
    const reading = postgres.inspect?.(optionsOf(server(), await server().database()))
    await expect(reading).rejects.toThrow(/^there are no tables of ours in \S+ at .* yet; `xmpp-push run` makes them$/)
  })

  it('is read by one that changes nothing, running or not', async () => {
    const url = await server().database()
    const store = await open(url)
    await store.outbox.put([delivery('app', clock.now())])
    const reading = await postgres.inspect?.(optionsOf(server(), url))
    expect((await reading?.records.accounts())?.get('app')).toMatchObject({ waiting: 1 })
    expect(await reading?.records.waiting({ limit: 9 })).toHaveLength(1)
    await reading?.close()
  })
})
