/** What a real server makes of its users' registrations while the component is away, which is the server's own rule. */
import { startPublishWatch, type PublishWatch } from './publish-watch'
import { startRealHouse, type RealHouse } from './real-house'
import { nurse, paris, romeo, SECRET, type RealServer } from './real-server'
import { connectClient, type RealClient } from './xmpp-client'

export interface OutageWays {
  /** The component's domain. */
  readonly domain: string
  /** The condition with which the server answers whoever writes to that domain while nobody is there. */
  readonly bounce: string
  /** What becomes of a registration that is published to meanwhile. */
  readonly registration: 'kept' | 'lost'
}

/** Registers the test. */
export function tellOutage(server: () => RealServer, { domain, bounce, registration }: OutageWays): void {
  const stops: (() => Promise<unknown>)[] = []
  let watch: PublishWatch
  let house: RealHouse
  let sender: RealClient

  afterAll(async () => {
    for (const stop of stops.reverse()) await stop()
  })

  /** A token for each domain, so that what one story leaves behind does not speak in another. */
  const tokenOf = (letter: string): string => Buffer.from(`${letter}${domain}`.padEnd(32)).toString('hex')
  const [PARIS, NURSE] = [tokenOf('p'), tokenOf('n')]

  async function attach(): Promise<void> {
    const { service: componentService } = watch
    house = await startRealHouse({
      componentService,
      componentDomain: domain,
      secret: SECRET,
      admin: 'admin@localhost',
    })
    for (const token of [PARIS, NURSE]) house.apns.addDevice({ token, topic: house.topic })
    stops.push(() => house.close())
  }
  async function detach(): Promise<void> {
    stops.pop()
    await house.close()
  }
  const ping = (): Promise<unknown> => sender.iq(`<iq type='get' to='${domain}'><ping xmlns='urn:xmpp:ping'/></iq>`)
  async function enable(user: typeof paris, token: string): Promise<void> {
    const client = await connectClient(server(), user)
    await client.enable(domain, token, { pushModule: house.topic })
    await client.stop()
  }
  async function disable(user: typeof paris): Promise<void> {
    const client = await connectClient(server(), user)
    await client.iq(`<iq type='set'><disable xmlns='urn:xmpp:push:0' jid='${domain}'/></iq>`)
    await client.stop()
  }
  async function publishedAfter(body: string): Promise<number> {
    const nurses = watch.publishes(NURSE).length
    await sender.message('paris@localhost', body)
    // The same server publishes this one over the same connection, and after the other.
    await sender.message('nurse@localhost', 'What noise is here?')
    await watch.answered(NURSE, nurses + 1)
    return watch.publishes(PARIS).length
  }

  it(`has its registration ${registration}, for the server answers itself with ${bounce}, and enabling again is enough`, async () => {
    watch = await startPublishWatch(server().componentService)
    stops.push(() => watch.close())
    await attach()
    sender = await connectClient(server(), romeo)
    stops.splice(-1, 0, () => sender.stop())
    await enable(nurse, NURSE)
    await enable(paris, PARIS)
    expect(await publishedAfter('Younger than she are happy mothers made')).toBe(1)
    await watch.answered(PARIS, 1)

    await detach()
    await expect(ping()).rejects.toThrow(bounce)
    await sender.message('paris@localhost', 'while nobody is there')
    await expect(ping()).rejects.toThrow(bounce)

    await attach()
    if (registration === 'lost')
      await server().logged(
        new RegExp(`${domain} rejected notification for paris@localhost .*, disabling push: .*${bounce}`),
      )
    // The row of a lost one goes a moment after the log line.
    let before = 1
    for (let turn = 0; turn < 50 && registration === 'lost'; turn++) {
      const now = await publishedAfter('unheard')
      if (now === before) break
      before = now
    }
    expect(await publishedAfter('Such comfort as do lusty young men feel')).toBe(registration === 'kept' ? 2 : before)

    const { length } = watch.publishes(PARIS)
    await enable(paris, PARIS)
    expect(await publishedAfter('Happily met, my lady')).toBe(length + 1)
    expect((await watch.answered(PARIS, length + 1)).map(({ answer }) => answer)).not.toContain('item-not-found')
    await house.apns.journal.waitFor(({ token }) => token === PARIS, 20_000)
    expect(house.apns.violations).toEqual([])
    for (const user of [paris, nurse]) await disable(user)
  })
}
