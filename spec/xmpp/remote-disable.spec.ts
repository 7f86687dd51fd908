import xml from '@xmpp/xml'
import { parse, type Element } from 'ltx'
import { makeServerLine, remoteDisable } from '../../lib/xmpp/remote-disable'
import { handClock } from '../support/hand-clock'

const SERVICE = 'push.example.com'

describe('lib/xmpp/remote-disable', () => {
  const clock = handClock()
  let sent: Element[]
  let isOnline: boolean
  beforeEach(() => {
    sent = []
    isOnline = true
  })
  const link = {
    async send(stanza: Element) {
      if (isOnline) sent.push(stanza)
      return isOnline
    },
    get isOnline() {
      return isOnline
    },
  }
  const scene = () => makeServerLine(SERVICE, () => link, clock)
  const question = (): Element => {
    const [first] = sent
    if (first === undefined) throw new Error('nothing was asked')
    return first
  }
  const answerTo = (
    inside: string,
    its: { readonly type?: string; readonly from?: string; readonly id?: string } = {},
  ) => {
    const { type = 'result', from = 'example.com', id = String(question().attrs['id']) } = its
    return parse(`<iq type='${type}' id='${id}' from='${from}' to='${SERVICE}'>${inside}</iq>`)
  }
  const version = (name: string) =>
    `<query xmlns='jabber:iq:version'><name>${name}</name><version>8.4</version></query>`
  const error = (type: string, condition: string) =>
    `<error type='${type}'><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`

  it('writes the affiliation as XEP-0357 §7 has it, beside nothing, in what is not stored', () => {
    expect(remoteDisable(SERVICE, 'romeo@example.com', 'a&b').toString()).toBe(
      `<message type="headline" from="push.example.com" to="romeo@example.com">` +
        `<pubsub xmlns="http://jabber.org/protocol/pubsub" node="a&amp;b"><affiliation jid="romeo@example.com" affiliation="none"/></pubsub>` +
        `<no-store xmlns="urn:xmpp:hints"/></message>`,
    )
  })

  it('asks for the version, and hears the name of the software', async () => {
    const line = scene()
    const software = line.softwareOf('example.com')
    expect(question().toString()).toMatch(
      /^<iq type="get" to="example\.com" id="ask-[0-9a-f]{18}"><query xmlns="jabber:iq:version"\/><\/iq>$/,
    )
    expect(line.heard(answerTo(version(' Tigase ')))).toBe(true)
    expect(await software).toEqual({ is: 'named', name: 'Tigase' })
  })

  it.each([
    ['a result without a name', 'result', version(''), 'untold'],
    ['a result without anything', 'result', '', 'untold'],
    ['an error that stays', 'error', error('cancel', 'service-unavailable'), 'untold'],
    ['an error without an error', 'error', '', 'untold'],
    ['an error for now', 'error', error('wait', 'resource-constraint'), 'silent'],
    ['a server that is not there', 'error', error('cancel', 'remote-server-not-found'), 'silent'],
    ['a server that does not answer', 'error', error('cancel', 'remote-server-timeout'), 'silent'],
  ])('takes %s for what it is', async (_, type, inside, is) => {
    const line = scene()
    const software = line.softwareOf('example.com')
    expect(line.heard(answerTo(inside, { type }))).toBe(true)
    expect(await software).toEqual({ is })
  })

  it('hears only who was asked, and what was asked, once', async () => {
    const line = scene()
    const software = line.softwareOf('example.com')
    expect(line.heard(answerTo(version('Tigase'), { from: 'example.net' }))).toBe(false)
    expect(line.heard(answerTo(version('Tigase'), { from: 'romeo@example.com' }))).toBe(false)
    expect(line.heard(answerTo(version('Tigase'), { id: 'ask-another' }))).toBe(false)
    expect(line.heard(answerTo(version('Tigase'), { type: 'get' }))).toBe(false)
    expect(line.heard(xml('message', { id: String(question().attrs['id']), from: 'example.com', type: 'error' }))).toBe(
      false,
    )
    expect(line.heard(answerTo(version('ejabberd')))).toBe(true)
    expect(line.heard(answerTo(version('Tigase')))).toBe(false)
    expect(await software).toEqual({ is: 'named', name: 'ejabberd' })
  })

  it('takes it for silence when no answer comes in 40 s, or nothing could be asked', async () => {
    const line = scene()
    const software = line.softwareOf('example.com')
    await clock.advance(39_999)
    expect(await Promise.race([software, Promise.resolve('nothing yet')])).toBe('nothing yet')
    await clock.advance(1)
    expect(await software).toEqual({ is: 'silent' })
    isOnline = false
    expect(await line.softwareOf('example.com')).toEqual({ is: 'silent' })
    expect(await line.disable('romeo@example.com', 'node')).toBe(false)
  })
})
