import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { realDescribe } from '../support/available'
import { callAt } from '../support/call'
import { command, publishWith } from '../support/foreign-devices'
import { ANDROID, DOMAIN, IOS, startHouse, type House } from '../support/house'
import { startMariaDb } from '../support/mariadb'
import { writeProsodyData } from '../support/prosody-data'

const STORE = 'push_appserver'

interface Settings {
  readonly [key: string]: unknown
  readonly type: 'apns' | 'fcm'
  readonly node: string
  readonly secret: string
  readonly token: string
}

function device(number: number, type: 'apns' | 'fcm', more: Readonly<Record<string, unknown>> = {}): Settings {
  const digits = createHash('sha256').update(`appserver ${number}`).digest('hex')
  return {
    ...{ type, node: `${digits.slice(0, 8).toUpperCase()}-EB96-é"@${number}`, secret: digits },
    token: type === 'apns' ? digits.toUpperCase() : `fcm:${digits}`,
    ...{ registered: '2017-03-17T02:10:21Z', last_successful_push: '2017-03-18T03:54:24Z', ...more },
  }
}

const devices = [
  ...Array.from({ length: 12 }, (_, at) => device(at, 'fcm')),
  ...Array.from({ length: 6 }, (_, at) => device(50 + at, 'apns', { renewed: '2025-11-18T02:54:51Z' })),
]
const [first = device(0, 'fcm'), second = device(1, 'fcm')] = devices

interface Report {
  readonly stood: Readonly<Record<'new' | 'changed' | 'there' | 'own' | 'ended', number>>
  readonly agrees: boolean
  readonly left: readonly { readonly where: string; readonly why: string }[]
}

let house: House

async function imported(source: string): Promise<Report> {
  const configuration = join(house.folder, 'component.config.json')
  const { out, err } = await callAt(house.clock, 'import', 'appserver', source, '--json', '--config', configuration)
  expect(err).toBe('')
  return JSON.parse(out) as Report
}

async function startWithPhones(): Promise<void> {
  const settings = { access: { register: ['example.com', 'example.org'] } }
  house = await startHouse({ settings, apps: () => ({}) })
  for (const { type, token } of devices) {
    if (type === 'fcm') house.fcm.setDevice(token, 'live')
    else house.apns.addDevice({ token: token.toLowerCase(), topic: IOS })
  }
}

async function onePushEach(): Promise<void> {
  for (const each of devices) expect(await publishWith(house, each, 'example.org')).toBe('result')
  await house.rest()
  for (const { type, token } of devices) {
    const pushes = type === 'fcm' ? house.fcm.inbox(token) : house.apns.received(token.toLowerCase())
    expect(pushes).toHaveLength(1)
  }
}

