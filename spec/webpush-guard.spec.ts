/** Forged endpoints, at the two moments at which they must be refused: when a device registers, and when a push is sent to it. */
import { takeOverNames, type Names } from '../lib/sim/names'
import { DOMAIN } from './support/house'
import { startWebPushHouse, WEB, type WebPushHouse } from './support/webpush-house'

const P256DH = 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4'
const AUTH = 'BTBZMqHH6r4Tts7J_aSIgg'
const PATH = 'path-that-is-a-capability'

describe('an endpoint that leads where it must not', () => {
  let place: WebPushHouse
  let names: Names
  beforeAll(async () => {
    names = takeOverNames()
    place = await startWebPushHouse()
  })
  afterAll(async () => {
    await place.close()
    names.restore()
  })

  const field = (name: string, value: string): string => `<field var='${name}'><value>${value}</value></field>`
  const register = async (endpoint: string): Promise<string> => {
    const answer = await place.house.server.request(
      `<iq type='set' from='romeo@example.com/browser' to='${DOMAIN}'>` +
        `<command xmlns='http://jabber.org/protocol/commands' node='register-push-webpush' action='execute'>` +
        `<x xmlns='jabber:x:data' type='submit'>${field('app', WEB)}${field('endpoint', endpoint)}` +
        `${field('p256dh', P256DH)}${field('auth', AUTH)}${field('device-id', 'browser')}</x></command></iq>`,
    )
    return String(answer)
  }
  const devices = async (): Promise<number> => (await place.house.service().devices(DOMAIN, 'romeo@example.com')).length

  it.each([
    ...[
      'https://10.0.0.1',
      'https://192.168.1.1',
      'https://127.0.0.1',
      'https://169.254.169.254',
      'https://100.64.0.1',
    ],
    ...[
      'https://[fc00::1]',
      'https://[fe80::1]',
      'https://[::1]',
      'https://[::ffff:10.0.0.1]',
      'https://[64:ff9b::a00:1]',
    ],
    ...[
      'https://2130706433',
      'https://0177.0.0.1',
      'https://0x7f.1',
      'https://127.1',
      'https://127.0.0.1.',
      'https://localhost',
    ],
    ...['http://push.example.net', 'https://push.example.net:8443', 'https://u@push.example.net'],
  ])('is refused when a device registers it: %s', async (origin) => {
    expect(await register(`${origin}/${PATH}`)).toMatch(/type=.error.[^]*bad-request/)
    expect(await devices()).toBe(0)
  })

  it.each(['127.0.0.1', '10.0.0.1', '169.254.169.254', '100.64.0.1', '::1', '::ffff:10.0.0.1', 'fd00::1'])(
    'is refused when its name leads to %s',
    async (address) => {
      names.set('push.example.net', [address])
      const answer = await register(`https://push.example.net/${PATH}`)
      expect(answer).toMatch(/type=.error.[^]*its host is not on the public internet/)
      expect(answer).not.toContain(address)
      expect(await devices()).toBe(0)
    },
  )

  it('is refused when it is sent to, if its name has changed since, and no log tells more than its origin', async () => {
    const { house } = place
    names.set('push.example.net', ['93.184.215.14'], ['127.0.0.1'])
    const answer = await register(`https://push.example.net/${PATH}`)
    const [, node] = /var=.node.[^>]*><value>([^<]+)</.exec(answer) ?? []
    const [, secret] = /var=.secret.[^>]*><value>([^<]+)</.exec(answer) ?? []
    expect(await devices()).toBe(1)
    const published = await house.server.request(
      `<iq type='set' from='example.com' to='${DOMAIN}'><pubsub xmlns='http://jabber.org/protocol/pubsub'>` +
        `<publish node='${node ?? ''}'><item><notification xmlns='urn:xmpp:push:0'/></item></publish>` +
        `<publish-options><x xmlns='jabber:x:data' type='submit'>` +
        `${field('FORM_TYPE', 'http://jabber.org/protocol/pubsub#publish-options')}${field('secret', secret ?? '')}` +
        `</x></publish-options></pubsub></iq>`,
    )
    expect(String(published)).toMatch(/type=.result/)
    await house.rest()
    expect((await house.service().accounts()).get(WEB)).toMatchObject({ refused: 1, delivered: 0 })
    expect(names.asked.at(-1)?.answer).toEqual(['127.0.0.1'])
    const log = house.log.join('')
    expect(log).toContain('push.example.net has the address 127.0.0.1, loopback')
    for (const secretly of [PATH, P256DH, AUTH]) expect(log).not.toContain(secretly)
    expect(await devices()).toBe(1)
  })
})
