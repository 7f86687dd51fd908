/** What the embedded store opens, what it makes, and what it refuses without touching it. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { Credential, Opaque } from '../../lib/model/opaque'
import { sqlite } from '../../lib/stores/sqlite'
import { openDatabase, single } from '../../lib/stores/sqlite-database'
import { type Store } from '../../lib/stores/store'
import { delivery } from '../contracts/outbox-scene'
import { makeFolder } from '../support/folder'
import { handClock } from '../support/hand-clock'

describe('lib/stores/sqlite-opening', () => {
  const folder = makeFolder()
  const clock = handClock()
  let made = 0
  const newFile = () => join(folder.path, `${++made}`, 'store.db')
  const troubles: string[] = []
  const opened: Store[] = []
  const open = async (file: string, contentKey?: Credential): Promise<Store> => {
    const surroundings = { clock, trouble: (text: string) => void troubles.push(text) }
    const store = await sqlite.open({ file, contentKey, maxDeliveries: 10 }, surroundings)
    opened.push(store)
    return store
  }
  // Also where a test failed: an open store keeps its process alive.
  afterEach(() => Promise.all(opened.splice(0).map((each) => each.close())))
  const refusal = async (file: string, contentKey?: Credential): Promise<string> => {
    const error: unknown = await open(file, contentKey).then(
      () => undefined,
      (error: unknown) => error,
    )
    if (!(error instanceof Error) || error.name !== 'StoreRefused')
      throw new Error('it was not refused', { cause: error })
    expect(error.message).not.toContain('\n')
    return error.message
  }
  /** In a process of its own: a file that this process opens and closes would take the store's lock along. */
  const sql = (file: string, text: string): void => {
    const script = `new (require('libsql'))(process.argv[1]).exec(process.argv[2])`
    execFileSync(process.execPath, ['-e', script, file, text])
  }
  const everything = (file: string) =>
    readdirSync(dirname(file)).map((name) => [name, readFileSync(join(dirname(file), name)).toString('base64')])
  const used = async (content: object = {}): Promise<string> => {
    const file = newFile()
    const store = await open(file)
    await store.outbox.put([delivery('app', clock.now(), { content })])
    await store.close()
    return file
  }
  const mode = (path: string) => (statSync(path).mode & 0o777).toString(8)

  it('makes folder, database and key, readable by its user alone', async () => {
    const file = join(folder.path, `${++made}`, 'deep', 'store.db')
    const store = await open(file)
    expect([mode(dirname(file)), mode(file), mode(`${file}-wal`), mode(`${file}.key`)]).toEqual([
      '700',
      '600',
      '600',
      '600',
    ])
    await store.close()
    expect(Buffer.from(readFileSync(`${file}.key`, 'utf8'), 'base64')).toHaveLength(32)
    expect(readdirSync(dirname(file)).sort()).toEqual(['store.db', 'store.db.key'])
  })

  it('refuses tables of a newer program in one line, and touches nothing', async () => {
    const file = await used({ body: 'hi' })
    sql(file, 'PRAGMA user_version = 99')
    const before = everything(file)
    expect(await refusal(file)).toMatch(
      /^store .* was written by a newer xmpp-push .*version 99.*run the newer program/,
    )
    expect(everything(file)).toEqual(before)
  })

  it('refuses them too where the newer version stands in the log only', async () => {
    const file = await used()
    const script = `const d = new (require('libsql'))(process.argv[1]); d.exec('PRAGMA user_version = 99')
      d.exec('CREATE TABLE later (a)'); process.kill(process.pid, 'SIGKILL')`
    expect(() => execFileSync(process.execPath, ['-e', script, file])).toThrow()
    expect(readdirSync(dirname(file))).toContain('store.db-wal')
    expect(await refusal(file)).toMatch('was written by a newer xmpp-push')
    sql(file, 'INSERT INTO later VALUES (1)')
  })

  it('leaves the log of a newer program that was killed as it is', async () => {
    const file = await used()
    const script = `const d = new (require('libsql'))(process.argv[1]); d.exec('PRAGMA user_version = 99')
      d.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all(); d.exec('CREATE TABLE later (a)')
      process.kill(process.pid, 'SIGKILL')`
    expect(() => execFileSync(process.execPath, ['-e', script, file])).toThrow()
    const before = everything(file)
    expect(statSync(`${file}-wal`).size).toBeGreaterThan(0)
    expect(await refusal(file)).toMatch('was written by a newer xmpp-push')
    expect(everything(file)).toEqual(before)
  })

  it('refuses a database of another program, and touches nothing', async () => {
    const file = newFile()
    mkdirSync(dirname(file))
    sql(file, 'CREATE TABLE mine (a); INSERT INTO mine VALUES (1)')
    const before = everything(file)
    expect(await refusal(file)).toBe(`store ${file} is a database of another program; name another file in store.file`)
    expect(everything(file)).toEqual(before)
  })

  it('takes an empty file for a new store', async () => {
    const file = newFile()
    mkdirSync(dirname(file))
    writeFileSync(file, '')
    await (await open(file)).close()
  })

  it.each([
    [
      'a file that is no database',
      (path: string) => (writeFileSync(path, 'lorem ipsum '.repeat(500)), path),
      'is not an SQLite database',
    ],
    ['a folder', (path: string) => (mkdirSync(path), path), 'is not a file'],
    [
      'a file in what is no folder',
      (path: string) => (writeFileSync(path, ''), join(path, 'store.db')),
      'needs to read and write',
    ],
  ])('refuses %s', async (_, make, why) => {
    const path = newFile()
    mkdirSync(dirname(path))
    expect(await refusal(make(path))).toMatch(why)
    expect(readdirSync(dirname(path))).toEqual([basename(path)])
  })

  it('refuses a damaged database', async () => {
    const file = await used()
    const bytes = readFileSync(file)
    bytes.fill(0x5a, 100, 4096 * 3)
    writeFileSync(file, bytes)
    expect(await refusal(file)).toMatch(/is damaged .*put back a backup/)
  })

  it('refuses one of which any part that it begins with is damaged', async () => {
    const file = await used()
    const bytes = readFileSync(file)
    const database = openDatabase(`file:${file}?immutable=1`)
    const page = Number(single(database, "SELECT rootpage FROM sqlite_schema WHERE name = 'trace'"))
    database.close()
    bytes.fill(0xff, (page - 1) * 4096, (page - 1) * 4096 + 16)
    writeFileSync(file, bytes)
    expect(await refusal(file)).toMatch(/is damaged .*put back a backup/)
  })

  describe('the content key', () => {
    const key = (byte: number) =>
      new Credential(Buffer.from(Buffer.alloc(32, byte).toString('base64')), 'store.contentKey')

    it('refuses to open without the key file that content was encrypted with, and makes no new one', async () => {
      const file = await used({ body: 'hi' })
      const own = readFileSync(`${file}.key`)
      execFileSync('rm', [`${file}.key`])
      expect(await refusal(file)).toMatch(/key of .*\.key, which is missing; put that file back/)
      expect(readdirSync(dirname(file))).not.toContain('store.db.key')
      writeFileSync(`${file}.key`, own, { mode: 0o600 })
      const store = await open(file)
      const [claimed] = await store.outbox.claim(new Map([['app', 1]]))
      expect(claimed?.delivery.notification.content).toEqual({ body: 'hi' })
      await store.close()
    })

    it('makes a new key where nothing is encrypted', async () => {
      const file = await used()
      execFileSync('rm', [`${file}.key`])
      await (await open(file)).close()
      expect(readdirSync(dirname(file))).toContain('store.db.key')
    })

    it('refuses another key than the one that content was encrypted with', async () => {
      const file = await used({ body: 'hi' })
      expect(await refusal(file, key(1))).toMatch(/encrypted with another key than the configuration's/)
      writeFileSync(`${file}.key`, Buffer.alloc(32, 1).toString('base64'))
      expect(await refusal(file)).toMatch(/encrypted with another key than that of .*\.key; put back the key/)
    })

    it('refuses a key that is none, naming where it is', async () => {
      const file = await used()
      writeFileSync(`${file}.key`, 'too short')
      expect(await refusal(file)).toMatch(/content key \(file .*\.key\) must be 32 random bytes in base64/)
      expect(await refusal(newFile(), new Credential(Buffer.from('x'), 'file k'))).toMatch(
        /content key \(file k\) must be/,
      )
    })

    it("takes the configuration's key and makes no file then", async () => {
      const file = newFile()
      const first = await open(file, key(7))
      await first.keep.put('token', 'signed', 1)
      await first.close()
      expect(readdirSync(dirname(file))).toEqual(['store.db'])
      const again = await open(file, key(7))
      expect(await again.keep.get('token')).toEqual({ value: 'signed', at: 1 })
      await again.close()
    })

    it('warns once where others can read the key file, and opens', async () => {
      const file = await used()
      execFileSync('chmod', ['644', `${file}.key`])
      troubles.length = 0
      await (await open(file)).close()
      expect(troubles).toEqual([`key file ${file}.key can be read by other users; run: chmod 600 ${file}.key`])
    })
  })

  it('keeps neither content nor bare addresses nor kept values readable in any file', async () => {
    const file = newFile()
    const store = await open(file)
    const target = { to: 'address', address: new Opaque('NEEDLE-address') } as const
    const its = { content: { body: 'NEEDLE-body', sender: 'NEEDLE-sender' }, collapseKey: 'k' }
    await store.outbox.put([delivery('app', clock.now(), its), delivery('app', clock.now(), { target, ...its })])
    await store.keep.put('token', 'NEEDLE-kept', 1)
    const bytes = execFileSync('cat', [file, `${file}-wal`])
    expect(bytes.includes('NEEDLE')).toBe(false)
    expect(bytes.includes('collapse_key')).toBe(true)
    await store.close()
    expect(readFileSync(file).includes('NEEDLE')).toBe(false)
  })

  it('has options with a file beside the configuration and a bound, and knows no others', () => {
    const words = {
      credential: z.instanceof(Credential),
      endpoint: z.string(),
      proxy: z.literal('none'),
      path: z.string().transform((path) => `/etc/xmpp-push/${path}`) as z.ZodType<string>,
    }
    const options = sqlite.options(words)
    expect(options.parse({})).toEqual({ file: '/etc/xmpp-push/data/xmpp-push.db', maxDeliveries: 1_000_000 })
    expect(options.safeParse({ fille: 'x' }).success).toBe(false)
    expect(options.safeParse({ maxDeliveries: 0 }).success).toBe(false)
  })
})
