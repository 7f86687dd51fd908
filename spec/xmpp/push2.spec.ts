/** Push 2.0 to a Web Push service: who encrypts and signs is the publisher, as `web-push` does it here. */
import { readFileSync, writeFileSync } from 'node:fs'
import webPush from 'web-push'
import { DOMAIN, type House } from '../support/house'
import { startWebPushHouse, type WebPushHouse } from '../support/webpush-house'

const keys = webPush.generateVAPIDKeys()
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

describe('xmpp/push2, to a browser', () => {
  let place: WebPushHouse
  let house: House
  beforeAll(async () => {
    place = await startWebPushHouse()
    house = place.house
    await house.service().stop('the app is to be added')
    const file = `${house.folder}/component.config.json`
    const config = JSON.parse(readFileSync(file, 'utf8')) as { apps: Record<string, object> }
    config.apps['sealed'] = { ...config.apps['org.example.unified'], profile: 'push2', match: {} }
    writeFileSync(file, JSON.stringify(config))
    await house.start()
  })
  afterAll(() => place.close())

  function message(id: string, client: string, payload: string, jwt: string): string {
    return (
      `<message id='${id}' from='example.com' to='${DOMAIN}'><notification xmlns='urn:xmpp:push2:0'><client>${escaped(client)}</client>` +
      `<priority>high</priority><encrypted xmlns='urn:xmpp:sce:rfc8291:0'><payload>${payload}</payload></encrypted>${jwt}</notification></message>`
    )
  }
  async function sealed(
    endpoint: string,
    p256dh: string,
    auth: string,
    text: string,
  ): Promise<{ payload: string; jwt: string }> {
    const { cipherText } = webPush.encrypt(p256dh, auth, text, 'aes128gcm')
    const headers = webPush.getVapidHeaders(
      ...([
        new URL(endpoint).origin,
        'mailto:server@example.com',
        keys.publicKey,
        keys.privateKey,
        'aes128gcm',
      ] as const),
      Math.floor(house.clock.now() / 1000) + 3600,
    )
    const token = /t=([^,]+), k=(.+)$/.exec(headers.Authorization)
    return { payload: cipherText.toString('base64'), jwt: `<jwt key='${token?.[2] ?? ''}'>${token?.[1] ?? ''}</jwt>` }
  }

  it('hands over ciphertext and token as they came, and the browser reads it', async () => {
    const { endpoint, keys: own } = place.push.subscribe({ applicationServerKey: keys.publicKey })
    const { payload, jwt } = await sealed(endpoint, own.p256dh, own.auth, 'But soft!')
    house.server.send(message('m1', endpoint, payload, jwt))
    await place.push.waitFor(() => place.push.journal.length === 1)
    const [request] = place.push.journal
    expect(request?.message.is === 'opened' && request.message.plaintext.toString()).toBe('But soft!')
    expect(request?.headers['urgency']).toBe('high')
    expect(request?.body.toString('base64')).toBe(payload)
  })

  it('returns the next one for a subscription that is gone', async () => {
    const subscription = place.push.subscribe({ applicationServerKey: keys.publicKey })
    const { payload, jwt } = await sealed(
      subscription.endpoint,
      subscription.keys.p256dh,
      subscription.keys.auth,
      'again',
    )
    subscription.become('gone')
    house.server.send(message('m2', subscription.endpoint, payload, jwt))
    await place.push.waitFor(() => place.push.journal.length === 2)
    await house.rest()
    house.server.send(message('m3', subscription.endpoint, payload, jwt))
    const returned = await house.server.waitFor(
      ({ stanza }) => stanza.attrs['id'] === 'm3' && stanza.attrs['type'] === 'error',
    )
    expect(returned.stanza.child('error')?.child('item-not-found')).toBeDefined()
    expect(place.push.journal).toHaveLength(2)
  })

  it('goes nowhere but to a push service', async () => {
    house.server.send(message('m4', 'https://127.0.0.1:1/inside', 'eA==', ''))
    await house.server.request(`<iq type='get' id='breath' to='${DOMAIN}'><ping xmlns='urn:xmpp:ping'/></iq>`)
    await house.rest()
    expect(house.log.join('')).toContain(
      'the publish brings along what is no address of the push service of sealed (push2)',
    )
    expect(place.push.journal).toHaveLength(2)
  })
})
