/** What a user can make the component repeat or list must not become a stanza over which the server ends the stream. */
import { parseXml } from '../../lib/sim/xmpp-server-reader'
import { type XmlElement } from '../../lib/sim/xmpp-server-xml'
import { ANDROID, DOMAIN, startHouse, type House } from '../support/house'

const COMMANDS = 'http://jabber.org/protocol/commands'
/** One byte where a user writes it, six where it is written again. */
const QUOTES = '&quot;'.repeat(100_000)

const iq = (type: 'get' | 'set', inside: string, more = `id='1'`): string =>
  `<iq type='${type}' ${more} from='romeo@example.com/phone' to='${DOMAIN}'>${inside}</iq>`
const command = (node: string, attrs = '', inside = ''): string =>
  iq('set', `<command xmlns='${COMMANDS}' node='${node}'${attrs}>${inside}</command>`)
const field = (name: string, value: string): string => `<field var='${name}'><value>${value}</value></field>`

describe('lib/xmpp/router', () => {
  let house: House

  beforeAll(async () => {
    house = await startHouse()
  })

  afterAll(() => house.close())

  const ask = async (xml: string): Promise<XmlElement> => house.server.request(parseXml(xml))

  afterEach(() => {
    expect(house.server.violations).toEqual([])
    expect(house.server.connections()).toBe(1)
  })

  it.each([
    ['action', command('register-device', ` action='${QUOTES}'`)],
    ['element', iq('set', `<pubsub xmlns='http://jabber.org/protocol/pubsub'><${'x'.repeat(530_000)}/></pubsub>`)],
  ])('cuts what it repeats of an unknown %s', async (_what, xml) => {
    const answer = await ask(xml)
    expect(answer.attrs['type']).toBe('error')
    expect(answer.child('error')?.attrs['type']).toBe('modify')
    expect(answer.child('error')?.child('text')?.text()).toHaveLength(1000)
  })

  it.each([
    ['the command', command('register-device', ` xml:lang='${QUOTES}'`)],
    ['the iq', command('register-device').replace('<iq ', `<iq xml:lang='${QUOTES}' `)],
  ])('does not repeat what is no language, of %s', async (_where, xml) => {
    const answer = await ask(xml)
    expect(answer.attrs['type']).toBe('result')
    expect(answer.child('command')?.attrs['xml:lang']).toBeUndefined()
  })

  it('repeats an id of 16,384 characters, and drops an iq with a longer one', async () => {
    const ping = "<ping xmlns='urn:xmpp:ping'/>"
    const id = '"'.repeat(16_384)
    expect((await ask(iq('get', ping, `id='${'&quot;'.repeat(16_384)}'`))).attrs['id']).toBe(id)
    house.server.send(iq('get', ping, `id='${QUOTES}'`))
    await ask(iq('get', ping))
    expect(
      house.server.journal.filter(({ by, stanza }) => by === 'component' && stanza.attrs['id'] !== '1'),
    ).toHaveLength(1)
    expect(house.log.join('')).toContain('an iq with an id of 100000 characters was dropped')
  })

  it('refuses a list that no server would let pass', async () => {
    const register = (number: number): string => {
      const node = '&quot;'.repeat(500) + String(number)
      const fields =
        field('type', 'fcm') + field('node', node) + field('token', 'fcm-token:one') + field('provider', ANDROID)
      return command('v1-register-push', '', `<x xmlns='jabber:x:data' type='submit'>${fields}</x>`)
    }
    const items = iq('get', "<query xmlns='http://jabber.org/protocol/disco#items'/>")
    for (let number = 0; number < 100; number++) await ask(register(number))
    expect((await ask(items)).child('query')?.elements('item')).toHaveLength(101)
    for (let number = 100; number < 200; number++) await ask(register(number))
    const answer = await ask(items)
    expect(answer.child('error')?.attrs['type']).toBe('modify')
    expect(answer.child('error')?.child('bad-request')).toBeDefined()
  })
})
