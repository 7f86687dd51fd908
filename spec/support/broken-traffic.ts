/** Setups in which every part is in order and no phone rings. */
import { type Breakable } from './broken-house'
import { changeApp, databaseOf, openAt, type Setups } from './broken-setup'
import { DOMAIN, IOS } from './house'
import { publishTo, registerDevice } from './one-device'

const DAY = 24 * 3600_000
const TOKEN = 'a1b2'.padStart(64, 'c')

async function registeredLongAgo(of: Breakable): Promise<void> {
  const store = await openAt(databaseOf(of))
  for (let at = 0; at < 12; at++) {
    const owner = `user${at}@example.org`
    await store.registry.register({
      ...{ id: `id-${at}`, service: DOMAIN, node: `node-${at}`, owner, dialect: 'tigase', device: 'd', app: IOS },
      ...{ hints: {}, at: of.house.clock.now() - 2 * DAY },
    })
  }
  await store.close()
}

export const brokenTraffic: Setups = {
  'The topic is misspelt': {
    cause: /DeviceTokenNotForTopic/,
    cure: /Check that topic/,
    breaks(of) {
      of.house.apns.addDevice({ token: TOKEN, topic: IOS })
      changeApp(of, IOS, { topic: 'org.example.iso' })
    },
    async meanwhile({ house }) {
      const node = await registerDevice(house, 'romeo@example.com', IOS, TOKEN)
      await publishTo(house, node)
      await house.clock.advance(1_000)
    },
  },
  'A domain registers devices and never publishes': {
    cause: /12 devices of example\.org registered, .* its server has never published/,
    cure: /Load the push module on the server of example\.org/,
    breaks: registeredLongAgo,
    meanwhile: ({ house }) => house.clock.advance(61_000),
  },
}
