import { existsSync, readFileSync, statSync, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../lib/clock'
import { realDescribe } from '../support/available'
import { callAt, type Called } from '../support/call'
import { startCommand } from '../support/command-process'
import { command, P2_TABLE, p2Device, p2Inserts, publishWith, sha1, type P2Device } from '../support/foreign-devices'
import { ANDROID, startHouse, type House } from '../support/house'
import { startMariaDb, type MariaDb } from '../support/mariadb'

const IPHONE = 'org.example.p2.ios'
const ROOM = 'room@rooms.example.com'

const phones = Array.from({ length: 30 }, (_, at) => p2Device(at))
const rooms = [p2Device(0, 'FCM', ROOM), p2Device(1, 'FCM', ROOM)].map((each, at) => ({
  ...each,
  ...{ node: `room-node-${at}`, secret: `room-secret-${at}` },
}))
const iphones = Array.from({ length: 8 }, (_, at) => p2Device(100 + at, 'APNS'))
const sound = [...phones, ...rooms, ...iphones]

interface Report {
  readonly stood: Readonly<Record<'new' | 'changed' | 'there' | 'own' | 'ended', number>>
  readonly leftOut: number
  readonly left: readonly { readonly where: string; readonly why: string }[]
  readonly found: number
  readonly agrees: boolean
  readonly into: string
  readonly checksum: { readonly source: string; readonly store?: string }
}

realDescribe('mariadb', 'xmpp-push import p2, from a real MariaDB', () => {
  let database: MariaDb
  let house: House
  let dump: string

  beforeAll(async () => {
    database = await startMariaDb()
    database.run(`create database p2; use p2; ${P2_TABLE} ${p2Inserts(sound)}`)
  }, 60_000)
  afterAll(() => database.stop())

  beforeEach(async () => {
    house = await startHouse({
      apps: ({ apns }) => ({
        [IPHONE]: {
          ...{ provider: 'apns', profile: 'generic', topic: 'org.example.ios', endpoint: apns.url },
          ...{ key: { file: 'AuthKey_ABC123DEFG.p8' }, keyId: 'ABC123DEFG', teamId: 'DEF123GHIJ' },
          ca: { file: 'apns-ca.pem' },
        },
      }),
    })
    for (const { service, token } of sound) {
      if (service === 'FCM') house.fcm.setDevice(token, 'live')
      else house.apns.addDevice({ token, topic: 'org.example.ios' })
    }
    dump = join(house.folder, 'p2.sql')
    writeFileSync(dump, database.dump('p2', 'target'))
  })
  afterEach(() => house.close())

  const call = (...words: readonly string[]): Promise<Called> =>
    callAt(
      house.clock,
      ...['import', 'p2', dump, '--apns', IPHONE, '--config', join(house.folder, 'component.config.json'), ...words],
    )
  async function imported(...words: readonly string[]): Promise<Report> {
    const { out, err } = await call('--json', ...words)
    expect(err).toBe('')
    return JSON.parse(out) as Report
  }

  it('takes every device over through the running service, and one push of each arrives', async () => {
    const report = await imported()
    expect(report).toMatchObject({
      ...{ into: 'the running service', stood: { new: 40, there: 0 }, leftOut: 0, found: 40, agrees: true },
      checksum: { source: report.checksum.store },
    })
    for (const each of sound) expect(await publishWith(house, each)).toBe('result')
    await house.rest()
    for (const { token, device } of phones.slice(2)) {
      expect(house.fcm.inbox(token).map(({ data }) => data)).toEqual([{ account: device }])
    }
    for (const { token, device, channel } of rooms) {
      const pushes = house.fcm.inbox(token).map(({ data }) => data)
      expect(pushes).toEqual([{ account: device }, { account: device, channel }])
    }
    for (const { token } of iphones) expect(house.apns.received(token)).toHaveLength(1)
  })

  it('takes them into the store where no service runs, and the service then knows them', async () => {
    await house.service().stop('the spec wants it so')
    const report = await callAt(
      systemClock,
      ...['import', 'p2', dump, '--apns', IPHONE, '--config', join(house.folder, 'component.config.json')],
    )
    expect(report).toMatchObject({ code: 0, err: '' })
    expect(report.out).toContain('into       the store (sqlite); no service runs\n')
    expect(report.out).toMatch(/both agree\n$/)
    await house.start()
    expect(await publishWith(house, phones[3] ?? sound[0] ?? { node: '', secret: '' })).toBe('result')
    await house.rest()
    expect(house.fcm.inbox(phones[3]?.token ?? '')).toHaveLength(1)
  })

  it('shows whose hash a device is taken over under, and no secret', async () => {
    await imported()
    const [phone = p2Device(0)] = phones
    const words = ['devices', 'show', phone.node, '--config', join(house.folder, 'component.config.json')]
    const { out } = await callAt(house.clock, ...words)
    expect(out).toContain(`owner       :${phone.device}@example.com\n`)
    expect(out).toContain('registered  elsewhere, before it was taken over, by conversations\n')
    expect(out).not.toContain(phone.secret)
    expect(out).not.toContain(phone.token)
  })

  it('does nothing twice, and takes what changed there since', async () => {
    const first = await imported()
    expect(await imported()).toMatchObject({
      ...{ stood: { new: 0, changed: 0, there: 40 }, found: 40, agrees: true, checksum: first.checksum },
    })
    const renewed: P2Device = { ...(phones[5] ?? p2Device(5)), token: 'fcm:renewed' }
    house.fcm.setDevice(renewed.token, 'live')
    database.run(`update p2.target set token='${renewed.token}' where device='${renewed.device}'`)
    writeFileSync(dump, database.dump('p2', 'target'))
    database.run(`update p2.target set token='fcm:5-\\'"\\\\;--_x' where device='${renewed.device}'`)
    expect(await imported()).toMatchObject({ stood: { new: 0, changed: 1, there: 39 }, agrees: true })
    expect(await publishWith(house, renewed)).toBe('result')
    await house.rest()
    expect(house.fcm.inbox(renewed.token)).toHaveLength(1)
  })

  it('agrees in count and checksum after it was killed or broken off at whatever write, and run again', async () => {
    await house.service().stop('the spec wants it so')
    const crowd = Array.from({ length: 6_000 }, (_, at) => p2Device(1_000 + at))
    database.run(`use p2; create table crowd like target; ${p2Inserts(crowd).replace('target', 'crowd')}`)
    writeFileSync(dump, database.dump('p2', 'crowd').replaceAll('`crowd`', '`target`'))
    database.run('drop table p2.crowd')
    const words = ['import', 'p2', dump, '--json', '--config', join(house.folder, 'component.config.json')]
    const store = join(house.folder, 'data')
    // Once in the middle, by how far the log has grown, and once at the first write.
    for (const [bytes, signal] of [
      [3_000_000, 'SIGKILL'],
      [0, 'SIGKILL'],
      [0, 'SIGTERM'],
    ] as const) {
      let isSent = false
      const importing = startCommand({ folder: house.folder }, ...words)
      const watcher = watch(store, (_event, name) => {
        if (name?.endsWith('-wal') !== true) return
        const { size } = statSync(join(store, name), { throwIfNoEntry: false }) ?? { size: -1 }
        if (size >= bytes && !isSent) importing.signal(signal)
        isSent ||= size >= bytes
      })
      const code = await importing.ended
      watcher.close()
      expect(code).toBe(signal === 'SIGKILL' ? null : 1)
      if (signal === 'SIGKILL') continue
      expect(importing.printed).toMatch(
        /^xmpp-push: broken off by SIGTERM; \d+ devices were taken in by then and stay; /,
      )
    }
    const resumed = await callAt(systemClock, ...words)
    const report = JSON.parse(resumed.out) as Report
    expect({ code: resumed.code, err: resumed.err }).toEqual({ code: 0, err: '' })
    expect(report).toMatchObject({ found: 6_000, agrees: true, checksum: { source: report.checksum.store } })
    expect(report.stood.there).toBeGreaterThan(0)
    expect(report.stood.new).toBeGreaterThan(0)
    expect(report.stood.new + report.stood.there).toBe(6_000)
    await house.start()
    const last = crowd.at(-1) ?? p2Device(0)
    house.fcm.setDevice(last.token, 'live')
    expect(await publishWith(house, last)).toBe('result')
    await house.rest()
    expect(house.fcm.inbox(last.token)).toHaveLength(1)
  }, 60_000)

  it('changes nothing in a dry run', async () => {
    const report = await imported('--dry-run')
    expect(report).toMatchObject({ stood: { new: 40 }, found: 0 })
    expect(await publishWith(house, phones[0] ?? p2Device(0))).toBe('item-not-found')
    expect((await imported()).checksum.source).toBe(report.checksum.source)
  })

  it('changes nothing in a dry run where no service runs, and makes no store where there is none', async () => {
    await imported()
    await house.service().stop('the spec wants it so')
    expect(await imported('--dry-run')).toMatchObject({ stood: { new: 0, there: 40 }, found: 0 })
    const elsewhere = join(house.folder, 'elsewhere.config.json')
    const settings = JSON.parse(readFileSync(join(house.folder, 'component.config.json'), 'utf8')) as object
    const store = { kind: 'sqlite', file: 'elsewhere/xmpp-push.db' }
    writeFileSync(elsewhere, JSON.stringify({ ...settings, store }))
    const { code, out } = await callAt(
      systemClock,
      'import',
      'p2',
      dump,
      '--apns',
      IPHONE,
      '--dry-run',
      '--config',
      elsewhere,
    )
    expect(code).toBe(0)
    expect(out).toMatch(/into +the store \(sqlite\), where nothing is yet; no service runs\nto take +40 new,/)
    expect(existsSync(join(house.folder, 'elsewhere'))).toBe(false)
  })

  it('admits only the server of the domain, with the secret', async () => {
    await imported()
    const [phone = p2Device(0)] = phones
    expect(await publishWith(house, phone, 'elsewhere.example')).toBe('forbidden')
    expect(await publishWith(house, { ...phone, secret: 'another' })).toBe('forbidden')
    expect(await publishWith(house, { ...phone, node: 'another' })).toBe('item-not-found')
  })

  it('leaves what no server could publish to, each with the reason', async () => {
    const row = (at: number, values: string): string => `('${'FCM'}','${sha1(`odd ${at}`)}','','example.com',${values})`
    database.run(
      'use p2; create table odd like target; insert into odd values ' +
        [row(1, "NULL,'n','s'"), row(2, "'t',NULL,'s'"), row(3, "'t','n',NULL")].join(',') +
        `,('WNS','${sha1('odd 4')}','','example.com','t','n','s'),('FCM','short','','example.com','t','n','s')`,
    )
    const text = database.dump('p2', 'odd').replaceAll('`odd`', '`target`')
    database.run('drop table p2.odd')
    writeFileSync(dump, text)
    const { code, out, err } = await call('--json')
    expect({ code, err }).toEqual({ code: 1, err: '' })
    const { left, leftOut } = JSON.parse(out) as Report
    expect(leftOut).toBe(5)
    expect(left.map(({ why }) => why).sort()).toEqual([
      'has no node or no secret, so no server can publish to it',
      'has no node or no secret, so no server can publish to it',
      'has no token',
      'its device is no hash as p2 makes it',
      'names no push service that p2 knows: "WNS"',
    ])
  })

  it('keeps node and secret when the app registers again, which makes the device its account’s own', async () => {
    await imported()
    const [phone = p2Device(0)] = phones
    const registering = { token: 'fcm:newer', 'android-id': phone.id }
    house.fcm.setDevice('fcm:newer', 'live')
    const romeo = `${phone.account}/Conversations.abc`
    expect(await command(house, romeo, 'register-push-fcm', registering)).toMatchObject({
      node: phone.node,
      secret: phone.secret,
    })
    expect(await publishWith(house, phone)).toBe('result')
    await house.rest()
    expect(house.fcm.inbox('fcm:newer').map(({ data }) => data)).toEqual([{ account: phone.device }])
    expect(house.fcm.inbox(phone.token)).toHaveLength(0)
    const owned = await house.service().devices('push.example.com', phone.account)
    expect(owned.map(({ node, app }) => ({ node, app }))).toEqual([{ node: phone.node, app: ANDROID }])
    expect(await imported()).toMatchObject({ stood: { new: 0, own: 1, there: 39 }, agrees: true })
    expect(await command(house, romeo, 'unregister-push-fcm', { 'android-id': phone.id })).toBeInstanceOf(Object)
    expect(await publishWith(house, phone)).toBe('item-not-found')
    expect(await imported()).toMatchObject({ stood: { ended: 1, there: 39 }, agrees: true })
  })

  it('ends what was taken over where its app unregisters before it registers again', async () => {
    await imported()
    const [phone = p2Device(0), other = p2Device(1)] = phones
    const asks = (who: string) => command(house, `${who}/phone`, 'unregister-push-fcm', { 'android-id': phone.id })
    expect(await asks(other.account)).toBe('item-not-found')
    expect(await publishWith(house, phone)).toBe('result')
    expect(await asks(phone.account)).toBeInstanceOf(Object)
    expect(await publishWith(house, phone)).toBe('item-not-found')
  })
})
