import { type XmlElement } from '../../lib/sim/xmpp-server-xml'
import { startXmppServerSimulator, type PersonalityName, type XmppServerSimulator } from '../../lib/sim/xmpp-server'
import { PERSONALITIES } from '../../lib/sim/xmpp-server-personalities'
import { attachEcho } from '../support/echo-component'
import { handClock } from '../support/hand-clock'
import { attachRaw } from '../support/raw-component'

const PUSH = 'push.example.com'
const NAMES = Object.keys(PERSONALITIES) as readonly PersonalityName[]

/** Who drops the registration at the first such answer; Prosody counts to 16, and is told apart by its count. */
const REMOVED_BY: readonly (readonly [string, string, readonly PersonalityName[]])[] = [
  ['wait', 'internal-server-error', []],
  ['wait', 'service-unavailable', []],
  ['wait', 'resource-constraint', ['tigase']],
  ['wait', 'policy-violation', ['tigase']],
  ['wait', 'recipient-unavailable', ['tigase']],
  ['cancel', 'internal-server-error', ['ejabberd', 'mongooseim', 'metronome']],
  ['cancel', 'item-not-found', ['ejabberd', 'mongooseim', 'tigase', 'metronome']],
  ['cancel', 'feature-not-implemented', ['ejabberd', 'mongooseim', 'tigase', 'metronome']],
  ['auth', 'forbidden', ['ejabberd', 'tigase', 'metronome']],
  ['modify', 'not-acceptable', ['ejabberd', 'tigase', 'metronome']],
  ['modify', 'bad-request', ['ejabberd', 'metronome']],
]

describe('lib/sim/xmpp-server: answers', () => {
  it.each(REMOVED_BY)('%s %s', (type, condition, removedBy) => {
    const judged = (name: PersonalityName) => PERSONALITIES[name].judge({ is: 'error', type, condition }, 0)
    expect(NAMES.filter((name) => judged(name) === 'removed')).toEqual(NAMES.filter((name) => removedBy.includes(name)))
    expect(judged('prosody')).toBe(type === 'wait' ? 0 : 1)
  })

  it('a result removes nothing, and an error without a word only where no type is no wait', () => {
    const removedBy = (answer: { is: 'result' } | { is: 'error' }) =>
      NAMES.filter((name) => PERSONALITIES[name].judge(answer, 0) === 'removed')
    expect(removedBy({ is: 'result' })).toEqual([])
    expect(removedBy({ is: 'error' })).toEqual(['ejabberd', 'metronome'])
  })
})

describe('lib/sim/xmpp-server: what else differs', () => {
  let server: XmppServerSimulator
  const clock = handClock()
  const start = async (personality: PersonalityName): Promise<void> => {
    server = await startXmppServerSimulator({
      domain: 'example.com',
      components: [{ domain: PUSH, secret: 'secret' }],
      personality,
      after: (ms, call) => clock.after(ms, call),
    })
  }
  const rowsOf = (user: string): readonly (XmlElement | undefined)[] =>
    server.registrations(user).map((row) => row.options)
  const options = (secret: string): Readonly<Record<string, string>> => ({ secret })

  afterEach(() => server.close())

  it('cuts off as Openfire a component that is silent for six minutes, and not one that writes a space', async () => {
    await start('openfire')
    const component = await attachRaw(server.port, PUSH, 'secret')
    await clock.advance(359_000)
    expect(server.connections()).toBe(1)
    const read = server.waitFor((each) => each.by === 'component')
    component.send(` <message from='${PUSH}' to='example.com'/>`)
    await read
    await clock.advance(359_000)
    expect(server.connections()).toBe(1)
    await clock.advance(1_000)
    await component.closed()
    expect(server.connections()).toBe(0)
  })

  it('sends as Tigase a space every ten minutes, and hangs up on a wrong secret without a word', async () => {
    await start('tigase')
    const component = await attachRaw(server.port, PUSH, 'secret')
    await clock.advance(600_000)
    await component.until(/<handshake\/> /)
    const attached = attachRaw(server.port, PUSH, 'wrong')
    await expect(attached).rejects.toThrow()
    await expect(attached).rejects.not.toThrow('not-authorized')
  })

  it('lets as Tigase a second connection in, which MongooseIM, Openfire and Metronome refuse', async () => {
    await start('tigase')
    await attachRaw(server.port, PUSH, 'secret')
    await attachRaw(server.port, PUSH, 'secret')
    expect(server.connections()).toBe(2)
    for (const name of ['mongooseim', 'openfire', 'metronome'] as const) {
      await server.close()
      await start(name)
      await attachRaw(server.port, PUSH, 'secret')
      await expect(attachRaw(server.port, PUSH, 'secret')).rejects.toThrow('conflict')
    }
  })

  it('tells a component of MongooseIM off for a foreign or missing sender without ending the stream', async () => {
    await start('mongooseim')
    const component = await attachRaw(server.port, PUSH, 'secret')
    component.send("<message id='1' to='example.com'/><message id='2' from='other.example' to='example.com'/>")
    await component.until(/id='2'[^]*<bad-request/)
    expect(server.connections()).toBe(1)
  })

  it('takes as MongooseIM only a submitted form with one value for each field', async () => {
    await start('mongooseim')
    const romeo = server.client('romeo@example.com/x')
    const type = "<field var='FORM_TYPE'><value>http://jabber.org/protocol/pubsub#publish-options</value></field>"
    for (const [form, inside] of [
      ['form', type],
      ['submit', `${type}<field var='a'/>`],
      ['submit', `${type}<field var='a'><value>1</value><value>2</value></field>`],
    ] as const) {
      const xml = `<x xmlns='jabber:x:data' type='${form}'>${inside}</x>`
      expect(() => romeo.enable({ jid: PUSH, node: 'n', options: xml })).toThrow('bad-request')
    }
    romeo.enable({ jid: PUSH, node: 'n', options: options('s') })
    expect(rowsOf('romeo@example.com')).toHaveLength(1)
  })

  it('adds as Openfire a row for other options, and publishes the last one', async () => {
    await start('openfire')
    const component = await attachEcho(server.service, PUSH, 'secret')
    const romeo = server.client('romeo@example.com/x')
    for (const secret of ['a', 'b', 'b']) romeo.enable({ jid: PUSH, node: 'n', options: options(secret) })
    expect(rowsOf('romeo@example.com')).toHaveLength(2)
    server.deliverMessage({ from: 'juliet@example.com', to: 'romeo@example.com', body: 'x' })
    expect((await component.publish(1)).text).toContain('<value>b</value>')
    expect(component.publishes).toHaveLength(1)
    await component.stop()
  })
})
