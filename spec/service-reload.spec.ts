/** The configuration read again while the service runs. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { answers } from '../lib/sim/apns-answers'
import { DOMAIN, IOS, startHouse, type House } from './support/house'

const token = 'c3'.repeat(32)
let house: House
let node = ''

async function publish(): Promise<void> {
  const answer = await house.server.request(
    `<iq type='set' id='p' from='example.com' to='${DOMAIN}'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='${node}'><item>` +
      `<notification xmlns='urn:xmpp:push:0'><x xmlns='jabber:x:data'><field var='last-message-body'><value>New</value></field></x></notification></item></publish></pubsub></iq>`,
  )
  expect(answer.attrs['type']).toBe('result')
  await house.rest()
}

beforeEach(async () => {
  house = await startHouse()
  house.apns.addDevice({ token, topic: IOS })
  const answer = await house.server
    .client('romeo@example.com/phone')
    .iq(
      `<iq type='set' to='${DOMAIN}'><command xmlns='http://jabber.org/protocol/commands' node='register-device'><x xmlns='jabber:x:data' type='submit'>` +
        `<field var='provider'><value>${IOS}</value></field><field var='device-token'><value>${token}</value></field></x></command></iq>`,
    )
  node = answer.child('command')?.child('x')?.elements('field')[0]?.child('value')?.text() ?? ''
})

afterEach(async () => {
  await house.close()
})

describe('lib/service: reload', () => {
  it('lets an app go on as it was where its new credentials are of no use, and tells', async () => {
    const key = join(house.folder, 'AuthKey_ABC123DEFG.p8')
    const whole = readFileSync(key, 'utf8')
    // As a copy that is under way leaves it.
    writeFileSync(key, whole.slice(0, 60))
    await house.service().reload(house.config())
    expect(house.log.join('')).toContain('it goes on with the credentials and settings it had')
    await publish()
    expect(house.apns.received(token)).toHaveLength(1)
    writeFileSync(key, whole)
    await house.service().reload(house.config())
    await publish()
    expect(house.apns.received(token)).toHaveLength(2)
  })

  it('holds no app any more that is gone from the configuration', async () => {
    house.apns.script({ answer: answers.refuse('TopicDisallowed'), token, times: 1 })
    await publish()
    expect([...house.service().held().keys()]).toEqual([IOS])
    await house.service().reload({ ...house.config(), apps: new Map() })
    expect([...house.service().held().keys()]).toEqual([])
  })
})
