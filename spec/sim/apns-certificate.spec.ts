import { once } from 'node:events'
import { connect } from 'node:http2'
import { connect as connectTls } from 'node:tls'
import { startApnsSimulator, type ApnsSimulatorOptions } from '../../lib/sim/apns'
import { makeAuthority, processAuthority, type ClientCertificateOptions } from '../../lib/sim/certificates'
import { startScene, TOPIC, VOIP, type Scene } from '../support/apns-scene'

const clientCa = processAuthority().clientCaPem()
const certified = (options: Partial<ClientCertificateOptions> = {}, authority = processAuthority()) => {
  const { certPem, keyPem } = authority.issueClient({ bundleId: TOPIC, ...options })
  return { cert: certPem, key: keyPem }
}

describe('lib/sim/apns-certificate', () => {
  let scene: Scene
  const start = async (options: ApnsSimulatorOptions = {}) => {
    scene = await startScene({ clientCa, ...options })
    return scene.apns
  }
  afterEach(() => scene.close())

  it('takes a certificate for authority enough, and does not look at authorization', async () => {
    const apns = await start()
    const client = await scene.open({ tls: certified(), jwt: 'nonsense' })
    expect(await client.push()).toMatchObject({ status: 200 })
    expect(apns.journal.entries[0]?.client).toEqual({ kind: 'certificate', bundleId: TOPIC })
    expect(apns.connections[0]?.certificate).toEqual({
      bundleId: TOPIC,
      topics: [TOPIC, `${TOPIC}.voip`, `${TOPIC}.complication`],
      environments: ['sandbox', 'production'],
    })
    expect(apns.violations).toEqual([])
  })

  it('still takes tokens from those who have no certificate', async () => {
    await start()
    expect(await (await scene.open()).push()).toMatchObject({ status: 200 })
    expect(await (await scene.open({ jwt: 'none' })).push()).toMatchObject({ reason: 'MissingProviderToken' })
  })

  it('begins with the full number of streams', async () => {
    await start({ streams: { then: 500 } })
    expect((await scene.open({ tls: certified() })).session.remoteSettings.maxConcurrentStreams).toBe(500)
    expect((await scene.open()).session.remoteSettings.maxConcurrentStreams).toBe(1)
  })

  it('allows the topics of the certificate, and no others', async () => {
    await start()
    const client = await scene.open({ tls: certified() })
    const voip = { 'apns-topic': `${TOPIC}.voip`, 'apns-push-type': 'voip' }
    expect(await client.push({ path: `/3/device/${VOIP}`, headers: voip })).toMatchObject({ status: 200 })
    const other = await client.push({ headers: { 'apns-topic': 'org.example.other' } })
    expect(other).toMatchObject({ status: 400, reason: 'TopicDisallowed' })
  })

  it('wants a topic from a certificate that has several', async () => {
    const apns = await start()
    const client = await scene.open({ tls: certified() })
    expect(await client.push({ headers: { 'apns-topic': undefined } })).toMatchObject({ reason: 'MissingTopic' })
    expect(apns.violations).toMatchObject([{ rule: 'apns-topic' }])
  })

  it('takes the UID for the topic if the certificate has no list', async () => {
    const apns = await start()
    const client = await scene.open({ tls: certified({ topics: 'none' }) })
    expect(await client.push({ headers: { 'apns-topic': undefined } })).toMatchObject({ status: 200 })
    expect(apns.journal.entries[0]?.topic).toBe(TOPIC)
  })

  it('wants a token for location pushes', async () => {
    await start()
    const topic = `${TOPIC}.location-query`
    const client = await scene.open({ tls: certified({ topics: [TOPIC, topic] }) })
    const asked = { headers: { 'apns-topic': topic, 'apns-push-type': 'location' } }
    expect(await client.push(asked)).toMatchObject({ status: 400, reason: 'InvalidPushType' })
  })

  it('says BadCertificateEnvironment to a certificate of the other environment', async () => {
    await start({ environment: 'sandbox' })
    const production = await scene.open({ tls: certified({ environments: ['production'] }) })
    expect(await production.push()).toMatchObject({ status: 403, reason: 'BadCertificateEnvironment' })
    const sandbox = await scene.open({ tls: certified({ environments: ['sandbox'] }) })
    expect(await sandbox.push()).toMatchObject({ status: 200 })
  })

  it('can meet such a certificate with GOAWAY', async () => {
    const apns = await start({ wrongCertificate: 'goaway' })
    const { cert, key } = certified({ environments: ['sandbox'] })
    const session = connect(apns.url, { ca: apns.ca, cert, key })
    const [code, last, debug] = (await once(session, 'goaway')) as [number, number, Buffer]
    expect([code, last, debug.toString()]).toEqual([0, 0, '{"reason":"BadCertificateEnvironment"}'])
    session.destroy()
  })

  it.each([
    [
      'of the other environment, if it is told to',
      { environments: ['sandbox'] as const },
      undefined,
      'not for production',
    ],
    ['that has expired', { validUntil: new Date(Date.now() - 1000) }, undefined, 'CERT_HAS_EXPIRED'],
    ['of another authority', {}, makeAuthority(), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ])('closes the connection of a certificate %s', async (_what, options, authority, why) => {
    const apns = await start({ wrongCertificate: 'close' })
    const session = connect(apns.url, { ca: apns.ca, ...certified(options, authority) })
    session.on('error', () => undefined)
    await once(session, 'close')
    expect(apns.failedHandshakes).toMatchObject([expect.stringContaining(why)])
    expect(apns.connections).toEqual([])
  })
})

describe('lib/sim/apns-listener', () => {
  let scene: Scene
  afterEach(() => scene.close())

  /** Whether a TLS client gets a connection that lives on, and otherwise why not. */
  const knock = async (options: object): Promise<string> => {
    const socket = connectTls({ host: '127.0.0.1', port: scene.apns.port, ca: scene.apns.ca, ...options })
    const error = once(socket, 'error').then(([failure]: Error[]) => failure?.message ?? '')
    const close = once(socket, 'close').then(() => 'closed')
    const data = once(socket, 'data').then(() => 'spoke')
    data.catch(() => undefined)
    close.catch(() => undefined)
    const end = await Promise.race([error, close, data])
    socket.destroy()
    return end
  }

  it('speaks HTTP/2 over TLS 1.2 and 1.3', async () => {
    scene = await startScene()
    expect(await knock({ ALPNProtocols: ['h2'], maxVersion: 'TLSv1.2' })).toBe('spoke')
    expect(await knock({ ALPNProtocols: ['http/1.1', 'h2'] })).toBe('spoke')
  })

  it('speaks nothing else', async () => {
    scene = await startScene()
    expect(await knock({ ALPNProtocols: ['http/1.1'] })).toContain('no application protocol')
    expect(await knock({})).toBe('closed')
    const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }
    expect(await knock({ ALPNProtocols: ['h2'], ...old })).not.toBe('spoke')
    expect(scene.apns.failedHandshakes).toHaveLength(3)
    expect(scene.apns.connections).toEqual([])
  })

  it('records the name that the client asked for', async () => {
    scene = await startScene()
    const session = connect(`https://localhost:${String(scene.apns.port)}`, {
      ca: scene.apns.ca,
      lookup: (_host, _options, done) => {
        done(null, [{ address: '127.0.0.1', family: 4 }])
      },
    })
    await once(session, 'remoteSettings')
    expect(scene.apns.connections[0]?.servername).toBe('localhost')
    session.destroy()
  })

  it.each([
    [
      'has expired',
      { certificate: processAuthority().issueServer({ validUntil: new Date(Date.now() - 1) }) },
      /expired/,
    ],
    ['is of an authority that nobody knows', { certificate: makeAuthority().issueServer() }, /certificate/],
    ['is for another name', { certificate: processAuthority().issueServer({ names: ['x.example'] }) }, /altnames/],
  ])('can have a certificate that %s', async (_what, options, why) => {
    scene = await startScene(options)
    expect(await knock({ ALPNProtocols: ['h2'] })).toMatch(why)
    scene.apns.refuseConnections(false)
  })

  it('can refuse connections for a while', async () => {
    scene = await startScene()
    scene.apns.refuseConnections(true)
    expect(await knock({ ALPNProtocols: ['h2'] })).not.toBe('spoke')
    scene.apns.refuseConnections(false)
    expect(await knock({ ALPNProtocols: ['h2'] })).toBe('spoke')
  })

  it('listens on IPv6', async () => {
    scene = await startScene({ host: '::1' })
    expect(scene.apns.url).toMatch(/^https:\/\/\[::1\]:\d+$/)
    expect(await (await scene.open()).push()).toMatchObject({ status: 200 })
  })

  it('starts again on the port that it had', async () => {
    scene = await startScene()
    const { port } = scene.apns
    await scene.close()
    const again = await startApnsSimulator({ port })
    expect(again.port).toBe(port)
    await expect(startApnsSimulator({ port })).rejects.toThrow('EADDRINUSE')
    await again.close()
    scene = await startScene()
  })
})
