/** A key of APNs is replaced step by step, as docs/rotation.md tells, while pushes flow: none is lost, none refused but for what Apple does not know yet. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeReloading, type Reloading } from '../../lib/commands/reloading'
import { readConfig } from '../../lib/config'
import { makeObserve } from '../../lib/observe'
import { makeProviderKey } from '../../lib/sim/certificates'
import { startHouse, IOS, type House } from '../support/house'
import { publishTo, registerDevice } from '../support/one-device'

const MINUTE = 60_000
const DEVICES = 12
const [OLD, NEW, TEAM] = ['ABC123DEFG', 'NEW123KEYS', 'DEF123GHIJ']
const next = makeProviderKey()

let house: House
let reloading: Reloading
const nodes: string[] = []
const log: string[] = []
let published = 0

const tokenOf = (device: number): string => device.toString(16).padStart(2, '0').repeat(32)

/** One push to every device, handed in all at once; while they are out, `meanwhile` happens. */
async function burst(meanwhile: () => Promise<unknown> = async () => undefined): Promise<void> {
  const pushes = nodes.map((node) => publishTo(house, node))
  const happened = meanwhile()
  expect(new Set(await Promise.all(pushes))).toEqual(new Set(['result']))
  published += nodes.length
  await happened
  await house.rest()
  await house.clock.advance(2_000)
  await house.rest()
}

async function flow(bursts: number): Promise<void> {
  for (let each = 0; each < bursts; each++) await burst()
}

function change(edit: (app: Record<string, unknown>) => void): void {
  const file = join(house.folder, 'component.config.json')
  const raw = JSON.parse(readFileSync(file, 'utf8')) as { apps: Record<string, Record<string, unknown>> }
  const app = raw.apps[IOS]
  if (app !== undefined) edit(app)
  writeFileSync(file, JSON.stringify(raw))
}

/** What came, by the key that signed for it. */
function keyIdOf(authorization: string | undefined): string {
  const [head = ''] = (authorization ?? '').replace(/^bearer /, '').split('.')
  return (JSON.parse(Buffer.from(head, 'base64url').toString()) as { kid: string }).kid
}

const delivered = (): number =>
  Array.from({ length: DEVICES }, (_, device) => house.apns.received(tokenOf(device)).length).reduce((a, b) => a + b)

function keysSince(number: number): ReadonlySet<string> {
  return new Set(
    house.apns.journal.entries
      .filter((request) => request.number > number)
      .map((request) => keyIdOf(request.headers['authorization'])),
  )
}

const lastNumber = (): number => house.apns.journal.entries.at(-1)?.number ?? 0

beforeAll(async () => {
  house = await startHouse({ settings: { limits: { node: { burst: 1_000, perSecond: 100 } } } })
  for (let device = 0; device < DEVICES; device++) {
    house.apns.addDevice({ token: tokenOf(device), topic: IOS })
    nodes.push(await registerDevice(house, `user-${device}@example.com`, IOS, tokenOf(device)))
  }
  reloading = makeReloading({
    config: house.config(),
    service: house.service(),
    clock: house.clock,
    observe: makeObserve({ level: 'debug', destination: { write: (line) => void log.push(line) } }),
    read: (source) => readConfig({ ...source, env: {} }),
  })
  await house.clock.advance(MINUTE)
})

afterAll(async () => {
  reloading.stop()
  await house.close()
})

/** After every step: nothing lost, nothing held, nobody forgotten. */
afterEach(async () => {
  expect(delivered()).toBe(published)
  expect([...house.service().held()]).toEqual([])
  expect((await house.service().accounts()).get(IOS)).toMatchObject({ accepted: published, delivered: published })
})

describe('a key of APNs, replaced while pushes flow', () => {
  it('is not signed with anew, and no connection is opened, where SIGHUP finds all as it was', async () => {
    await flow(2)
    const connections = house.apns.connections.length
    for (let each = 0; each < 3; each++) await burst(() => reloading.all())
    expect(house.apns.connections.length).toBe(connections)
    expect(keysSince(0)).toEqual(new Set([OLD]))
  })

  it('gives way to the new one, which Apple does not know yet: each push arrives by the old one all the same', async () => {
    writeFileSync(join(house.folder, `AuthKey_${NEW}.p8`), next.privatePem)
    change((app) => {
      app['previousKey'] = { key: app['key'], keyId: OLD }
      Object.assign(app, { key: { file: `AuthKey_${NEW}.p8` }, keyId: NEW })
    })
    await burst(() => reloading.all())
    await flow(2)
    const before = lastNumber()
    await flow(2)
    // It was tried once, and not with every push.
    expect(keysSince(before)).toEqual(new Set([OLD]))
    expect(house.log.join('')).toContain(`Apple refuses key ${NEW} (`)
  })

  it('is left for the new one once Apple knows that and revokes the old', async () => {
    house.apns.addKey({ keyId: NEW, teamId: TEAM, key: next.publicKey })
    await flow(1)
    house.apns.removeKey(OLD)
    await flow(2)
    const before = lastNumber()
    await flow(1)
    expect(keysSince(before)).toEqual(new Set([NEW]))
  })

  it('is taken out of the configuration, and the file is written anew under the load', async () => {
    change((app) => delete app['previousKey'])
    await burst(() => reloading.all())
    const file = join(house.folder, `AuthKey_${NEW}.p8`)
    writeFileSync(file, next.privatePem.slice(0, 50))
    for (let look = 0; look < 5; look++) {
      await burst()
      await house.clock.advance(5_000)
    }
    writeFileSync(`${file}.new`, next.privatePem)
    renameSync(`${file}.new`, file)
    for (let look = 0; look < 5; look++) {
      await burst()
      await house.clock.advance(5_000)
    }
    expect(house.log.join('')).toContain('it goes on with the credentials and settings it had')
  })

  it('has cost one token per key in twenty minutes at the most, over all of that', async () => {
    for (let each = 0; each < 4; each++) {
      await house.clock.advance(20 * MINUTE)
      await flow(1)
    }
    const first = new Map<string, number>()
    for (const { headers, at } of house.apns.journal.entries) {
      const bearer = headers['authorization'] ?? ''
      if (!first.has(bearer)) first.set(bearer, at)
    }
    const signed = [...first].map(([bearer, at]) => ({ key: keyIdOf(bearer), at }))
    expect(signed.length).toBeGreaterThan(2)
    for (const { key, at } of signed) {
      const others = signed.filter((each) => each.key === key && each.at !== at)
      for (const other of others) expect(Math.abs(other.at - at)).toBeGreaterThanOrEqual(20 * MINUTE)
    }
    const apples = house.apns.violations.map(({ rule }) => rule)
    expect(apples).toEqual([])
  })
})
