/** Certificates while the service runs: handed in by an administrator, taken back, kept and expiring; through the component's own door. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startApnsSimulator, type ApnsSimulator } from '../lib/sim/apns'
import { processAuthority, type ClientCertificateOptions } from '../lib/sim/certificates'
import { type XmlElement } from '../lib/sim/xmpp-server-xml'
import { callAt } from './support/call'
import { makeFolder } from './support/folder'
import { DOMAIN, IOS, startHouse, type House } from './support/house'
import { publishTo, registerDevice } from './support/one-device'

const HOUR = 3600_000
const DAY = 24 * HOUR
const BEGIN = Date.UTC(2026, 0, 1)
const ADMIN = 'admin@example.com/desk'
const PASSWORD = 'pa55 of the certificate'
/** An app that has no credential in its configuration, and one whose certificate is a file. */
const STORED = 'org.example.stored'
const FILED = 'org.example.filed'
/** Days until a day that is far, for the simulator's TLS judges by the machine's own clock. */
const LONG = 20 * 365
/** Few, for the certificate is read again and again; how many there may be is told in the specs of its reading. */
const ROUNDS = 8
const COMMAND = 'admin#set-apns-certificate'
/** One device has one token for each app. */
const tokens: Readonly<Record<string, string>> = {
  [IOS]: 'd4'.repeat(32),
  [STORED]: 'd5'.repeat(32),
  [FILED]: 'd6'.repeat(32),
}
const tokenOf = (app: string): string => tokens[app] ?? ''

const folder = makeFolder()
let apple: ApnsSimulator
let house: House

const until = (days: number): Date => new Date(BEGIN + days * DAY)

function issue(bundleId: string, days: number, more: Partial<ClientCertificateOptions> = {}): Buffer {
  const validity = { validFrom: until(-400), validUntil: until(days) }
  return processAuthority()
    .issueClient({ bundleId, ...validity, ...more })
    .p12(PASSWORD, 'old', ROUNDS)
}

/** What a node answers an administrator, or somebody else. */
function run(fields: Readonly<Record<string, string>>, from = ADMIN): Promise<XmlElement> {
  const all = Object.entries(fields).map(([name, value]) => `<field var='${name}'><value>${value}</value></field>`)
  const form = all.length === 0 ? '' : `<x xmlns='jabber:x:data' type='submit'>${all.join('')}</x>`
  return house.server
    .client(from)
    .iq(
      `<iq type='set' to='${DOMAIN}'><command xmlns='http://jabber.org/protocol/commands' node='${COMMAND}'>${form}</command></iq>`,
    )
}

const handIn = (p12: Buffer, app = STORED, password = PASSWORD): Promise<XmlElement> =>
  run({ app, certificate: p12.toString('base64'), password })

/** The text of the one error that was answered. */
function refusal(answer: XmlElement): string {
  expect(answer.attrs['type']).toBe('error')
  return answer.child('error')?.child('text')?.text() ?? ''
}

function fieldOf(answer: XmlElement, name: string): readonly string[] {
  const fields = answer.child('command')?.child('x')?.elements('field') ?? []
  return (
    fields
      .find((field) => field.attrs['var'] === name)
      ?.elements('value')
      .map((value) => value.text()) ?? []
  )
}

const command = async (...words: readonly string[]): Promise<string> =>
  (await callAt(house.clock, ...words, '--config', join(house.folder, 'component.config.json'))).out

const messages = (): readonly string[] =>
  house.server.client(ADMIN).messages.map((message) => message.child('body')?.text() ?? '')

const sent = (): number => [STORED, FILED].reduce((sum, app) => sum + apple.received(tokenOf(app)).length, 0)

async function push(app: string): Promise<void> {
  const node = await registerDevice(house, 'romeo@example.com', app, tokenOf(app))
  expect(await publishTo(house, node)).toBe('result')
  await house.rest()
}

beforeEach(async () => {
  const now = (): number => house?.clock.now() ?? BEGIN
  apple = await startApnsSimulator({ now, clientCa: processAuthority().clientCaPem() })
  for (const app of [STORED, FILED]) {
    apple.addApp({ bundleId: app, teamId: 'DEF123GHIJ' })
    apple.addDevice({ token: tokenOf(app), topic: app })
  }
  const shared = {
    provider: 'apns',
    profile: 'siskin',
    endpoint: apple.url,
    ca: { file: folder.write('ca.pem', apple.ca) },
  }
  writeFileSync(join(folder.path, 'push.p12'), issue(FILED, 41))
  house = await startHouse({
    apps: () => ({
      [STORED]: { ...shared, topic: STORED, storedCertificate: true },
      [FILED]: { ...shared, topic: FILED, certificate: { file: join(folder.path, 'push.p12') }, passphrase: PASSWORD },
    }),
  })
  house.server.client(ADMIN)
})

