import { Notification, Provider, type ProviderOptions } from '@parse/node-apn'
import { startApnsSimulator, type ApnsSimulator, type ApnsSimulatorOptions } from '../../lib/sim/apns'
import { answers } from '../../lib/sim/apns-answers'
import { makeProviderKey, processAuthority } from '../../lib/sim/certificates'

const TOPIC = 'org.example.ios'
const PHONE = 'a1'.repeat(32)
const GONE = 'b2'.repeat(32)
const GONE_SINCE = Date.UTC(2026, 0, 2)
const VOIP = 'c3'.repeat(32)
const pair = makeProviderKey()

describe('lib/sim/apns, to an unmodified @parse/node-apn', () => {
  let apns: ApnsSimulator
  const providers: Provider[] = []

  const start = async (options: ApnsSimulatorOptions = {}) => {
    apns = await startApnsSimulator(options)
    apns.addKey({ keyId: 'KEY1234567', teamId: 'TEAM123456', key: pair.publicKey })
    apns.addDevice({ token: PHONE, topic: TOPIC })
    apns.addDevice({ token: GONE, topic: TOPIC, state: { kind: 'unregistered', since: GONE_SINCE } })
    apns.addDevice({ token: VOIP, topic: `${TOPIC}.voip` })
  }

  const provider = (credentials: ProviderOptions) => {
    const made = new Provider({
      address: '127.0.0.1',
      port: apns.port,
      ca: [apns.ca],
      production: true,
      connectionRetryLimit: 0,
      ...credentials,
    })
    providers.push(made)
    return made
  }

  const byToken = () =>
    provider({ token: { key: Buffer.from(pair.privatePem), keyId: 'KEY1234567', teamId: 'TEAM123456' } })

  const notification = (fields: Partial<Notification> = {}) =>
    Object.assign(new Notification(), { topic: TOPIC, pushType: 'alert', alert: 'You have mail', ...fields })

  afterEach(async () => {
    await Promise.all(providers.splice(0).map((one) => one.shutdown()))
    await apns.close()
  })

  it('accepts an alert with a provider token and shows what Apple saw', async () => {
    await start()
    const seen: string[] = []
    apns.onRequest(({ token }) => seen.push(token))
    const { sent, failed } = await byToken().send(notification(), PHONE)
    expect(failed).toEqual([])
    expect(sent).toMatchObject([{ device: PHONE }])
    expect(apns.received(PHONE)).toMatchObject([
      {
        number: 1,
        connection: 1,
        stream: 1,
        topic: TOPIC,
        client: { kind: 'token', teamId: 'TEAM123456', keyId: 'KEY1234567' },
        payload: { aps: { alert: 'You have mail' } },
        answer: { kind: 'status', status: 200 },
        findings: [],
      },
    ])
    expect(seen).toEqual([PHONE])
    expect(apns.violations).toEqual([])
    expect(apns.warnings).toEqual([])
  })

  it.each(['PEM', 'p12'] as const)('accepts an alert with a certificate as %s', async (form) => {
    await start({ clientCa: processAuthority().clientCaPem() })
    const client = processAuthority().issueClient({ bundleId: TOPIC })
    // A p12 of the old kind would need OpenSSL's legacy provider, which node:tls does not load.
    const p12 = { pfx: client.p12('secret', 'new'), passphrase: 'secret' }
    const by = form === 'PEM' ? { cert: client.certPem, key: client.keyPem } : p12
    const { sent, failed } = await provider(by).send(notification(), PHONE)
    expect(failed).toEqual([])
    expect(sent).toHaveLength(1)
    expect(apns.journal.entries[0]?.client).toEqual({ kind: 'certificate', bundleId: TOPIC })
    expect(apns.violations).toEqual([])
  })

  it('says 410 with the time for a token that is gone', async () => {
    await start()
    const { failed } = await byToken().send(notification(), GONE)
    expect(failed).toMatchObject([{ status: 410, response: { reason: 'Unregistered', timestamp: GONE_SINCE } }])
    expect(apns.violations).toEqual([])
  })

  it('says BadDeviceToken for a token that it does not know', async () => {
    await start()
    const { failed } = await byToken().send(notification(), 'dd'.repeat(32))
    expect(failed).toMatchObject([{ status: 400, response: { reason: 'BadDeviceToken' } }])
  })

  it('says DeviceTokenNotForTopic for a token of another topic', async () => {
    await start()
    const { failed } = await byToken().send(notification(), VOIP)
    expect(failed).toMatchObject([{ status: 400, response: { reason: 'DeviceTokenNotForTopic' } }])
  })

  it('accepts background pushes and calls in the form that Apple asks for', async () => {
    await start()
    const client = byToken()
    const background = Object.assign(new Notification(), { topic: TOPIC, pushType: 'background', priority: 5 })
    background.contentAvailable = true
    expect((await client.send(background, PHONE)).failed).toEqual([])
    const call = { topic: `${TOPIC}.voip`, pushType: 'voip', rawPayload: { aps: {}, from: 'romeo' } } as const
    expect((await client.send(notification(call as Partial<Notification>), VOIP)).failed).toEqual([])
    expect(apns.violations).toEqual([])
  })

  it('refuses a background push with priority 10', async () => {
    await start()
    const background = Object.assign(new Notification(), { topic: TOPIC, pushType: 'background', priority: 10 })
    background.contentAvailable = true
    const { failed } = await byToken().send(background, PHONE)
    expect(failed).toMatchObject([{ status: 400, response: { reason: 'BadPriority' } }])
    expect(apns.violations).toMatchObject([{ rule: 'background-priority' }])
  })

  it('lets a burst through one connection, one stream first and many afterwards', async () => {
    await start()
    const client = byToken()
    await client.send(notification(), PHONE)
    const { sent, failed } = await client.send(
      notification(),
      Array.from({ length: 200 }, () => PHONE),
    )
    expect(failed).toEqual([])
    expect(sent).toHaveLength(200)
    expect(apns.connections).toHaveLength(1)
    expect(apns.violations).toEqual([])
  })

  it('shows a GOAWAY as a failure without status, and serves the next push on a new connection', async () => {
    await start()
    apns.script({ answer: answers.goaway({ lastStreamId: 'none', reason: 'Shutdown' }) })
    const client = byToken()
    const { failed } = await client.send(notification(), PHONE)
    expect(failed).toHaveLength(1)
    expect(failed[0]?.status).toBeUndefined()
    expect((await client.send(notification(), PHONE)).failed).toEqual([])
    expect(apns.connections).toHaveLength(2)
    expect(apns.violations).toEqual([])
  })
})
