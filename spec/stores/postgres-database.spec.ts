/** What pg does by itself when the server ends a connection, and what the store must not be hit by. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Database, openDatabase } from '../../lib/stores/postgres-database'
import { addressOf } from '../../lib/stores/postgres-url'
import { realDescribe } from '../support/available'
import { compiled } from '../support/compiled'
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

  it('answers what is asked of one connection at once, in order, and goes on after what failed', async () => {
    const asked = ['SELECT 1 AS it', 'SELECT no_such_thing', 'SELECT 2 AS it']
    const held = await database.hold(() => undefined)
    const answers = await Promise.allSettled(asked.map((text) => held.rows<{ it: number }>(text)))
    await held.end()
    expect(answers.map((each) => (each.status === 'fulfilled' ? each.value[0]?.it : 'failed'))).toEqual([
      1,
      'failed',
      2,
    ])
  })

  it('hands pg one statement of a connection at a time', async () => {
    // In a process of its own: only there is a deprecation an error.
    const script = `
      const [database, url, opaque, at, password] = process.argv.slice(1)
      const secret = (text) => new (require(opaque).Credential)(Buffer.from(text), 'the spec')
      const address = require(url).addressOf(secret(at), secret(password))
      const its = require(database).openDatabase({ address, schema: 'public', connections: 2 })
      const all = (session) => Promise.all(['SELECT 1', 'SELECT 2', 'SELECT 3'].map((text) => session.rows(text)))
      const end = async () => {
        const held = await its.hold(() => undefined)
        await all(held)
        await held.end()
        await its.transaction(all)
        await its.close()
        process.stdout.write('done')
      }
      void end()`
    const modules = ['stores/postgres-database.ts', 'stores/postgres-url.ts', 'model/opaque.ts']
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...['--throw-deprecation', '-e', script],
      ...modules.map((name) => compiled(join(__dirname, '..', '..', 'lib', name))),
      ...[await server().database(), server().password],
    ])
    expect(stdout).toBe('done')
  })
})
