/** Certification: clients that nobody here wrote, unmodified, are understood by the simulator and have nothing held against them. */
import { createECDH, randomBytes, randomInt } from 'node:crypto'
import { Agent } from 'node:https'
import * as ece from 'http_ece'
import webPush, { WebPushError } from 'web-push'
import { openCoded, readCoded } from '../../lib/sim/webpush-coding'
import { examine, makeReceiver } from '../../lib/sim/webpush-message'
import { type PersonalityName } from '../../lib/sim/webpush-personalities'
import { startWebPushSimulator, type WebPushSimulator } from '../../lib/sim/webpush'
import { pushOverTwo } from '../support/push-by-hand'

const vapid = webPush.generateVAPIDKeys()
const otherVapid = webPush.generateVAPIDKeys()
const subject = 'mailto:push@example.org'

const sealedByEce = (receiver: ReturnType<typeof makeReceiver>, plaintext: Buffer, pad: number): Buffer => {
  const privateKey = createECDH('prime256v1')
  privateKey.generateKeys()
  return ece.encrypt(plaintext, {
    version: 'aes128gcm',
    privateKey,
    dh: receiver.publicKey,
    authSecret: receiver.auth,
    salt: randomBytes(16),
    pad,
  })
}

describe('lib/sim/webpush and http_ece', () => {
  it('opens 300 messages of any length and padding, and finds nothing wrong', () => {
    const receiver = makeReceiver()
    for (let round = 0; round < 300; round++) {
      const plaintext = randomBytes(randomInt(0, 3900))
      const pad = randomInt(0, 3993 - plaintext.length)
      const { message, findings } = examine(receiver, sealedByEce(receiver, plaintext, pad))
      const isSame = message.is === 'opened' && message.plaintext.equals(plaintext)
      expect([findings, isSame, message]).toEqual([[], true, expect.objectContaining({ padding: pad })])
    }
  })

  it('opens several records as it does', () => {
    const key = randomBytes(16)
    const plaintext = randomBytes(1000)
    const body = ece.encrypt(plaintext, { version: 'aes128gcm', key, rs: 100, pad: 300, keyid: 'k' })
    const coded = readCoded(body)
    expect(coded && openCoded(coded, key)).toMatchObject({ is: 'opened', plaintext, padding: 300 })
  })

  it('throws away what it throws away', () => {
    const receiver = makeReceiver()
    const body = sealedByEce(receiver, Buffer.from('hello'), 10)
    for (const at of [0, 22, 90, body.length - 1]) {
      const bent = Buffer.from(body)
      bent.writeUInt8(bent.readUInt8(at) ^ 1, at)
      const parameters = { version: 'aes128gcm', privateKey: receiver.ecdh, authSecret: receiver.auth } as const
      expect(() => ece.decrypt(bent, parameters)).toThrow()
      expect(examine(receiver, bent).message).toEqual({ is: 'sealed' })
    }
  })
})

describe('lib/sim/webpush and web-push', () => {
  const started: WebPushSimulator[] = []
  const start = async (personality: PersonalityName): Promise<WebPushSimulator> => {
    const simulator = await startWebPushSimulator({ personality })
    started.push(simulator)
    return simulator
  }
  afterAll(() => Promise.all(started.map((one) => one.close())))

  const optionsFor = ({ ca }: WebPushSimulator, keys = vapid) => ({
    agent: new Agent({ ca, family: 4 }),
    vapidDetails: { subject, ...keys },
    TTL: 600,
    urgency: 'high' as const,
  })

  it.each<readonly [PersonalityName, number]>([
    ['rfc', 201],
    ['fcm', 201],
    ['mozilla', 201],
    ['apple', 201],
    ['wns', 201],
    ['ntfy', 200],
  ])('is answered as a success by %s', async (personality, status) => {
    const simulator = await start(personality)
    const subscription = simulator.subscribe({ applicationServerKey: vapid.publicKey })
    const topic = 'A-_9'.repeat(8)
    const sent = await webPush.sendNotification(subscription, 'hello', { ...optionsFor(simulator), topic })
    expect(sent.statusCode).toBe(status)
    expect(simulator.received(subscription)).toEqual([Buffer.from('hello')])
    expect(simulator.journal).toMatchObject([{ findings: [], claims: { sub: subject, aud: simulator.origin } }])
    expect(simulator.journal[0]?.headers).toMatchObject({ ttl: '600', urgency: 'high', topic })
  })

  it('is understood when it sends no message', async () => {
    const simulator = await start('rfc')
    const subscription = simulator.subscribe({ applicationServerKey: vapid.publicKey })
    await webPush.sendNotification(subscription, undefined, optionsFor(simulator))
    expect(simulator.journal).toMatchObject([{ message: { is: 'empty' }, findings: [] }])
  })

  it('is told when the subscription is dead, and when its key is another', async () => {
    const simulator = await start('fcm')
    const subscription = simulator.subscribe({ applicationServerKey: vapid.publicKey })
    const refused = async (keys = vapid): Promise<unknown> =>
      webPush.sendNotification(subscription, 'x', optionsFor(simulator, keys)).catch((error: unknown) => error)
    const mismatch = await refused(otherVapid)
    expect(mismatch).toBeInstanceOf(WebPushError)
    expect(mismatch).toMatchObject({ statusCode: 403, body: expect.stringContaining('do not correspond') as unknown })
    subscription.become('gone')
    expect(await refused()).toMatchObject({
      statusCode: 410,
      body: 'push subscription has unsubscribed or expired.\n',
    })
  })

  it('is found out to sign a token for each message, which Apple asks it not to do', async () => {
    const simulator = await start('apple')
    const subscription = simulator.subscribe({ applicationServerKey: vapid.publicKey })
    for (const text of ['1', '2']) await webPush.sendNotification(subscription, text, optionsFor(simulator))
    expect(simulator.violations).toEqual([expect.stringContaining('vapid-renewal')])
    expect(simulator.received(subscription)).toEqual([Buffer.from('1'), Buffer.from('2')])
  })

  it('is found out when it uses the older coding', async () => {
    const simulator = await start('mozilla')
    const subscription = simulator.subscribe({ applicationServerKey: vapid.publicKey })
    const sent = webPush.sendNotification(subscription, 'x', { ...optionsFor(simulator), contentEncoding: 'aesgcm' })
    await expect(sent).rejects.toMatchObject({ statusCode: 401 })
    expect(simulator.violations.join()).toContain('vapid-scheme')
    expect(simulator.violations.join()).toContain('content-encoding')
    expect(simulator.violations.join()).toContain('legacy-headers')
  })

  it('is understood over HTTP/2, when something else carries what it made', async () => {
    const simulator = await start('mozilla')
    const subscription = simulator.subscribe({ applicationServerKey: vapid.publicKey })
    const made = webPush.generateRequestDetails(subscription, 'hello', { vapidDetails: { subject, ...vapid } })
    const headers = made.headers as Readonly<Record<string, string>>
    const body = made.body ?? Buffer.alloc(0)
    const heard = await pushOverTwo({ url: made.endpoint, ca: simulator.ca, headers, body })
    expect(heard.status).toBe(201)
    expect(simulator.journal).toMatchObject([{ protocol: 'h2', findings: [], message: { is: 'opened' } }])
  })
})
