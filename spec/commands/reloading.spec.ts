/** A running service whose files change: keys with their requests in flight, half-written files, links, and the configuration itself. */
import { readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeReloading, type Reloading } from '../../lib/commands/reloading'
import { readConfig } from '../../lib/config'
import { makeObserve } from '../../lib/observe'
import { answers } from '../../lib/sim/apns-answers'
import { makeProviderKey } from '../../lib/sim/certificates'
import { type ApnsRequest } from '../../lib/sim/apns-simulator'
import { ANDROID, DOMAIN, IOS, startHouse, type House } from '../support/house'
import { like } from '../support/like'
import { publishTo, registerDevice } from '../support/one-device'
import { patiently } from '../support/patience'

const token = 'c3'.repeat(32)
const second = makeProviderKey()
let house: House
let reloading: Reloading
let node = ''
let path: (name: string) => string
const log: string[] = []

const KEY = 'AuthKey_ABC123DEFG.p8'
/** In one line. */
const isTold = (...texts: readonly string[]): boolean =>
  [...log, ...house.log].some((line) => texts.every((text) => line.includes(text)))

/** Lets the watch look until something holds; it reads files, which a loaded machine takes its own time for. */
async function until(what: () => boolean): Promise<void> {
  await patiently(what, () => house.clock.advance(100))
  if (what()) return
  throw new Error(`it never came to be; the log says ${[...log, ...house.log].slice(-5).join('')}`)
}

const reloads = (): number => house.log.filter((line) => line.includes('"at":"reloaded"')).length

async function afterReload(change: () => void): Promise<void> {
  const before = reloads()
  change()
  await until(() => reloads() > before)
}

/** Apple takes this key in place of the one before. */
function replaceAtApple(key: { readonly publicKey: Parameters<House['apns']['addKey']>[0]['key'] }): void {
  house.apns.removeKey('ABC123DEFG')
  house.apns.addKey({ keyId: 'ABC123DEFG', teamId: 'DEF123GHIJ', key: key.publicKey })
}

function changeConfig(change: (raw: Record<string, unknown>) => void): void {
  const raw = JSON.parse(readFileSync(path('component.config.json'), 'utf8')) as Record<string, unknown>
  change(raw)
  writeFileSync(path('component.config.json'), JSON.stringify(raw))
}

const sent = (): readonly ApnsRequest[] => house.apns.received(token)
const bearer = (request: ApnsRequest | undefined): unknown => request?.headers['authorization']

beforeEach(async () => {
  house = await startHouse()
  path = (name) => join(house.folder, name)
  log.length = 0
  house.apns.addDevice({ token, topic: IOS })
  node = await registerDevice(house, 'romeo@example.com', IOS, token)
  reloading = makeReloading({
    config: house.config(),
    service: house.service(),
    clock: house.clock,
    observe: makeObserve({ level: 'debug', destination: { write: (line) => void log.push(line) } }),
    read: (source) => readConfig({ ...source, env: {} }),
  })
  // The watch has seen the files as they are once it waits for its next look.
  await until(() => house.clock.elapsed() > 12_000)
})

afterEach(async () => {
  reloading.stop()
  await house.close()
})

describe('lib/commands/reloading: a key file', () => {
  it('is used from when it is read; what is in flight ends with the old one', async () => {
    const arrived = new Promise<void>((done) => {
      const cancel = house.apns.onRequest(() => {
        cancel()
        done()
      })
    })
    house.apns.script({ answer: answers.accept(), token, afterMs: 100 })
    await publishTo(house, node)
    await arrived
    writeFileSync(path(KEY), second.privatePem)
    replaceAtApple(second)
    const reloaded = reloading.all()
    await publishTo(house, node)
    await reloaded
    await house.rest()
    const [before, after, ...more] = [...sent()].sort((a, b) => a.number - b.number)
    expect(more).toEqual([])
    expect(bearer(after)).not.toBe(bearer(before))
    expect(after?.connection).not.toBe(before?.connection)
  })

  it('is used without being asked for', async () => {
    replaceAtApple(second)
    await afterReload(() => writeFileSync(path(KEY), second.privatePem))
    await publishTo(house, node)
    await house.rest()
    expect(sent()).toHaveLength(1)
  })

  it('may be a link that is turned to another file', async () => {
    renameSync(path(KEY), path('old.p8'))
    symlinkSync(path('old.p8'), path(KEY))
    await until(() => reloads() > 0)
    writeFileSync(path('new.p8'), second.privatePem)
    replaceAtApple(second)
    await afterReload(() => {
      rmSync(path(KEY))
      symlinkSync(path('new.p8'), path(KEY))
    })
    await publishTo(house, node)
    await house.rest()
    expect(sent()).toHaveLength(1)
  })

  it('stops nobody while it is half written or gone, and that is told', async () => {
    const whole = readFileSync(path(KEY), 'utf8')
    await afterReload(() => writeFileSync(path(KEY), whole.slice(0, 60)))
    expect(isTold('it goes on with the credentials and settings it had')).toBe(true)
    rmSync(path(KEY))
    await until(() => isTold('the credentials and settings it had', 'there is no file'))
    await publishTo(house, node)
    await house.rest()
    expect(sent()).toHaveLength(1)
    await afterReload(() => writeFileSync(path(KEY), whole))
    await publishTo(house, node)
    await house.rest()
    expect(sent()).toHaveLength(2)
    // The same key and the same hour: one token.
    expect(bearer(sent()[0])).toBe(bearer(sent()[1]))
  })

  it('does not bring a half-done edit of the configuration into force', async () => {
    changeConfig((raw) => (raw['access'] = { register: ['example.net'] }))
    replaceAtApple(second)
    await afterReload(() => writeFileSync(path(KEY), second.privatePem))
    expect(await registerDevice(house, 'juliet@example.com', IOS, 'c4'.repeat(32))).not.toBe('')
    await reloading.all()
    expect(await registerDevice(house, 'nurse@example.com', IOS, 'c5'.repeat(32))).toBe('')
  })

  it('disturbs no app that does not name it', async () => {
    await publishTo(house, node)
    await house.rest()
    const file = path('service-account.json')
    await afterReload(() => writeFileSync(file, `${readFileSync(file, 'utf8')}\n`))
    await publishTo(house, node)
    await house.rest()
    expect(sent()).toHaveLength(2)
    expect(house.apns.connections).toHaveLength(1)
  })
})

