import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { callAt } from '../support/call'
import { P2_TABLE, p2Device, p2Inserts, publishWith } from '../support/foreign-devices'
import { IOS, startHouse, type House } from '../support/house'
import { registerDevice } from '../support/one-device'

const phone = p2Device(7)

describe('devices that were taken over and whose account nobody knows', () => {
  let house: House
  beforeEach(async () => {
    house = await startHouse({ settings: { remoteDisable: 'always' } })
    const dump = join(house.folder, 'p2.sql')
    const inserts = p2Inserts([{ ...phone, token: 'fcm:of-p2' }])
    writeFileSync(dump, `PRAGMA foreign_keys=OFF;\n${P2_TABLE}\n${inserts}\nCOMMIT;\n`)
    const configuration = join(house.folder, 'component.config.json')
    expect(await callAt(house.clock, 'import', 'p2', dump, '--config', configuration)).toMatchObject({ code: 0 })
  })
  afterEach(() => house.close())

  const told = (): readonly string[] =>
    house.server.journal.flatMap(({ stanza }) => (stanza.name === 'message' ? [stanza.attrs['to'] ?? ''] : []))

  it('end by item-not-found alone: no server is told of an address that is none', async () => {
    house.fcm.setDevice('fcm:of-p2', 'unregistered')
    const token = 'ab'.repeat(32)
    house.apns.addDevice({ token, topic: IOS })
    const node = await registerDevice(house, 'romeo@example.com', IOS, token)
    expect(await publishWith(house, phone)).toBe('result')
    await house.rest()
    expect(await publishWith(house, phone)).toBe('item-not-found')
    const configuration = join(house.folder, 'component.config.json')
    expect(await callAt(house.clock, 'devices', 'remove', node, '--config', configuration)).toMatchObject({ code: 0 })
    await house.pass(120_000)
    expect(told()).toEqual(['romeo@example.com'])
  })
})
