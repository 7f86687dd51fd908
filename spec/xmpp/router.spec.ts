/** The frame around every request: in which namespaces a stanza may come, and what gets no answer. */
import { DOMAIN, startHouse, type House } from '../support/house'

const ADDRESSES = `from='romeo@example.com/phone' to='${DOMAIN}'`
const PING = "<ping xmlns='urn:xmpp:ping'/>"

describe('lib/xmpp/router', () => {
  let house: House

  beforeAll(async () => {
    house = await startHouse()
  })

  afterAll(() => house.close())

  const isAnswer = (id: string) => (entry: House['server']['journal'][number]) =>
    entry.by === 'component' && entry.stanza.attrs['id'] === id

  it.each([
    ['of a component', "xmlns='jabber:component:accept'"],
    ['of a client', "xmlns='jabber:client'"],
    ['of a server', "xmlns='jabber:server'"],
    ['that is none', "xmlns=''"],
    ['that is left out', ''],
  ])('takes a stanza in the namespace %s, and answers in that of a component', async (name, xmlns) => {
    house.server.send(`<iq ${xmlns} type='get' id='in ${name}' ${ADDRESSES}>${PING}</iq>`)
    const { stanza } = await house.server.waitFor(isAnswer(`in ${name}`))
    expect(stanza.attrs['type']).toBe('result')
    // The simulator does not count what is sent as it stands as asked.
    expect(house.server.violations.filter(({ what }) => !what.includes('never asked'))).toEqual([])
  })

  it.each([
    ['with a payload', "<query xmlns='http://jabber.org/protocol/disco#info'/>"],
    ['without one', PING],
  ])('gives id and sender back as they came in a result %s, whatever they hold', async (name, asked) => {
    const sender = 'romeo@example.com/&lt;"&amp;&apos;>'
    const id = `&quot;&apos;&lt;&amp;amp;> ${name}`
    house.server.send(`<iq type='get' from='${sender.replace('"', '&quot;')}' to='${DOMAIN}' id='${id}'>${asked}</iq>`)
    const { stanza } = await house.server.waitFor(isAnswer(`"'<&amp;> ${name}`))
    expect(stanza.attrs).toMatchObject({ type: 'result', to: `romeo@example.com/<"&'>`, from: DOMAIN })
  })

  it.each([
    ['a result', `<iq type='result' id='dropped' ${ADDRESSES}>${PING}</iq>`],
    ['an error', `<iq type='error' id='dropped' ${ADDRESSES}>${PING}<error type='cancel'/></iq>`],
    ['a presence', `<presence id='dropped' ${ADDRESSES}/>`],
    ['a presence that wants to subscribe', `<presence type='subscribe' id='dropped' ${ADDRESSES}/>`],
    ['a message', `<message id='dropped' ${ADDRESSES}><body>Hello?</body></message>`],
    ['a message that is an error', `<message type='error' id='dropped' ${ADDRESSES}><error type='wait'/></message>`],
  ])('drops %s without a word, and answers what comes after it', async (_name, xml) => {
    house.server.send(xml)
    const answer = await house.server.request(`<iq type='get' id='after' ${ADDRESSES}>${PING}</iq>`)
    expect(answer.attrs['type']).toBe('result')
    expect(house.server.journal.filter(isAnswer('dropped'))).toEqual([])
  })
})