realDescribe('prosody', "xmpp-push import appserver, from Prosody's own storage", () => {
  let folder: string

  beforeEach(async () => {
    await startWithPhones()
    const path = join(house.folder, 'prosody')
    folder = join(path, 'push%2eexample%2ecom', STORE)
    const entries = devices.map((data) => ({ user: data.node, data }))
    writeProsodyData({ path, host: DOMAIN, store: STORE, entries })
  })
  afterEach(() => house.close())

  it('takes every device over, and one push of each arrives, from whichever server is served', async () => {
    expect(await imported(folder)).toMatchObject({ stood: { new: 18 }, agrees: true, left: [] })
    await onePushEach()
    expect(await imported(join(folder, '..'))).toMatchObject({ stood: { new: 0, there: 18 }, agrees: true })
  })

  it('admits no server that is not served, and none without the secret', async () => {
    await imported(folder)
    expect(await publishWith(house, first, 'elsewhere.example')).toBe('forbidden')
    expect(await publishWith(house, { ...first, secret: second.secret })).toBe('forbidden')
  })

  it('believes Apple’s word of a token that died after it was registered there', async () => {
    await imported(folder)
    const iphone = devices[12] ?? first
    house.apns.changeDevice(iphone.token, { kind: 'unregistered', since: Date.parse('2025-12-01T00:00:00Z') })
    expect(await publishWith(house, iphone)).toBe('result')
    await house.rest()
    expect(await publishWith(house, iphone)).toBe('item-not-found')
    expect(await imported(folder)).toMatchObject({ stood: { ended: 1, there: 17 }, agrees: true })
  })

  it('keeps the secret of an app that registers the same token again, for the account that it then is', async () => {
    await imported(folder)
    const form = { type: 'fcm', node: first.node.replace('"', '&quot;'), token: first.token }
    expect(await command(house, 'romeo@example.com/yaxim', 'v1-register-push', form)).toMatchObject({
      secret: first.secret,
    })
    expect(await publishWith(house, first)).toBe('result')
    expect(await publishWith(house, first, 'example.org')).toBe('forbidden')
    await house.rest()
    expect(house.fcm.inbox(first.token)).toHaveLength(1)
    expect(await imported(folder)).toMatchObject({ stood: { own: 1, there: 17 }, agrees: true })
  })

  it('gives nobody the secret of a node whose token is another', async () => {
    await imported(folder)
    house.fcm.setDevice('fcm:of-somebody-else', 'live')
    const form = { type: 'fcm', node: first.node.replace('"', '&quot;'), token: 'fcm:of-somebody-else' }
    const told = await command(house, 'mallory@example.com/yaxim', 'v1-register-push', form)
    expect(told).not.toMatchObject({ secret: first.secret })
    expect(await publishWith(house, first, 'example.org')).toBe('result')
    await house.rest()
    expect(house.fcm.inbox(first.token)).toHaveLength(1)
    expect(house.fcm.inbox('fcm:of-somebody-else')).toHaveLength(0)
  })

  it('leaves what is no device, and says why', async () => {
    writeFileSync(join(folder, 'broken.dat'), 'return { ["type"] = "apns"; os.exit() }')
    mkdirSync(join(folder, 'folder.dat'))
    const path = join(house.folder, 'prosody')
    const entries = [
      { user: 'one', data: { type: 'wns', node: 'one', token: 't', secret: 's' } },
      { user: 'two', data: { type: 'fcm', node: 'two', secret: 's' } },
      { user: 'three', data: { type: 'fcm', node: 'three', token: 't' } },
      { user: 'four', data: { type: 'apns', node: 'four', token: 'no token', secret: 's' } },
    ]
    writeProsodyData({ path, host: DOMAIN, store: STORE, entries })
    const { stood, left } = await imported(folder)
    expect(stood.new).toBe(18)
    expect(Object.fromEntries(left.map(({ where, why }) => [where, why]))).toEqual({
      'file broken.dat': expect.stringContaining("can't be read: at character") as unknown,
      'file folder.dat': `can't be read: ${join(folder, 'folder.dat')} is a folder; name the file itself`,
      'file four.dat': `its token is none of ${IOS} (apns)`,
      'file one.dat': 'is of the push service "wns", which mod_push_appserver has no module for',
      'file three.dat': 'has no secret, so no server can publish to it',
      'file two.dat': 'has no token',
    })
  })
})

realDescribe('mariadb', "xmpp-push import appserver, from Prosody's SQL storage", () => {
  it('takes every device over from a dump, and one push of each arrives', async () => {
    await startWithPhones()
    const database = await startMariaDb()
    try {
      const quoted = (text: unknown): string => `'${String(text).replace(/[\\']/g, (char) => `\\${char}`)}'`
      const rows = devices.flatMap((each) =>
        Object.entries(each).map(([key, value]) =>
          [DOMAIN, each.node, STORE, key, 'string', value].map(quoted).join(','),
        ),
      )
      // The columns as mod_storage_sql creates them.
      database.run(
        'create database prosody character set utf8mb4; use prosody; set names utf8mb4; create table `prosody` (`host` TEXT NOT NULL, `user` TEXT NOT NULL, ' +
          '`store` TEXT NOT NULL, `key` TEXT NOT NULL, `type` TEXT NOT NULL, `value` MEDIUMTEXT NOT NULL); ' +
          `insert into prosody values ${rows.map((row) => `(${row})`).join(',')},` +
          "('example.com','romeo','accounts','password','string','it''s secret');",
      )
      const dump = join(house.folder, 'prosody.sql')
      writeFileSync(dump, database.dump('prosody', 'prosody'))
      expect(await imported(dump)).toMatchObject({ stood: { new: 18 }, agrees: true, left: [] })
      await onePushEach()
      const owned = await house.service().devices(DOMAIN, 'romeo@example.com')
      expect({ owned, apps: [ANDROID, IOS].length }).toEqual({ owned: [], apps: 2 })
    } finally {
      await database.stop()
      await house.close()
    }
  }, 60_000)
})
