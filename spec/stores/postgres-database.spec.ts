/** What pg does by itself when the server ends a connection, and what the store must not be hit by. */
import { type Database, openDatabase } from '../../lib/stores/postgres-database'
import { addressOf } from '../../lib/stores/postgres-url'
import { realDescribe } from '../support/available'
import { startPostgres } from '../support/postgres'
import { credential } from '../support/postgres-store'
import { serverForAll } from '../support/real-server'

realDescribe('postgres', 'lib/stores/postgres-database', () => {
  const server = serverForAll(() => startPostgres())
  let database: Database
  beforeEach(async () => {
    const address = addressOf(credential(await server().database()), credential(server().password))
    database = openDatabase({ address, schema: 'public', connections: 2 })
  })
  afterEach(() => database.close())

  it('rejects a transaction whose connection ends between two of its statements, and goes on with another', async () => {
    const cut = database.transaction(async (session) => {
      const [mine] = await session.rows<{ pid: number }>('SELECT pg_backend_pid() AS pid')
      await server().sql(`SELECT pg_terminate_backend(${mine?.pid ?? 0})`)
      const gone = `SELECT count(*)::int AS n FROM pg_stat_activity WHERE pid = ${mine?.pid ?? 0}`
      for (let looks = 0; looks < 500; looks++) if ((await server().sql(gone))[0]?.['n'] === 0) break
      return session.rows('SELECT 1')
    })
    await expect(cut).rejects.toThrow()
    expect(await database.rows('SELECT 1 AS one')).toEqual([{ one: 1 }])
  })
})
