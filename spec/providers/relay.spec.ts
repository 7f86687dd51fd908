import { relay } from '../../lib/providers/relay'
import { type Finding, type Provider } from '../../lib/providers/provider'
import { Credential, Opaque } from '../../lib/model/opaque'
import { type Outcome } from '../../lib/model/outcome'
import { startPushProxySimulator, type PushProxyFault, type PushProxySimulator } from '../../lib/sim/push-proxy'
import { handClock, type HandClock } from '../support/hand-clock'

const credential = (text: string): Credential => new Credential(Buffer.from(text), 'file token')
const body = { platform: 'apple_rn', server_id: 'verona', type: 'message', message: 'hi', badge: 1 }

describe('lib/providers/relay', () => {
  let clock: HandClock
  let upstream: PushProxySimulator
  let provider: Provider
  const open = (token: string | undefined, url = upstream.url): Provider =>
    relay.open(
      { upstream: url, ca: credential(upstream.ca), ...(token === undefined ? {} : { token: credential(token) }) },
      {
        app: 'hosted',
        clock,
        keep: {
          get: async () => undefined,
          put: async () => undefined,
          swap: async (_name, value, at) => ({ value, at }),
        },
        notice: () => undefined,
      },
    )
  const attempt = (by: Provider = provider): Promise<Outcome> =>
    by.attempt({
      id: '6b9e3ad4-4b7e-4a35-8c2f-0f2f6d3b1a11',
      address: new Opaque('a token'),
      content: { speaks: 'relay', body },
      expiresAt: clock.now() + 60_000,
    })

  beforeAll(async () => {
    clock = handClock()
    upstream = await startPushProxySimulator({ token: 'our token' })
  })
  beforeEach(() => void (provider = open('our token\n')))
  afterEach(async () => {
    upstream.heal()
    await provider.close()
  })
  afterAll(() => upstream.close())

  it('hands a push on as it came, with the device and its token', async () => {
    expect(await attempt()).toEqual({ is: 'delivered' })
    expect(upstream.journal.at(-1)).toMatchObject({ push: { ...body, device_id: 'a token' }, violations: [] })
  })

  it.each<[string, PushProxyFault, Partial<Outcome>]>([
    ['REMOVE', { is: 'reply', status: 'REMOVE' }, { is: 'gone' }],
    [
      'FAIL',
      { is: 'reply', status: 'FAIL', error: 'no licence' },
      { is: 'refused', why: expect.stringContaining('no licence') as string },
    ],
    ['a status of its own', { is: 'answer', status: 200, body: '{"status":"QUEUED"}' }, { is: 'delivered' }],
    ['no status', { is: 'answer', status: 200, body: '{}' }, { is: 'delivered' }],
    ['a page', { is: 'answer', status: 200, body: '<html>' }, { is: 'down', ambiguous: true }],
    ['a list', { is: 'answer', status: 200, body: '[]' }, { is: 'down', ambiguous: true }],
    ['403', { is: 'answer', status: 403, body: '' }, { is: 'misconfigured', whom: 'credential' }],
    ['404', { is: 'answer', status: 404, body: '' }, { is: 'misconfigured', whom: 'credential' }],
    [
      'a redirect',
      { is: 'answer', status: 302, body: '', headers: { location: 'https://x.example/' } },
      { is: 'misconfigured' },
    ],
    [
      '429',
      { is: 'answer', status: 429, body: 'limit exceeded', headers: { 'retry-after': '7' } },
      { is: 'busy', whom: 'credential' },
    ],
    ['400', { is: 'answer', status: 400, body: '' }, { is: 'refused' }],
    ['503', { is: 'answer', status: 503, body: '' }, { is: 'down', ambiguous: false }],
    ['nothing, and the connection', { is: 'cut' }, { is: 'down', ambiguous: true }],
  ])('takes %s for what it is', async (_, fault, outcome) => {
    upstream.inject(fault)
    expect(await attempt()).toMatchObject(outcome)
  })

  it('comes back no sooner than it was told', async () => {
    upstream.inject({ is: 'answer', status: 429, body: '', headers: { 'retry-after': '7' } })
    expect(await attempt()).toMatchObject({ notBefore: clock.now() + 7_000 })
  })

  it('gives up a gateway that is silent', async () => {
    upstream.inject({ is: 'silence' })
    const outcome = attempt()
    const seen = upstream.journal.length
    await upstream.waitFor(() => upstream.journal.length > seen)
    await clock.advance(10_001)
    expect(await outcome).toMatchObject({ is: 'down', ambiguous: true })
  })

  it('says that its token is not taken, and never what it is', async () => {
    const other = open('another token')
    const outcome = await attempt(other)
    expect(outcome).toMatchObject({ is: 'misconfigured', whom: 'credential' })
    expect(JSON.stringify(outcome)).not.toContain('another token')
    await other.close()
  })

  it('is down and safe where nobody listens', async () => {
    const nobody = open(undefined, 'https://127.0.0.1:9')
    expect(await attempt(nobody)).toMatchObject({ is: 'down', ambiguous: false })
    await nobody.close()
  })

  describe('asked live', () => {
    it('proves that the gateway is there and tells its version, and what only a push can prove; wakes nobody', async () => {
      const seen = upstream.journal.length
      expect(await provider.prove?.()).toEqual([
        { is: 'fact', text: `proven: ${upstream.url} is there, a push gateway, version 6.4.3` },
        { is: 'fact', text: `not proven: that ${upstream.url} takes our pushes and our token, until it took one` },
      ])
      const asked = upstream.journal.slice(seen)
      expect(asked).toMatchObject([{ method: 'GET', path: '/version', body: '', violations: [] }])
      expect(asked[0]?.headers).not.toHaveProperty('authorization')
    })

    it('speaks of no token where the app has none', async () => {
      const bare = open(undefined)
      expect(await bare.prove?.()).toContainEqual({
        is: 'fact',
        text: `not proven: that ${upstream.url} takes our pushes, until it took one`,
      })
      await bare.close()
    })

    it.each<[string, PushProxyFault, Partial<Finding>]>([
      ['404', { is: 'answer', status: 404, body: '' }, { is: 'warning', text: 'it answered /version with 404' }],
      [
        'a page',
        { is: 'answer', status: 200, body: '<html>' },
        { is: 'warning', text: 'may be no push gateway: it answered /version with 200 and what is no version' },
      ],
      ['no version', { is: 'answer', status: 200, body: '{"version":6}' }, { is: 'warning', text: 'no push gateway' }],
      ['null', { is: 'answer', status: 200, body: 'null' }, { is: 'warning', text: 'no push gateway' }],
      ['a list', { is: 'answer', status: 200, body: '[]' }, { is: 'warning', text: 'no push gateway' }],
      [
        'a version that is empty',
        { is: 'answer', status: 200, body: '{"hash":"","version":""}' },
        { is: 'fact', text: 'a push gateway, of a version that it does not tell' },
      ],
      ['502', { is: 'answer', status: 502, body: '' }, { is: 'fault', text: 'does not serve at the moment' }],
      ['429', { is: 'answer', status: 429, body: '' }, { is: 'fault', text: 'does not serve at the moment' }],
      ['nothing, and the connection', { is: 'cut' }, { is: 'fault', text: 'could not be asked' }],
    ])('takes %s for what it is', async (_, fault, { is, text }) => {
      upstream.inject(fault, { times: 2 })
      const [first] = (await provider.prove?.()) ?? []
      expect(first).toMatchObject({ is, text: expect.stringContaining(text ?? '') as unknown })
      if (is !== 'fact') expect(first?.mend).toBeDefined()
    })

    it('takes no control character of the version to the terminal', async () => {
      upstream.inject({ is: 'answer', status: 200, body: JSON.stringify({ version: `1.\u001b[2J${'9'.repeat(99)}` }) })
      const [first] = (await provider.prove?.()) ?? []
      expect(first?.text).toMatch(/version 1\. \[2J9{34,36}$/)
    })

    it('says what is in the way where nobody listens, or the certificate is a stranger’s', async () => {
      const nobody = open(undefined, 'https://127.0.0.1:9')
      expect(await nobody.prove?.()).toMatchObject([
        { is: 'fault', text: expect.stringContaining('127.0.0.1:9 could not be asked') as unknown },
      ])
      await nobody.close()
      const stranger = relay.open(
        { upstream: upstream.url },
        { app: 'x', clock, keep: { get: async () => undefined, put: async () => undefined }, notice: () => undefined },
      )
      expect(await stranger.prove?.()).toMatchObject([
        { is: 'fault', mend: expect.stringContaining('`ca`') as unknown },
      ])
      await stranger.close()
    })
  })

  it('sends nothing that was written for others', async () => {
    const content = { speaks: 'fcm', data: {}, priority: 'HIGH' } as const
    const asked = { id: 'x', address: new Opaque('a'), content, expiresAt: clock.now() + 1_000 }
    expect(await provider.attempt(asked)).toMatchObject({ is: 'refused' })
  })

  it('tells where it hands on to, and that it does so without a token', async () => {
    const [fact] = await relay.check({ upstream: 'https://push.example.com' }, clock.now())
    expect(fact).toEqual({ is: 'fact', text: 'hands on to https://push.example.com, without a token' })
  })
})