afterEach(async () => {
  await house.close()
  await apple.close()
})

describe('lib/admin/hand-in: "Set APNS certificate"', () => {
  it('is seen by administrators and refused to everybody else', async () => {
    const items = `<iq type='get' to='${DOMAIN}'><query xmlns='http://jabber.org/protocol/disco#items' node='http://jabber.org/protocol/commands'/></iq>`
    const names = async (jid: string): Promise<readonly (string | undefined)[]> =>
      (await house.server.client(jid).iq(items))
        .child('query')
        ?.elements('item')
        .map((item) => item.attrs['name']) ?? []
    expect(await names(ADMIN)).toContain('Set APNS certificate')
    expect(await names('romeo@example.com/phone')).not.toContain('Set APNS certificate')
    const answer = await run({ app: STORED, remove: '1' }, 'romeo@example.com/phone')
    expect(answer.child('error')?.elements()[0]?.name).toBe('forbidden')
  })

  it('asks for the app, the .p12, its password unseen, and whether to remove', async () => {
    const fields = (await run({})).child('command')?.child('x')?.elements('field') ?? []
    expect(fields.map(({ attrs }) => [attrs['var'], attrs['type']])).toEqual([
      ['FORM_TYPE', 'hidden'],
      ['app', 'list-single'],
      ['certificate', 'text-multi'],
      ['password', 'text-private'],
      ['remove', 'boolean'],
    ])
    expect(fields[1]?.elements('option').map((option) => option.child('value')?.text())).toEqual([IOS, STORED, FILED])
  })

  it('is in force at once, and what waited for it goes out', async () => {
    await push(STORED)
    expect(sent()).toBe(0)
    const answer = await handIn(issue(STORED, LONG))
    expect(fieldOf(answer, 'result')).toEqual([`It is in force for ${STORED}, and kept encrypted.`])
    expect(fieldOf(answer, 'facts').join()).toContain(`topics of the certificate: ${STORED}`)
    await house.pass(16 * 60_000)
    expect(sent()).toBe(1)
  })

  it('takes the place of a key of the configuration, until it is removed', async () => {
    house.apns.addDevice({ token: tokenOf(IOS), topic: IOS })
    await handIn(issue(IOS, LONG), IOS)
    expect(await command('status')).toMatch(/its certificate was handed in by admin@example\.com on 2026-01-01/)
    expect(fieldOf(await run({ app: IOS, remove: '1' }), 'result')).toEqual([
      `What the configuration names counts again for ${IOS}.`,
    ])
    expect(await command('status')).not.toContain('handed in')
    await push(IOS)
    expect(house.apns.received(tokenOf(IOS))).toHaveLength(1)
    expect(refusal(await run({ app: IOS, remove: 'true' }))).toBe(`no certificate has been handed in for app ${IOS}.`)
  })

  it('no longer counts once it is removed, where there is nothing else', async () => {
    await handIn(issue(STORED, LONG))
    await run({ app: STORED, remove: '1' })
    await push(STORED)
    await house.pass(60_000)
    expect(sent()).toBe(0)
  })

  it('is still in force after a restart, and `check` and `status` show whence it comes', async () => {
    expect(await command('check')).toContain('no certificate has been handed in yet, and its pushes wait for it')
    await handIn(issue(STORED, LONG))
    const told = /its certificate was handed in by admin@example\.com on 2026-01-01 00:00:\d\d UTC and counts in place/
    for (const words of ['check', 'status']) expect(await command(words)).toMatch(told)
    await house.service().stop('the spec wants it')
    for (const words of ['check', 'status']) expect(await command(words)).toMatch(told)
    await house.start()
    await push(STORED)
    expect(sent()).toBe(1)
  })

  it('is warned of by `check` before it expires, and is a fault once it has, though no service runs', async () => {
    await handIn(issue(STORED, 20))
    await house.service().stop('the spec wants it')
    expect(await command('check')).toMatch(
      new RegExp(`^warning +apps\\.${STORED}: certificate .* expires on 2026-01-21`, 'm'),
    )
    house.clock.jump(21 * DAY)
    expect(await command('check')).toMatch(new RegExp(`^FAULT +apps\\.${STORED}: certificate .* has expired`, 'm'))
    await house.start()
  })

  it.each<[string, () => Buffer, string, RegExp]>([
    ['opens with another password', () => issue(STORED, LONG), 'wrong', /opens with this passphrase/],
    ['is no .p12', () => Buffer.from('no certificate at all'), PASSWORD, /neither PEM nor a \.p12/],
    ['is of another app', () => issue('org.example.other', 300), PASSWORD, /topic org\.example\.stored is not among/],
    ['has expired', () => issue(STORED, -2), PASSWORD, /has expired on 2025-12-30/],
    [
      'is for the other environment',
      () => issue(STORED, 300, { environments: ['sandbox'] }),
      PASSWORD,
      /only for sandbox/,
    ],
    ['is none of Apple’s', () => issue(STORED, 300, { environments: [] }), PASSWORD, /is no push certificate/],
  ])('refuses one that %s with one clear error, and keeps nothing', async (_what, p12, password, words) => {
    const answer = await handIn(p12(), STORED, password)
    expect(refusal(answer)).toMatch(words)
    expect(refusal(answer)).not.toContain('..')
    expect(await command('status')).not.toContain('handed in')
  })

  it('says what is missing, what is not base64, and which app takes none', async () => {
    expect(refusal(await run({ certificate: 'AAAA' }))).toMatch(/^"app" is missing/)
    expect(refusal(await run({ app: STORED }))).toMatch(/^"certificate" is missing/)
    expect(refusal(await run({ app: STORED, certificate: 'not/base64!' }))).toMatch(/`base64 -w 0 push\.p12` prints/)
    expect(refusal(await run({ app: 'org.example.android', certificate: 'AAAA' }))).toMatch(
      /takes no certificate; those that do/,
    )
  })

  it('is nowhere to be found on the disk but encrypted, and the password nowhere in the log', async () => {
    const p12 = issue(STORED, LONG)
    await handIn(p12)
    await handIn(p12, STORED, 'a wrong password that must not be told')
    const places = readdirSync(join(house.folder, 'data')).map((name) => join(house.folder, 'data', name))
    expect(places.some((place) => place.endsWith('-wal'))).toBe(true)
    const bytes = places.filter((place) => !place.endsWith('.sock')).map((place) => readFileSync(place))
    const written = Buffer.concat(bytes)
    // Its name shows that the search finds what is there.
    expect(written.includes(`certificate/${STORED}`)).toBe(true)
    const base64 = p12.toString('base64')
    for (const secret of [
      p12.subarray(100, 116),
      base64.slice(200, 224),
      PASSWORD,
      Buffer.from(PASSWORD).toString('base64'),
    ]) {
      expect(written.includes(secret)).toBe(false)
    }
    const log = house.log.join('')
    expect(log).toContain('handed in a certificate')
    for (const secret of [PASSWORD, 'must not be told', base64.slice(200, 224)]) expect(log).not.toContain(secret)
  })
})

