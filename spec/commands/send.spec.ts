import { join } from 'node:path'
import { callAt, type Called } from '../support/call'
import { startHouse, ANDROID, IOS, type House } from '../support/house'
import { registerDevice } from '../support/one-device'

describe('lib/commands/send, lib/commands/apps', () => {
  const TOKEN = `${'c'.repeat(60)}a1b2`
  let house: House
  let node: string

  beforeAll(async () => {
    house = await startHouse()
    house.apns.addDevice({ token: TOKEN, topic: IOS })
    node = await registerDevice(house, 'romeo@example.com', IOS, TOKEN)
  })
  afterAll(() => house.close())

  const ask = (...words: readonly string[]): Promise<Called> =>
    callAt(house.clock, ...words, '--config', join(house.folder, 'component.config.json'))

  it('shows the exact request of a test push, sends none, and shows neither token nor secret', async () => {
    const before = house.apns.journal.entries.length
    const { code, out } = await ask('send', node, '--preview')
    expect(code).toBe(0)
    expect(out).toMatch(/^ {2}POST https:\/\/127\.0\.0\.1:\d+\/3\/device\/…a1b2$/m)
    expect(out).toMatch(/^ {2}apns-topic: +org\.example\.ios$/m)
    expect(out).toMatch(/^ {2}authorization: +bearer …$/m)
    expect(out).toMatch(/^ {2}\{"aps":/m)
    expect(out).not.toContain(TOKEN)
    expect(house.apns.journal.entries.length).toBe(before)
    const { request } = JSON.parse((await ask('send', node, '--preview', '--json')).out) as {
      request: { method: string }
    }
    expect(request.method).toBe('POST')
  })

  it.each([['send'], ['devices', 'test']])(
    '%s %s wakes the device and tells that the push service took it',
    async (...words) => {
      const { code, out } = await ask(...words, node)
      expect({ code, out }).toMatchObject({ code: 0 })
      expect(out).toMatch(/^push [0-9a-f-]{36} to the device .* of romeo@example\.com .*: the push service took it$/m)
      expect(house.apns.journal.entries.at(-1)?.path).toBe(`/3/device/${TOKEN}`)
    },
  )

  it('tells that there is no such device', async () => {
    for (const words of [
      ['send', 'nobody'],
      ['send', 'nobody', '--preview'],
    ]) {
      const { code, err } = await ask(...words)
      expect(code).toBe(1)
      expect(err).toContain('no device is registered')
    }
  })

  it('apps tells a line for each app, and how it stands', async () => {
    const { out } = await ask('apps')
    expect(out).toMatch(/^APP +DEVICES +ACCEPTED +DELIVERED +WAITING +STANDING$/m)
    expect(out).toMatch(/^org\.example\.ios +1 +2 +2 +0 +ok$/m)
    expect(out).toMatch(/^org\.example\.android +0 +0 +0 +0 +ok$/m)
    const { apps } = JSON.parse((await ask('apps', '--json')).out) as { apps: readonly { app: string }[] }
    expect(apps.map(({ app }) => app)).toEqual([IOS, ANDROID])
  })

  it('check --live asks the service that runs, takes no link from it, and wakes nobody', async () => {
    const connections = house.server.connections('push.example.com')
    const { code, out } = await ask('check', '--live')
    expect({ code, out }).toMatchObject({ code: 0 })
    expect(out).toMatch(/^link +push\.example\.com is attached to .*, by the service that runs$/m)
    expect(out).toMatch(/^server +example\.com answers: Prosody [\d.]+, its clock \d\.\d s from ours$/m)
    expect(out).toMatch(/proven: APNs \(production\) takes the credential .*BadDeviceToken/)
    expect(out).toMatch(/not proven: topic org\.example\.ios/)
    expect(out).toMatch(/proven: FCM \(project example-project\) takes the credential/)
    expect(house.server.connections('push.example.com')).toBe(connections)
    expect(house.fcm.journal.at(-1)?.body).toContain(`"validate_only":true`)
  })
})
