/** Apps that share a key, and one that does not, seen from the server's publishes to Apple. */
import { answers } from '../../lib/sim/apns-answers'
import { makeProviderKey } from '../../lib/sim/certificates'
import { startHouse, type House, IOS } from '../support/house'
import { publishTo, registerDevice } from '../support/one-device'

const SECOND = 'org.example.second'
const THIRD = 'org.example.third'
const [first, second, third] = ['c1'.repeat(32), 'c2'.repeat(32), 'c3'.repeat(32)]

let house: House

beforeEach(async () => {
  const other = makeProviderKey()
  house = await startHouse({
    apps: ({ apns }) => {
      apns.addKey({ keyId: 'OTHER12345', teamId: 'DEF123GHIJ', key: other.publicKey })
      const rest = { provider: 'apns', profile: 'siskin', endpoint: apns.url, ca: { file: 'apns-ca.pem' } }
      const same = { key: { file: 'AuthKey_ABC123DEFG.p8' }, keyId: 'ABC123DEFG', teamId: 'DEF123GHIJ' }
      return {
        [SECOND]: { ...rest, ...same, environment: 'production', topic: SECOND },
        [THIRD]: { ...rest, topic: THIRD, key: other.privatePem, keyId: 'OTHER12345', teamId: 'DEF123GHIJ' },
      }
    },
  })
  for (const app of [SECOND, THIRD]) house.apns.addApp({ bundleId: app, teamId: 'DEF123GHIJ' })
})

afterEach(() => house.close())

async function device(app: string, token: string): Promise<string> {
  house.apns.addDevice({ token, topic: app })
  return registerDevice(house, 'romeo@example.com', app, token)
}

const held = (): readonly string[] => [...house.service().held().keys()].sort()

describe('lib/dispatch: apps that share a credential', () => {
  it('are all held for a key that Apple refuses, and an app with another key goes on', async () => {
    const nodes = [await device(IOS, first), await device(SECOND, second), await device(THIRD, third)]
    house.apns.script({ answer: answers.refuse('InvalidProviderToken'), token: first, times: 2 })
    for (const node of nodes) {
      await publishTo(house, node)
      await house.rest()
    }
    expect(held()).toEqual([IOS, SECOND])
    expect([first, second, third].map((token) => house.apns.received(token).length)).toEqual([0, 0, 1])
    await house.pass(5_000)
    expect(held()).toEqual([])
    expect([first, second, third].map((token) => house.apns.received(token).length)).toEqual([1, 1, 1])
  })

  it('are not held for the topic of one of them', async () => {
    const nodes = [await device(IOS, first), await device(SECOND, second)]
    house.apns.script({ answer: answers.refuse('TopicDisallowed'), token: first, times: 1 })
    for (const node of nodes) {
      await publishTo(house, node)
      await house.rest()
    }
    expect(held()).toEqual([IOS])
    expect(house.apns.received(second)).toHaveLength(1)
  })
})
