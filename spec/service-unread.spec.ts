/** Credentials that can't be read are their app's own affair: it is red and says why, and the others run. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readConfig } from '../lib/config'
import { callAt } from './support/call'
import { ANDROID, IOS, startHouse, type House } from './support/house'
import { publishTo, registerDevice } from './support/one-device'

describe('lib/service: credentials that can not be read', () => {
  let house: House
  const file = (name: string): string => join(house.folder, name)
  const key = (): string => file('AuthKey_ABC123DEFG.p8')
  const token = 'c3'.repeat(32)
  const changed = (change: (config: Record<string, unknown>) => object): string => {
    const config = JSON.parse(readFileSync(file('component.config.json'), 'utf8')) as Record<string, unknown>
    writeFileSync(file('changed.json'), JSON.stringify(change(config)))
    return file('changed.json')
  }

  beforeEach(async () => {
    house = await startHouse()
    house.apns.addDevice({ token, topic: IOS })
  })
  afterEach(() => house.close())

  it('let the service start and the others send; what waits is sent once they are there', async () => {
    const iphone = await registerDevice(house, 'romeo@example.com', IOS, token)
    const phone = `spec:${'A'.repeat(140)}`
    house.fcm.setDevice(phone, 'live')
    const android = await registerDevice(house, 'juliet@example.com', ANDROID, phone)
    await house.service().stop('the spec wants it')
    const whole = readFileSync(key())
    rmSync(key())
    await house.start()
    const why = `there is no file ${key()}. Put the file there`
    expect(house.log.join('')).toContain(why)
    expect(house.log.join('')).toContain('its pushes are kept and wait until this is mended')
    expect([await publishTo(house, iphone), await publishTo(house, android)]).toEqual(['result', 'result'])
    await house.rest()
    expect([house.apns.received(token).length, house.fcm.inbox(phone).length]).toEqual([0, 1])

    writeFileSync(key(), whole)
    await house.service().reload(house.config())
    await house.pass(2_000)
    expect(house.apns.received(token)).toHaveLength(1)
  })

  it('leave an app as it was where they vanish while it runs, and the log says so', async () => {
    const iphone = await registerDevice(house, 'romeo@example.com', IOS, token)
    rmSync(key())
    await house.service().reload(house.config())
    expect(house.log.join('')).toContain(`there is no file ${key()}`)
    expect(house.log.join('')).toContain('it goes on with the credentials and settings it had')
    await publishTo(house, iphone)
    await house.rest()
    expect(house.apns.received(token)).toHaveLength(1)
  })

  it('are a fault for check all the same, told with the key that names them', async () => {
    rmSync(key())
    const { code, out } = await callAt(house.clock, 'check', '--config', file('component.config.json'))
    expect(code).toBe(1)
    expect(out).toMatch(/^FAULT +apps\.org\.example\.ios\.key: there is no file \S+\n +→ Put the file there/m)
    expect(out).toMatch(/: 1 fault/)
  })

  it('are watched for: the file that is not there stands among those of the configuration', () => {
    rmSync(key())
    expect(house.config().secrets).toContain(key())
    expect(house.config().apps.get(IOS)?.unread).toMatchObject([{ path: `apps.${IOS}.key` }])
    expect(house.config().apps.get(ANDROID)).not.toHaveProperty('unread')
  })

  it.each([
    [
      'the component’s secret',
      (config: object) => ({ ...config, component: { secret: { file: 'nowhere' } } }),
      'component.secret',
    ],
    [
      'the content key',
      (config: object) => ({ ...config, store: { kind: 'sqlite', contentKey: { env: 'NO_SUCH_KEY' } } }),
      'store.contentKey',
    ],
    [
      'a key that says nowhere where it is',
      (config: Record<string, unknown>) => {
        const apps = config['apps'] as Readonly<Record<string, object>>
        return { ...config, apps: { ...apps, [IOS]: { ...apps[IOS], key: { folder: 'x' } } } }
      },
      `apps.${IOS}.key`,
    ],
  ])('refuse the whole configuration where it is %s', (_what, change, path) => {
    const read = readConfig({ file: changed(change), env: {} })
    if (read.is === 'config') throw new Error('it was taken')
    expect(read.faults.map((fault) => fault.path)).toContain(path)
  })
})
