/** Copies of the embedded store: whole or not there, of one moment, and put back whole or not at all. */
import { execFileSync, spawnSync } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { closes } from '../../lib/model/accounting'
import { type BackupOrder, type RestoreOrder } from '../../lib/model/backup'
import { Credential } from '../../lib/model/opaque'
import { sqlite } from '../../lib/stores/sqlite'
import { copyDatabase } from '../../lib/stores/sqlite-copying'
import { postgres } from '../../lib/stores/postgres'
import { type Store } from '../../lib/stores/store'
import { delivery, takeNow } from '../contracts/outbox-scene'
import { compiled } from '../support/compiled'
import { makeFolder } from '../support/folder'
import { handClock } from '../support/hand-clock'

const APP = 'app'

describe('lib/stores/sqlite-backup', () => {
  const folder = makeFolder()
  const clock = handClock()
  let made = 0
  const newFile = (name = 'store.db'): string => {
    const file = join(folder.path, `${++made}`, name)
    mkdirSync(dirname(file))
    return file
  }
  const opened: Store[] = []
  afterEach(() => Promise.all(opened.splice(0).map((each) => each.close())))
  const open = async (file: string, contentKey?: Credential): Promise<Store> => {
    const store = await sqlite.open({ file, contentKey, maxDeliveries: 1000 }, { clock, trouble: () => undefined })
    opened.push(store)
    return store
  }
  const register = (store: Store, number: number) =>
    store.registry.register({
      ...{ id: `id${number}`, service: 'push.example.com', node: `node${number}`, owner: 'romeo@example.com' },
      ...{ dialect: 'tigase', device: `device${number}`, app: APP, hints: {}, at: clock.now() },
    })
  const copy = (file: string, order: Partial<BackupOrder> & { to: string }, contentKey?: Credential) => {
    if (sqlite.backup === undefined) throw new Error('it has no file')
    return sqlite.backup.copy(
      { file, contentKey, maxDeliveries: 10 },
      { force: false, withKey: false, ...order },
      clock,
      () => undefined,
    )
  }
  const restore = (file: string, order: Partial<RestoreOrder> & { from: string }, contentKey?: Credential) => {
    if (sqlite.backup === undefined) throw new Error('it has no file')
    const whole = { withoutOutbox: false, withoutKey: false, ...order }
    return sqlite.backup.restoring({ file, contentKey, maxDeliveries: 10 }, clock).atOnce(whole, () => undefined)
  }
  /** In a process of its own: a file that this process opens and closes would take the store's lock along. */
  const sql = (file: string, text: string): void => {
    execFileSync(process.execPath, ['-e', `new (require('libsql'))(process.argv[1]).exec(process.argv[2])`, file, text])
  }
  const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8)
  /** A store at rest: a device, a push with content that waits, and one that is out. */
  const used = async (): Promise<string> => {
    const file = newFile()
    const store = await open(file)
    await register(store, 1)
    await store.outbox.put([delivery(APP, clock.now(), { content: { body: 'one' } })])
    await takeNow(store.outbox, { [APP]: 1 })
    await store.outbox.put([delivery(APP, clock.now(), { content: { body: 'two' } })])
    await store.close()
    return file
  }
  const account = async (store: Store) => {
    const its = (await store.accounts()).get(APP)
    if (its === undefined) throw new Error('no account')
    expect(closes(its)).toBe(true)
    return its
  }

  it('is of one moment while the store goes on, and holds all that was durable before', async () => {
    const file = newFile()
    const to = newFile('backup.db')
    const store = await open(file)
    await Promise.all(Array.from({ length: 40 }, (_, at) => register(store, at)))
    await store.holdStill?.(true)
    let after = 40
    let isOver = false
    const goOn = async (): Promise<void> => {
      while (!isOver && after < 10_000) await register(store, after++)
    }
    const going = goOn()
    const told = await copy(file, { to, wasStill: async () => undefined })
    isOver = true
    await going
    await store.holdStill?.(false)
    expect(told).toMatchObject({ from: file, to, registrations: 40, waiting: 0, needsKey: false })
    expect(after).toBeGreaterThan(40)
    expect(await store.registry.count()).toEqual(new Map([[APP, after]]))
    expect(mode(to)).toBe('600')
    expect(readdirSync(dirname(to))).toEqual([basename(to)])
    const elsewhere = newFile()
    await restore(elsewhere, { from: to })
    expect(await (await open(elsewhere)).registry.count()).toEqual(new Map([[APP, 40]]))
  })

  it('writes into its log alone while it is held still, and into its file again afterwards', async () => {
    const file = newFile()
    const store = await open(file)
    await store.holdStill?.(true)
    const still = statSync(file)
    for (let at = 0; at < 300; at++) await store.keep.put(`name${at}`, 'x'.repeat(20_000), at)
    expect([statSync(file).mtimeMs, statSync(file).size]).toEqual([still.mtimeMs, still.size])
    expect(statSync(`${file}-wal`).size).toBeGreaterThan(6_000_000)
    await store.holdStill?.(false)
    expect(statSync(`${file}-wal`).size).toBe(0)
    expect(statSync(file).size).toBeGreaterThan(still.size)
  })

  it('leaves nothing behind where the store was not still to the end', async () => {
    const file = await used()
    const to = newFile('backup.db')
    await expect(copy(file, { to, wasStill: async () => 'it moved' })).rejects.toMatchObject({
      ...{ name: 'StoreRefused', message: 'it moved' },
    })
    expect(readdirSync(dirname(to))).toEqual([])
  })

  it('overwrites nothing unless it is told to, and never the store', async () => {
    const file = await used()
    const to = newFile('backup.db')
    writeFileSync(to, 'of last night')
    await expect(copy(file, { to })).rejects.toThrow(
      `${to} is there already; name another file, or replace it with --force`,
    )
    expect(readFileSync(to, 'utf8')).toBe('of last night')
    await expect(copy(file, { to: file, force: true })).rejects.toThrow(
      `${file} is the store itself; name another file`,
    )
    await copy(file, { to, force: true })
    expect(readFileSync(to, 'utf8')).toContain('SQLite format 3')
  })

  it('says in a line why it can’t be written', async () => {
    const file = await used()
    const nowhere = join(folder.path, 'nowhere', 'b.db')
    await expect(copy(file, { to: nowhere })).rejects.toThrow(
      `there is no folder ${dirname(nowhere)}; make it, or name another one`,
    )
    await expect(copy(newFile(), { to: newFile('b.db') })).rejects.toThrow('`xmpp-push run` makes it')
    await expect(copy(file, { to: folder.path, force: true })).rejects.toThrow('is not a file')
  })

  const disk = process.getuid?.() === 0 ? it : it.skip
  disk('says that the disk is full, before it begins and while it writes', async () => {
    const file = newFile()
    const store = await open(file)
    for (let at = 0; at < 300; at++) await store.keep.put(`name${at}`, 'x'.repeat(20_000), at)
    await store.close()
    const small = newFile('small')
    mkdirSync(small)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', small])
    try {
      const to = join(small, 'backup.db')
      await expect(copy(file, { to })).rejects.toThrow(
        /^the disk of \S+ has no room: up to \d+ MiB are needed, 2 MiB are free; make room/,
      )
      writeFileSync(to, '')
      const late = { from: file, to, isStill: false, then: { is: 'kept', at: 0 } } as const
      expect(() => copyDatabase(late, () => undefined)).toThrow(`${to} can't be written: its disk is full; make room`)
    } finally {
      execFileSync('umount', ['--lazy', small])
    }
  })

  it('leaves the content key out, says where it is, and takes it along where it is asked to', async () => {
    const file = await used()
    const to = newFile('backup.db')
    expect(await copy(file, { to })).toMatchObject({ needsKey: true, keyIn: `${file}.key` })
    expect(readdirSync(dirname(to))).toEqual([basename(to)])
    const key = readFileSync(`${file}.key`, 'utf8').trim()
    expect(readFileSync(to, 'latin1')).not.toContain(key)
    expect(await copy(file, { to, force: true, withKey: true })).toMatchObject({ key: `${to}.key` })
    expect([readFileSync(`${to}.key`, 'utf8').trim(), mode(`${to}.key`)]).toEqual([key, '600'])
  })

  it('takes the configuration’s key along where that is the one', async () => {
    const file = newFile()
    const to = newFile('backup.db')
    const key = new Credential(Buffer.from(Buffer.alloc(32, 7).toString('base64')), 'environment variable KEY')
    const store = await open(file, key)
    await store.keep.put('name', 'value', 0)
    await store.close()
    expect(await copy(file, { to, withKey: true }, key)).toMatchObject({ keyIn: 'environment variable KEY' })
    expect(readFileSync(`${to}.key`, 'utf8').trim()).toBe(key.text())
  })

  it('puts back what waited and what was out, in doubt as after a crash, and the books close', async () => {
    const file = await used()
    const to = newFile('backup.db')
    await copy(file, { to })
    const elsewhere = newFile()
    writeFileSync(`${elsewhere}.key`, readFileSync(`${file}.key`))
    expect(await restore(elsewhere, { from: to })).toEqual({
      ...{ from: to, to: elsewhere, madeAt: clock.now(), registrations: 1, waiting: 2, abandoned: 0 },
    })
    const store = await open(elsewhere)
    const claimed = await takeNow(store.outbox, { [APP]: 10 })
    expect(claimed.map(({ delivery: { notification }, ambiguous }) => [notification.content, ambiguous])).toEqual(
      expect.arrayContaining([
        [{ body: 'one' }, true],
        [{ body: 'two' }, false],
      ]),
    )
    expect(await account(store)).toMatchObject({ accepted: 2, inFlight: 2 })
  })

  it('sends nothing that waited where that is asked for, and counts it as abandoned', async () => {
    const file = await used()
    const to = newFile('backup.db')
    await copy(file, { to })
    expect(await restore(file, { from: to, withoutOutbox: true })).toMatchObject({ waiting: 0, abandoned: 2 })
    const store = await open(file)
    expect(await account(store)).toMatchObject({ accepted: 2, abandoned: 2, waiting: 0, inFlight: 0 })
    expect(await store.registry.count()).toEqual(new Map([[APP, 1]]))
  })

  it('keeps what was there under a dated name, and counts the devices that are lost', async () => {
    const file = await used()
    const to = newFile('backup.db')
    await copy(file, { to })
    await clock.advance(60_000)
    const store = await open(file)
    await register(store, 2)
    await register(store, 3)
    await store.close()
    const { former, lost } = await restore(file, { from: to })
    expect([former, lost]).toEqual([`${file}.before-2026-01-01T000100Z`, 2])
    expect(await (await open(file)).registry.count()).toEqual(new Map([[APP, 1]]))
    // It is a store like any other: nothing of it lies elsewhere.
    const again = newFile()
    writeFileSync(`${again}.key`, readFileSync(`${file}.key`))
    writeFileSync(again, readFileSync(former ?? ''))
    expect(await (await open(again)).registry.count()).toEqual(new Map([[APP, 3]]))
  })

  it('puts the key in place that lies beside the backup, and keeps the other', async () => {
    const file = await used()
    const to = newFile('backup.db')
    await copy(file, { to, withKey: true })
    const elsewhere = await used()
    const other = readFileSync(`${elsewhere}.key`, 'utf8')
    const { key, former } = await restore(elsewhere, { from: to })
    expect(key).toBe(`${elsewhere}.key`)
    expect([readFileSync(`${elsewhere}.key`, 'utf8'), mode(`${elsewhere}.key`)]).toEqual([
      ...[readFileSync(`${file}.key`, 'utf8'), '600'],
    ])
    expect(readFileSync(`${former}.key`, 'utf8')).toBe(other)
    await open(elsewhere)
  })

  it('refuses a backup whose key is nowhere, and restores without what that opened', async () => {
    const file = await used()
    const to = newFile('backup.db')
    await copy(file, { to })
    const elsewhere = newFile()
    await expect(restore(elsewhere, { from: to })).rejects.toThrow(
      `${to} holds what only its content key opens, and neither ${elsewhere}.key nor ${to}.key is that key; ` +
        `put the key that it was written with beside it (${to}.key), or restore what needs none with --without-key`,
    )
    expect(readdirSync(dirname(elsewhere))).toEqual([])
    expect(await restore(elsewhere, { from: to, withoutKey: true })).toMatchObject({ registrations: 1, abandoned: 2 })
    const store = await open(elsewhere)
    expect(await account(store)).toMatchObject({ abandoned: 2 })
  })

  it('leaves out, of what went out together, what only the key that is missing opens', async () => {
    const file = newFile()
    const used = await open(file)
    const claim = used.outbox.claim(new Map([[APP, 9]]))
    const bare = delivery(APP, clock.now())
    await used.outbox.put([delivery(APP, clock.now(), { content: { body: 'one' } }), bare])
    expect(await claim).toHaveLength(2)
    await used.close()
    const [to, elsewhere] = [newFile('backup.db'), newFile()]
    expect(await copy(file, { to })).toMatchObject({ waiting: 2 })
    expect(await restore(elsewhere, { from: to, withoutKey: true })).toMatchObject({ waiting: 1, abandoned: 1 })
    const store = await open(elsewhere)
    expect(await account(store)).toMatchObject({ accepted: 2, abandoned: 1, waiting: 1 })
    expect((await takeNow(store.outbox, { [APP]: 9 })).map((one) => one.delivery)).toEqual([bare])
  })

  it('puts back what an older program made a backup of', async () => {
    const file = await used()
    const [to, elsewhere] = [newFile('backup.db'), newFile()]
    await copy(file, { to, withKey: true })
    sql(to, 'DROP VIEW unended; DROP VIEW aloft; DROP TABLE flight; DROP TABLE landed; PRAGMA user_version = 5')
    expect(await restore(elsewhere, { from: to })).toMatchObject({ registrations: 1, waiting: 2, abandoned: 0 })
    const store = await open(elsewhere)
    expect(await takeNow(store.outbox, { [APP]: 9 })).toHaveLength(2)
  })

  it('refuses another key of the configuration', async () => {
    const file = await used()
    const to = newFile('backup.db')
    await copy(file, { to, withKey: true })
    const key = new Credential(Buffer.from(Buffer.alloc(32, 7).toString('base64')), 'environment variable KEY')
    await expect(restore(newFile(), { from: to }, key)).rejects.toThrow(
      `the configuration has another one (store.contentKey); put that of ${to}.key there`,
    )
  })

  it('refuses what is no backup, is damaged, or is of a newer program, and leaves the store as it was', async () => {
    const file = await used()
    const before = readFileSync(file)
    const refused = async (from: string): Promise<string> => {
      const error: unknown = await restore(file, { from }).catch((error: unknown) => error)
      if (!(error instanceof Error)) throw new Error('it was not refused')
      expect([error.name, readFileSync(file).equals(before), existsSync(`${file}.restoring`)]).toEqual([
        ...['StoreRefused', true, false],
      ])
      return error.message
    }
    const text = folder.write('text.db', 'no database at all, but long enough to have a header'.repeat(9))
    const other = newFile('other.db')
    sql(other, 'CREATE TABLE t (a)')
    const newer = newFile('newer.db')
    await copy(file, { to: newer })
    sql(newer, 'PRAGMA user_version = 99')
    const damaged = newFile('damaged.db')
    await copy(file, { to: damaged })
    const bytes = openSync(damaged, 'r+')
    writeSync(bytes, Buffer.alloc(statSync(damaged).size - 8192, 0xa5), 0, undefined, 8192)
    closeSync(bytes)
    // Locking it takes its log away, which is a change of its header.
    await restore(file, { from: text }).catch(() => undefined)
    before.set(readFileSync(file))
    expect(await refused(join(folder.path, 'none.db'))).toMatch(/^there is no file /)
    expect(await refused(text)).toMatch(/is not a database, and no backup; name a file that a backup made$/)
    expect(await refused(other)).toMatch(/is a database of another program, and no backup/)
    expect(await refused(newer)).toMatch(/was written by a newer xmpp-push/)
    expect(await refused(damaged)).toMatch(/is damaged/)
  })

  it('refuses while a process has the store open', async () => {
    const file = await used()
    const to = newFile('backup.db')
    await copy(file, { to })
    await open(file)
    await expect(restore(file, { from: to })).rejects.toThrow('is open in another process, which holds its lock')
    await expect(copy(file, { to, force: true })).rejects.toThrow('is open in another process, which holds its lock')
  })

  it('replaces a store that is damaged, and keeps that', async () => {
    const file = await used()
    const to = newFile('backup.db')
    await copy(file, { to })
    writeFileSync(file, Buffer.alloc(50_000, 0xa5))
    const { former, lost } = await restore(file, { from: to })
    expect([readFileSync(former ?? '').length, lost]).toEqual([50_000, undefined])
    expect(await (await open(file)).registry.count()).toEqual(new Map([[APP, 1]]))
  })

  it.each(['copying', 'checking', 'keeping', 'replacing', 'replaced', 'done'])(
    'leaves one of the two stores in place, whole, and does it again, killed at the step %s',
    async (step) => {
      const file = await used()
      const to = newFile('backup.db')
      await copy(file, { to })
      const store = await open(file)
      await register(store, 2)
      await store.close()
      const child = [compiled(join(__dirname, 'sqlite-restore-child.ts')), file, to, step]
      const { signal, stderr } = spawnSync(process.execPath, child, { encoding: 'utf8' })
      expect([signal, stderr.replace(/^npm .*\n/gm, '')]).toEqual(['SIGKILL', ''])
      const found = await open(file)
      expect((await found.registry.count()).get(APP)).toBe(step === 'replaced' || step === 'done' ? 1 : 2)
      await found.close()
      await restore(file, { from: to })
      expect((await (await open(file)).registry.count()).get(APP)).toBe(1)
      expect(readdirSync(dirname(file)).filter((name) => /part|restoring/.test(name))).toEqual([])
    },
  )

  const restoreAndDie = (file: string, from: string, step: string): void => {
    const child = [...['--require', 'tsx/cjs', join(__dirname, 'sqlite-restore-child.ts')], file, from, step]
    expect(spawnSync(process.execPath, child).signal).toBe('SIGKILL')
  }

  it.each([
    ['replacing', 'other'],
    ['replaced', 'own'],
  ])('is opened with the key of the store that is there, killed at the step %s', async (step, whose) => {
    const file = await used()
    const to = newFile('backup.db')
    await copy(file, { to, withKey: true })
    const elsewhere = await used()
    const keys = { own: readFileSync(`${file}.key`, 'utf8'), other: readFileSync(`${elsewhere}.key`, 'utf8') }
    restoreAndDie(elsewhere, to, step)
    const store = await open(elsewhere)
    expect(await account(store)).toMatchObject({ accepted: 2 })
    expect(readFileSync(`${elsewhere}.key`, 'utf8')).toBe(whose === 'own' ? keys.own : keys.other)
    const former = readdirSync(dirname(elsewhere)).find((name) => /before-[^.]*$/.test(name)) ?? ''
    expect(readFileSync(join(dirname(elsewhere), `${former}.key`), 'utf8')).toBe(keys.other)
  })

  it('is made ready beside a store that is open, exchanged once that is closed, and put back again', async () => {
    const file = await used()
    const to = newFile('backup.db')
    await copy(file, { to })
    const restoring = sqlite.backup?.restoring({ file, maxDeliveries: 10 }, clock)
    if (restoring === undefined) throw new Error('it has no file')
    const store = await open(file)
    await clock.advance(1)
    await register(store, 2)
    const { madeAt = 0 } = await restoring.prepare(
      { from: to, withoutOutbox: false, withoutKey: false },
      () => undefined,
    )
    expect(await store.holding?.(madeAt)).toEqual({
      ...{ registrations: 2, waiting: 2, laterRegistrations: 1, laterWaiting: 0 },
    })
    await store.close()
    const exchanged = await restoring.exchange(madeAt)
    expect(exchanged).toMatchObject({ before: { registrations: 2, waiting: 2 }, lost: 1, lostWaiting: 0 })
    const fresh = await open(file)
    expect(await fresh.registry.count()).toEqual(new Map([[APP, 1]]))
    await fresh.close()
    restoring.putBack(exchanged)
    const again = await open(file)
    expect(await again.registry.count()).toEqual(new Map([[APP, 2]]))
    await again.close()
    expect(readdirSync(dirname(file)).filter((name) => /restoring|before/.test(name))).toEqual([])
    await expect(restoring.exchange(madeAt)).rejects.toMatchObject({ name: 'StoreRefused' })
  })

  it('tells the line of PostgreSQL’s own tools, without its password', () => {
    const url = new Credential(Buffer.from('postgres://push:hunter2@db.example.com/it'), 'a file')
    const options = { url, schema: 'xmpp_push', contentKey: url, connections: 3, maxDeliveries: 1 }
    const { backup, restore } = postgres.tools?.(options, '/var/backups/of x.dump') ?? {}
    const where = '--host=db.example.com --port=5432 --username=push'
    expect([backup, restore]).toEqual([
      `pg_dump --format=custom ${where} --schema=xmpp_push --file='/var/backups/of x.dump' it`,
      `pg_restore --clean --if-exists --exit-on-error ${where} --dbname=it '/var/backups/of x.dump'`,
    ])
  })
})
