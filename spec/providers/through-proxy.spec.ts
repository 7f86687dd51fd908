import { Credential, Opaque } from '../../lib/model/opaque'
import { makeProxyServer, type ProxyServer } from '../../lib/model/proxy'
import { apns } from '../../lib/providers/apns'
import { fcm, type FcmOptions } from '../../lib/providers/fcm'
import { type Provider } from '../../lib/providers/provider'
import { startConnectProxy, type ConnectProxy } from '../../lib/sim/connect-proxy'
import { startFcmSimulator } from '../../lib/sim/fcm'
import { takeOverNames, type Names } from '../../lib/sim/names'
import { startOauthSimulator } from '../../lib/sim/oauth'
import { byToken, startApp } from '../support/apns-app'
import { handClock } from '../support/hand-clock'
import { startWebPushScene } from '../support/webpush-scene'

const WHO = 'push:s3cret'
const PASSWORD = /s3cret|cHVzaDpz/

describe('lib/providers, through a proxy', () => {
  let proxy: ConnectProxy
  const ends: (() => unknown)[] = []
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
    expect(proxy.violations).toEqual([])
  })

  /** A proxy that demands a password and knows these origins. */
  const through = async (...origins: readonly string[]): Promise<ProxyServer> => {
    const hosts = origins.map((origin) => [new URL(origin).host, Number(new URL(origin).port)] as const)
    proxy = await startConnectProxy({ who: WHO, hosts: Object.fromEntries(hosts) })
    ends.push(() => proxy.close())
    const [user = '', password = ''] = WHO.split(':')
    return makeProxyServer({ host: '127.0.0.1', port: proxy.port }, { user, password: new Opaque(password) })
  }
  const asked = () => proxy.requests.map(({ authority, status }) => ({ authority, status }))

  describe('apns', () => {
    it('sends, and says who we are to the proxy alone', async () => {
      const app = await startApp()
      ends.push(() => app.close())
      const provider = app.open({ proxy: await through(app.sim.url) })
      expect(await app.push(provider)).toEqual({ is: 'delivered' })
      expect(await app.push(provider)).toEqual({ is: 'delivered' })
      expect(asked()).toEqual([{ authority: `127.0.0.1:${app.sim.port}`, status: 200 }])
      expect(app.sim.journal.entries.flatMap(({ headers }) => Object.keys(headers))).not.toContain(
        'proxy-authorization',
      )
      expect([app.sim.violations, app.notices]).toEqual([[], []])
    })

    it('that is down or refuses is down and safe, told once and without the password', async () => {
      const app = await startApp()
      ends.push(() => app.close())
      const provider = app.open({ proxy: await through(app.sim.url) })
      proxy.inject({ is: 'refuse', status: 403 })
      const why = expect.stringMatching(/the proxy http:\/\/127\.0\.0\.1:\d+ refused CONNECT .* with 403/) as string
      expect(await app.push(provider)).toEqual({ is: 'down', ambiguous: false, why })
      expect(await app.push(provider)).toEqual({ is: 'down', ambiguous: false, why })
      expect(app.notices).toEqual([why])
      expect(app.notices.join()).not.toMatch(PASSWORD)
      await app.clock.advance(1000)
      expect(await app.push(provider)).toEqual({ is: 'delivered' })
    })

    it('shows it in `check`, without the password', async () => {
      const app = await startApp()
      ends.push(() => app.close())
      const server = await through()
      const findings = await apns.check({ ...byToken, proxy: server }, app.clock.now())
      expect(findings).toContainEqual({ is: 'fact', text: `through the proxy http://127.0.0.1:${proxy.port}, as push` })
      expect(JSON.stringify(findings)).not.toMatch(PASSWORD)
      const without = await apns.check({ ...byToken, proxy: 'none' }, app.clock.now())
      expect(JSON.stringify(without)).not.toMatch(/proxy/)
    })
  })

  describe('fcm', () => {
    const start = async () => {
      const clock = handClock()
      const now = () => clock.now()
      const oauth = await startOauthSimulator({ now })
      const simulator = await startFcmSimulator({ oauth, now })
      ends.push(() => oauth.close())
      ends.push(() => simulator.close())
      const account = oauth.newServiceAccount({ projectId: 'demo' })
      simulator.newProject('demo', [account.client_email])
      simulator.setDevice('tok', 'live')
      const notices: string[] = []
      const credential = (text: string): Credential => new Credential(Buffer.from(text), 'file key.json')
      const options = (proxyServer: ProxyServer): FcmOptions => ({
        serviceAccount: credential(JSON.stringify(account)),
        endpoint: simulator.endpoint,
        ca: credential(simulator.ca),
        proxy: proxyServer,
      })
      const open = (proxyServer: ProxyServer): Provider => {
        const keep = { get: async () => undefined, put: async () => undefined }
        const notice = (text: string) => notices.push(text)
        const provider = fcm.open(options(proxyServer), { app: 'app', clock, keep, notice })
        ends.push(() => Promise.all([provider.close(), clock.advance(15_000)]))
        return provider
      }
      const push = (provider: Provider) =>
        provider.attempt({
          id: '6b9e3ad4-4b7e-4a35-8c2f-0f2f6d3b1a11',
          address: new Opaque('tok'),
          content: { speaks: 'fcm', data: { account: 'ec1649' }, priority: 'HIGH' },
          expiresAt: clock.now() + 3600_000,
        })
      return { clock, oauth, simulator, account, notices, open, push }
    }

    it('sends, and asks for its access token the same way', async () => {
      const { oauth, simulator, account, open, push } = await start()
      const provider = open(await through(simulator.endpoint, account.token_uri))
      expect(await push(provider)).toEqual({ is: 'delivered' })
      expect(asked()).toEqual([
        { authority: new URL(account.token_uri).host, status: 200 },
        { authority: new URL(simulator.endpoint).host, status: 200 },
      ])
      expect([oauth.journal.length, oauth.violations, simulator.violations]).toEqual([1, [], []])
      expect(JSON.stringify([oauth.journal, simulator.journal])).not.toMatch(/proxy-auth/i)
    })

    it('that does not let it out to the token endpoint is down and safe, in words', async () => {
      const { simulator, account, open, push } = await start()
      const provider = open(await through(simulator.endpoint, account.token_uri))
      proxy.inject({ is: 'refuse', status: 403 })
      const outcome = await push(provider)
      expect(outcome).toMatchObject({ is: 'down', ambiguous: false })
      expect(JSON.stringify(outcome)).toMatch(
        /no access token: .*the proxy http:.* refused CONNECT .* with 403 Forbidden/,
      )
      expect(JSON.stringify(outcome)).not.toMatch(PASSWORD)
      expect(simulator.journal).toEqual([])
    })

    it('that is silent is given up for the access token after 10 seconds', async () => {
      const { clock, simulator, account, open, push } = await start()
      const provider = open(await through(simulator.endpoint, account.token_uri))
      proxy.inject({ is: 'silence' })
      const outcome = push(provider)
      for (let turn = 0; turn < 1000 && proxy.requests.length === 0; turn++) await clock.advance(0)
      await clock.advance(10_000)
      expect(await outcome).toMatchObject({ is: 'down', ambiguous: false })
    })
  })

  describe('webpush', () => {
    let names: Names
    beforeEach(() => {
      names = takeOverNames()
      ends.push(() => names.restore())
    })
    const NAME = 'push.example.net'
    const start = async () => {
      const scene = await startWebPushScene({ name: NAME })
      ends.push(() => scene.close())
      const server = await through(scene.simulator.origin)
      const more = { allowPrivate: [], ports: [443, scene.simulator.port] }
      return { ...scene, server, more, whole: { ...more, proxy: server } }
    }

    it.each([
      ['does not resolve here', 'ENOTFOUND'],
      ['resolves to a public address', ['93.184.215.14']],
    ])('sends to a host whose name %s', async (_what, answer) => {
      const { open, send, subscribe, whole, simulator } = await start()
      names.set(NAME, answer)
      open(whole)
      expect(await send(subscribe())).toEqual({ is: 'delivered' })
      expect(asked()).toEqual([{ authority: `${NAME}:${simulator.port}`, status: 200 }])
      expect(JSON.stringify(simulator.journal)).not.toMatch(/proxy-auth/i)
    })

    it('asks the proxy for nothing that is not on the public internet, as it is written or as it resolves here', async () => {
      const { open, send, subscribe, whole } = await start()
      open(whole)
      names.set(NAME, ['10.0.0.1'])
      expect(await send(subscribe())).toMatchObject({ is: 'refused' })
      names.set(NAME, ['93.184.215.14', '127.0.0.1'])
      expect(await send(subscribe())).toMatchObject({ is: 'refused' })
      expect(await send({ ...subscribe(), endpoint: 'https://169.254.169.254/x' })).toMatchObject({ is: 'refused' })
      expect(await send({ ...subscribe(), endpoint: 'https://[fc00::1]/x' })).toMatchObject({ is: 'refused' })
      expect(proxy.requests).toEqual([])
    })

    it('reaches what the operator has named as private without the proxy', async () => {
      const { open, send, subscribe, whole, simulator } = await start()
      names.set(NAME, ['127.0.0.1'])
      open({ ...whole, allowPrivate: [`${NAME}:${simulator.port}`] })
      expect(await send(subscribe())).toEqual({ is: 'delivered' })
      expect(proxy.requests).toEqual([])
    })

    it('that can’t reach anything for a week casts no doubt on a subscription', async () => {
      const { open, send, subscribe, whole, clock } = await start()
      names.set(NAME, 'ENOTFOUND')
      open(whole)
      for (let day = 0; day < 8; day++) {
        proxy.inject({ is: 'refuse', status: 502 })
        expect(await send(subscribe())).toMatchObject({ is: 'down', ambiguous: false })
        await clock.advance(24 * 3600_000)
      }
      expect(await send(subscribe())).toEqual({ is: 'delivered' })
    })
  })
})