describe('lib/admin/expiry-watch: a certificate that expires', () => {
  /** So many days after the beginning. */
  async function on(day: number): Promise<void> {
    house.clock.jump(BEGIN + day * DAY - house.clock.now())
    await house.pass(HOUR + 60_000)
  }

  it('is told the administrators by message, at each step once, over a restart, and a new one ends it', async () => {
    await house.pass(HOUR)
    expect(messages()).toEqual([])
    await on(12)
    expect(messages()).toEqual([
      expect.stringMatching(/push\.p12\) of app org\.example\.filed expires in 29 days, on 2026-02-11/),
    ])
    expect(house.log.filter((line) => line.includes('expires in 29 days'))).toHaveLength(1)
    await house.service().stop('the spec wants it')
    await house.start()
    await on(13)
    expect(messages()).toHaveLength(1)
    await on(28)
    expect(messages()).toHaveLength(2)
    writeFileSync(join(folder.path, 'push.p12'), issue(FILED, LONG))
    await house.service().reload(house.config())
    await on(41.5)
    expect(messages()).toHaveLength(2)
    await push(FILED)
    expect(sent()).toBe(1)
  })

  it('is told once it has expired, to who was not there before as well, where the service starts with it', async () => {
    await house.service().stop('the spec wants it')
    house.clock.jump(42 * DAY)
    await house.start()
    for (let look = 0; look < 200 && messages().length === 0; look++) await house.pass(100)
    expect(messages()).toEqual([expect.stringMatching(/expired on 2026-02-11 .*: nothing can be sent/)])
    expect(house.log.join('')).toMatch(/"level":50,.*expired on 2026-02-11/)
  })
})
