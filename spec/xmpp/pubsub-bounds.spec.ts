/** What one account can make us keep of nodes. */
import { type XmlElement } from '../../lib/sim/xmpp-server-xml'
import { DOMAIN, startHouse, type House } from '../support/house'

const PUBSUB = 'http://jabber.org/protocol/pubsub'

describe('lib/xmpp/pubsub-nodes', () => {
  let house: House

  beforeAll(async () => {
    house = await startHouse()
  })

  afterAll(() => house.close())

  const ask = (account: string, inside: string, ns = PUBSUB, type = 'set'): Promise<XmlElement> =>
    house.server
      .client(`${account}@example.com/phone`)
      .iq(`<iq type='${type}' to='${DOMAIN}'><pubsub xmlns='${ns}'>${inside}</pubsub></iq>`)
  const conditionOf = (answer: XmlElement): readonly (string | undefined)[] => {
    const error = answer.child('error')
    return error === undefined ? ['result'] : [error.attrs['type'], error.elements()[0]?.name]
  }

  it('takes a name of 1023 bytes, and none that is longer', async () => {
    expect(conditionOf(await ask('long', `<create node='${'ß'.repeat(511)}s'/>`))).toEqual(['result'])
    expect(conditionOf(await ask('long', `<create node='${'ß'.repeat(512)}'/>`))).toEqual(['modify', 'not-acceptable'])
  })

  it('lets an account have 64 nodes, and one more when one is deleted', async () => {
    for (let number = 0; number < 64; number++) {
      expect(conditionOf(await ask('many', `<create node='${number}'/>`))).toEqual(['result'])
    }
    expect(conditionOf(await ask('many', "<create node='64'/>"))).toEqual(['auth', 'forbidden'])
    expect(conditionOf(await ask('many', "<create node='0'/>"))).toEqual(['cancel', 'conflict'])
    await ask('many', "<delete node='0'/>", `${PUBSUB}#owner`)
    expect(conditionOf(await ask('many', "<create node='64'/>"))).toEqual(['result'])
  })

  it('keeps 32 affiliations of a node, and those it has when there are more', async () => {
    await ask('open', "<create node='n'/>")
    const affiliate = (from: number, to: number): Promise<XmlElement> => {
      const items = Array.from({ length: to - from }, (_, index) => `host${from + index}.example`)
      const inside = items.map((jid) => `<affiliation jid='${jid}' affiliation='publish-only'/>`).join('')
      return ask('open', `<affiliations node='n'>${inside}</affiliations>`, `${PUBSUB}#owner`)
    }
    // The own server is one of them.
    expect(conditionOf(await affiliate(0, 31))).toEqual(['result'])
    expect(conditionOf(await affiliate(31, 32))).toEqual(['cancel', 'not-allowed'])
    const kept = await ask('open', "<affiliations node='n'/>", `${PUBSUB}#owner`, 'get')
    expect(kept.child('pubsub')?.child('affiliations')?.elements('affiliation')).toHaveLength(33)
  })

  it('cuts a title after 256 characters', async () => {
    const form = `<x xmlns='jabber:x:data' type='submit'><field var='pubsub#title'><value>${'t'.repeat(300)}</value></field></x>`
    await ask('named', `<create node='n'/><configure>${form}</configure>`)
    const answer = await ask('named', "<configure node='n'/>", `${PUBSUB}#owner`, 'get')
    const fields = answer.child('pubsub')?.child('configure')?.child('x')?.elements('field') ?? []
    const title = fields.find((field) => field.attrs['var'] === 'pubsub#title')
    expect(title?.child('value')?.text()).toBe('t'.repeat(256))
  })
})
