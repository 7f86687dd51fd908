/** Administrators' commands as stanzas, where time has to pass or a step goes wrong; the rest is told in spec/scenarios and spec/real. */
import { answers } from '../../lib/sim/apns-answers'
import { DOMAIN, IOS, startHouse, type House } from '../support/house'
import { publishTo, registerDevice } from '../support/one-device'

const COMMANDS = 'http://jabber.org/protocol/commands'

describe('lib/xmpp/administrator-commands', () => {
  let house: House
  let node = ''
  const token = 'a1b2'.repeat(16)

  beforeAll(async () => {
    house = await startHouse()
    house.apns.addDevice({ token, topic: IOS })
    node = await registerDevice(house, 'romeo@example.com', IOS, token)
  })
  afterAll(() => house.close())

  const field = (name: string, value: string): string => `<field var='${name}'><value>${value}</value></field>`
  const form = (...fields: readonly string[]): string => `<x xmlns='jabber:x:data' type='submit'>${fields.join('')}</x>`
  const ask = (command: string, attrs: string, inner = '') =>
    house.server
      .client('admin@example.com/phone')
      .iq(
        `<iq type='set' to='${DOMAIN}'><command xmlns='${COMMANDS}' node='admin#${command}' ${attrs}>${inner}</command></iq>`,
      )
  const errorOf = async (...said: Parameters<typeof ask>) =>
    (await ask(...said))
      .child('error')
      ?.elements()
      .map(({ name }) => name)

  /** What `statistics` tells of the app: accepted and delivered, by span. */
  async function counted(): Promise<Readonly<Record<string, readonly [string, string]>>> {
    const items = (await ask('statistics', '')).child('command')?.child('x')?.elements('item') ?? []
    const rows = items.map((item) => {
      const values = item.elements('field').map((each) => [each.attrs['var'] ?? '', each.child('value')?.text() ?? ''])
      return Object.fromEntries(values) as Readonly<Record<string, string>>
    })
    expect(rows.map(({ missing }) => missing)).toEqual(rows.map(() => '0'))
    return Object.fromEntries(rows.map(({ span = '', accepted = '', delivered = '' }) => [span, [accepted, delivered]]))
  }

  it('counts what was accepted and what became of it', async () => {
    expect(await publishTo(house, node)).toBe('result')
    await house.rest()
    expect(await counted()).toEqual({
      'last hour': ['1', '1'],
      'last day': ['1', '1'],
      'since the start': ['1', '1'],
    })
  })

  it('leads back to the first form, and ends a session that is canceled', async () => {
    const begun = await ask('remove-device', `action='execute'`)
    const session = begun.child('command')?.attrs['sessionid'] ?? ''
    const actions = (stanza: typeof begun) =>
      stanza
        .child('command')
        ?.child('actions')
        ?.elements()
        .map(({ name }) => name)
    expect(actions(begun)).toEqual(['next'])
    const second = await ask('remove-device', `sessionid='${session}' action='next'`, form(field('device', node)))
    expect(actions(second)).toEqual(['prev', 'complete'])
    const back = await ask('remove-device', `sessionid='${session}' action='prev'`)
    expect(actions(back)).toEqual(['next'])
    expect(
      back
        .child('command')
        ?.child('x')
        ?.elements('field')
        .map(({ attrs }) => attrs['var']),
    ).toEqual(['FORM_TYPE', 'device'])
    const over = await ask('remove-device', `sessionid='${session}' action='cancel'`)
    expect(over.child('command')?.attrs['status']).toBe('canceled')
    expect(await house.service().devices(DOMAIN, 'romeo@example.com')).toHaveLength(1)
  })

  it.each([
    ['next without a form', 'remove-device', `action='next'`],
    ['back without a session', 'remove-device', `action='prev'`],
    ['a session of another command', 'statistics', `sessionid='made.up.one'`],
    ['an action that there is not', 'statistics', `action='sideways'`],
  ])('refuses %s', async (_, command, attrs) => {
    expect(await errorOf(command, attrs)).toContain('bad-request')
  })

  it('names the session in the error of a later step, and the session goes on', async () => {
    const begun = await ask('unregister-devices', '')
    const session = begun.child('command')?.attrs['sessionid'] ?? ''
    const next = `sessionid='${session}' action='next'`
    const wrong = await ask('unregister-devices', next, form(field('accountjid', 'juliet@example.com')))
    expect(wrong.attrs['type']).toBe('error')
    expect(wrong.child('command')?.attrs).toMatchObject({ sessionid: session, node: 'admin#unregister-devices' })
    const right = await ask('unregister-devices', next, form(field('accountjid', 'romeo@example.com')))
    expect(right.child('command')?.attrs['status']).toBe('executing')
  })

  it('unregisters only devices of the account that was named', async () => {
    const strange = form(field('accountjid', 'romeo@example.com'), field('devices', 'somebody-elses'))
    expect(await errorOf('unregister-devices', '', strange)).toContain('bad-request')
    expect(await house.service().devices(DOMAIN, 'romeo@example.com')).toHaveLength(1)
  })

  it('tells that a test push waits where its app is held', async () => {
    house.apns.script({ answer: answers.refuse('TopicDisallowed'), times: 1 })
    const tested = await ask('test-push', '', form(field('device', node)))
    const fields = tested.child('command')?.child('x')?.elements('field') ?? []
    const values = fields.map((each) => [each.attrs['var'] ?? '', each.child('value')?.text() ?? ''])
    const told = Object.fromEntries(values) as Readonly<Record<string, string>>
    expect(told['result']).toMatch(/^It waits: the app is held\. 400 TopicDisallowed/)
    expect(told['delivery']).toMatch(/^[0-9a-f-]{36}$/)
    expect(house.log.join('')).toContain(`admin@example.com sent ${told['delivery']}`)
  })
})