describe('lib/commands/reloading: the configuration, when asked', () => {
  it('takes over who may publish and register, and who administers', async () => {
    expect(await publishTo(house, node, 'muc.example.org')).toBe('forbidden')
    changeConfig((raw) => (raw['access'] = { register: ['example.com'], publish: ['muc.example.org'] }))
    await reloading.all()
    expect(await publishTo(house, node, 'muc.example.org')).toBe('result')
    expect(await publishTo(house, node, 'rooms.example.com')).toBe('forbidden')
    const form = await house.server
      .client('admin@example.com/phone')
      .iq(
        `<iq type='set' to='${DOMAIN}'><command xmlns='http://jabber.org/protocol/commands' node='register-device'/></iq>`,
      )
    expect(form.toString()).not.toContain('account')
  })

  it('takes over limits', async () => {
    changeConfig((raw) => (raw['limits'] = { node: { burst: 1, perSecond: 0.01 } }))
    await reloading.all()
    for (let n = 0; n < 3; n++) await publishTo(house, node)
    await house.rest()
    expect(sent()).toHaveLength(1)
  })

  it('takes over the fuse', async () => {
    changeConfig((raw) => (raw['fuse'] = { tokens: 1, atLeast: 1, share: 0.001 }))
    await reloading.all()
    house.apns.script({ answer: answers.refuse('Unregistered'), times: 'always' })
    const nodes = [node]
    for (const name of ['juliet', 'nurse', 'paris']) {
      const other = Buffer.from(name.padEnd(32)).toString('hex')
      house.apns.addDevice({ token: other, topic: IOS })
      nodes.push(await registerDevice(house, `${name}@example.com`, IOS, other))
    }
    for (const each of nodes) {
      await publishTo(house, each)
      await house.rest()
    }
    expect(house.log.join('')).toContain('fuse has blown')
  })

  it('tells what only a restart brings into force, and nothing else', async () => {
    await reloading.all()
    expect(isTold('only a restart')).toBe(false)
    changeConfig((raw) => {
      raw['component'] = { ...(raw['component'] as object), secret: 'another secret' }
      raw['log'] = { level: 'warn' }
      raw['limits'] = {}
    })
    await reloading.all()
    expect(isTold('only a restart brings it into force: component, log')).toBe(true)
  })

  it('names the apps whose credentials or settings changed, and those that are gone, and no other', async () => {
    const lastTold = (): unknown =>
      JSON.parse(house.log.filter((line) => line.includes('"at":"reloaded"')).at(-1) ?? '{}')
    await reloading.all()
    expect(lastTold()).toMatchObject({ apps: [], gone: [], msg: like(/^read again; nothing changed: /) })
    const account = path('service-account.json')
    writeFileSync(account, `${readFileSync(account, 'utf8')}\n`)
    await reloading.all()
    expect(lastTold()).toMatchObject({ apps: [ANDROID], gone: [], msg: `credentials reloaded for ${ANDROID}` })
    changeConfig((raw) => (raw['apps'] = { [IOS]: { ...(raw['apps'] as Record<string, object>)[IOS], locKey: 'New' } }))
    await reloading.all()
    expect(lastTold()).toMatchObject({ apps: [IOS], gone: [ANDROID], msg: like(/; no longer configured: /) })
  })

  it('changes nothing where it has a fault, and tells it', async () => {
    changeConfig((raw) => (raw['acces'] = {}))
    await reloading.all()
    expect(isTold('acces')).toBe(true)
    expect(reloads()).toBe(0)
    expect(await publishTo(house, node)).toBe('result')
  })
})
