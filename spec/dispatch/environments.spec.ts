/** An app with both of Apple's environments: a token is tried in the other one once, and what was proven is remembered. */
import { DOMAIN, IOS, startHouse, type House } from '../support/house'

const APP = 'org.example.both'
const token = 'b7'.repeat(32)
let house: House
let node = ''

async function publish(options = ''): Promise<void> {
  const answer = await house.server.request(
    `<iq type='set' id='p' from='example.com' to='${DOMAIN}'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='${node}'><item>` +
      `<notification xmlns='urn:xmpp:push:0'><x xmlns='jabber:x:data'><field var='last-message-body'><value>New</value></field></x></notification></item></publish>${options}</pubsub></iq>`,
  )
  expect(answer.attrs['type']).toBe('result')
  await house.rest()
}

beforeEach(async () => {
  house = await startHouse({
    apps: ({ apns, sandbox }) => ({
      [APP]: {
        provider: 'apns',
        profile: 'siskin',
        topic: IOS,
        key: { file: 'AuthKey_ABC123DEFG.p8' },
        keyId: 'ABC123DEFG',
        teamId: 'DEF123GHIJ',
        ca: { file: 'apns-ca.pem' },
        environments: { production: { endpoint: apns.url }, sandbox: { endpoint: sandbox.url } },
      },
    }),
  })
  const answer = await house.server
    .client('romeo@example.com/phone')
    .iq(
      `<iq type='set' to='${DOMAIN}'><command xmlns='http://jabber.org/protocol/commands' node='register-device'><x xmlns='jabber:x:data' type='submit'>` +
        `<field var='provider'><value>${APP}</value></field><field var='device-token'><value>${token}</value></field></x></command></iq>`,
    )
  node = answer.child('command')?.child('x')?.elements('field')[0]?.child('value')?.text() ?? ''
})

afterEach(async () => {
  await house.close()
})

describe('dispatch: two APNs environments', () => {
  it('finds a development build in the sandbox, and goes there at once the next time', async () => {
    house.sandbox.addDevice({ token, topic: IOS, environment: 'sandbox' })
    await publish()
    expect(house.apns.journal.entries).toHaveLength(1)
    expect(house.sandbox.received(token)).toHaveLength(1)
    await publish()
    expect(house.apns.journal.entries).toHaveLength(1)
    expect(house.sandbox.received(token)).toHaveLength(2)
    expect((await house.service().accounts()).get(APP)).toMatchObject({ accepted: 2, delivered: 2 })
  })

  it('goes to the sandbox at once where the publish says so', async () => {
    house.sandbox.addDevice({ token, topic: IOS, environment: 'sandbox' })
    await publish(
      `<publish-options><x xmlns='jabber:x:data'><field var='sandbox'><value>true</value></field></x></publish-options>`,
    )
    expect(house.apns.journal.entries).toHaveLength(0)
    expect(house.sandbox.received(token)).toHaveLength(1)
  })

  it('remembers it across a restart', async () => {
    house.sandbox.addDevice({ token, topic: IOS, environment: 'sandbox' })
    await publish()
    await house.service().stop('the spec wants it')
    await house.start()
    await publish()
    expect(house.apns.journal.entries).toHaveLength(1)
    expect(house.sandbox.received(token)).toHaveLength(2)
  })

  it('keeps a token that neither knows while nothing proves the credential', async () => {
    await publish()
    expect(house.apns.journal.entries).toHaveLength(1)
    expect(house.sandbox.journal.entries).toHaveLength(1)
    expect((await house.service().accounts()).get(APP)).toMatchObject({ refused: 1 })
    expect(await house.service().devices(DOMAIN, 'romeo@example.com')).toHaveLength(1)
  })

  it('never asks the sandbox about a token that production takes', async () => {
    house.apns.addDevice({ token, topic: IOS })
    await publish()
    await publish()
    expect(house.sandbox.journal.entries).toHaveLength(0)
    expect(house.apns.received(token)).toHaveLength(2)
  })
})
