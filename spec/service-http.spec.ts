/** What the configuration says of HTTP, followed through the whole service. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readConfig } from '../lib/config'
import { startService, type Service } from '../lib/service'
import { DOMAIN } from './support/house'
import { startWebPushHouse, WEB, type WebPushHouse } from './support/webpush-house'

const listening = (listen: string, ...serve: readonly string[]) => ({ http: { listeners: [{ listen, serve }] } })

describe('lib/service, http', () => {
  let place: WebPushHouse
  beforeAll(async () => {
    place = await startWebPushHouse({ settings: listening('127.0.0.1:0', 'webpush-example') })
  })
  afterAll(() => place.close())

  it('serves the example page, which subscribes with the key that disco tells', async () => {
    const { house } = place
    const [url = ''] = house.service().urls
    expect(house.log.join('')).toContain(`${url} serves webpush-example`)
    const apps = (await (await fetch(`${url}/webpush-example/apps.json`)).json()) as readonly Record<string, string>[]
    const info = await house.server
      .client('romeo@example.com/browser')
      .iq(`<iq type='get' to='${DOMAIN}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`)
    const fields = info.child('query')?.child('x')?.elements('field') ?? []
    const told = fields
      .find(({ attrs }) => attrs['var'] === `${WEB}#vapid-public-key`)
      ?.child('value')
      ?.text()
    expect(apps).toEqual([{ app: WEB, 'vapid-public-key': told }])
    expect(Buffer.from(told ?? '', 'base64url')).toHaveLength(65)
  })

  /** Another service, of the same configuration but for a store of its own and for its HTTP. */
  async function startOther(http: object): Promise<Service> {
    const { folder } = place.house
    const own = JSON.parse(readFileSync(join(folder, 'component.config.json'), 'utf8')) as object
    const file = join(folder, 'other.config.json')
    writeFileSync(file, JSON.stringify({ ...own, ...http, store: { kind: 'sqlite', file: 'other.db' } }))
    const read = readConfig({ file, env: {} })
    if (read.is === 'faults') throw new Error(JSON.stringify(read.faults))
    return startService(read.config, { observe: () => undefined, clock: place.house.clock })
  }

  it('does not start where it cannot listen', async () => {
    const taken = new URL(place.house.service().urls[0] ?? '').host
    await expect(startOther(listening(taken, 'webpush-example'))).rejects.toThrow(
      /^http listener 127\.0\.0\.1:\d+: can't listen \(EADDRINUSE\)/,
    )
  })

  it('does not start where two interfaces claim one path', async () => {
    const twice = listening('127.0.0.1:0', 'webpush-example', 'webpush-example')
    await expect(startOther(twice)).rejects.toThrow(/webpush-example both claim GET/)
  })
})
