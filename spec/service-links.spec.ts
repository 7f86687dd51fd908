/** One instance attached to two servers, each with a domain of its own. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startXmppServerSimulator, type XmppServerSimulator } from '../lib/sim/xmpp-server'
import { callAt } from './support/call'
import { settle } from './support/hand-clock'
import { DOMAIN, IOS, startHouse, type House } from './support/house'
import { publishTo, registerDevice } from './support/one-device'
import { patiently } from './support/patience'

const ORG = 'push.example.org'
const [PHONE, TABLET] = ['c3'.repeat(32), 'd4'.repeat(32)]

describe('lib/service, attached to two servers', () => {
  let house: House
  let second: XmppServerSimulator
  beforeEach(async () => {
    house = await startHouse()
    second = await startXmppServerSimulator({
      ...{ domain: 'example.org', personality: 'ejabberd' },
      components: [{ domain: ORG, secret: 'another secret' }],
    })
    const file = join(house.folder, 'component.config.json')
    const { component, ...rest } = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, unknown>>
    const other = { domain: ORG, service: second.service, secret: 'another secret' }
    const access = { register: ['example.com', 'example.org'] }
    await house.service().stop('a second server')
    writeFileSync(file, JSON.stringify({ ...rest, component: [component, other], access }))
    await house.start()
    for (const token of [PHONE, TABLET]) house.apns.addDevice({ token, topic: IOS })
  })
  afterEach(async () => {
    await house.close()
    await second.close()
  })

  const at = async (server: XmppServerSimulator, of: string, node: string): Promise<string> => {
    const from = server.domain
    const xml =
      `<iq type='set' id='p' from='${from}' to='${of}'><pubsub xmlns='http://jabber.org/protocol/pubsub'>` +
      `<publish node='${node}'><item><notification xmlns='urn:xmpp:push:0'/></item></publish></pubsub></iq>`
    const answer = await server.request(xml)
    return answer.attrs['type'] === 'result' ? 'result' : (answer.child('error')?.elements()[0]?.name ?? 'error')
  }
  const registerThere = async (token: string): Promise<string> => {
    const answer = await second
      .client('romeo@example.org/phone')
      .iq(
        `<iq type='set' to='${ORG}'><command xmlns='http://jabber.org/protocol/commands' node='register-device'>` +
          `<x xmlns='jabber:x:data' type='submit'><field var='provider'><value>${IOS}</value></field>` +
          `<field var='device-token'><value>${token}</value></field></x></command></iq>`,
      )
    return answer.child('command')?.child('x')?.elements('field')[0]?.child('value')?.text() ?? ''
  }

  it('answers each server on its own link, and wakes the phones of both', async () => {
    const phone = await registerDevice(house, 'juliet@example.com', IOS, PHONE)
    const tablet = await registerThere(TABLET)
    expect([await publishTo(house, phone), await at(second, ORG, tablet)]).toEqual(['result', 'result'])
    await house.rest()
    expect([PHONE, TABLET].map((token) => house.apns.received(token).length)).toEqual([1, 1])
    expect([...house.server.violations, ...second.violations]).toEqual([])
  })

  it('knows the node of one server at the other neither by its name nor for its publisher', async () => {
    const phone = await registerDevice(house, 'juliet@example.com', IOS, PHONE)
    expect(await at(second, ORG, phone)).toBe('item-not-found')
    expect(await at(house.server, DOMAIN, phone)).toBe('result')
  })

  const checkLive = () =>
    callAt(house.clock, 'check', '--live', '--config', join(house.folder, 'component.config.json'))

  it('tells whoever checks what each server answers of itself, and whose clock is another', async () => {
    const { code, out } = await checkLive()
    expect({ code, out }).toMatchObject({ code: 0 })
    expect(out).toMatch(/^server +example\.com answers: Prosody [\d.]+, its clock \d\.\d s from ours$/m)
    // The second one has the machine's time, and we have that of the house.
    expect(out).toMatch(
      /^warning +example\.org answers: ejabberd [\d.]+, its clock is \d+ min (ahead of|behind) ours\n +→ .*timedatectl/m,
    )
    expect([...house.server.violations, ...second.violations]).toEqual([])
  })

  it('tells of a server that does not answer, of the other all the same, and keeps both links', async () => {
    const goOn = second.faults.halfOpen()
    const checked = checkLive()
    await house.server.waitFor(({ by, stanza }) => by === 'component' && stanza.attrs['to'] === 'example.com')
    await house.clock.advance(5_000)
    const { code, out } = await checked
    goOn()
    expect({ code, out }).toMatchObject({ code: 0 })
    expect(out).toMatch(/^warning +example\.org does not answer what push\.example\.org asks it .*\n +→ .*its log/m)
    expect(out).toMatch(/^server +example\.com answers: Prosody /m)
    expect(out.match(/^link +\S+ is attached to /gm)).toHaveLength(2)
  })

  /** Cuts the second server's link, and resolves once it is up again; `after` milliseconds pass then. */
  const cutAndCome = async (after: number): Promise<void> => {
    const said = (word: string) => house.log.filter((line) => line.includes(ORG) && line.includes(word)).length
    const until = async (word: string, times: number) => {
      for (let looks = 0; looks < 10_000 && said(word) < times; looks++) await new Promise((d) => setImmediate(d))
      expect(said(word)).toBe(times)
    }
    const [lost, online] = [said('"is":"lost"'), said('"is":"online"')]
    second.faults.drop()
    await until('"is":"lost"', lost + 1)
    await house.clock.advance(2_000)
    await until('"is":"online"', online + 1)
    await house.clock.advance(after)
  }

  it('asks again over the new link where the link was lost before the server had answered', async () => {
    second.faults.halfOpen()
    const checked = checkLive()
    await house.server.waitFor(({ by, stanza }) => by === 'component' && stanza.attrs['to'] === 'example.com')
    await cutAndCome(3_000)
    const { code, out } = await checked
    expect({ code, out }).toMatchObject({ code: 0 })
    expect(out).toMatch(/^warning +example\.org answers: ejabberd [\d.]+, its clock is /m)
    expect(out).not.toContain('does not answer')
    expect(out.match(/^link +\S+ is attached to /gm)).toHaveLength(2)
  })

  it('tells of a link that is lost each time it asks, and blames no silence of the server', async () => {
    second.faults.halfOpen()
    const checked = checkLive()
    await house.server.waitFor(({ by, stanza }) => by === 'component' && stanza.attrs['to'] === 'example.com')
    await cutAndCome(0)
    second.faults.halfOpen()
    await house.clock.advance(3_000)
    await cutAndCome(3_000)
    const { out } = await checked
    expect(out).toMatch(
      /^warning +the link ended before example\.org had answered: twice in a row, and it is up again\n +→ The log tells why/m,
    )
    expect(out).not.toContain('does not answer')
  })

  it('goes on with one server while the other is away, and says which is', async () => {
    const phone = await registerDevice(house, 'juliet@example.com', IOS, PHONE)
    await second.close()
    await patiently(
      () => house.log.some((line) => line.includes('"is":"lost"')),
      () => settle(1),
    )
    expect(house.log.filter((line) => line.includes('"is":"lost"'))).toEqual([expect.stringContaining(ORG)])
    expect(await publishTo(house, phone)).toBe('result')
    await house.rest()
    expect(house.apns.received(PHONE)).toHaveLength(1)
  })
})
