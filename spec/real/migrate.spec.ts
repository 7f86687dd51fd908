import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { answers } from '../../lib/sim/apns-answers'
import { realDescribe } from '../support/available'
import { callAt, type Called } from '../support/call'
import { startCommand } from '../support/command-process'
import { command, P2_TABLE, p2Device, p2Inserts, publishWith } from '../support/foreign-devices'
import { DOMAIN, IOS, startHouse, type House } from '../support/house'
import { publishTo, registerDevice } from '../support/one-device'
import { startPostgres } from '../support/postgres'
import { serverForAll } from '../support/real-server'

interface Report {
  readonly registrations: { readonly moved: number; readonly there: number; readonly newer: number }
  readonly deliveries: { readonly moved: number; readonly ended: number; readonly left: number }
  readonly remoteDisables: number
  readonly compared: { readonly from: unknown; readonly to: unknown; readonly newer: number }
  readonly agrees: boolean
}

realDescribe('postgres', 'xmpp-push migrate, from SQLite to PostgreSQL', () => {
  const server = serverForAll(() => startPostgres())
  let house: House
  let url: string
  let first: string
  let second: string

  beforeEach(async () => {
    house = await startHouse({ personality: 'tigase' })
    url = await server().database()
    first = join(house.folder, 'component.config.json')
    second = join(house.folder, 'postgres.config.json')
    const settings = JSON.parse(readFileSync(first, 'utf8')) as object
    const contentKey = Buffer.alloc(32, 7).toString('base64')
    const store = { kind: 'postgres', url, password: server().password, contentKey }
    writeFileSync(second, JSON.stringify({ ...settings, store }))
  })
  afterEach(() => house.close())

  const run = (...words: readonly string[]): Promise<Called> =>
    callAt(house.clock, 'migrate', '--from', first, '--to', second, ...words)
  async function migrated(...words: readonly string[]): Promise<Report> {
    const { code, out, err } = await run('--json', ...words)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    return JSON.parse(out) as Report
  }
  const rows = (text: string) => server().sql(text, new URL(url).pathname.slice(1))
  const registered = async (): Promise<number> => {
    const [row] = await rows('select count(*)::int as n from xmpp_push.registration')
    return Number(row?.['n'] ?? 0)
  }
  /** From now on the service is the one with the second store. */
  async function changeOver(): Promise<void> {
    writeFileSync(first, readFileSync(second, 'utf8'))
    await house.start()
  }

  /** A database over a socket takes its time, which no clock of a spec can move. */
  async function nothingWaits(): Promise<void> {
    for (const begun = performance.now(); performance.now() - begun < 10_000;) {
      const accounts = [...(await house.service().accounts()).values()]
      if (accounts.every(({ waiting, inFlight }) => waiting + inFlight === 0)) return
      await new Promise((done) => setImmediate(done))
    }
    throw new Error(`pushes still wait: ${JSON.stringify([...(await house.service().accounts())])}`)
  }

  it('moves devices, what waits, and whom to tell; the service then goes on where it stopped', async () => {
    const tokens = [1, 2, 3].map((digit) => `${digit}`.repeat(64))
    for (const token of tokens) house.apns.addDevice({ token, topic: IOS })
    const nodes = await Promise.all(
      tokens.map((token, at) => registerDevice(house, `user${at}@example.com`, IOS, token)),
    )
    house.fcm.setDevice('fcm:conversations', 'live')
    const form = { token: 'fcm:conversations', 'android-id': 'phone' }
    const given = await command(house, 'juliet@example.com/phone', 'register-push-fcm', form)
    const phone = { node: '', secret: '', ...(typeof given === 'string' ? {} : given) }
    house.apns.script({ answer: answers.refuse('ServiceUnavailable'), times: 2 })
    for (const node of nodes.slice(0, 2)) expect(await publishTo(house, node)).toBe('result')
    await house.rest()
    const waiting = [...(await house.service().accounts()).values()].reduce((sum, each) => sum + each.waiting, 0)
    expect(waiting).toBe(2)
    await callAt(house.clock, 'devices', 'remove', nodes[2] ?? '', '--config', first)
    await house.service().stop('it moves')

    const report = await migrated()
    expect(report).toMatchObject({
      ...{ registrations: { moved: 3, there: 0, newer: 0 }, deliveries: { moved: 2, ended: 0, left: 0 } },
      ...{ remoteDisables: 1, agrees: true, compared: { to: report.compared.from } },
    })
    expect(await migrated()).toMatchObject({
      ...{ registrations: { moved: 0, there: 3 }, deliveries: { moved: 0 }, remoteDisables: 0, agrees: true },
    })

    await changeOver()
    await nothingWaits()
    for (const token of tokens.slice(0, 2)) expect(house.apns.received(token)).toHaveLength(1)
    expect(await publishWith(house, phone)).toBe('result')
    expect(await publishWith(house, { ...phone, secret: 'another' })).toBe('forbidden')
    expect(await publishTo(house, nodes[2] ?? '')).toBe('item-not-found')
    await nothingWaits()
    expect(house.fcm.inbox('fcm:conversations')).toHaveLength(1)
    const again = await registerDevice(house, 'user0@example.com', IOS, tokens[0] ?? '')
    expect(again).toBe(nodes[0])
    for (const account of (await house.service().accounts()).values()) expect(account.abandoned).toBe(0)
  })

  it('refuses while a service runs, and where both name one store', async () => {
    expect(await run()).toMatchObject({ code: 1, err: expect.stringContaining('runs; stop it first') as unknown })
    expect(await callAt(house.clock, 'migrate', '--from', first, '--to', first)).toMatchObject({
      code: 1,
      err: expect.stringContaining('name the same store') as unknown,
    })
    expect(await registered().catch(() => 0)).toBe(0)
  })

  it('needs of the first configuration its store alone, whatever else is wrong there', async () => {
    await registerDevice(house, 'romeo@example.com', IOS, 'a'.repeat(64))
    await house.service().stop('it moves')
    const given = JSON.parse(readFileSync(first, 'utf8')) as { store: object }
    const gone = { provider: 'fcm', profile: 'conversations', serviceAccount: { file: 'gone.json' } }
    writeFileSync(first, JSON.stringify({ store: given.store, apps: { gone }, misspelt: true }))
    expect(await migrated()).toMatchObject({ registrations: { moved: 1 }, agrees: true })
    writeFileSync(first, JSON.stringify({ ...given, store: { kind: 'sqlite', fiel: 'push.db' } }))
    const { code, err } = await run()
    expect(code).toBe(1)
    expect(err).toMatch(/is not in order:\n.*store\.fiel/)
  })

  it('refuses a database that a service on another machine works on, whichever of the two it is', async () => {
    await house.service().stop('it moves')
    await migrated()
    const sqlite = join(house.folder, 'sqlite.config.json')
    const settings = JSON.parse(readFileSync(first, 'utf8')) as object
    writeFileSync(sqlite, JSON.stringify({ ...settings, store: { kind: 'sqlite', file: 'another.db' } }))
    await changeOver()
    // Beside no socket of a service, as it is on any other machine.
    const elsewhere = join(mkdtempSync(join(house.folder, 'elsewhere-')), 'component.config.json')
    writeFileSync(elsewhere, readFileSync(second, 'utf8').replaceAll('"file":"', '"file":"../'))
    for (const [from, to] of [
      [elsewhere, sqlite],
      [sqlite, elsewhere],
    ] as const) {
      for (const how of [[], ['--dry-run']]) {
        const { code, err } = await callAt(house.clock, 'migrate', '--from', from, '--to', to, ...how)
        expect(code).toBe(1)
        expect(err).toContain(
          `a service works on the store of ${elsewhere}, on another machine or from another folder; stop it first`,
        )
      }
    }
    await house.service().stop('it moves back')
    const { code, err } = await callAt(house.clock, 'migrate', '--from', elsewhere, '--to', sqlite)
    expect({ code, err }).toEqual({ code: 0, err: '' })
  })

  it('refuses a database that two configurations name, and what waits there goes on waiting', async () => {
    const token = 'a'.repeat(64)
    house.apns.addDevice({ token, topic: IOS })
    const node = await registerDevice(house, 'romeo@example.com', IOS, token)
    house.apns.script({ answer: answers.refuse('ServiceUnavailable'), times: 1 })
    expect(await publishTo(house, node)).toBe('result')
    await house.rest()
    await house.service().stop('it moves')
    expect(await migrated()).toMatchObject({ deliveries: { moved: 1, left: 0 } })
    const alias = join(house.folder, 'alias.config.json')
    writeFileSync(alias, readFileSync(second, 'utf8'))
    for (const how of [[], ['--dry-run']]) {
      expect(await callAt(house.clock, 'migrate', '--from', second, '--to', alias, ...how)).toMatchObject({
        code: 1,
        err: expect.stringContaining('name the same store; name the configuration of another one') as unknown,
      })
    }
    await changeOver()
    await nothingWaits()
    expect(house.apns.received(token)).toHaveLength(1)
    expect((await house.service().accounts()).get(IOS)).toMatchObject({ accepted: 1, delivered: 1, abandoned: 0 })
  })

  it('compares and moves nothing in a dry run', async () => {
    await registerDevice(house, 'romeo@example.com', IOS, 'a'.repeat(64))
    await house.service().stop('it moves')
    const { code, out } = await run('--dry-run')
    expect(code).toBe(0)
    expect(out).toMatch(/to +\S+, where nothing is yet\npushes +0 that wait\n/)
    expect(out).toMatch(/first +1 device, checksum \w{32}\nsecond +0 devices, checksum 0{32}\nnothing was changed/)
    expect(await rows("select 1 from pg_namespace where nspname = 'xmpp_push'")).toEqual([])
  })

  it('leaves both stores as they are in a dry run, whichever comes first', async () => {
    await registerDevice(house, 'romeo@example.com', IOS, 'a'.repeat(64))
    await house.service().stop('it moves')
    await migrated()
    const looked =
      'select (select last_value from xmpp_push.instance_id_seq) as at, (select count(*) from xmpp_push.keep) as n'
    const before = await rows(looked)
    for (const [from, to] of [
      [first, second],
      [second, first],
    ] as const) {
      const { code, out, err } = await callAt(house.clock, 'migrate', '--from', from, '--to', to, '--dry-run')
      expect({ code, err }).toEqual({ code: 0, err: '' })
      const [, one, other] = /first +(.*)\nsecond +(.*)\n/.exec(out) ?? []
      expect(one).toMatch(/^1 device, /)
      expect(other).toBe(one)
    }
    expect(await rows(looked)).toEqual(before)
  })

  it('moves what ended, so that it is explained in the second store as in the first', async () => {
    const token = 'a'.repeat(64)
    const node = await registerDevice(house, 'romeo@example.com', IOS, token)
    house.apns.addDevice({ token, topic: IOS })
    await house.clock.advance(10_000)
    const timestamp = house.clock.now() - 1_000
    house.apns.script({ answer: answers.refuse('Unregistered', { timestamp }), times: 1 })
    expect(await publishTo(house, node)).toBe('result')
    await house.rest()
    await house.service().stop('it moves')
    const text = (await run()).out
    expect(text).toMatch(/ended +nodes: 1 moved, 0 there already/)
    expect(text).toMatch(/dead +tokens of callers: 1 left, for they are known by a hash/)
    expect(await migrated()).toMatchObject({ tombstones: { moved: 0, there: 1 }, agrees: true })
    await changeOver()
    const { out } = await callAt(house.clock, 'explain', node, '--config', first)
    expect(out).toContain('Unregistered')
  })

  it('lets what registered in the second store later count', async () => {
    const node = await registerDevice(house, 'romeo@example.com', IOS, 'a'.repeat(64))
    await house.service().stop('it moves')
    await migrated()
    const kept = readFileSync(first, 'utf8')
    await changeOver()
    await house.clock.advance(1_000)
    const later = house.clock.now()
    expect(await registerDevice(house, 'romeo@example.com', IOS, 'a'.repeat(64))).toBe(node)
    await house.service().stop('it moves again')
    writeFileSync(first, kept)
    expect(await migrated()).toMatchObject({ registrations: { moved: 0, newer: 1 }, compared: { newer: 1 } })
    await changeOver()
    const [device] = await house.service().devices(DOMAIN, 'romeo@example.com')
    expect(device?.registeredAt).toBe(later)
  })

  it('agrees in count and checksum after it was killed in the middle, and run again', async () => {
    await house.service().stop('it moves')
    const dump = join(house.folder, 'p2.sql')
    const crowd = Array.from({ length: 4_000 }, (_, at) => p2Device(at))
    const text = `${P2_TABLE}\n${p2Inserts(crowd).replaceAll("\\'", "''").replaceAll('\\\\', '\\')}`
    writeFileSync(dump, `PRAGMA foreign_keys=OFF;\n${text}\nCOMMIT;\n`)
    expect(await callAt(house.clock, 'import', 'p2', dump, '--config', first)).toMatchObject({ code: 0 })
    for (const [signal, enough] of [
      ['SIGKILL', 300],
      ['SIGINT', 1_500],
    ] as const) {
      const migrating = startCommand({ folder: house.folder }, 'migrate', '--from', first, '--to', second)
      let isGone = false
      const ended = migrating.ended.finally(() => (isGone = true))
      while (!isGone && (await registered().catch(() => 0)) < enough) await new Promise((done) => setImmediate(done))
      migrating.signal(signal)
      expect(await ended).toBe(signal === 'SIGKILL' ? null : 1)
      if (signal === 'SIGKILL') continue
      const told = /xmpp-push: broken off by SIGINT; \d+ of 4000 devices moved by then; .* the same command goes on\n$/
      expect(migrating.printed).toMatch(told)
    }
    const report = await migrated()
    expect(report).toMatchObject({ agrees: true, compared: { to: report.compared.from } })
    expect(report.compared.from).toMatchObject({ registrations: 4_000 })
    expect(report.registrations.there).toBeGreaterThan(0)
    expect(report.registrations.moved).toBeGreaterThan(0)
    expect(await registered()).toBe(4_000)
  }, 120_000)
})
