/** What a stop still does for what is known in memory alone. */
import { DOMAIN, IOS, startHouse, type House } from './support/house'
import { publishTo, registerDevice } from './support/one-device'

describe('lib/service, at its stop', () => {
  let house: House
  beforeEach(async () => {
    house = await startHouse()
  })
  afterEach(() => house.close())

  it('notes that devices were published to in its last seconds', async () => {
    const people = ['juliet', 'romeo', 'nurse']
    const nodes: string[] = []
    for (const [at, name] of people.entries()) {
      const token = `${at}`.repeat(64)
      house.apns.addDevice({ token, topic: IOS })
      nodes.push(await registerDevice(house, `${name}@example.com`, IOS, token))
    }
    // The day of the registration counts by itself.
    house.clock.jump(24 * 3600_000)
    for (const node of nodes) expect(await publishTo(house, node)).toBe('result')
    const at = house.clock.now()
    await house.service().stop('the end of a day')
    await house.start()
    for (const name of people) {
      const [its] = await house.service().devices(DOMAIN, `${name}@example.com`)
      expect(its?.seenAt).toBe(at)
    }
  })
})
